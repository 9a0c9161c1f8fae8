// Kills the real processes of a node with SIGKILL just before and just after every durable commit and every outside
// effect that `emeth state failpoints` lists, lets them restart, and checks chain and store: one deposit, one submit,
// verified, no penalty; the history replays; no orphan and no stray temporary file is left.
// One more case is a JOB at which the master itself crashes again and again.
// Usage: node crash_matrix.mjs EMETH DATA_FOLDER [part of a failpoint's name, or poison]
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { emethCoreAbi, emethTokenAbi } from '../support/emeth_abi.mjs';
import { ethers } from '../support/packages.mjs';
import { write_requester_settings } from '../support/programs.mjs';

const [emeth, data, only = ''] = process.argv.slice(2);
const emt = 10n ** 18n;
const lanes_count = 3;
const dataset_bytes = 96 << 10;
const case_limit_s = 120;
const children = new Set();

rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

function start(args, environment = {}) {
    const child = spawn(emeth, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
    const started = {
        child,
        output: '',
        signal: undefined,
        end: once(child, 'exit').then(([, signal]) => (children.delete(child), (started.signal = signal)))
    };
    for (const stream of [child.stdout, child.stderr])
        stream.on('data', (piece) => (started.output = (started.output + piece).slice(-20_000)));
    children.add(child);
    return started;
}

async function until(what, limit_s, condition) {
    for (const end = Date.now() + limit_s * 1000; Date.now() < end; await sleep(150)) {
        const value = await condition();
        if (value) return value;
    }
    throw new Error(`${what} did not happen within ${limit_s} s`);
}

const run = (...args) => spawnSync(emeth, args, { encoding: 'utf8', timeout: 60_000 });
const lines = (text) => text.trim().split('\n').filter(Boolean);

function files_below(folder) {
    return readdirSync(folder, {
        withFileTypes: true
    }).flatMap((entry) => (entry.isDirectory() ? files_below(join(folder, entry.name)) : [join(folder, entry.name)]));
}

/** Living processes that work in `folder`. */
function processes_in(folder) {
    return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid).filter((pid) => {
        try {
            return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder) &&
                !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
        } catch {
            return false;
        }
    });
}

/** The network that all cases share, and its requester. */
class Network {
    async open() {
        this.process = start(['devnet', '--data', join(data, 'net'), '--block-interval', '1']);
        await until('the devnet', 60, () => this.process.output.includes('Ctrl-C ends everything'));
        this.settings = Object.fromEntries(lines(
            readFileSync(join(data, 'net', 'master.env'),
                'utf8')).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
        this.provider = new ethers.JsonRpcProvider(this.settings.endpoint, 60001,
            { staticNetwork: true, cacheTimeout: -1, polling: true, pollingInterval: 200 });
        const key = readFileSync(join(data, 'net', 'requester', 'key'), 'utf8').trim().replace(/^(0x)?/, '0x');
        this.requester = new ethers.NonceManager(new ethers.Wallet(key, this.provider));
        this.core = new ethers.Contract(this.settings.emethContractAddress, emethCoreAbi, this.requester);
        this.token = new ethers.Contract(this.settings.tokenContractAddress, emethTokenAbi, this.requester);
        await this.put_dataset();
        await (await this.token.approve(this.settings.emethContractAddress, 100_000n * emt)).wait();
    }

    /** Uses the requester's own command; all further JOBs are about the same text. */
    async put_dataset() {
        const book = spawnSync('bible', ['gen1:1-gen50:26'], { encoding: 'utf8', maxBuffer: 1 << 24 });
        assert.equal(book.status, 0, `the text comes from the program 'bible': ${book.stderr}`);
        writeFileSync(join(data, 'text'), book.stdout.slice(0, dataset_bytes));
        write_requester_settings(
            join(data, 'requester.env'), this.settings, join(data, 'net', 'requester', 'key'));
        const requested = run('request', '--config', join(data, 'requester.env'), '--data', join(data, 'requester'),
            '--dataset', join(data, 'text'), '--fee-min', '50', '--json');
        assert.equal(requested.status, 0, requested.stderr);
        this.requester.reset();
        this.dataset = (await this.core.jobDetails(JSON.parse(requested.stdout).id)).dataset;
    }

    async request(fee, epoch = 2) {
        const id = `0x${randomBytes(16).toString('hex')}`;
        const now = (await this.provider.getBlock('latest')).timestamp;
        await this.in_turn(() => this.core.request(
                               id, 0n, this.dataset, JSON.stringify({ language: 'en', epoch }), fee, now + 4 * 3600));
        return id;
    }

    /** One transaction of the requester after the other. */
    in_turn(send) {
        const turn = (this.last_turn ?? Promise.resolve()).then(async () => (await send()).wait());
        this.last_turn = turn.catch(() => {});
        return turn;
    }

    /** A block with that base fee, in gwei. */
    async mine_at(base_fee_gwei) {
        await this.provider.send(
            'anvil_setNextBlockBaseFeePerGas', [ethers.toQuantity(BigInt(base_fee_gwei) * 10n ** 9n)]);
        await this.provider.send('evm_mine', []);
    }

    async events(name, ...topics) {
        return this.core.queryFilter(this.core.filters[name](...topics), 0, 'latest');
    }
}

/** One node with its own wallet, folder and fee, so that no other node takes its JOBs. */
class Lane {
    constructor(network, number) {
        Object.assign(this, {
            network,
            number,
            folder: join(data, `lane-${number}`),
            fee: BigInt(20 + number) * emt,
            wallet: ethers.Wallet.createRandom()
        });
        this.config = join(data, `lane-${number}.env`);
    }

