// The pages but that of one JOB: each a function from what is known to elements.
import { disconnect, drain } from './actions.js';
import { element } from './dom.js';
import { bytes, coins, duration, emt, moment, number, percent, short } from './format.js';
import { badge, facts, own_words, section, table, tile } from './parts.js';
import { text } from './texts.js';

const lanes = ['discovered', 'accepted', 'downloading', 'training', 'submitted'];

export const job_link = (id) => element('a', { href: `#/jobs/${id}`, title: id, class: 'id' }, short(id));

// What a JOB's progress is.

/** What a worker last said is over once the JOB has left the state in which it said so. */
const progress_of = ({ state, progress }) => (['downloading', 'training'].includes(state) ? progress : undefined);

function share_done(job) {
    const progress = progress_of(job);
    if (!progress) return undefined;
    const [done, all] = progress.stage === 'training' || progress.stepsTotal > 0
        ? [progress.step, progress.stepsTotal] : [progress.bytes, progress.bytesTotal];
    return all > 0 ? Math.min(1, done / all) : undefined;
}

export function progress_text(job) {
    const progress = progress_of(job);
    if (!progress) return undefined;
    if (progress.stepsTotal > 0)
        return `${progress.stage}: ${text('step_of', number(progress.step), number(progress.stepsTotal))}`;
    if (progress.bytesTotal > 0)
        return `${progress.stage}: ${text('bytes_of', bytes(progress.bytes), bytes(progress.bytesTotal))}`;
    return progress.stage;
}

export function progress_bar(job) {
    const share = share_done(job);
    if (share === undefined) return undefined;
    return element('progress', { max: '1', value: share.toFixed(4), 'aria-label': text('progress') });
}

export function time_left(job) {
    return job.secondsLeft >= 0 ? text('left', duration(job.secondsLeft)) : text('overdue', duration(job.secondsLeft));
}

// Overview.

const sum = (values) => values.reduce((total, value) => total + BigInt(value ?? 0), 0n).toString();

const jobs_text = (count) => (count === 1 ? text('one_job') : text('many_jobs', count));

/** What nobody answers for is not called safe. */
function verdict({ jobs, locked }, is_away) {
    const holding = jobs.filter((job) => BigInt(job.deposit) > 0n).length;
    if (is_away)
        return { kind: 'not-known', mark: '?', title: text('danger_not_known'),
            detail: text('locked_before', emt(locked), jobs_text(holding)) };
    const endangered = jobs.filter((job) => job.danger);
    if (endangered.length > 0) {
        const lost = emt(sum(endangered.map((job) => job.atRisk)));
        return { kind: 'danger', mark: '▲', title: text('in_danger'),
            detail: text('in_danger_detail', lost, jobs_text(endangered.length)) };
    }
    if (BigInt(locked) === 0n) return { kind: 'safe', mark: '●', title: text('nothing_locked') };
    return { kind: 'safe', mark: '●', title: text('safe'), detail: text('safe_detail', emt(locked), jobs_text(holding)) };
}

function money_in_danger(snapshot, is_away) {
    const { kind, mark, title, detail } = verdict(snapshot, is_away);
    return element('section', { class: `verdict ${kind}`, 'aria-live': 'polite' },
        element('h1', {}, element('span', { 'aria-hidden': 'true', class: 'mark' }, mark), ` ${title}`),
        detail && element('p', {}, detail));
}

const is_at_hand = (worker) => worker.connected && !worker.unfit && worker.tokensPerSecond;

function today_text(today) {
    if (!today?.totalGas) return undefined;
    const gas = text('today_detail', number(today.ownGas), number(today.totalGas));
    return today.expected ? `${gas}; ${text('should_pay', emt(today.expected))}` : gas;
}

function today_share(today) {
    if (!today?.totalGas) return text('none');
    return `${number((100 * today.ownGas) / today.totalGas, 1)} %`;
}

export function tiles({ locked, atRisk, network, workers }) {
    return element('dl', { class: 'tiles' },
        tile(text('locked'), emt(locked)),
        tile(text('at_risk'), emt(atRisk)),
        tile(text('free'), network?.emtFree === undefined ? text('unknown') : emt(network.emtFree)),
        tile(text('gas_money'), network?.altFree === undefined ? text('unknown') : `${coins(network.altFree)} ALT`),
        tile(text('today'), today_share(network?.today), today_text(network?.today)),
        tile(text('fit_workers'), `${workers.filter(is_at_hand).length} / ${workers.length}`));
}

