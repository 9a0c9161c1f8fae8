// What is shown of a network, from what its snapshot says: a function a part.
import { element } from './dom.js';
import { bytes, duration, emt, moment, number, short } from './format.js';
import { badge, facts, own_words, table, tile } from './parts.js';
import { text } from './texts.js';

/** By the numbers of the contract. */
const states = ['requested', 'assigned', 'processing', 'submitted', 'verified', 'rejected', 'canceled', 'timed_out',
    'failed', 'declined'];
const undecided = [0, 1, 2, 3];
const [SUBMITTED, VERIFIED, FAILED] = [3, 4, 8];

/** Which parts of a network the server knows; none: it knows itself alone. */
export const parts_of = (snapshot) =>
    ['jobs', 'verifier', 'storage', 'chain', 'servers'].filter((part) => snapshot?.jobs && snapshot[part]);

export function title_of(snapshot) {
    if (!snapshot || parts_of(snapshot).length > 0) return text('network');
    return text(snapshot.servers[0].name);
}

const part = (name, ...content) => element('section', { id: name }, element('h2', {}, text(name)), ...content);
const id_code = (id) => element('code', { title: id, class: 'id' }, short(id));
const code = (value) => element('code', { class: 'wrap' }, value);
const sentence = (words) => element('span', own_words, words);

// Is everything ready?

function headline({ snapshot: { servers }, connected }, all_ready, not_all_ready) {
    const away = servers.filter(({ ready }) => !ready);
    const [kind, mark, title] = connected === false ? ['not-known', '?', text('is_not_known')]
        : away.length === 0 ? ['safe', '●', all_ready] : ['danger', '▲', not_all_ready];
    return element('section', { class: `verdict ${kind}`, 'aria-live': 'polite' },
        element('h1', {}, element('span', { 'aria-hidden': 'true', class: 'mark' }, mark), ` ${title}`),
        connected !== false && away.map(({ name, reasons }) => element('p', {},
            servers.length > 1 && `${text(name)}: `, sentence(reasons.join('; ')))));
}

function ready_text({ ready, reasons }) {
    if (ready) return element('span', { class: 'good' }, `● ${text('ready')}`);
    return element('span', { class: 'danger-text' }, `▲ ${text('not_ready')}: `, sentence(reasons.join('; ')));
}

const link = (href, name) => element('a', { href }, name);

const health = (at) => element('span', {}, link(at('/healthz'), '/healthz'), ' ', link(at('/readyz'), '/readyz'));

function health_links({ name, url }) {
    if (!url || name === 'chain') return undefined;
    return health((path) => new URL(path, url).href);
}

function servers_part(servers) {
    const rows = servers.map((server) => [
        text(server.name), ready_text(server), server.url && code(server.url), health_links(server)]);
    return part('servers', table(['server', 'state', 'address', 'checks'].map((name) => text(name)), rows,
        ['nowrap', '', 'nowrap', 'nowrap']));
}

// JOBs.

/** What the chain has decided; until then, how far the verifier is. */
function verdict_of(job, { queue, verdicts }) {
    if (job.status === VERIFIED)
        return [badge('passed'), job.verifiedAt && element('small', {}, moment(job.verifiedAt * 1_000))];
    if (job.status === FAILED) {
        const reason = job.verdictReason ?? verdicts.find((one) => one.job === job.id && one.reason)?.reason;
        return [badge('rejected'), reason && element('small', own_words, reason)];
    }
    const turn = queue.find((one) => one.job === job.id);
    return job.status === SUBMITTED && turn ? badge(turn.stage) : undefined;
}

function deadline_of(job, chain_now) {
    if (!undecided.includes(job.status)) return moment(job.deadline * 1_000);
    const left = job.deadline - chain_now;
    return element('span', { title: moment(job.deadline * 1_000) },
        left >= 0 ? text('left', duration(left)) : text('overdue', duration(left)));
}

const jobs_total = ({ jobsByStatus }) => Object.values(jobsByStatus).reduce((sum, count) => sum + count, 0);
const jobs_undecided = ({ jobsByStatus }) => undecided.reduce((sum, status) => sum + (jobsByStatus[status] ?? 0), 0);

function jobs_part(snapshot) {
    const { jobs, chain, at } = snapshot;
    const all = jobs_total(snapshot);
    if (jobs.length === 0) return part('jobs', element('p', { class: 'empty' }, text('jobs_none')));
    const rows = jobs.map((job) => [
        id_code(job.id), badge(states[job.status]), emt(job.fee), bytes(job.datasetSize), id_code(job.owner),
        job.node && id_code(job.node), deadline_of(job, chain.blockTime ?? at),
        element('div', { class: 'verdict-cell' }, verdict_of(job, snapshot.verifier) ?? '–')]);
    const headings = ['job', 'state', 'fee', 'size', 'owner', 'assigned_node', 'deadline', 'verdict'];
    return part('jobs',
        all > jobs.length && element('p', { class: 'why' }, text('newest_of', jobs.length, number(all))),
        table(headings.map((name) => text(name)), rows, ['', '', 'figure', 'figure', '', '', 'nowrap', '']));
}

