// A day of a node on a devnet, and the same day in emeth simulate-policy: 20 JOBs in four waves, of each of which the
// node's two workers can have two. What the node earned on chain, in fees and in the slot's reward, is what the
// simulator says of the stream that it records from that chain.
//
// A JOB here takes a second, while both sides judge it by an estimate of five minutes (powerCapacity). So the block that
// gives the node its two JOBs is as late as puts the rest of the wave out of reach, as it would be when the workers are
// done, and the next wave comes after as long as they would have been busy.
// Usage: node simulated_day_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { Devnet, emt } from '../../support/devnet.mjs';
import { JobStatus } from '../../support/emeth_abi.mjs';
import { kill_all, run, until } from '../../support/programs.mjs';
import { good_param, Requester } from '../../support/requester.mjs';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);

const workers = 2, power_capacity = 16_667, gas_of_a_job = 5;
const estimate_s = Math.ceil(gas_of_a_job * 1e6 / power_capacity), margin_s = 60;
/** In which a wave is listed and chosen from. */
const slack_s = 120;
/** A node asks for the chain's time no more often than every two seconds. */
const chain_time_is_kept_ms = 2_500;
const licences = readFileSync('/usr/share/common-licenses/GPL-3', 'utf8');

/** The JOBs of a wave: a higher fee comes with a larger dataset and a later deadline, so that priorities differ. */
function wave(number) {
    const fees = [26n, 22n, 18n, 14n].map((fee) => (fee + BigInt(number)) * emt);
    const jobs = fees.map(
        (fee, rank) => ({ fee, bytes: 20_000 - 4_000 * rank, due_s: estimate_s + margin_s + slack_s - 5 * rank }));
    const tempting = { fee: 29n * emt, bytes: 6_000, due_s: estimate_s + margin_s + slack_s };
    const traps = [
        { ...tempting, fee: 120n * emt },                                        // more than max_fee
        { ...tempting, param: good_param.replace('"en"', '"ja"') },              // a language that is not wanted
        { ...tempting, due_s: estimate_s / 2 },                                  // too late
        { ...tempting, is_avoided: true }                                        // a requester to avoid
    ];
    return [traps[number], ...jobs.reverse()];
}

let devnet, node;
try {
    devnet = await Devnet.start(emeth, data);
    const { core, token, provider } = devnet;
    const block_time = async () => (await provider.getBlock('latest')).timestamp;
    const pass = async (seconds) => {
        await provider.send('evm_increaseTime', [seconds]);
        await provider.send('evm_mine', []);
    };
    const day_s = 86_400;
    await pass(day_s - await block_time() % day_s + 3_600);  // the whole run is in one slot

    const requester = await Requester.create(devnet, 1_000n), avoided = await Requester.create(devnet, 100n);
    node = devnet.start_node(workers, {
        powerCapacity: power_capacity,
        deadline_margin_s: margin_s,
        languages: 'en',
        requesters_avoided: avoided.wallet.address,
        priority: 'expected_value'
    });
    const wallet = devnet.node_address();
    const operator = async (...words) => {
        const { status, stdout, stderr } = await node.operator(...words);
        assert.equal(status, 0, `${words}: ${stderr}`);
        return stdout;
    };
    await until('two fit workers', 300, () => node.program.output.match(/ is fit: /g)?.length === workers);
    await operator('drain');
    const had = await token.balanceOf(wallet);

    const listed = async () => (await fetch(new URL('/api/v1/jobs?status=0', devnet.settings.info_server_url))).json();
    const in_pool = (what, count) => until(what, 60, async () => {
        const { pending } = await provider.send('txpool_status', []);
        return Number(pending) === count;
    });
    /** All in one block, so that the node sees them at once; no block follows. */
    const post = async (jobs) => {
        const terms = [];
        for (const { bytes, due_s, is_avoided, ...rest } of jobs) {
            const id = Requester.new_id(), by = is_avoided ? avoided : requester;
            terms.push({ by, id, due_s, ...rest, dataset: await by.upload(id, Buffer.from(licences.slice(0, bytes))) });
        }
        await provider.send('evm_setIntervalMining', [0]);
        const now = await block_time();
        const sent = terms.map(
            ({ by, due_s, ...rest }) => by.request({ ...rest, deadline: now + Math.ceil(due_s), gasLimit: 2_000_000 }));
        await in_pool('the requests in the pool', jobs.length);
        await provider.send('evm_mine', []);
        const ids = await Promise.all(sent);
        await until('the JOBs in the list', 60, async () => {
            const known = await listed();
            return ids.every((id) => known.some((job) => job.id === id && Number(job.datasetSize) > 0));
        });
        return ids;
    };
    const statuses = (ids) => Promise.all(ids.map(async (id) => (await core.jobs(id)).status));
    const count = async (ids, status) => (await statuses(ids)).filter((found) => found === status).length;

    let fees = 0n;
    for (let number = 0; number < 4; ++number) {
        const jobs = wave(number), ids = await post(jobs);
        await operator('drain', '--resume');
        await in_pool('an approve and a process for each worker', 2 * workers);
        await pass(slack_s + margin_s / 2);
        await provider.send('evm_setIntervalMining', [1]);
        await until('a verdict on both', 300, async () => await count(ids, JobStatus.VERIFIED) === workers);
        assert.equal(await count(ids, JobStatus.REQUESTED), jobs.length - workers);
        await operator('drain');
        for (const [index, status] of (await statuses(ids)).entries())
            if (status === JobStatus.VERIFIED) fees += jobs[index].fee - await core.VERIFIER_FEE();
        await pass(2 * estimate_s);
        await sleep(chain_time_is_kept_ms);
        say(`wave ${number + 1}: ${fees / emt} EMT in fees so far`);
    }
    await node.stop();
    await pass(day_s);
    await operator('withdraw');
    const earned = Number(await token.balanceOf(wallet) - had) / Number(emt), fees_earned = Number(fees) / Number(emt);

    const { status, stdout, stderr } = await run(
        emeth, 'simulate-policy', '--config', node.config, '--from-chain', '--others', '0', '--json', '--workers',
        Array(workers).fill(power_capacity).join(','));
    assert.equal(status, 0, stderr);
    const simulated = JSON.parse(stdout);
    assert.equal(simulated.jobs, 20, stderr);
    const row = (name) => simulated.priorities.find(({ priority }) => priority === name);
    for (const { priority, verified, fees: of_fees, rewards } of simulated.priorities)
        say(`simulated ${priority}: ${verified} JOBs, ${of_fees} EMT in fees, ${rewards.toFixed(0)} of slots`);
    say(`on chain: ${4 * workers} JOBs, ${fees_earned} EMT in fees, ${earned - fees_earned} of slots`);
    const near = (a, b) => Math.abs(a - b) <= 0.05 * Math.abs(b);
    const same = row('expected_value');
    assert.equal(same.verified, 4 * workers);
    assert.ok(near(same.fees, fees_earned), `fees: ${same.fees} simulated, ${fees_earned} on chain`);
    assert.ok(near(same.earned, earned), `earned: ${same.earned} simulated, ${earned} on chain`);
    for (const name of ['smallest', 'deadline'])
        assert.ok(!near(row(name).fees, fees_earned), `the stream tells ${name} from expected_value`);
    assert.equal(await devnet.stop(), 0);
} finally {
    kill_all();
}
