// JOB info server, Storage API, verifier and requesters, each a process of its own beside one node on one chain, are
// killed with SIGKILL and started again, in an order that a seed draws, until every JOB is VERIFIED and its requester
// has the result.
// Usage: node killed_servers.mjs EMETH DATA_FOLDER [SEED [s3]]
// s3: the Storage API keeps its objects in an object store (OpenStack Swift), which is not killed.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { deployEmeth, startAnvil } from '../support/anvil.mjs';
import { emt, free_port } from '../support/devnet.mjs';
import { JobStatus } from '../support/emeth_abi.mjs';
import { ethers } from '../support/packages.mjs';
import { kill_all, run, settings_text, start, stop, until } from '../support/programs.mjs';
import { SeededRandom } from '../support/seeded_random.mjs';

const [emeth, data, seed = '1', objects = 'folder'] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
const job_count = 5;
const random = new SeededRandom(`killed servers ${seed}`);
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);
const licences = ['GPL-3', 'LGPL-2.1', 'Apache-2.0', 'GFDL-1.3', 'MPL-2.0']
                     .map((name) => readFileSync(`/usr/share/common-licenses/${name}`, 'utf8'))
                     .join('\n');

/** A program that is started again with the same arguments whenever it was killed. */
class Server {
    constructor(name, ...args) {
        Object.assign(this, { name, args, kills: 0 });
        this.begin();
    }
    begin() {
        this.program = start(this.name, emeth, ...this.args);
        this.ended = undefined;
        this.program.end.then((code) => (this.ended = code));
    }
    async kill() {
        this.is_killed = true;
        this.program.child.kill('SIGKILL');
        await this.program.end;
        ++this.kills;
        await sleep(random.below(2_000));
        this.begin();
        this.is_killed = false;
    }
    check() {
        assert.ok(this.is_killed || this.ended === undefined, `${this.name} ended:\n${this.program.output.slice(-3000)}`);
    }
}

/** Asks for a JOB, and follows it once it is known; each of its processes may be killed. */
class KilledRequester {
    constructor(index, config) {
        this.name = `requester ${index}`;
        this.dataset = join(data, `dataset-${index}`);
        this.output = join(data, `result-${index}.tar`);
        this.flags = ['--config', config, '--data', join(data, `requester-${index}`)];
        this.kills = 0;
        writeFileSync(this.dataset, licences.slice(index * 15_000, index * 15_000 + 12_000));
    }
    /** A killed request leaves no id behind, so this one is let be; what follows it is not. */
    async request() {
        const asked = await run(emeth, 'request', this.dataset, ...this.flags, '--json');
        assert.equal(asked.status, 0, asked.stdout + asked.stderr);
        this.id = /0x[0-9a-f]{32}\b/.exec(asked.stdout)[0];
        say(`${this.name} asked for ${this.id}`);
        this.begin();
    }
    begin() {
        this.program = start(this.name, emeth, 'request', 'follow', this.id, ...this.flags, '--output', this.output);
        this.ended = undefined;
        this.program.end.then((code) => (this.ended = code));
    }
    /** An endpoint that is away ends a request that fetches; whoever wants the result asks again. */
    tend() {
        if (!this.is_killed && this.ended !== undefined && this.ended !== 0) this.begin();
    }
    async kill() {
        if (this.ended !== undefined) return;
        this.is_killed = true;
        this.program.child.kill('SIGKILL');
        await this.program.end;
        ++this.kills;
        if (existsSync(this.output)) this.ended = 0;
        else this.begin();
        this.is_killed = false;
    }
}

/** Settings of an object store that has just been started. */
async function object_store() {
    const [access_key, secret_key, bucket] = ['emeth:tester', 'only-for-tests', 'emeth-test'];
    const program = start('object store', '/usr/bin/python3', fileURLToPath(new URL('../support/object_store.py', import.meta.url)),
        join(data, 'object-store'), access_key, secret_key, bucket);
    const listening = () => /Listening on (127\.0\.0\.1:\d+)/.exec(program.output)?.[1];
    await until('the object store', 60, listening);
    const keys = join(data, 's3.keys');
    writeFileSync(keys, `${access_key} ${secret_key}\n`, { mode: 0o600 });
    return { s3_endpoint: `http://${listening()}`, s3_bucket: bucket, s3_credentials_file: keys };
}

