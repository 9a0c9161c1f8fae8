// The verifier is killed with SIGKILL before and after everything it does outside its own memory, and started again: a
// JOB that is to be VERIFIED, one whose result is to be rejected, and one that is past its deadline, each end by one
// transaction, the right one.
// Usage: node killed_verifier.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { deployEmeth, startAnvil } from '../support/anvil.mjs';
import { emt, free_port } from '../support/devnet.mjs';
import { JobStatus } from '../support/emeth_abi.mjs';
import { deliver, show, work } from '../support/honest_work.mjs';
import { NodeClient } from '../support/node_client.mjs';
import { ethers } from '../support/packages.mjs';
import { kill_all, settings_text, start, stop, until } from '../support/programs.mjs';
import { Requester } from '../support/requester.mjs';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);
const limit_s = 60;

/** Chain and Storage API, as the clients of tests/support want a network, without a node. */
async function open_network(verifier) {
    const chain = await startAnvil({ extraArguments: ['--block-time', '1'] });
    chain.provider.pollingInterval = 200;
    const [owner] = chain.accounts;
    const { token, core } = await deployEmeth(chain, { owner, verifier });
    const settings = {
        endpoint: chain.url,
        chain_id: 60001,
        emethContractAddress: core.target,
        tokenContractAddress: token.target,
        storageApi: `http://127.0.0.1:${await free_port()}`,
        default_model: 'nano'
    };
    const fund = async (address, coins) => {
        await chain.rpc('anvil_setBalance', address, ethers.toQuantity(100n * emt));
        if (coins > 0n)
            await chain.transact(
                owner, token.target, token.interface.encodeFunctionData('mint', [address, coins * emt]));
    };
    const new_wallet = async (coins) => {
        const { privateKey } = ethers.Wallet.createRandom();
        const wallet = new ethers.Wallet(privateKey, chain.provider);
        await fund(wallet.address, coins);
        return wallet;
    };
    await fund(verifier, 0n);
    return { chain, provider: chain.provider, core, token, settings, new_wallet };
}

