// The page of one JOB: what it is, what it has been through, and what can be done about it.
import { decline, retry } from './actions.js';
import { element } from './dom.js';
import { bytes, duration, emt, moment, number, percent } from './format.js';
import { progress_bar, progress_text, time_left } from './pages.js';
import { badge, facts, own_words, section, table } from './parts.js';
import { text } from './texts.js';

const checkpoints_shown = 8;
/** Until the submit: then only the verdict is waited for. */
const may_be_declined = ['accepted', 'downloading', 'training'];

function time_to_spare({ secondsLeft, finishEstimate }) {
    return secondsLeft > finishEstimate ? duration(secondsLeft - finishEstimate) : text('none');
}

function now_facts(page, job) {
    const { terms, outcome, restarts } = page.record;
    const training = page.record.training ?? {};
    return facts([
        [text('fee'), emt(terms.fee)],
        [text('deposit'), emt(page.record.deposit?.deposit ?? '0')],
        [text('risk_of'), job?.atRisk && emt(job.atRisk)],
        [text('deadline'), [moment(terms.deadline_unix_s * 1_000), job && ` (${time_left(job)})`]],
        [text('finish'), job?.finishEstimate > 0 ? duration(job.finishEstimate) : undefined],
        [text('margin'), job?.finishEstimate > 0 ? time_to_spare(job) : undefined],
        [text('chance'), job?.chance === undefined ? undefined : percent(job.chance)],
        [text('speed'), job?.progress?.tokensPerSecond > 0
            ? `${number(job.progress.tokensPerSecond)} ${text('tokens_per_second')}` : undefined],
        [text('worker'), job?.worker && element('code', { class: 'wrap' }, job.worker)],
        [text('restarts'), restarts > 0 ? String(restarts) : undefined],
        [text('resumes'), training.resumes > 0 ? text('times', training.resumes) : undefined],
        [text('end_reason'), outcome?.end_reason ? element('span', own_words, outcome.end_reason) : undefined],
        [text('received'), outcome?.paid && emt(outcome.paid)],
        [text('penalty'), outcome?.penalty && BigInt(outcome.penalty) > 0n ? emt(outcome.penalty) : undefined]
    ]);
}

function timeline({ timeline: states }) {
    return element('ol', { class: 'timeline' }, states.map(({ state, atMs }, i) => {
        const next = states[i + 1];
        return element('li', { class: next ? 'past' : 'now', 'aria-current': !next && 'step' },
            badge(state),
            element('time', { datetime: new Date(atMs).toISOString() }, moment(atMs)),
            next && element('small', {}, duration((next.atMs - atMs) / 1_000)));
    }));
}

function loss_section(node, id, page) {
    const seen = [...page.losses, ...(node.losses.get(id) ?? [])].sort((a, b) => a.step - b.step);
    if (seen.length === 0) return section(text('loss_curve'), element('p', { class: 'empty' }, text('no_losses')));
    const [first, last] = [seen[0], seen.at(-1)];
    const summary = text('loss_summary', first.loss.toFixed(3), number(first.step), last.loss.toFixed(3), number(last.step));
    return section(text('loss_curve'),
        element('div', { class: 'chart', id: 'loss-chart', 'data-owner': 'charts', role: 'img', 'aria-label': summary }),
        element('p', { class: 'why' }, summary));
}

function checkpoints({ losses }) {
    if (losses.length === 0) return undefined;
    const rows = losses.slice(-checkpoints_shown).reverse().map(({ step, epoch, loss, atMs }) =>
        [number(step), number(epoch), loss.toFixed(4), moment(atMs)]);
    return section(text('checkpoints'),
        losses.length > checkpoints_shown &&
            element('p', { class: 'why' }, text('newest_of', checkpoints_shown, losses.length)),
        table(['step', 'epoch', 'loss', 'time'].map((name) => text(name)), rows, ['figure', 'figure', 'figure', '']));
}

function upload_text(upload) {
    if (!upload?.upload_id && !upload?.completed) return undefined;
    if (upload.completed) return text('complete');
    return text('parts_of', upload.parts?.length ?? 0, upload.parts_total);
}

function transfers({ record }) {
    const { dataset, upload, evidence, terms } = record;
    const artifact = record.training?.artifact;
    return section(text('transfers'), facts([
        [text('dataset'), [bytes(terms.dataset_bytes), dataset?.tokens > 0 && `, ${number(dataset.tokens)} ${text('tokens')}`]],
        [text('artifact'), artifact && [bytes(artifact.bytes), ' ',
            element('code', { class: 'wrap' }, artifact.sha256)]],
        [text('validation_loss'), artifact?.validation_loss?.toFixed(4)],
        [text('upload'), upload_text(upload)],
        [text('evidence'), upload_text(evidence?.upload)],
        [text('requester'), element('code', { class: 'wrap' }, terms.owner)],
        [text('param'), element('code', { class: 'wrap' }, terms.param)]
    ]));
}

function transactions({ transactions: list }) {
    if (list.length === 0) return undefined;
    const rows = list.map(({ kind, hash, nonce, block, confirmed }) => [
        element('span', own_words, kind),
        confirmed ? block && number(block) : text('unconfirmed'),
        nonce === undefined ? undefined : String(nonce),
        element('code', { class: 'wrap' }, hash)
    ]);
    return section(text('transactions'),
        table(['kind', 'block', 'nonce', 'hash'].map((name) => text(name)), rows, ['', 'figure', 'figure', '']));
}

function history({ history: entries, historyTotal: total }) {
    const rows = [...entries].reverse().map((entry) => element('li', { 'data-key': String(entry.number) },
        element('time', {}, moment(entry.atMs)), ' ',
        entry.from === entry.to && entry.number > 1 ? undefined : badge(entry.to), ' ',
        element('span', own_words, entry.text),
        entry.refused && element('em', own_words, ` [${text('refused')}: ${entry.refused}]`)));
    return section(text('history'),
        total > entries.length && element('p', { class: 'why' }, text('newest_of', entries.length, total)),
        element('ol', { class: 'log' }, rows));
}

function head(id, page, job) {
    const state = job?.state ?? page.record.state;
    const deposit = BigInt(page.record.deposit?.deposit ?? '0');
    return element('section', { class: 'job-head' },
        element('h1', {}, `${text('job')} `, element('code', { class: 'wrap' }, id)),
        element('p', { class: 'line' }, badge(state),
            job && may_be_declined.includes(state) && deposit > 0n &&
                element('button', { type: 'button', onclick: () => decline(job) }, text('decline')),
            job?.retryAt && element('button', { type: 'button', onclick: () => retry(job) }, text('retry'))),
        job?.danger && element('p', { class: 'danger-text' }, element('strong', {}, `▲ ${text('danger')}: `),
            element('span', own_words, job.danger)),
        element('p', own_words, job?.why ?? page.why),
        job && element('p', { class: 'why' }, `${text('next')}: `, element('span', own_words, job.next)),
        job && progress_bar(job),
        job && progress_text(job) && element('p', { class: 'why', ...own_words }, progress_text(job)));
}

export function job_page(node, id) {
    const page = node.jobs.get(id);
    if (!page) return [element('p', { class: 'empty' }, node.trouble ?? text('connecting'))];
    const job = node.snapshot.jobs.find((one) => one.id === id);
    return [
        head(id, page, job),
        now_facts(page, job),
        section(text('timeline'), timeline(page)),
        loss_section(node, id, page),
        checkpoints(page),
        transfers(page),
        transactions(page),
        history(page)
    ].filter(Boolean);
}