    async open() {
        writeFileSync(join(data, `lane-${this.number}.key`), `${this.wallet.privateKey}\n`, { mode: 0o600 });
        const settings = {
            ...this.network.settings,
            privateKey_file: join(data, `lane-${this.number}.key`),
            min_fee: this.fee,
            max_fee: this.fee,
            worker_port: 0,
            deadline_margin_s: 60,
            poll_interval_ms: 200,
            discovery_interval_ms: 300,
            rebroadcast_interval_ms: 500,
            threads: 1
        };
        writeFileSync(this.config, Object.entries(settings).map(([key, value]) => `${key}=${value}\n`).join(''),
            { mode: 0o600 });
        await this.network.in_turn(
            () => this.network.requester.sendTransaction({ to: this.wallet.address, value: 100n * emt }));
        await this.network.in_turn(() => this.network.token.transfer(this.wallet.address, 1_000n * emt));
    }

    start_master(failpoint, workers = 1) {
        this.master = start(['master', '--config', this.config, '--data', this.folder, '--local-workers', workers],
            failpoint ? { EMETH_FAILPOINT: failpoint } : {});
    }

    async stop_master() {
        this.master.child.kill('SIGTERM');
        await this.master.end;
        await until(
            `the end of all processes of lane ${this.number}`, 10, () => processes_in(this.folder).length === 0);
    }

    record(id) {
        const listed = run('state', 'list', '--json', '--data', this.folder);
        return lines(listed.stdout).map((line) => JSON.parse(line)).find((job) => JSON.stringify(job).includes(id));
    }

    /** Transactions of this node that were signed again at a higher price. */
    replacements() {
        return lines(run('state', 'dump', '--data', this.folder).stdout)
            .filter((line) => JSON.parse(line).type === 'replacement')
            .length;
    }

    /**
     * Starts the master with a failpoint. Whatever dies of it is restarted: the master by us, everything else by the
     * node itself.
     */
    async kill_at(place, moment) {
        const mark = join(data, `fired-${this.number}-${Date.now()}`);
        this.start_master(`${moment}:${place.effect}:${mark}`);
        const fired = () => existsSync(mark) || (this.master.signal !== undefined && this.master.signal !== 'SIGKILL');
        await until(`"${moment} ${place.effect}"`, case_limit_s, fired);
        if (place.process !== 'master') return assert.equal(this.master.signal, undefined, 'the master keeps running');
        await until('the death of the master', 10, () => this.master.signal);
        assert.equal(this.master.signal, 'SIGKILL', this.master.output);
        await until('the end of its workers', 10, () => processes_in(this.folder).length === 0);
        this.start_master();
    }

    async expect_end(id, state) {
        await until(`${id} ${state} in the store`, case_limit_s, () => this.record(id)?.state === state);
        await this.stop_master();
        const counts = {};
        for (const event of await this.network.events('Status', id))
            counts[event.args.status] = (counts[event.args.status] ?? 0) + 1;
        const verified = await run('state', 'verify', '--data', this.folder);
        assert.equal(verified.status, 0, verified.stderr);
        const stray = files_below(this.folder).filter((file) => /\.tmp-|\.partial$/.test(file));
        assert.deepEqual(stray, [], 'stray temporary files');
        return counts;
    }

