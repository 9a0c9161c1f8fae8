// What stands around a page, whatever it shows: the language, the way to its content, whether its server answers.
import { element } from './dom.js';
import { moment } from './format.js';
import { language, switch_language, text } from './texts.js';

export function language_button(show) {
    const other = language() === 'en' ? 'ja' : 'en';
    return element('button', {
        type: 'button', class: 'quiet', lang: other, 'aria-label': text('language_label'), id: 'language',
        onclick: () => { switch_language(); show(); }
    }, text('language'));
}

/** `words`: what is said while the server is away, and before it was ever seen. */
export function show_frame({ snapshot, connected }, words) {
    document.documentElement.lang = language();
    document.getElementById('skip').textContent = text('skip');
    const line = document.getElementById('connection');
    const is_away = connected === false;
    line.hidden = !is_away;
    line.textContent = !is_away ? '' : !snapshot ? words.never_seen : `${words.away} ${moment(snapshot.at * 1_000)}`;
    document.body.classList.toggle('away', is_away);
}

export function skip_to_main() {
    document.getElementById('skip').onclick = (event) => {
        event.preventDefault();
        document.getElementById('main').focus();
    };
}