function warnings({ network, drained }) {
    const sentences = network?.warnings ?? [];
    if (sentences.length === 0 && !drained) return undefined;
    return element('section', { class: 'notice' },
        element('h2', {}, drained ? text('drained') : text('standstill')),
        sentences.length > 0 && element('ul', own_words, sentences.map((sentence) => element('li', {}, sentence))));
}

function card(job) {
    return element('li', { class: job.danger ? 'card danger' : 'card', 'data-key': job.id },
        element('div', { class: 'line' }, job_link(job.id), element('span', {}, emt(job.fee))),
        progress_bar(job),
        progress_text(job) && element('p', own_words, progress_text(job)),
        element('p', { class: 'line' }, element('span', {}, text('deadline')), element('span', {}, time_left(job))),
        job.finishEstimate > 0 && element('p', { class: 'line' },
            element('span', {}, text('finish')), element('span', {}, duration(job.finishEstimate))),
        job.chance !== undefined && element('p', { class: 'line' },
            element('span', {}, text('chance')), element('span', {}, percent(job.chance))),
        job.danger
            ? element('p', { class: 'danger-text' }, element('strong', {}, `▲ ${text('danger')}: `), element('span', own_words, job.danger))
            : element('p', { class: 'why', ...own_words }, job.why));
}

function lane(state, cards) {
    return element('section', { class: cards.length === 0 ? 'lane empty-lane' : 'lane', 'data-key': `lane-${state}` },
        element('h3', {}, element('span', { class: `dot ${state}`, 'aria-hidden': 'true' }), `${text(state)} `,
            element('span', { class: 'count' }, String(cards.length))),
        cards.length === 0 ? element('p', { class: 'empty' }, text('lane_empty')) : element('ul', {}, cards));
}

function ended_card({ id, state, fee, why }) {
    return element('li', { class: 'card', 'data-key': id },
        element('div', { class: 'line' }, job_link(id), badge(state)),
        element('p', { class: 'line' }, element('span', {}, text('fee')), element('span', {}, emt(fee))),
        element('p', { class: 'why', ...own_words }, why));
}

export function overview_page({ snapshot, ended, connected }) {
    const { jobs } = snapshot;
    const columns = lanes.map((state) => lane(state, jobs.filter((job) => job.state === state).map(card)));
    return [
        money_in_danger(snapshot, connected === false),
        warnings(snapshot),
        tiles(snapshot),
        element('section', {},
            element('div', { class: 'line' }, element('h2', {}, text('jobs')),
                snapshot.drained !== undefined && drain_button(snapshot.drained)),
            jobs.length === 0 && element('p', { class: 'empty' }, text('no_jobs')),
            element('div', { class: 'lanes' }, columns)),
        ended.length > 0 && section(text('ended'), element('ul', { class: 'cards' }, ended.map(ended_card)))
    ].filter(Boolean);
}

const drain_button = (drained) => element('button', { type: 'button', class: 'quiet', onclick: () => drain(!drained) },
    text(drained ? 'resume' : 'drain'));

// Workers.

function worker_state(worker) {
    if (!worker.connected) return text('disconnected');
    if (worker.unfit) return [`${text('unfit')}: `, element('span', own_words, worker.unfit)];
    if (worker.job) return [`${text('works_on')} `, job_link(worker.job)];
    if (worker.restSeconds) return text('resting', duration(worker.restSeconds));
    if (worker.helps) return [`${text('helps_with')} `, job_link(worker.helps)];
    return text('idle');
}

function worker_speed(worker, jobs) {
    const at_work = jobs.find((job) => job.worker === worker.address && job.progress?.tokensPerSecond > 0);
    return at_work && `${number(at_work.progress.tokensPerSecond)} ${text('tokens_per_second')}`;
}

const measured = ({ tokensPerSecond = {}, watts }) => {
    const speeds = Object.entries(tokensPerSecond).map(([preset, speed]) => `${preset} ${number(speed)}`).join(', ');
    return (watts ? `${speeds}; ${number(watts)} W` : speeds) || undefined;
};