    /** One process and one submit, verified, nothing lost: also no part was put that was there. */
    async expect_verified(id) {
        const counts = await this.expect_end(id, 'verified');
        const history = run('state', 'show', id, '--json', '--data', this.folder).stdout;
        assert.ok(history.includes('"upload_completed"'), history);
        assert.ok(!history.includes('"upload_aborted"'), history);
        assert.deepEqual(counts, { 2: 1, 3: 1, 4: 1 }, `Status events of ${id}`);
        assert.deepEqual(
            (await this.network.events('Penalty', this.wallet.address)).length, this.penalties ?? 0, 'no penalty');
    }

    async restart_case(place, moment) {
        const id = await this.network.request(this.fee);
        await this.kill_at({ effect: 'commit LeaseGranted', process: 'master' }, 'after');
        this.master.child.kill('SIGKILL');
        await this.master.end;
        await until('the end of its workers', 10, () => processes_in(this.folder).length === 0);
        await this.kill_at(place, moment);
        await this.expect_verified(id);
    }

    async normal_case(place, moment) {
        // Kept from one start to the next.
        if (place.effect === 'file calibration') rmSync(join(this.folder, 'workers', '1', 'calibration.json'));
        if (place.effect === 'file dashboard') rmSync(join(this.folder, 'dashboard.token'), { force: true });
        const id = await this.network.request(this.fee);
        await this.kill_at(place, moment);
        await this.expect_verified(id);
    }

    /** Takes a JOB that is long enough not to be finished before it is declined, however busy the machine. */
    async decline_case(place, moment) {
        const id = await this.network.request(this.fee, 20);
        const killing = this.kill_at(place, moment);
        await until('a lease', case_limit_s, () => ['downloading', 'training'].includes(this.record(id)?.state));
        run('decline', id, '--yes', '--config', this.config, '--data', this.folder);
        await killing;
        await until('the end or another order', case_limit_s, () => {
            if (this.record(id)?.state === 'declined') return true;
            if (!this.record(id)?.why?.includes('decline'))
                run('decline', id, '--yes', '--config', this.config, '--data', this.folder);  // the order died with the master
            return false;
        });
        await this.expect_end(id, 'declined');
        this.penalties = (this.penalties ?? 0) + 1;
        assert.equal((await this.network.events('Penalty', this.wallet.address)).length, this.penalties,
            'one penalty per decline');
    }

    /**
     * Raises the gas price above what the deposit's transactions offer, so that they are replaced. We mine the blocks,
     * as many as it takes.
     */
    async replacement_case(place, moment) {
        const id = await this.network.request(this.fee);
        const replaced_before = this.replacements();
        await this.network.provider.send('evm_setIntervalMining', [0]);
        await this.network.provider.send('anvil_mine', ['0x4']);  // deep enough for everyone to see the JOB
        let dear = false, ended = false;
        const blocks = (async () => {
            for (; !ended; await sleep(100)) if (dear) await this.network.mine_at(100);
        })();
        try {
            const killing = this.kill_at(place, moment);
            await until('a signed process', case_limit_s, () => this.record(id)?.why.includes('process transaction'));
            dear = true;
            await killing;
            await until('the deposit', case_limit_s,
                () => this.record(id)?.state === 'downloading' || this.record(id)?.state === 'training');
        } finally {
            ended = true;
            await blocks;
            await this.network.provider.send('evm_setIntervalMining', [1]);
        }
        await this.expect_verified(id);
        assert.ok(this.replacements() > replaced_before, 'a transaction was replaced');
    }

    /**
     * A JOB at which the master crashes three times in a row is left alone while others go on; the operator can still
     * decline it.
     */
    async poison_case() {
        const poison = await this.network.request(this.fee);
        for (const crash of [1, 2, 3]) {
            this.start_master(`abort:before:commit DatasetReady:${join(data, `crashed-${this.number}-${crash}`)}`, 2);
            await until(`crash ${crash}`, case_limit_s, () => this.master.signal);
            assert.equal(this.master.signal, 'SIGABRT', this.master.output);
            await until('the end of its workers', 10, () => processes_in(this.folder).length === 0);
        }
        this.start_master(undefined, 2);
        const waits = () =>
            /^waiting (29|30) min to retry the download: the master ended itself by signal 6 \(SIGABRT\), .*3 crashes in a row$/
                .test(this.record(poison)?.why);
        await until('the long wait', 30, waits);
        const other = await this.network.request(this.fee);
        await until(`${other} verified`, case_limit_s, () => this.record(other)?.state === 'verified');
        assert.ok(waits(), this.record(poison).why);
        assert.equal(run('decline', poison, '--yes', '--config', this.config, '--data', this.folder).status, 0);
        await this.expect_end(poison, 'declined');
        this.penalties = (this.penalties ?? 0) + 1;
    }

