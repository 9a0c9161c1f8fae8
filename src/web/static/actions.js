// What an operator may do: each action says what it costs, asks for the token, and tells how it went.
import { ask } from './connection.js';
import { element } from './dom.js';
import { emt } from './format.js';
import { text } from './texts.js';

const token_kept_as = 'emeth-token';
const dialog = () => document.getElementById('dialog');

async function act(path, body, token) {
    return ask(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
        body: JSON.stringify(body)
    });
}

/** The reason for which one of the JOBs was not declined. */
const refusal_of = (answer) => answer.declined?.find(({ refused }) => refused)?.refused;

function confirm(title, effect, path, body) {
    const outcome = element('p', { role: 'status', class: 'outcome' });
    const token = element('input', {
        type: 'password', id: 'token', name: 'token', autocomplete: 'off', required: true, spellcheck: 'false',
        'aria-describedby': 'token-hint'
    });
    token.value = sessionStorage.getItem(token_kept_as) ?? '';
    const yes = element('button', { type: 'submit', class: 'dangerous' }, text('confirm'));
    const no = element('button', { type: 'button', onclick: () => dialog().close() }, text('cancel'));

    async function submit(event) {
        event.preventDefault();
        yes.disabled = true;
        outcome.textContent = text('working');
        try {
            const answer = await act(path, body, token.value.trim());
            sessionStorage.setItem(token_kept_as, token.value.trim());
            const refused = refusal_of(answer);
            outcome.textContent = refused ?? text('done');
            if (!refused) setTimeout(() => dialog().close(), 800);
        } catch (error) {
            outcome.textContent = error.message;
            if (error.status === 401) sessionStorage.removeItem(token_kept_as);
        }
        yes.disabled = false;
    }

    dialog().replaceChildren(element('form', { onsubmit: submit },
        element('h2', { id: 'dialog-title' }, title),
        element('p', {}, effect),
        element('label', { for: 'token' }, text('token')), token,
        element('p', { id: 'token-hint', class: 'why' }, text('token_hint')),
        outcome,
        element('div', { class: 'buttons' }, no, yes)));
    dialog().showModal();
    token.focus();
}

export function decline(job) {
    confirm(text('decline_title'), text('decline_price', emt(job.declinePrice ?? job.atRisk), emt(job.depositInFlight ?? job.deposit)), 'decline', { job: job.id });
}

export function retry(job) {
    confirm(text('retry_title'), `${text('retry_effect')} ${job.why}`, 'retry', { job: job.id });
}

export function disconnect(worker) {
    confirm(text('disconnect_title'), `${worker}: ${text('disconnect_effect')}`, 'disconnect', { worker });
}

export function drain(on) {
    const name = on ? 'drain' : 'resume';
    confirm(text(`${name}_title`), text(`${name}_effect`), 'drain', { on });
}
