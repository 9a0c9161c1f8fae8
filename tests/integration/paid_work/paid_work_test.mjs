// A devnet with two honest nodes, with nodes that submit before or without the work, and with a requester whose dataset
// makes few tokens of many bytes: what is paid, in fees and in the slot's reward, is work.
// Usage: node paid_work_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Devnet, emt } from '../../support/devnet.mjs';
import { JobStatus } from '../../support/emeth_abi.mjs';
import { NodeClient } from '../../support/node_client.mjs';
import { kill_all, until } from '../../support/programs.mjs';
import { Requester } from '../../support/requester.mjs';
import { SeededRandom } from '../../support/seeded_random.mjs';
import { read_tar } from '../../support/tar.mjs';
import { dishonest_ways, work_and_be_late } from './dishonest_nodes.mjs';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
const trainer = join(dirname(emeth), 'emeth-trainer');

/** Long enough for a slow machine to deliver in; whoever delivers nothing is waited for as long. */
const patience_s = 120;
const usual_fee = 20n * emt;
/** More than honest nodes of a devnet take: such a JOB is left to whom it is meant for. */
const high_fee = 120n * emt;
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);

const licences = ['GPL-3', 'LGPL-2.1', 'Apache-2.0', 'GFDL-1.3', 'MPL-2.0']
                     .map((name) => readFileSync(`/usr/share/common-licenses/${name}`, 'utf8'))
                     .join('\n');
const text = (index) => Buffer.from(licences.slice(index * 15_000, index * 15_000 + 12_000));

/** Words of blocks of 16 emoji each, which the tokenizer makes into pieces of 64 bytes. */
function dense_dataset(bytes) {
    const random = new SeededRandom('dense');
    const emoji = () => String.fromCodePoint(0x1f300 + random.below(256));
    const blocks = Array.from({ length: 12 }, () => Array.from({ length: 16 }, emoji).join(''));
    const line = () => Buffer.from(`${random.pick(blocks)}${random.pick(blocks)}${random.pick(blocks)}\n`);
    const lines = [];
    for (let written = 0; written < bytes; written += lines.at(-1).length) lines.push(line());
    return Buffer.concat(lines);
}

