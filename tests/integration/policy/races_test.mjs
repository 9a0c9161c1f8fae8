// Several equal masters on one devnet want the same JOBs: waves of one JOB and of one for each master, in turn. No JOB
// is processed twice, no deposit is lost, and the gas that went to processes which came too late is told.
// Usage: node races_test.mjs EMETH DATA_FOLDER [MASTERS] [JOBS]
// The figures in docs/OPERATIONS.md are those of 2 and 5 masters with 30 JOBs.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';

import { Devnet, emt } from '../../support/devnet.mjs';
import { JobStatus } from '../../support/emeth_abi.mjs';
import { kill_all, until } from '../../support/programs.mjs';
import { Requester } from '../../support/requester.mjs';

const [emeth, data, masters_text = '2', jobs_text = '3'] = process.argv.slice(2);
const masters = Number(masters_text), jobs_in_all = Number(jobs_text);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);
const text = readFileSync('/usr/share/common-licenses/GPL-3').subarray(0, 8_000);

const nodes = [];
try {
    const devnet = await Devnet.start(emeth, data, '--block-interval', '2');
    const { core, token, provider } = devnet;
    for (let number = 0; number < masters; ++number) {
        const name = `node-${number}`, privateKey_file = await devnet.new_key_file(name, 200n);
        // The pace of a node as it comes, since the races depend on it.
        const pace = { poll_interval_ms: undefined, discovery_interval_ms: undefined };
        nodes.push(devnet.start_node(1, { privateKey_file, threads: 1, ...pace }, name));
    }
    const wallets = nodes.map(({ settings }) => devnet.wallet_of(settings.privateKey_file).address);
    const requester = await Requester.create(devnet, 2_000n);
    await until('a fit worker of each', 300, () => nodes.every(({ program }) => / is fit: /.test(program.output)));

    const jobs = [];
    const statuses = (ids) => Promise.all(ids.map(async (id) => (await core.jobs(id)).status));
    for (let is_single = true; jobs.length < jobs_in_all; is_single = !is_single) {
        const count = Math.min(is_single ? 1 : masters, jobs_in_all - jobs.length);
        const deadline = (await provider.getBlock('latest')).timestamp + 86_400;
        const names = Array.from({ length: count }, () => Requester.new_id());
        const datasets = await Promise.all(names.map((id) => requester.upload(id, text)));
        const wave = await Promise.all(names.map(
            (id, index) => requester.request({ id, dataset: datasets[index], deadline, gasLimit: 2_000_000 })));
        await until('a verdict on the wave', 300,
            async () => (await statuses(wave)).every((status) => status === JobStatus.VERIFIED));
        jobs.push(...wave);
        say(`${jobs.length} of ${jobs_in_all} JOBs are verified`);
    }
    for (const node of nodes) await node.stop();

    // Every transaction of the nodes, from the blocks themselves.
    const of_node = [];
    const last = await provider.getBlockNumber();
    for (let number = 1; number <= last; ++number)
        for (const transaction of (await provider.getBlock(number, true)).prefetchedTransactions)
            if (wallets.includes(transaction.from)) of_node.push(transaction);
    const processes = of_node.filter(({ data: call }) => call.startsWith(core.interface.getFunction('process').selector));
    const ended = await Promise.all(processes.map(async (transaction) => {
        const { from, nonce } = transaction, receipt = await provider.getTransactionReceipt(transaction.hash);
        const approve = of_node.find((other) => other.from === from && other.nonce === nonce - 1);
        const pair = [receipt, await provider.getTransactionReceipt(approve.hash)];
        return {
            job: core.interface.parseTransaction(transaction).args[0],
            succeeded: receipt.status === 1,
            wei: pair.reduce((sum, { gasUsed, gasPrice }) => sum + gasUsed * gasPrice, 0n),
            gas: pair.reduce((sum, { gasUsed }) => sum + gasUsed, 0n)
        };
    }));
    const won = ended.filter(({ succeeded }) => succeeded), lost = ended.filter(({ succeeded }) => !succeeded);
    const sum = (list, key) => list.reduce((total, one) => total + one[key], 0n);
    say(`${masters} masters, ${jobs.length} JOBs: ${lost.length} processes came too late; with their approves they cost ${
        sum(lost, 'gas')} gas, ${sum(lost, 'wei')} wei (${sum(won, 'gas')} gas for those in time)`);

    assert.deepEqual(won.map(({ job }) => job).sort(), [...jobs].sort(), 'each JOB is processed once');
    assert.equal((await core.queryFilter('Penalty', 0)).length, 0);
    const had = 200n * emt, fee = 20n * emt - await core.VERIFIER_FEE();
    for (const wallet of wallets) {
        const own = (await Promise.all(jobs.map((id) => core.jobAssigns(id)))).filter(({ node }) => node === wallet);
        assert.equal(await token.balanceOf(wallet), had + fee * BigInt(own.length), `the EMT of ${wallet}`);
    }
    assert.equal(await devnet.stop(), 0);
} finally {
    kill_all();
}