    /** A day passes, and its reward is fetched once. */
    async withdraw_case(place, moment) {
        const id = await this.network.request(this.fee);
        this.start_master();
        await this.expect_verified(id);
        const minted = async () => (
            await this.network.token.queryFilter(
                this.network.token.filters.Transfer(ethers.ZeroAddress, this.wallet.address), 0,
                'latest')).length;
        const before = await minted();
        // Far enough to be beyond the wallet's own moment after midnight, at whatever hour this runs.
        await this.network.provider.send('evm_increaseTime', [25 * 3600]);
        await this.kill_at(place, moment);
        await until('the reward', case_limit_s, async () => (await minted()) > before);
        await sleep(3_000);  // time for a second one, which must not come
        await this.stop_master();
        assert.equal(await minted(), before + 1, 'one withdrawal a day');
    }

    async run(cases) {
        for (let next = cases.shift(); next; next = cases.shift()) {
            const { place, moment } = next;
            const began = Date.now();
            try {
                await this[`${place.path}_case`](place, moment);
                console.log(`${moment} ${place.effect} (${place.process}): held, ${
                    ((Date.now() - began) / 1000).toFixed(1)} s`);
            } catch (error) {
                failures.push(`${moment} ${place.effect}`);
                console.log(`${moment} ${place.effect} (${place.process}): FAILED: ${error.stack}\n${
                    this.master?.output.slice(-3000)}`);
                for (const pid of processes_in(this.folder)) process.kill(Number(pid), 'SIGKILL');
                this.fee += BigInt(lanes_count) * emt;  // so that the next case does not take what this one left
                this.folder += '-again';
                await this.open();
            }
        }
    }
}

/** Every effect that a JOB passes is on the list, and every effect that the list calls normal is passed. */
async function compare_with_trace(lane, places) {
    const trace = join(data, 'trace');
    const id = await lane.network.request(lane.fee);
    lane.start_master(`trace::${trace}`);
    await lane.expect_verified(id);
    const passed = new Set(lines(readFileSync(trace, 'utf8')).map((line) => line.slice(line.indexOf(':') + 1)));
    console.log([...passed].join('\n'));
    const listed = new Set(places.map((place) => place.effect));
    assert.deepEqual([...passed].filter((effect) => !listed.has(effect)), [], 'effects that are not on the list');
    assert.deepEqual(places.filter((place) => place.path === 'normal' && !passed.has(place.effect)), [],
        'places that no JOB passes');
}

const failures = [];
try {
    const places = lines(run('state', 'failpoints', '--json').stdout).map((line) => JSON.parse(line));
    assert.ok(places.length > 30);
    const network = new Network();
    await network.open();
    const lanes = Array.from({ length: lanes_count }, (_, number) => new Lane(network, number));
    for (const lane of lanes) await lane.open();
    await compare_with_trace(lanes[0], places);

    const cases_of = (chosen) => places.filter((place) => place.effect.includes(only) && chosen(place))
                                     .flatMap((place) => ['before', 'after'].map((moment) => ({ place, moment })));
    const for_all = ['replacement', 'withdraw'];  // run alone: all lanes share the gas price and the date
    const cases = cases_of((place) => !for_all.includes(place.path));
    await Promise.all(lanes.map((lane) => lane.run(cases)));
    if ('poison'.includes(only))
        await lanes[0].run([
            { place: { effect: 'poison', process: 'master', path: 'poison' }, moment: 'three crashes in a row:' }
        ]);
    for (const path of for_all) await lanes[0].run(cases_of((place) => place.path === path));
    assert.deepEqual(failures, []);
    console.log('no process that died left anything behind');
} finally {
    for (const child of children) child.kill('SIGKILL');
    for (const pid of processes_in(join(data, 'lane-'))) process.kill(Number(pid), 'SIGKILL');
    for (const pid of processes_in(join(data, 'net'))) process.kill(Number(pid), 'SIGKILL');
}
