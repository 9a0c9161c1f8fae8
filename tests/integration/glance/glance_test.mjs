// `emeth status`, `jobs`, `workers` and `joblist` of a node that trains a JOB: beside the whole network, with the
// network away, and without a master.
// Usage: node glance_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Devnet, emt } from '../../support/devnet.mjs';
import { kill_all, until } from '../../support/programs.mjs';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

const columns = 80;
/** What the terminal shows; no line of it is wider than the terminal. */
async function shown(node, command) {
    const { status, stdout, stderr } = await node.operator(command);
    assert.equal(status, 0, stderr);
    for (const line of stdout.split('\n')) assert.ok([...line].length <= columns, `${command}: ${line}`);
    return stdout;
}
async function asked(node, command) {
    const { status, stdout, stderr } = await node.operator(command, '--json');
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
}

try {
    const devnet = await Devnet.start(emeth, data);
    const node = devnet.start_node(1, { max_fee: (10n ** 24n).toString() });
    const book = execFileSync('bible', ['gen1:1-rev22:21'], { maxBuffer: 1 << 26, encoding: 'utf8' });
    writeFileSync(join(data, 'text'), book.repeat(8));  // takes minutes: the JOB is at work until the test ends
    const requested = await devnet.request(join(data, 'text'), '--json');
    assert.equal(requested.status, 0, requested.stderr);
    const { id } = JSON.parse(requested.stdout);

    const at_work = await until('the training', 120, async () => {
        const status = await asked(node, 'status');
        const job = status.jobs.find((one) => one.id === id);
        return job?.progress?.stage === 'training' && job.progress.step > 0 && status.network && status;
    });
    assert.equal(at_work.master, true);
    assert.ok(at_work.jobs[0].finishEstimate > 0 && at_work.jobs[0].secondsLeft > 0);
    assert.deepEqual(at_work.network.servers.map(({ name, up }) => [name, up]),
        [['chain', true], ['info server', true]]);
    assert.ok(BigInt(at_work.network.emtFree) > 0n && BigInt(at_work.network.altFree) > 0n);
    assert.ok(BigInt(at_work.locked) >= emt);
    assert.equal(BigInt(at_work.atRisk), BigInt(at_work.locked) / 4n);
    assert.equal(at_work.workers.find((worker) => worker.job === id)?.connected, true);
    const began = Date.now();
    const text = await shown(node, 'status');
    console.log(`${text}\n(answered in ${Date.now() - began} ms)`);
    for (const part of ['chain', 'info server', 'EMT locked', '1 training', id.slice(0, 10), 'tokens/s'])
        assert.ok(text.includes(part), part);
    assert.ok((await shown(node, 'jobs')).includes(id.slice(0, 10)));
    assert.ok((await shown(node, 'workers')).includes(`works on JOB ${id.slice(0, 10)}`));

    // The network goes away: the node still says what it knows.
    await devnet.stop();
    const alone = await until('the node to see that the network is away', 60, async () => {
        const status = await asked(node, 'status');
        return status.network.servers.every(({ up }) => !up) && status;
    });
    assert.equal(alone.jobs[0].id, id);
    for (const { trouble } of alone.network.servers) assert.ok(trouble.length > 0);
    const listed = await asked(node, 'joblist');
    assert.equal(listed.own[0].id, id);
    assert.ok(listed.marketTrouble.length > 0);
    const { stdout } = await node.operator('joblist');
    assert.ok(stdout.includes('open JOBs: not known'), stdout);

    // And so does its store, once the master is gone.
    await node.stop();
    const stored = await asked(node, 'status');
    assert.equal(stored.master, false);
    assert.equal(stored.jobs[0].id, id);
    assert.equal(stored.locked, at_work.locked);
    assert.equal(stored.network, undefined);
    const without = await shown(node, 'status');
    assert.ok(without.includes('none is running'), without);
    assert.ok((await shown(node, 'jobs')).includes(id.slice(0, 10)));
    assert.equal(await shown(node, 'workers'), 'no master is running\n');
    assert.equal((await asked(node, 'joblist')).own[0].id, id);
} finally {
    kill_all();
}
