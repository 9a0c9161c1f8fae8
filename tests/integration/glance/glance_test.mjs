// What an operator sees of a node and has it do (`emeth status`, `jobs`, `workers`, `rewards`, `joblist`, `drain`,
// `decline`, `retry`, SIGHUP) and a requester of its JOBs (`emeth request --wait`, `cancel`): beside the whole network,
// with the network away, and without a master.
// Usage: node glance_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Devnet, emt } from '../../support/devnet.mjs';
import { kill_all, run, settings_text, until } from '../../support/programs.mjs';

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

    // A requester follows a small JOB to its verified result.
    writeFileSync(join(data, 'small'), book.slice(0, 20_000));
    const output = join(data, 'small.tar');
    const waited = await devnet.request(join(data, 'small'), '--wait', '--output', output);
    assert.equal(waited.status, 0, waited.stderr);
    for (const news of ['works on it', 'the verifier checks it', 'verified']) assert.ok(waited.stderr.includes(news), news);
    const digest = createHash('sha256').update(readFileSync(output)).digest('hex');
    assert.ok(waited.stdout.includes(digest), waited.stdout);
    const again = await devnet.request(join(data, 'small'), '--wait', '--output', output);
    assert.equal(again.status, 2);
    assert.ok(again.stderr.includes('exists'), again.stderr);
    const paid = await until('the income', 60, async () => {
        const { days } = await asked(node, 'status');
        return days[0].verified === 1 && days;
    });
    assert.equal(paid.length, 7);
    assert.ok(BigInt(paid[0].earned) > 0n && BigInt(paid[0].gas) > 0n);
    const rewards = await asked(node, 'rewards');
    assert.equal(rewards.days[0].slot.ownGas, paid[0].gas);
    assert.equal(rewards.days[0].slot.expected, (288_000n * emt).toString());
    assert.ok((await shown(node, 'rewards')).includes('~288000'));

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
        [['chain', true], ['info server', true], ['Storage API', true]]);
    assert.ok(/^trains(?: until about .* UTC)?, then uploads the result$/.test(at_work.jobs[0].next), at_work.jobs[0].next);
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

    // Drained, it takes nothing new; what nobody takes can be canceled.
    assert.equal((await node.operator('drain')).status, 0);
    assert.equal((await asked(node, 'status')).drained, true);
    assert.ok((await shown(node, 'status')).includes('emeth drain --resume'));
    const unwanted = JSON.parse((await devnet.request(join(data, 'small'), '--json')).stdout).id;
    const market = await until('the offer', 60, async () => {
        const list = await asked(node, 'joblist');
        return list.open.length > 0 && list;
    });
    assert.ok(market.standstill.some((reason) => reason.includes('drained')), market.standstill.join());
    const requester = ['--config', join(data, 'requester.env'), '--data', join(data, 'requester')];
    const canceled = await run(emeth, 'request', 'cancel', unwanted, ...requester);
    assert.equal(canceled.status, 0, canceled.stderr);
    const followed = await run(emeth, 'request', 'follow', unwanted, ...requester);
    assert.equal(followed.status, 1);
    assert.ok(followed.stderr.includes('canceled'), followed.stderr);
    assert.equal((await node.operator('drain', '--resume')).status, 0);
    assert.equal((await asked(node, 'status')).drained, false);
    const refused = await node.operator('joblist', '--refused', '--json');
    assert.ok(Array.isArray(JSON.parse(refused.stdout).refusals), refused.stderr);

    // Nobody declines by accident: the price is shown, and nothing happens without a yes.
    const declined = await node.operator('decline', id);
    assert.equal(declined.status, 2);
    assert.ok(/costs [0-9.]+ EMT/.test(declined.stderr), declined.stderr);

    // What trains does not wait for a retry.
    const retried = await node.operator('retry', id);
    assert.equal(retried.status, 1);
    assert.ok(retried.stderr.includes('waits for no retry'), retried.stderr);
    assert.equal((await node.operator('retry', 'all')).status, 2);

    // SIGHUP: limits change at once, a port does not.
    const settings = { ...node.settings, max_fee: (10n ** 23n).toString(), poll_interval_ms: 300 };
    writeFileSync(node.config, settings_text(settings), { mode: 0o600 });
    node.program.child.kill('SIGHUP');
    await until('the new settings', 20, () => /max_fee is now/.test(node.program.output));
    assert.ok(/poll_interval_ms was changed to '300', which takes effect at the next start/.test(node.program.output));
    writeFileSync(node.config, `${settings_text(settings)}\nmax_feee=1\n`, { mode: 0o600 });
    node.program.child.kill('SIGHUP');
    await until('the refusal', 20, () => /settings are not reloaded.*max_feee/.test(node.program.output));
    writeFileSync(node.config, settings_text(settings), { mode: 0o600 });

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

    assert.ok((await asked(node, 'rewards')).chainTrouble.length > 0);
    assert.ok((await shown(node, 'rewards')).includes('cannot be asked'));

    // And so does its store, once the master is gone, which says when it must be back.
    await node.stop();
    assert.ok(/stay locked in 1 JOB: start the master again before 20/.test(node.program.output));
    const stored = await asked(node, 'status');
    assert.equal(stored.master, false);
    assert.equal(stored.jobs[0].id, id);
    assert.equal(stored.locked, at_work.locked);
    assert.deepEqual(stored.days, paid);
    assert.equal(stored.network, undefined);
    const without = await shown(node, 'status');
    assert.ok(without.includes('none is running'), without);
    assert.ok((await shown(node, 'jobs')).includes(id.slice(0, 10)));
    const nobody = await node.operator('retry', id);
    assert.equal(nobody.status, 3);
    assert.ok(nobody.stderr.includes('no master is running'), nobody.stderr);
    assert.equal(await shown(node, 'workers'), 'no master is running\n');
    assert.equal((await asked(node, 'joblist')).own[0].id, id);
} finally {
    kill_all();
}