const wallet = ethers.Wallet.createRandom();
let network;
try {
    network = await open_network(wallet.address);
    const { core, token, provider, settings } = network;
    const config_of = (name, more = {}) => {
        writeFileSync(join(data, `${name}.env`), settings_text({ ...settings, ...more }), { mode: 0o600 });
        return ['--config', join(data, `${name}.env`), '--data', join(data, name)];
    };
    start('storage', emeth, 'storageapi', ...config_of('storage'), '--port', new URL(settings.storageApi).port);
    writeFileSync(join(data, 'verifier.key'), `${wallet.privateKey}\n`, { mode: 0o600 });
    const verifier_flags =
        config_of('verifier', { privateKey_file: join(data, 'verifier.key'), confirmations: 2, threads: 1 });
    const healthz = () => fetch(`${settings.storageApi}/healthz`).then(({ ok }) => ok, () => false);
    await until('the Storage API', limit_s, healthz);
    const requester = await Requester.create(network, 10_000n);
    const node = await NodeClient.create(network, 10_000n);

    const licence = readFileSync('/usr/share/common-licenses/GPL-3');
    const deadline_in = async (seconds) => (await network.chain.time()) + seconds;
    /** Each gives a JOB that the verifier sees when begin() has been called. */
    const kinds = {
        timeout: {
            end: JobStatus.TIMEOUT,
            async prepare() {
                const id = await requester.request({ dataset: 'any', deadline: await deadline_in(-3_600) });
                return { id, begin: () => node.process(id) };
            }
        },
        rejectResult: {
            end: JobStatus.FAILED,
            async prepare() {
                const id = await requester.request({ dataset: 'any', deadline: await deadline_in(36_000) });
                await node.process(id);
                return { id, begin: () => node.submit(id, 'model.pt') };
            }
        },
        verify: {
            end: JobStatus.VERIFIED,
            async prepare(number) {
                const dataset = licence.subarray(number * 2_000, number * 2_000 + 10_000);
                const id = await requester.request_dataset(dataset, { deadline: await deadline_in(36_000) });
                await node.process(id);
                const trainer = join(dirname(emeth), 'emeth-trainer');
                const job = { id, dataset, folder: join(data, `work-${number}`), trainer, devnet: network };
                const artifact = await work(job);
                const name = await deliver(node, job, artifact);
                return { id, begin: async () => show(node, job, artifact, await node.submit(id, name)) };
            }
        }
    };
    /** Four of each are wanted, and are prepared one after the other while others are judged. */
    for (const kind of Object.values(kinds)) {
        let last = Promise.resolve();
        kind.prepared = [0, 1, 2, 3].map((number) => (last = last.then(() => kind.prepare(number))));
        last.catch(() => {});  // whoever awaits it is told
    }
    const ids = [];
    const begin_job = async (kind) => {
        const { id, begin } = await kind.prepared.shift();
        ids.push({ id, end: kind.end });
        await begin();
        return id;
    };
    const status_events = async (id) => core.queryFilter(core.filters.Status(id), 0);
    /** Its verdict is confirmed, and the verifier has cleaned up. */
    const is_over = async (id) => {
        const last = (await status_events(id)).at(-1);
        return last?.args.status > JobStatus.SUBMITTED && await provider.getBlockNumber() >= last.blockNumber + 4 &&
            !existsSync(join(data, 'verifier', 'jobs', id.slice(2)));
    };
    const start_verifier = (failpoint) =>
        start('verifier', 'env', `EMETH_FAILPOINT=${failpoint}`, emeth, 'verifier', ...verifier_flags);
    /** The places that a verifier passes of a JOB of this kind, in their order. */
    const places_of = async (name, kind) => {
        const trace = join(data, `trace-${name}`);
        const verifier = start_verifier(`trace::${trace}`);
        const id = await begin_job(kind);
        await until(`the end of ${id}`, limit_s, () => is_over(id));
        await stop(verifier);
        return [...new Set(readFileSync(trace, 'utf8').trim().split('\n'))];
    };
    let kills = 0;
    /** Kills whoever comes there first: the verifier, or the trainer that it has started. */
    const kill_at = async (place) => {
        const mark = join(data, `fired-${++kills}`);
        const verifier = start_verifier(`${place}:${mark}`);
        const trainer_died = () => verifier.output.includes('emeth-trainer ended by signal 9');
        await until(`a death at "${place}"`, limit_s,
            () => existsSync(mark) && (verifier.child.signalCode === 'SIGKILL' || trainer_died()));
        if (verifier.child.signalCode === null) assert.equal(await stop(verifier), 0, verifier.output.slice(-2000));
    };
    /** A verifier that was killed before this does not come there with the same JOB. */
    const is_passed_once = (place) => /^after:(broadcast|send) /.test(place);

    const passed = new Set();
    for (const [name, kind] of Object.entries(kinds)) {
        const places = await places_of(name, kind);
        say(`${name} passes ${places.join(', ')}`);
        for (const place of places) passed.add(place);
        await begin_job(kind);
        for (const place of places) {
            if (is_passed_once(place)) await begin_job(kind);
            await kill_at(place);
        }
    }
    const verifier = start_verifier('');
    for (const { id } of ids) await until(`the end of ${id}`, limit_s, () => is_over(id));
    await stop(verifier);
    for (const effect of ['file evidence', 'file artifact', 'file dataset', 'start check', 'file verdict', 'send verify',
             'storage put_reason', 'send rejectResult', 'send timeout', 'broadcast other', 'remove job'])
        for (const moment of ['before', 'after'])
            assert.ok(passed.has(`${moment}:${effect}`), `${moment}:${effect} is not among those passed`);

    for (const { id, end } of ids) {
        const events = await status_events(id);
        const before = end === JobStatus.TIMEOUT ? [2n] : [2n, 3n];
        assert.deepEqual(events.map(({ args }) => args.status), [...before, end], `Status events of ${id}`);
        assert.equal((await provider.getTransaction(events.at(-1).transactionHash)).from, wallet.address);
        if (end !== JobStatus.FAILED) continue;
        const reason = await fetch(new URL(`/api/v1/verdict-reason?jobId=${id}`, settings.storageApi));
        assert.match((await reason.json()).reason, /'model.pt', names no artifact of this JOB/);
    }
    const sent = await provider.getTransactionCount(wallet.address);
    assert.equal(sent, ids.length, `the verifier paid for ${sent} transactions about ${ids.length} JOBs`);
    const paid = ids.filter(({ end }) => end !== JobStatus.TIMEOUT).length;
    assert.equal(await token.balanceOf(wallet.address), BigInt(paid) * 10n * emt, 'one fee for each verdict');
    say(`${kills} kills, ${ids.length} JOBs`);
} finally {
    kill_all();
    await network?.chain.stop();
}
