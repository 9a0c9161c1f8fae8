// A node whose worker delivers garbage: the verifier rejects it, and why stands wherever somebody looks.
// Usage: node garbage_artifact_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Devnet, free_port } from '../../support/devnet.mjs';
import { kill_all, run, until, unwrapped } from '../../support/programs.mjs';
import { Requester } from '../../support/requester.mjs';
import { HostileWorker } from './hostile_workers.mjs';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
const FAILED = 8n;

let node;
try {
    const devnet = await Devnet.start(emeth, data);
    node = devnet.start_node(0, {
        worker_whitelist: '*',
        worker_port: undefined,
        my_url: `http://127.0.0.1:${await free_port()}`,
        deadline_margin_s: 60
    });
    const listens = () => fetch(node.settings.my_url).then(() => true, () => false);
    await until('the master to listen', 60, listens);
    const worker = new HostileWorker(node.settings.my_url.replace('http', 'ws'), ['garbage'], () => []);
    const requester = await Requester.create(devnet, 100n);
    const deadline = (await devnet.provider.getBlock('latest')).timestamp + 3600;
    const text = Buffer.from('A text that nobody ever trains on. '.repeat(300));
    const id = await requester.request_dataset(text, { deadline });
    const history = () => node.history(id);
    await until('the verdict', 240, async () => (await devnet.core.jobs(id)).status === FAILED, history);

    // The Storage API has it before the chain has the verdict, and says it to everybody.
    const answer = await fetch(new URL(`/api/v1/verdict-reason?jobId=${id}`, devnet.settings.storageApi));
    assert.equal(answer.status, 200);
    const { reason, jobId, submitBlock } = await answer.json();
    assert.equal(jobId, id);
    const submits = await devnet.core.queryFilter(devnet.core.filters.Status(id), 0);
    assert.equal(submitBlock, submits.find(({ args }) => args.status === 3n).blockHash);
    assert.match(reason, /archive|artifact/);
    assert.ok(devnet.program.output.includes(`: verifier: rejected: ${reason}`), reason);
    console.log(`rejected: ${reason}`);

    const listed = async () => {
        const list = await fetch(new URL('/api/v1/jobs?status=8', devnet.settings.info_server_url));
        return (await list.json()).find((job) => job.id === id)?.verdictReason;
    };
    assert.equal(await until('the reason in the JOB info server', 60, listed), reason);

    // The node: its log, its record, its history; also once it has ended.
    await until('the end at the node', 120, async () => /→ failed/.test(await history()), history);
    await worker.stop();
    await node.stop();
    const said = /error.* → failed: result rejected in block \d+, penalty [\d.]+ EMT: /;
    const line = node.program.output.split('\n').find((one) => said.test(one));
    assert.ok(line?.includes(reason), node.program.output.slice(-4000));
    const state = async (...flags) => (await run(emeth, 'state', ...flags, '--data', node.data)).stdout;
    assert.ok(unwrapped(await state('show', id)).includes(` EMT: ${reason}`), await state('show', id));
    assert.ok((await state('list', '--state', 'failed', '--json')).includes(JSON.stringify(reason).slice(1, -1)));
    assert.ok((await history()).includes(reason));
    const dump = await state('dump');
    assert.equal(dump.split(JSON.stringify(reason).slice(1, -1)).length, 3, 'in the record and in its event');
    assert.equal(await devnet.stop(), 0);
} finally {
    if (node) writeFileSync(join(data, 'master.log'), node.program.output);
    kill_all();
}
process.exit(0);
