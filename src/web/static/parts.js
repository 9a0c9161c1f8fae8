// What the pages are put together from.
import { element } from './dom.js';
import { text } from './texts.js';

/** Sentences of the programs, which are in English. */
export const own_words = { lang: 'en' };

export const section = (title, ...content) =>
    element('section', {}, element('h2', {}, title), ...content);
export const badge = (state) => element('span', { class: `badge ${state}` }, text(state));

/** Rows of cells under headings; cells may be elements. `classes`: of the columns. */
export function table(headings, rows, classes = []) {
    const cells = (row) => row.map((cell, i) =>
        element('td', { 'data-label': headings[i], class: classes[i] }, cell ?? '–'));
    return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': headings.join(', ') },
        element('table', {},
            element('thead', {}, element('tr', {}, headings.map((heading, i) =>
                element('th', { scope: 'col', class: classes[i] }, heading)))),
            element('tbody', {}, rows.map((row) => element('tr', {}, cells(row))))));
}

export function facts(pairs) {
    return element('dl', { class: 'facts' }, pairs.filter(([, value]) => value !== undefined).map(([name, value]) =>
        element('div', {}, element('dt', {}, name), element('dd', {}, value))));
}

export const tile = (name, value, detail) =>
    element('div', { class: 'tile' }, element('dt', {}, name), element('dd', {}, value, detail && element('small', {}, detail)));
