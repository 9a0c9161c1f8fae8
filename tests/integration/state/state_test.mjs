// Every command of `emeth state`, on a store that `emeth bench inspection` filled with 300 finished and 100 active JOBs.
// Usage: node state_test.mjs EMETH EMETH_DEV DATA_FOLDER
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { unwrapped } from '../../support/programs.mjs';

const [emeth, emeth_dev, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
const node = join(data, 'node');
const finished = 300, active = 100, entries_of_finished = 21, transactions = 3 * finished + 2 * active;

const env = { ...process.env };
delete env.COLUMNS;
function state(...args) {
    return spawnSync(emeth, ['state', ...args], { encoding: 'utf8', env, maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'pipe'] });
}
/** What it prints of `node`; no line is wider than a terminal of 80 columns. */
function shown(...args) {
    const { status, stdout, stderr } = state(...args, '--data', node);
    assert.equal(status, 0, stderr);
    for (const line of stdout.split('\n')) assert.ok([...line].length <= 80, `${args}: ${line}`);
    return stdout;
}
function lines(...args) {
    const { status, stdout, stderr } = state(...args, '--data', node);
    assert.equal(status, 0, stderr);
    return stdout.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
}
/** Its error, which has this exit code. */
function refused(code, ...args) {
    const { status, stdout, stderr } = state(...args);
    assert.equal(status, code, `${args}: ${stdout}${stderr}`);
    return stderr;
}

const filled = spawnSync(emeth_dev, ['bench', 'inspection', '--jobs', String(finished), '--past', node, '--json'],
    { encoding: 'utf8', cwd: data });
assert.equal(filled.status, 0, filled.stderr);

// list
assert.equal(lines('list', '--json').length, finished + active);
const at_work = lines('list', '--active', '--json');
assert.equal(at_work.length, active);
assert.ok(at_work.every((job) => job.state === 'training' && job.why && job.worker));
const ascending = (numbers) => [...numbers].sort((a, b) => a - b);
const deadlines = at_work.map((job) => job.deadline_unix_s);
assert.deepEqual(deadlines, ascending(deadlines), 'the next deadline first');
assert.deepEqual(lines('list', '--worker', at_work[7].worker, '--json').map((job) => job.id), [at_work[7].id]);
assert.equal(lines('list', '--state', 'verified,training', '--json').length, finished + active);
assert.equal(lines('list', '--state', 'failed', '--json').length, 0);
assert.equal(lines('list', '--until', '2023-11-14', '--json').length, 0, 'the first JOB is of that evening');
assert.equal(lines('list', '--since', '2023-11-14', '--json').length, finished + active);
const newest = lines('list', '--sort', 'updated', '--limit', '3', '--json').map((job) => job.entered_at_unix_ms);
assert.equal(newest.length, 3);
assert.deepEqual(newest, ascending(newest).reverse());
assert.match(shown('list', '--active', '--limit', '2'), /^JOB .*\n0x00000000… {2}training .*\n {4}worker 0x/);
assert.match(refused(2, 'list', '--state', 'running', '--data', node), /'running' is no state; there are discovered/);
assert.match(refused(2, 'list', '--since', 'noon', '--data', node), /--since: 'noon' is no time/);
assert.match(refused(3, 'list', '--data', data), /there is no store in/);

// show and history, by as much of an id as is needed
const { id } = at_work[3];
assert.match(refused(1, 'show', '0x00000000', '--data', node), /several JOBs begin with 0x00000000/);
assert.match(refused(1, 'show', '0x1234', '--data', node), /is no JOB id: .* at least the first 8/);
assert.match(refused(1, 'show', `0x${'f'.repeat(32)}`, '--data', node), /no JOB 0xf+ in/);
const one = shown('show', '0x0000000000000000');
assert.match(one, /state +verified since 2023-11-1/);
for (const part of ['timeline (UTC)', 'discovered   2023-', 'transactions', 'approve', 'succeeded in block 1', 'losses',
         'by epoch', '3.5000, 3.2500', 'money', 'received'])
    assert.ok(one.includes(part), `${part}\n${one}`);