// The verifier.

function queue_of({ queue, queueTotal }) {
    if (queue.length === 0) return element('p', { class: 'empty' }, text('queue_empty'));
    const rows = queue.map(({ job, stage, seconds, why }) =>
        [id_code(job), badge(stage), duration(seconds), why && sentence(why)]);
    return [
        queueTotal > queue.length && element('p', { class: 'why' }, text('newest_of', queue.length, number(queueTotal))),
        table(['job', 'state', 'since', 'what_for'].map((name) => text(name)), rows, ['', '', 'figure', ''])
    ];
}

function verdicts_of({ verdicts }) {
    if (verdicts.length === 0) return element('p', { class: 'empty' }, text('no_verdicts'));
    const rows = verdicts.map(({ job, verdict, reason, gas, at }) =>
        [moment(at * 1_000), id_code(job), badge(verdict),
            reason ? sentence(reason) : gas === undefined ? undefined : text('gas_credited', number(gas))]);
    return table(['time', 'job', 'verdict', 'reason'].map((name) => text(name)), rows, ['nowrap', '', '', '']);
}

const verifier_part = (verifier) => part('verifier',
    element('h3', {}, text('queue')), queue_of(verifier),
    element('h3', { class: 'spaced' }, text('latest_verdicts')), verdicts_of(verifier),
    element('p', { class: 'why' }, `${text('address')} `, code(verifier.address)));

// Storage and chain.

const objects_text = ({ datasets, results }) => text('datasets_and_results', number(datasets), number(results));

const storage_part = (storage) => part('storage', facts([
    [text('objects'), objects_text(storage)],
    [text('in_use'), [text('bytes_of', bytes(storage.bytes), bytes(storage.limits.bytes)),
        element('small', {}, text('quotas', bytes(storage.limits.addressBytes), bytes(storage.limits.jobBytes)))]],
    [text('uploads_open'), [number(storage.uploadsOpen),
        element('small', {}, text('uploads_per_job', number(storage.limits.uploadsPerJob)))]],
    [text('largest_dataset'), bytes(storage.limits.datasetBytes)],
    [text('disk_free'), storage.diskFreeBytes === undefined ? undefined : [bytes(storage.diskFreeBytes),
        element('small', {}, text('kept_free', bytes(storage.limits.diskFreeBytesMin)))]],
    [text('kept_for'), [text('days_after_end', number(storage.limits.endedJobDays)),
        element('small', {}, text('days_unclaimed', number(storage.limits.unclaimedDatasetDays),
            number(storage.limits.abandonedUploadDays)))]]
]));

/** A devnet's chain may have been moved ahead of the clock; by a second or two it is without that. */
function block_age({ blockTime }, at) {
    const age = at - blockTime;
    return age >= -2 ? text('block_age', duration(Math.max(0, age))) : text('clock_ahead', duration(age));
}

const chain_part = ({ chain, at }) => part('chain', facts([
    [text('newest_block'), chain.block === undefined ? text('unknown')
        : [number(chain.block), element('small', {}, block_age(chain, at))]],
    [text('chain_id'), String(chain.id)],
    ['EmethCore', code(chain.core)],
    ['EMT', code(chain.token)]
]));

const tiles = (snapshot) => element('dl', { class: 'tiles' },
    tile(text('newest_block'), snapshot.chain.block === undefined ? text('unknown') : number(snapshot.chain.block),
        snapshot.chain.block !== undefined && block_age(snapshot.chain, snapshot.at)),
    tile(text('jobs'), number(jobs_total(snapshot)), text('jobs_open', number(jobs_undecided(snapshot)))),
    tile(text('at_verifier'), number(snapshot.verifier.queueTotal),
        text('side_by_side', number(snapshot.verifier.checksMax))),
    tile(text('storage'), bytes(snapshot.storage.bytes), objects_text(snapshot.storage)));

export function network_page(network) {
    const { snapshot } = network;
    return [
        headline(network, text('network_ready'), text('network_not_ready')),
        tiles(snapshot),
        jobs_part(snapshot),
        verifier_part(snapshot.verifier),
        storage_part(snapshot.storage),
        chain_part(snapshot),
        servers_part(snapshot.servers)
    ];
}

export function server_page(network) {
    const [{ name }] = network.snapshot.servers;
    const title = text(name);
    return [
        headline(network, text('is_ready', title), text('is_not_ready', title)),
        element('p', {}, text(`about_${name}`)),
        facts([
            [text('checks'), health((path) => path)],
            [text('list_of_jobs'), name === 'job_info_server' ? link('/api/v1/jobs', '/api/v1/jobs') : undefined]
        ])
    ];
}
