// A devnet of its own for a test, with its chain as ethers sees it, its requester, and nodes that join it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { emethCoreAbi, emethTokenAbi } from './emeth_abi.mjs';
import { ethers } from './packages.mjs';
import {
    parse_settings, run, settings_text, start, stop, until, unwrapped, write_requester_settings
} from './programs.mjs';

export const emt = 10n ** 18n;

/** A port of 127.0.0.1 on which nobody listens now. */
export async function free_port() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

export class Devnet {
    /** `emeth devnet flags…` with all its state in `folder`/net. */
    static async start(emeth, folder, ...flags) {
        const program = start('devnet', emeth, 'devnet', '--data', join(folder, 'net'), ...flags);
        await until('the devnet', 60, () => program.output.includes('Ctrl-C ends everything'));
        return new Devnet(emeth, folder, program);
    }

    constructor(emeth, folder, program) {
        this.emeth = emeth;
        this.folder = folder;
        this.program = program;
        this.settings = parse_settings(readFileSync(join(folder, 'net', 'master.env'), 'utf8'));
        this.provider =
            new ethers.JsonRpcProvider(this.settings.endpoint, 60001, { staticNetwork: true, cacheTimeout: -1 });
        this.provider.pollingInterval = 200;
        this.core = new ethers.Contract(this.settings.emethContractAddress, emethCoreAbi, this.provider);
        this.token = new ethers.Contract(this.settings.tokenContractAddress, emethTokenAbi, this.provider);
        this.requester_key_file = join(folder, 'net', 'requester', 'key');
    }

    /** The wallet of a file's key. */
    wallet_of(key_file) {
        const key = readFileSync(key_file, 'utf8').trim().replace(/^0x/, '');
        return new ethers.Wallet(`0x${key}`, this.provider);
    }

    /** The devnet's requester, who is rich in EMT and ALT. */
    requester() {
        return new ethers.NonceManager(this.wallet_of(this.requester_key_file));
    }

    /** The address of the key with which nodes join. */
    node_address() {
        return this.wallet_of(this.settings.privateKey_file).address;
    }

    /** A new key with 100 ALT and `coins` EMT from the devnet's requester. */
    async new_wallet(coins) {
        const rich = this.requester();
        const wallet = new ethers.Wallet(ethers.Wallet.createRandom().privateKey, this.provider);
        await (await rich.sendTransaction({ to: wallet.address, value: 100n * emt })).wait();
        await (await this.token.connect(rich).transfer(wallet.address, coins * emt)).wait();
        return wallet;
    }

    /** Such a key as a file, with which another node joins: its setting privateKey_file. */
    async new_key_file(name, coins) {
        const { privateKey } = await this.new_wallet(coins);
        const file = join(this.folder, `${name}.key`);
        writeFileSync(file, `${privateKey}\n`, { mode: 0o600 });
        return file;
    }

    /** `emeth request file flags…` with the requester's key: {status, stdout, stderr}. */
    request(file, ...flags) {
        const config = join(this.folder, 'requester.env');
        write_requester_settings(config, this.settings, this.requester_key_file);
        return run(
            this.emeth, 'request', '--config', config, '--data', join(this.folder, 'requester'), file, ...flags);
    }

    /** A node with `workers` local workers; `changes` are settings of its own. Several nodes have different names. */
    start_node(workers, changes = {}, name = 'node') {
        const config = join(this.folder, `${name}.env`);
        const quick = { worker_port: 0, poll_interval_ms: 200, discovery_interval_ms: 300 };
        const settings = { ...this.settings, ...quick, ...changes };
        writeFileSync(config, settings_text(settings), { mode: 0o600 });
        const node = new Node(this.emeth, name, config, join(this.folder, name), workers);
        return Object.assign(node, { settings });
    }

    stop() {
        this.provider.destroy();
        return stop(this.program);
    }
}

class Node {
    constructor(emeth, name, config, data, workers) {
        this.emeth = emeth;
        this.config = config;
        this.data = data;
        const args = ['master', '--config', config, '--data', data, '--local-workers', String(workers)];
        this.program = start(name, emeth, ...args);
    }

    /** Runs an operator's command of this node: {status, stdout, stderr}. */
    operator(command, ...flags) {
        return run(this.emeth, command, '--config', this.config, '--data', this.data, ...flags);
    }

    /** Every event of a JOB's life, as `emeth state history` tells it, each in one line. */
    async history(id) {
        return unwrapped((await run(this.emeth, 'state', 'history', id, '--all', '--data', this.data)).stdout);
    }

    /** Ends in order, and leaves a store that replays. */
    async stop() {
        assert.equal(await stop(this.program), 0, this.program.output.slice(-2000));
        const verified = await run(this.emeth, 'state', 'verify', '--data', this.data);
        assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    }
}
