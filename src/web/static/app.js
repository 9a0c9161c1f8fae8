// The dashboard: what is known of the node, which page is looked at, and how the one becomes the other.
import { ask, connect } from './connection.js';
import { draw_charts } from './charts.js';
import { change_children, element } from './dom.js';
import { moment, short } from './format.js';
import { language_button, show_frame, skip_to_main } from './frame.js';
import { job_page } from './job_page.js';
import { log_page, money_page, overview_page, servers_page, workers_page } from './pages.js';
import { text } from './texts.js';

const losses_max = 5_000;
const log_lines_max = 500;
const job_refresh_ms = 2_000;
const ended_jobs_max = 20;

/** All that is known. */
const node = {
    snapshot: undefined,
    connected: undefined,
    losses: new Map(),  ///< by JOB: {step, loss} as seen while the page was open
    jobs: new Map(),    ///< by JOB: its page, as the store has it
    ended: [],          ///< JOBs that ended while the page was open, the newest first
    log: [],            ///< the newest line first
    filter: { words: '', level: '' },
    trouble: undefined  ///< why the page's own part could not be read
};

const pages = {
    overview: overview_page,
    workers: workers_page,
    money: money_page,
    servers: servers_page,
    log: log_page
};

/** {name, id}: "#/workers", "#/jobs/0x…"; "#/" is the overview. */
function current() {
    const [, name = '', id] = location.hash.split('/');
    if (name === 'jobs' && id) return { name: 'job', id };
    return { name: name === '' ? 'overview' : name };
}

// What is shown.

function navigation(at) {
    const links = Object.keys(pages).map((name) =>
        element('li', {}, element('a', {
            href: name === 'overview' ? '#/' : `#/${name}`,
            'aria-current': at.name === name && 'page'
        }, text(name))));
    return element('nav', { 'aria-label': text('navigation') }, element('ul', {}, links));
}

function header(at) {
    return [
        element('a', { href: '#/', class: 'brand' }, 'emeth'),
        navigation(at),
        language_button(show)
    ];
}

function footer() {
    if (!node.snapshot) return [];
    return [
        element('span', {}, `${text('node')} `, element('code', {}, node.snapshot.address)),
        element('span', {}, `${text('as_of')} ${moment(node.snapshot.at * 1_000)}`)
    ];
}

function content(at) {
    if (!node.snapshot)
        return [element('p', { class: 'empty' }, text(node.connected === false ? 'never_seen' : 'connecting'))];
    if (at.name === 'job') return job_page(node, at.id);
    if (Object.hasOwn(pages, at.name)) return pages[at.name](node, show);
    return [element('p', { class: 'empty' }, text('nothing_here'))];
}

function show() {
    const at = current();
    document.title = at.name === 'job' ? `${text('job')} ${short(at.id)} · emeth` : `${text(at.name)} · emeth`;
    change_children(document.getElementById('header'), header(at));
    change_children(document.getElementById('main'), content(at));
    change_children(document.getElementById('footer'), footer());
    show_frame(node, { away: text('away'), never_seen: text('never_seen') });
    draw_charts(node, at);
}

// What is learned.

function note_loss(job) {
    if (job.progress?.stage !== 'training' || !(job.progress.loss > 0)) return;
    const seen = node.losses.get(job.id) ?? [];
    node.losses.set(job.id, seen);
    const last = seen.at(-1);
    if (last && job.progress.step < last.step) seen.length = 0;  // it continues from an older checkpoint
    if (!last || job.progress.step > last.step) seen.push({ step: job.progress.step, loss: job.progress.loss });
    if (seen.length > losses_max) seen.splice(0, seen.length - losses_max);
}

/** A snapshot has active JOBs alone; how the others ended, the store knows. */
async function note_ends(before, after) {
    const active = new Set(after.jobs.map(({ id }) => id));
    for (const { id } of before?.jobs ?? []) {
        if (active.has(id)) continue;
        await read_job(id);
        const page = node.jobs.get(id);
        if (!page || node.ended.some((one) => one.id === id)) continue;
        node.ended.unshift({ id, state: page.record.state, fee: page.record.terms.fee, why: page.why });
        node.ended.splice(ended_jobs_max);
        show();
    }
}

async function read_job(id) {
    try {
        node.jobs.set(id, { ...await ask(`jobs/${encodeURIComponent(id)}`), read_at: Date.now() });
        node.trouble = undefined;
    } catch (error) {
        node.trouble = error.message;
    }
}

async function read_log() {
    const { lines } = await ask(`log?after=${node.log[0]?.number ?? 0}`);
    node.log.unshift(...lines.reverse());
    node.log.splice(log_lines_max);
}

/** What the page at hand shows besides the snapshot. One reading at a time. */
let reading = false;
async function read_more() {
    const at = current();
    const known = node.jobs.get(at.id);
    const is_due = at.name === 'log' || (at.name === 'job' && Date.now() - (known?.read_at ?? 0) > job_refresh_ms);
    if (!is_due || reading || !node.connected) return;
    reading = true;
    try {
        await (at.name === 'log' ? read_log() : read_job(at.id));
    } catch {
        // The master went away; the page says so, and asks again when it is back.
    } finally {
        reading = false;
    }
    show();
}

function on_snapshot(snapshot) {
    const before = node.snapshot;
    node.snapshot = snapshot;
    snapshot.jobs.forEach(note_loss);
    show();
    note_ends(before, snapshot);
    read_more();
}

function on_change(is_connected) {
    const was_away = node.connected === false;
    node.connected = is_connected;
    if (is_connected && was_away) {
        node.log = [];  // a master that was started again counts its lines anew
        document.getElementById('announcement').textContent = text('back');
    }
    show();
}

/** A page without a token of a reader's own begins at its top, and a screen reader at its heading. */
function on_navigation() {
    node.trouble = undefined;
    show();
    document.getElementById('main').focus({ preventScroll: true });
    scrollTo(0, 0);
    read_more();
}

skip_to_main();
addEventListener('hashchange', on_navigation);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
show();
connect('/api/v1/node/events', on_snapshot, on_change);