const types = lines('show', '0x0000000000000000', '--json').map((line) => line.type);
assert.deepEqual(types, ['job', ...Array(entries_of_finished).fill('history'), ...Array(3).fill('outbox')]);
const story = unwrapped(shown('history', '0x0000000000000000'));
assert.match(story, /6 checkpoints at steps 85–514 of 600, loss 3.2500 → 3.2500, 22:13:32–22:13:42/);
assert.match(story, /3 parts uploaded, 1–3 of 3/);
assert.match(story, /submitted → verified: verified in block 9/);
assert.equal(shown('history', '0x0000000000000000', '--all').match(/checkpoint\ssaved/g).length, 6);
assert.equal(lines('history', '0x0000000000000000', '--all', '--json').length, entries_of_finished);

// stats and graph
const [{ jobs, states }] = lines('stats', '--json');
assert.equal(jobs, finished + active);
assert.deepEqual([states.verified.jobs, states.training.jobs, states.training.left], [finished, active, finished]);
assert.ok(states.training.p50_ms > 0 && states.training.p95_ms >= states.training.p50_ms);
assert.match(shown('stats'), /^training +100 +300 /m);
assert.match(state('graph', '--live', '--data', node).stdout, /^ {4}training : training, 100 JOBs$/m);
assert.match(state('graph', '--live', '--format', 'dot', '--data', node).stdout, /training \[label="training\\n100 JOBs"\]/);
assert.doesNotMatch(state('graph').stdout, /JOBs/);

// dump, load, verify
const dump = state('dump', '--data', node).stdout;
const file = join(data, 'node.jsonl'), restored = join(data, 'restored');
writeFileSync(file, dump);
assert.match(state('load', file, '--data', restored).stdout, new RegExp(`400 JOBs .* ${transactions} transactions`));
assert.equal(state('dump', '--data', restored).stdout, dump, 'byte for byte');
assert.match(refused(2, 'load', file, '--data', restored), /there is a store in .* already/);
assert.equal(state('load', node, '--data', join(data, 'copy')).status, 0, 'from a data folder');
assert.equal(state('dump', '--data', join(data, 'copy')).stdout, dump);
const damaged = dump.split('\n');
damaged[3] = damaged[3].replace('"block":0', '"block":1');
writeFileSync(file, damaged.join('\n'));
const broken = join(data, 'broken');
assert.match(refused(1, 'load', file, '--data', broken), /node.jsonl: line \d+: .*JOB of line 2/);
assert.ok(!existsSync(join(broken, 'store')) && !existsSync(join(broken, 'store.loading')), 'nothing is left');
assert.match(shown('verify'), /400 JOBs [^]*all agrees/);
const [found] = lines('verify', '--json');
assert.deepEqual([found.jobs, found.transactions, found.problemsFound], [finished + active, transactions, 0]);

// force
const forced = ['force', id, 'LeaseRevoked', '--expect', 'training', '--reason', 'machine sold', '--data', node];
assert.match(refused(1, ...forced), /nothing was recorded: answer y, or add --yes/);
assert.match(refused(1, 'force', id, 'LeaseRevoked', '--expect', 'submitted', '--yes', '--data', node),
    /is training, not submitted/);
assert.match(refused(1, 'force', id, 'Verified', '--expect', 'training', '--yes', '--data', node),
    /'Verified' cannot be recorded by hand; there are LeaseRevoked/);
assert.match(refused(1, 'force', id, 'BecameInfeasible', '--expect', 'training', '--yes', '--data', node),
    /the state machine does not allow it/);
const holder = spawn('flock', [join(node, 'lock'), 'sh', '-c', 'echo held; sleep 60'], { detached: true });
await once(holder.stdout, 'data');
assert.match(refused(3, ...forced, '--yes'), /is in use by/);
process.kill(-holder.pid, 'SIGKILL');
await once(holder, 'exit');
const before = state('dump', '--data', node).stdout;
assert.equal(before, dump, 'nothing was recorded so far');
const said = state(...forced, '--yes');
assert.equal(said.status, 0, said.stderr);
assert.match(unwrapped(said.stdout), /before +training, entry 7: [^]*after +accepted, entry 8: [^]*recorded as entry 8/);
assert.match(unwrapped(shown('history', id)), /training → accepted: lease 1 revoked: forced by the operator: machine sold/);
assert.equal(state('verify', '--data', node).status, 0);
console.log('looked at 400 JOBs from all sides');
