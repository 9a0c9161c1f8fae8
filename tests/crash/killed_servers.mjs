// Kills the servers of a network with SIGKILL, one at random after another, while a node works off five JOBs: JOB info
// server, Storage API and verifier run by themselves, as an operator would run them, and each comes back some moments
// later. Every JOB ends verified, for one deposit and one verdict, and nobody loses anything.
// Usage: node killed_servers.mjs EMETH DATA_FOLDER [SEED]
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { deployEmeth, startAnvil } from '../support/anvil.mjs';
import { emt, free_port } from '../support/devnet.mjs';
import { ethers } from '../support/packages.mjs';
import { kill_all, run, settings_text, start, stop, until } from '../support/programs.mjs';
import { SeededRandom } from '../support/seeded_random.mjs';

const [emeth, data, seed = '1'] = process.argv.slice(2);
const jobs = 5;
const dataset_bytes = 48 << 10;
const verified = 4n;
const limit_s = 300;

/** A program that is killed and started again under the same settings, port and folder. */
class Server {
    constructor(name, ...args) {
        Object.assign(this, { name, args, kills: 0 });
        this.start();
    }

    start() {
        this.program = start(this.name, emeth, ...this.args);
    }

    async kill(down_ms) {
        this.program.child.kill('SIGKILL');
        await this.program.end;
        ++this.kills;
        await sleep(down_ms);
        this.start();
    }
}

class Network {
    static async start() {
        const network = new Network();
        const chain = await startAnvil({ extraArguments: ['--block-time', '1'] });
        Object.assign(network, { chain, owner: chain.accounts[0] });
        network.keys = Object.fromEntries(
            ['node', 'requester', 'verifier'].map((name) => [name, ethers.Wallet.createRandom()]));
        const { token, core } =
            await deployEmeth(chain, { owner: network.owner, verifier: network.keys.verifier.address });
        Object.assign(network, { token, core });
        await Promise.all(Object.values(network.keys).map((wallet) => network.fund(wallet.address)));
        const [storage_port, info_port] = [await free_port(), await free_port()];
        network.settings = {
            endpoint: chain.url,
            chain_id: 60001,
            emethContractAddress: core.target,
            tokenContractAddress: token.target,
            storageApi: `http://127.0.0.1:${storage_port}`,
            info_server_url: `http://127.0.0.1:${info_port}`
        };
        for (const [name, wallet] of Object.entries(network.keys)) network.write_settings(name, wallet);
        network.write_settings('server');
        const server = (command, port) => new Server(command, command, '--config', network.config('server'), '--data',
            join(data, command), '--port', String(port));
        network.servers = [
            server('storageapi', storage_port),
            server('infoserver', info_port),
            new Server('verifier', 'verifier', '--config', network.config('verifier'), '--data', join(data, 'verifier'))
        ];
        return network;
    }

    config(name) {
        return join(data, `${name}.env`);
    }

    write_settings(name, wallet) {
        const settings = { ...this.settings };
        if (wallet) {
            settings.privateKey_file = join(data, `${name}.key`);
            settings.confirmations = 2;
            writeFileSync(settings.privateKey_file, `${wallet.privateKey}\n`, { mode: 0o600 });
        }
        if (name === 'node')
            Object.assign(settings,
                { verdict_confirmations: 2, worker_port: 0, poll_interval_ms: 200, discovery_interval_ms: 300 });
        writeFileSync(this.config(name), settings_text(settings), { mode: 0o600 });
    }

    /** 100 ALT and 1,000 EMT. */
    async fund(address) {
        await this.chain.rpc('anvil_setBalance', address, ethers.toQuantity(100n * emt));
        const mint = this.token.interface.encodeFunctionData('mint', [address, 1_000n * emt]);
        assert.equal((await this.chain.transact(this.owner, this.token.target, mint)).status, 1);
    }

    /** Requests a JOB; while a server is down, again and again, as its requester would. */
    async request(file) {
        await until(`the request of ${file}`, limit_s, async () => {
            const asked = await run(
                emeth, 'request', '--config', this.config('requester'), '--data', join(data, 'requester'), file);
            return asked.status === 0;
        });
    }

    events(name) {
        return this.core.queryFilter(this.core.filters[name](), 0, 'latest');
    }

    /** By JOB: the statuses that it had on chain, in their order. */
    async statuses() {
        const by_job = new Map((await this.events('Request')).map(({ args }) => [args.jobId, []]));
        for (const { args } of await this.events('Status')) by_job.get(args.jobId).push(args.status);
        return by_job;
    }
}

/** Until `done` says so. */
async function kill_at_random(network, random, done) {
    for (let count = 0; !done(); ++count) {
        await sleep(random.between(300, 2_500));
        // The first ones in turn, so that none is spared.
        const server = network.servers[count < network.servers.length ? count : random.below(network.servers.length)];
        await server.kill(random.between(0, 2_000));
    }
}

function write_texts() {
    const book = spawnSync('bible', ['gen1:1-gen50:26'], { encoding: 'utf8', maxBuffer: 1 << 24 });
    assert.equal(book.status, 0, `the text comes from the program 'bible': ${book.stderr}`);
    return [...Array(jobs).keys()].map((index) => {
        const file = join(data, `text-${index}`);
        writeFileSync(file, book.stdout.slice(index * 1_000, index * 1_000 + dataset_bytes));
        return file;
    });
}

rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
try {
    const network = await Network.start();
    const node =
        start('master', emeth, 'master', '--config', network.config('node'), '--data', join(data, 'node'),
            '--local-workers', '2');
    let over = false;
    const killing = kill_at_random(network, new SeededRandom(seed), () => over);
    for (const file of write_texts()) await network.request(file);
    const ends = await until('that every JOB is verified', limit_s, async () => {
        const statuses = await network.statuses();
        return statuses.size >= jobs && [...statuses.values()].every((seen) => seen.includes(verified)) && statuses;
    });
    over = true;
    await killing;
    for (const [id, seen] of ends)
        assert.deepEqual(seen, [2n, 3n, verified], `${id}: one process, one submit, one verify`);
    assert.deepEqual(await network.events('Penalty'), []);
    assert.equal(await network.token.balanceOf(network.core.target), 0n, 'no fee and no deposit is left');
    assert.equal(await stop(node), 0, node.output.slice(-2000));
    for (const folder of ['node']) {
        const replayed = await run(emeth, 'state', 'verify', '--data', join(data, folder));
        assert.equal(replayed.status, 0, replayed.stdout + replayed.stderr);
    }
    for (const { name, kills } of network.servers) assert.ok(kills > 0, `${name} was never killed`);
    console.log(`${ends.size} JOBs verified; killed: ${
        network.servers.map(({ name, kills }) => `${name} ${kills} times`).join(', ')}`);
    await Promise.all(network.servers.map(({ program }) => stop(program)));
    await network.chain.stop();
} finally {
    kill_all();
}