let chain;
try {
    chain = await startAnvil({ extraArguments: ['--block-time', '1'] });
    const wallets = Object.fromEntries(
        ['verifier', 'node', ...Array.from({ length: job_count }, (_, index) => `requester-${index}`)].map(
            (name) => [name, ethers.Wallet.createRandom()]));
    const [owner] = chain.accounts;
    const { token, core } = await deployEmeth(chain, { owner, verifier: wallets.verifier.address });
    const [storage_port, info_port, verifier_port] = [await free_port(), await free_port(), await free_port()];
    const network = {
        endpoint: chain.url,
        chain_id: 60001,
        emethContractAddress: core.target,
        tokenContractAddress: token.target,
        storageApi: `http://127.0.0.1:${storage_port}`,
        info_server_url: `http://127.0.0.1:${info_port}`,
        default_model: 'nano',
        confirmations: 2
    };
    const config_of = (name, { ...more } = {}) => {
        const file = join(data, `${name}.env`);
        if (wallets[name]) {
            more.privateKey_file = join(data, `${name}.key`);
            writeFileSync(more.privateKey_file, `${wallets[name].privateKey}\n`, { mode: 0o600 });
        }
        writeFileSync(file, settings_text({ ...network, ...more }), { mode: 0o600 });
        return file;
    };
    for (const { address } of Object.values(wallets)) {
        await chain.rpc('anvil_setBalance', address, ethers.toQuantity(100n * emt));
        await chain.transact(owner, token.target, token.interface.encodeFunctionData('mint', [address, 1_000n * emt]));
    }
    const folder = (name) => ['--data', join(data, name)];
    const of_a_server = { confirmations: undefined };
    const of_the_storage = { ...of_a_server, ...(objects === 's3' ? await object_store() : {}) };
    const servers = [
        new Server('storage', 'storageapi', '--config', config_of('storage', of_the_storage), ...folder('storage'), '--port',
            String(storage_port)),
        new Server('info', 'infoserver', '--config', config_of('info', of_a_server), ...folder('info'), '--port',
            String(info_port)),
        new Server('verifier', 'verifier', '--config', config_of('verifier'), ...folder('verifier'), '--port',
            String(verifier_port)),
    ];
    const node = new Server('node', 'master', '--config', config_of('node', {
        worker_port: 0,
        poll_interval_ms: 200,
        discovery_interval_ms: 300,
        verdict_confirmations: 2
    }), ...folder('node-data'), '--local-workers', '1');
    const ready = async () => (await fetch(`${network.storageApi}/healthz`).catch(() => undefined))?.ok;
    await until('the Storage API', 60, ready);

    const requesters = Array.from(
        { length: job_count },
        (_, index) => new KilledRequester(index, config_of(`requester-${index}`)));
    await Promise.all(requesters.map((requester) => requester.request()));

    const all_have_ended = () => requesters.every(({ ended }) => ended === 0);
    const killing = (async () => {
        while (!all_have_ended()) {
            await sleep(1_500 + random.below(4_000));
            // The servers in turn first, so that none is spared.
            const victim = servers.find(({ kills }) => kills === 0) ?? random.pick([...servers, ...requesters]);
            say(`kills ${victim.name}`);
            await victim.kill();
        }
    })();
    killing.catch(() => {});  // awaited below
    await until('every result', 900, () => {
        for (const server of [...servers, node]) server.check();
        for (const requester of requesters) requester.tend();
        return all_have_ended();
    });
    await killing;

    for (const { id, name, output, kills } of requesters) {
        assert.equal((await core.jobs(id)).status, JobStatus.VERIFIED, `${name}: ${id}`);
        const { result } = await core.jobDetails(id);
        const sha256 = createHash('sha256').update(readFileSync(output)).digest('hex');
        assert.equal(result, `${id.slice(2)}-${sha256}.tar`);
        say(`${name} has the result of ${id} after ${kills} kills`);
    }
    for (const { name, kills } of servers) say(`${name} was killed ${kills} times`);
    const statuses = await core.queryFilter('Status', 0);
    for (const { id } of requesters)
        assert.deepEqual(statuses.filter(({ args }) => args.jobId === id).map(({ args }) => args.status), [2n, 3n, 4n]);
    assert.deepEqual(await core.queryFilter('Penalty', 0), []);
    assert.equal(await token.balanceOf(core.target), 0n, 'no fee and no deposit is left');
    for (const { name, kills } of servers) assert.ok(kills > 0, `${name} was never killed`);
    assert.equal(await stop(node.program), 0, node.program.output.slice(-2000));
} finally {
    kill_all();
    await chain?.stop();
}
