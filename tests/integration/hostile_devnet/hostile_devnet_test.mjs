// An honest node, with two workers of its own, among three hostile workers, a hostile info server and a hostile
// requester: it finishes every honest JOB, and nobody costs it a deposit.
// Usage: node hostile_devnet_test.mjs EMETH DATA_FOLDER [HONEST_JOBS]
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Devnet, emt, free_port } from '../../support/devnet.mjs';
import { kill_all, until } from '../../support/programs.mjs';
import { Requester } from '../../support/requester.mjs';
import { HostileInfoServer } from './hostile_info_server.mjs';
import { hostile_jobs, may_be_taken } from './hostile_jobs.mjs';
import { HostileWorker, knock } from './hostile_workers.mjs';

const [emeth, data, count = '8'] = process.argv.slice(2);
const honest_count = Number(count);
const is_long = honest_count > 20;
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

const book = execFileSync('bible', ['gen1:1-rev22:21'], { maxBuffer: 1 << 26 });
function honest_text(index) {
    const begin = index * 120_000;
    return book.subarray(begin, begin + 8_000 + (is_long ? 25_000 : 5_000) * (index % 5));
}
const VERIFIED = 4n;
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);

let info_server, node;
let hostile_workers = [];
try {
    const devnet = await Devnet.start(emeth, data);
    const { core, token, provider } = devnet;
    const wallet = devnet.node_address();
    const money_at_first = await token.balanceOf(wallet);
    info_server = await HostileInfoServer.start(devnet.settings.info_server_url);
    node = devnet.start_node(2, {
        info_server_url: info_server.url,
        worker_whitelist: '*',
        worker_port: undefined,
        my_url: `http://127.0.0.1:${await free_port()}`,
        worker_grace_ms: 2_000,
        worker_patience_ms: 30_000,
        deadline_margin_s: 60
    });
    const worker_url = node.settings.my_url.replace('http', 'ws');
    const ids = new Map();  // of all JOBs: {name, honest}
    const jobs = () => [...ids.keys()];
    await until('the own workers', 60, () => (node.program.output.match(/ is fit: /g) ?? []).length === 2);
    const lies = ['other_bytes', 'parts_that_are_none', 'false_reports', 'no_upload'];
    hostile_workers = [
        new HostileWorker(worker_url, ['only_progress'], jobs),
        new HostileWorker(worker_url, is_long ? [...lies, 'checkpoints_for_ever'] : lies, jobs),
        new HostileWorker(worker_url, ['flood', 'malformed', 'binary_frames', 'hang_up', 'silence'], jobs),
    ];
    const knocks = await Promise.all(Array.from({ length: 5 }, () => knock(worker_url)));
    await until('the hostile workers', 60, () => (node.program.output.match(/ is fit: /g) ?? []).length >= 5);

    const honest = await Requester.create(devnet, 5_000n);
    const hostile = await Requester.create(devnet, 5_000n);
    const now = async () => (await provider.getBlock('latest')).timestamp;
    const hour_s = 3600;
    const request_honest = async (index) => {
        const deadline = await now() + (is_long ? 2 : 1) * hour_s;
        const id = await honest.request_dataset(honest_text(index), { deadline });
        ids.set(id, { name: `honest ${index}`, honest: true });
    };
    const request_hostile = async (name) => {
        const { dataset } = await core.jobDetails(jobs()[0]);
        const terms = { now: await now(), deadline: await now() + hour_s, other: dataset };
        ids.set(await hostile_jobs[name](hostile, terms), { name, honest: false });
    };
    const open_honest = () => [...ids.values()].filter(({ honest, ended }) => honest && !ended).length;
    const names = Object.keys(hostile_jobs);
    await request_honest(0);  // whose dataset another one will name
    const rest_of_honest = async () => {
        for (let index = 1; index < honest_count; ++index) {
            // Enough for every worker, so that hostile ones are leased to the end.
            while (is_long && open_honest() >= 7) await sleep(500);
            await request_honest(index);
        }
    };
    const all_hostile = async () => {
        const count = Math.max(honest_count, names.length);
        for (let index = 0; index < count; ++index) await request_hostile(names[index % names.length]);
    };
    let requested = false, failure;
    Promise.all([rest_of_honest(), all_hostile()])
        .then(() => say(`${honest_count} honest and ${ids.size - honest_count} hostile JOBs are on chain`))
        .then(() => (requested = true), (error) => (failure = error));

    /** What the node has, and what the contract holds of it, as of one block. */
    const money_in_all = async () => {
        const blockTag = await provider.getBlockNumber();
        let sum = await token.balanceOf(wallet, { blockTag });
        const status_of = new Map();
        for (const { args } of await core.queryFilter('Status', 0, blockTag)) status_of.set(args.jobId, args.status);
        for (const [id, status] of status_of)
            if (status === 2n || status === 3n) sum += (await core.jobAssigns(id, { blockTag })).deposit;
        return sum;
    };
    const log = () => node.program.output.split('\n');
    const story = () => log().filter((line) => /warning|error/.test(line)).slice(-40).join('\n');
    let most = money_at_first;
    await until('a verdict on each honest JOB', is_long ? 5400 : 600, async () => {
        if (failure) throw failure;
        for (const [id, job] of ids) {
            if (!job.honest || job.ended) continue;
            const { status } = await core.jobs(id);
            if (status <= 3n) continue;
            assert.equal(status, VERIFIED, `${job.name}: status ${status}\n${await node.history(id)}`);
            job.ended = true;
            say(`${job.name} is verified`);
        }
        const sum = await money_in_all();
        assert.ok(sum >= most, `the node had ${most}, now it has ${sum}\n${story()}`);
        most = sum;
        await sleep(2_000);
        return requested && open_honest() === 0;
    }, story);
    const is_at_work = async () => {
        for (const id of jobs()) {
            const { status } = await core.jobs(id);
            if (status === 2n || status === 3n) return true;
        }
        return false;
    };
    await until('an end of whatever else the node took', is_long ? 3600 : 300, async () => !await is_at_work(), story);
    await Promise.all(hostile.canceling ?? []);

    // The node lost nothing, and earned each fee.
    const logs = await core.queryFilter('Status', 0);
    const ends = logs.filter(({ args }) => args.nodeAddress === wallet && args.status > VERIFIED);
    assert.deepEqual(ends.map(({ args }) => `${ids.get(args.jobId)?.name}: ${args.status}`), []);
    assert.deepEqual(await core.queryFilter('Penalty', 0), []);
    const fee_of_verifier = await core.VERIFIER_FEE();
    let earned = 0n;
    for (const id of jobs()) {
        const { status, fee } = await core.jobs(id);
        const { name, honest: is_honest } = ids.get(id);
        if (status === VERIFIED) earned += fee - fee_of_verifier;
        const taken = (await core.jobAssigns(id)).node === wallet;
        assert.ok(!taken || is_honest || may_be_taken.has(name), `${name} was taken`);
        if (!is_honest) say(`${name}: ${taken ? 'taken, and verified' : status === 6n ? 'canceled' : 'not taken'}`);
    }
    assert.equal(await token.balanceOf(wallet) - money_at_first, earned, 'each deposit came back, with each fee');

    // It was not for want of trying.
    for (const worker of hostile_workers) {
        say(`hostile worker: ${JSON.stringify(worker.counts)}`);
        assert.ok(worker.leases > 0, `a hostile worker got no lease: ${worker.names}`);
    }
    say(`info server: ${JSON.stringify(info_server.answers)}`);
    const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;
    const listed = await node.operator('joblist');
    for (const line of listed.stdout.split('\n').filter((line) => ids.has(line.trim().slice(0, 34)))) {
        assert.doesNotMatch(line, controls, 'control characters reach the terminal');
        say(`${ids.get(line.trim().slice(0, 34)).name}: ${line.trim().slice(34, 300)}`);
    }
    assert.doesNotMatch(node.program.output, /terminate called|what\(\)|Segmentation|AddressSanitizer/);
    assert.doesNotMatch(node.program.output, controls, 'control characters reach the log');
    for (const end of knocks) end();
    await Promise.all(hostile_workers.map((worker) => worker.stop()));
    await node.stop();
    assert.equal(await devnet.stop(), 0);
    say(`the node earned ${earned / emt} EMT of ${honest_count} honest JOBs and what else it could do`);
} finally {
    info_server?.stop();
    if (node) writeFileSync(join(data, 'master.log'), node.program.output);
    kill_all();
}
process.exit(0);