export function workers_page({ snapshot: { workers, jobs } }) {
    const rows = workers.map((worker) => [
        element('code', { title: worker.address, class: 'id' }, short(worker.address)),
        element('span', {}, worker_state(worker)),
        worker_speed(worker, jobs),
        measured(worker),
        worker.connected
            ? element('button', { type: 'button', onclick: () => disconnect(worker.address) }, text('disconnect'))
            : ''
    ]);
    const headings = [text('worker'), text('state'), text('speed'),
        `${text('measured')} (${text('tokens_per_second')})`, ''];
    return [element('h1', {}, text('workers')), rows.length === 0
        ? element('p', { class: 'empty' }, text('no_workers')) : table(headings, rows)];
}

// Money.

const day_facts = ({ day, verified, gas, fees, withdrawn, penalties, earned }) => [
    day, number(verified), number(gas), emt(fees), withdrawn ? emt(withdrawn) : undefined,
    BigInt(penalties) > 0n ? emt(penalties) : undefined, emt(earned)];

function income({ days }) {
    if (!days) return undefined;
    const headings = ['utc_day', 'verified', 'gas', 'fees', 'slot_reward', 'penalty', 'earned'].map((name) => text(name));
    return section(text('rewards'),
        element('div', { class: 'chart', id: 'income-chart', 'data-owner': 'charts', role: 'img', 'aria-label': text('rewards') }),
        table(headings, days.map(day_facts), ['', ...Array(6).fill('figure')]));
}

export function money_page({ snapshot }) {
    const rows = snapshot.jobs.map((job) => [job_link(job.id), badge(job.state), emt(job.fee), emt(job.deposit),
        emt(job.atRisk), time_left(job)]);
    const headings = ['job', 'state', 'fee', 'deposit', 'risk_of', 'deadline'].map((name) => text(name));
    return [
        element('h1', {}, text('money')),
        facts([[text('wallet'), element('code', { class: 'wrap' }, snapshot.address)]]),
        tiles(snapshot),
        income(snapshot),
        section(text('in_jobs'), rows.length === 0 ? element('p', { class: 'empty' }, text('nothing_locked'))
            : table(headings, rows, ['', '', 'figure', 'figure', 'figure', '']))
    ].filter(Boolean);
}

// Servers.

export function servers_page({ snapshot: { network, at } }) {
    const title = element('h1', {}, text('servers'));
    if (!network) return [title, element('p', { class: 'empty' }, text('not_asked'))];
    const rows = network.servers.map((server) => [
        server.name,
        server.up ? element('span', { class: 'good' }, `● ${text('answers')}`)
            : element('span', { class: 'danger-text' }, `▲ ${text('no_answer')}: `, element('span', own_words, server.trouble)),
        server.up ? `${number(server.latencyMs)} ms` : undefined
    ]);
    return [
        title,
        facts([
            [text('asked_at'), moment(network.askedAt * 1_000)],
            [text('newest_block'), network.block === undefined ? undefined
                : `${number(network.block)} (${text('block_age', duration(Math.max(0, at - network.blockTime)))})`]
        ]),
        table([text('server'), text('state'), text('latency')], rows, ['', '', 'figure'])
    ];
}

// Log.

const levels = { '': () => true, warning: (level) => level !== 'info' && level !== 'debug' && level !== 'trace',
    error: (level) => level === 'error' || level === 'critical' };

export function log_page({ log, filter }, show) {
    const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = log.filter((line) => levels[filter.level](line.level) &&
        words.every((word) => line.text.toLowerCase().includes(word)));
    const option = (value, name) =>
        element('option', { value, selected: filter.level === value }, text(name));
    return [
        element('h1', {}, text('log')),
        element('form', { class: 'filter', role: 'search', onsubmit: (event) => event.preventDefault() },
            element('label', {}, `${text('filter')} `, element('input', {
                type: 'search', id: 'words', placeholder: text('filter_hint'),
                oninput: ({ target }) => { filter.words = target.value; show(); }
            })),
            element('label', {}, `${text('level')} `, element('select', {
                id: 'level', onchange: ({ target }) => { filter.level = target.value; show(); }
            }, option('', 'every_level'), option('warning', 'warnings_and_errors'), option('error', 'errors'))),
            element('span', { class: 'count' }, text('lines_of', shown.length, log.length))),
        element('ol', { class: 'log', ...own_words }, shown.map((line) =>
            element('li', { class: line.level, 'data-key': String(line.number) },
                element('time', {}, moment(line.atMs, false)), ' ', element('b', {}, line.level), ' ',
                element('span', {}, line.text))))
    ];
}