const nodes = [];
let devnet;
try {
    devnet = await Devnet.start(emeth, data, '--verifier-patience', String(patience_s));
    const { core, token, provider } = devnet;

    const second_key = await devnet.new_key_file('second', 1_000n);
    nodes.push(devnet.start_node(1, {}, 'first-node'));
    nodes.push(devnet.start_node(1, { privateKey_file: second_key }, 'second-node'));
    const honest = nodes.map(({ settings }) => devnet.wallet_of(settings.privateKey_file));
    const requester = await Requester.create(devnet, 2_000n);
    const late = await NodeClient.create(devnet, 500n);
    const cheats = {};
    for (const name of Object.keys(dishonest_ways)) cheats[name] = await NodeClient.create(devnet, 500n);
    await until('a fit worker of each node', 300, () => nodes.every(({ program }) => / is fit: /.test(program.output)));

    const wallets = { late: late.wallet, first: honest[0], second: honest[1], requester: requester.wallet };
    for (const [name, { wallet }] of Object.entries(cheats)) wallets[name] = wallet;
    wallets.verifier = { address: await core.verifier() };
    const balances = async () => {
        const of_wallets =
            Object.entries(wallets).map(async ([name, { address }]) => [name, await token.balanceOf(address)]);
        return { ...Object.fromEntries(await Promise.all(of_wallets)), supply: await token.totalSupply() };
    };
    const before = await balances();

    const jobs = [];
    const request = async (name, dataset, fee) => {
        const deadline = (await provider.getBlock('latest')).timestamp + 10 * 86_400;  // also of a slow machine
        const id = await requester.request_dataset(dataset, { deadline, fee });
        const job = { name, id, dataset, fee, devnet, trainer, folder: join(data, 'work', name) };
        jobs.push(job);
        return job;
    };
    const assigned = async (id) => (await core.jobAssigns(id)).node;

    // The dense JOB first: while one node is at work on it, the next one is left to the other node.
    const dense_bytes = dense_dataset(200_000);
    const dense = await request('dense', dense_bytes, usual_fee);
    await until('a node takes the dense JOB', 300, async () => (await core.jobs(dense.id)).status > 0n);
    for (let index = 0; index < 4; ++index) await request(`text ${index}`, text(index), usual_fee);

    const working_off = [];
    let failure;
    const begin = (work) => working_off.push(work.catch((error) => (failure ??= error)));
    for (const [name, { is_dense, work_off }] of Object.entries(dishonest_ways)) {
        const job = await request(name, is_dense ? dense_bytes : text(5), high_fee);
        await cheats[name].process(job.id);
        begin(work_off(cheats[name], job));
    }
    const late_job = await request('late', text(6), high_fee);
    await late.process(late_job.id);
    begin(work_and_be_late(late, late_job));

    await until('an end of every JOB', 1200, async () => {
        if (failure) throw failure;
        for (const job of jobs) {
            if (job.status !== undefined) continue;
            const { status } = await core.jobs(job.id);
            if (status <= JobStatus.SUBMITTED) continue;
            job.status = status;
            say(`${job.name} ends with status ${status}`);
        }
        return jobs.every(({ status }) => status !== undefined);
    });
    await Promise.all(working_off);
    if (failure) throw failure;

    // Whose work was whole is VERIFIED; the rest FAILED, each for its own reason.
    const reason_of = (id) => devnet.program.output.match(new RegExp(`job=${id.slice(0, 10)}…: verifier: rejected: (.*)`))?.[1];
    for (const { name, id, status } of jobs) {
        const way = dishonest_ways[name];
        if (way) assert.match(reason_of(id) ?? `status ${status}`, way.reason, name);
        assert.equal(status, way ? JobStatus.FAILED : JobStatus.VERIFIED, `${name}: ${reason_of(id)}`);
        const who = await assigned(id);
        if (way) assert.equal(who, cheats[name].address, name);
        else if (name === 'late') assert.equal(who, late.address);
        else assert.ok(honest.some(({ address }) => address === who), `${name} was taken by ${who}`);
    }

    // Few tokens of many bytes are no less work: an epoch trains a token for 6 bytes at least.
    const { result } = await core.jobDetails(dense.id);
    const members = read_tar(readFileSync(join(data, 'net', 'objects', 'result', result)));
    const manifest = JSON.parse(members.find(({ name }) => name === 'manifest.json').content.toString());
    const trained_an_epoch = manifest.steps_per_epoch * manifest.hyperparameters.tokens_per_step;
    say(`dense: ${manifest.dataset.tokens} tokens of ${dense_bytes.length} bytes, ${trained_an_epoch} an epoch`);
    assert.ok(manifest.dataset.tokens * 40 < dense_bytes.length, 'a round of the windows would be little work');
    assert.ok(trained_an_epoch * 6 >= dense_bytes.length, `${trained_an_epoch} tokens an epoch`);
    assert.equal(manifest.steps, manifest.epochs * manifest.steps_per_epoch);
    const log = members.find(({ name }) => name === 'training_log.jsonl').content.toString();
    assert.equal(log.trim().split('\n').length, manifest.steps);

    // The money: fees for work, the verifier's fee for each verdict, and the rest of the penalty burned.
    const fee_of_verifier = await core.VERIFIER_FEE();
    const penalty = high_fee * await core.FAILED_PENALTY_RATE() / 100_000n;
    const expected = Object.fromEntries(Object.keys(before).map((name) => [name, 0n]));
    const gas = new Map(Object.values(wallets).map(({ address }) => [address, 0n]));
    const name_of = (address) => Object.keys(wallets).find((name) => wallets[name].address === address);
    const gas_of_a_job = await core.getEstimatedGas(1, 5822);
    for (const { name, id, fee } of jobs) {
        const who = await assigned(id);
        expected.verifier += fee_of_verifier;
        if (dishonest_ways[name]) {
            expected[name] -= fee_of_verifier + penalty;
            expected.supply -= penalty;
        } else {
            expected[name_of(who)] += fee - fee_of_verifier;
            expected.requester -= fee;
            gas.set(who, gas.get(who) + gas_of_a_job);
        }
    }
    const after = await balances();
    const changes = Object.fromEntries(Object.keys(before).map((name) => [name, after[name] - before[name]]));
    say(Object.entries(changes).map(([name, change]) => `${name} ${change / emt} EMT`).join(', '));
    assert.deepEqual(changes, expected);
    for (const { address } of honest) assert.ok(gas.get(address) > 0n, `${name_of(address)} had nothing to do`);
    const penalised = (await core.queryFilter('Penalty', 0)).map(({ args }) => args.nodeAddress).sort();
    assert.deepEqual(penalised, Object.values(cheats).map(({ address }) => address).sort());

    // The slot's gas, and with it its reward, is that of work alone.
    const rewarded = await core.queryFilter('Reward', 0);
    const slots = [...new Set(rewarded.map(({ args }) => args.slot))];
    for (const [address, own] of gas) {
        const of_slots = await Promise.all(slots.map((slot) => core.slotGas(slot, address)));
        assert.equal(of_slots.reduce((sum, part) => sum + part, 0n), own, `gas of ${name_of(address)}`);
    }
    let gas_in_all = 0n;
    for (const slot of slots) gas_in_all += (await core.slots(slot)).totalGas;
    assert.equal(gas_in_all, [...gas.values()].reduce((sum, own) => sum + own, 0n));

    for (const node of nodes) await node.stop();
    await provider.send('evm_increaseTime', [86_400]);
    await provider.send('evm_mine', []);
    let shared = 0n;
    for (const wallet of [...honest, late.wallet]) {
        for (const slot of slots) {
            const own = await core.slotGas(slot, wallet.address);
            if (own === 0n) continue;
            // A node withdraws by itself what a midnight during the test has closed.
            if (await core.slotBalances(slot, wallet.address) === 0n) continue;
            const { totalGas, totalReward } = await core.slots(slot);
            const had = await token.balanceOf(wallet.address);
            await (await core.connect(wallet).withdrawSlotReward(slot)).wait();
            const share = await token.balanceOf(wallet.address) - had;
            assert.equal(share, totalReward * own / totalGas, `the share of ${name_of(wallet.address)}`);
            shared += share;
        }
    }
    assert.ok(shared > 0n);
    for (const { address } of Object.values(cheats))
        for (const slot of slots)
            await assert.rejects(core.withdrawSlotReward.staticCall(slot, { from: address }),
                /no reward of this slot is left for this node/);
    assert.equal(await devnet.stop(), 0);
    say(`${jobs.length} JOBs; ${shared / emt} EMT of the slot's reward went to work`);
} finally {
    for (const { program } of [...nodes, ...(devnet ? [devnet] : [])])
        writeFileSync(join(data, `${program.name}.log`), program.output);
    kill_all();
}
process.exit(0);
