// Runs `emeth master` with an operator's mistakes and a network's faults: each must be answered by one clear message or
// a recorded reason.
// Usage: node bad_input_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { emethCoreAbi, emethTokenAbi } from '../../support/emeth_abi.mjs';
import { ethers } from '../../support/packages.mjs';
import {
    kill_all, parse_settings, settings_text, start, stop, until, write_requester_settings
} from '../../support/programs.mjs';

const [emeth, data] = process.argv.slice(2);
const emt = 10n ** 18n;
const nobody = '0x0000000000000000000000000000000000000001';

rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

function settings_file(name, changes) {
    const values = { ...settings, ...changes };
    const file = join(data, `${name}.env`);
    writeFileSync(file, settings_text(values), { mode: 0o600 });
    return file;
}

const clear = (text) =>
    assert.doesNotMatch(text, /terminate called|what\(\)|Segmentation|core dumped|AddressSanitizer/);

/** The master must end by itself with `code` and a last line that matches. */
function refused(name, changes, code, message, folder = name) {
    const run = spawnSync(emeth, ['master', '--config', settings_file(name, changes), '--data', join(data, folder)],
        { encoding: 'utf8', timeout: 20_000 });
    clear(run.stderr);
    assert.equal(run.status, code, `${name}: ${run.stderr}`);
    assert.match(run.stderr, message, name);
    assert.equal(run.stderr.trim().split('\n').filter((line) => line.startsWith('emeth master:')).length, 1,
        `${name}: one line says it: ${run.stderr}`);
    console.log(`${name}: ${run.stderr.trim().split('\n').at(-1)}`);
}

/** An output that cannot be written is a failure that a script notices. */
for (const args of ['--help', '--version', 'state failpoints', 'state failpoints --json']) {
    const run = spawnSync('sh', ['-c', `"$0" ${args} > /dev/full`, emeth], { encoding: 'utf8' });
    clear(run.stderr);
    assert.equal(run.status, 1, `${args}: ${run.stderr}`);
    assert.match(run.stderr, /cannot write the output|No space left/, args);
}

let settings;
let html;
try {
    const devnet = start('devnet', emeth, 'devnet', '--data', join(data, 'net'));
    await until('the devnet', 60, () => devnet.output.includes('Ctrl-C ends everything'));
    settings = parse_settings(readFileSync(join(data, 'net', 'master.env'), 'utf8'));
    Object.assign(settings, { worker_port: '0', poll_interval_ms: '200', discovery_interval_ms: '300' });

    // What stops the start.
    refused(
        'no endpoint', { endpoint: 'http://127.0.0.1:9' }, 3, /127\.0\.0\.1:9: Connection refused; check `endpoint`/);
    refused('wrong chain id', { chain_id: '1' }, 3, /serves chain 60001, but chain_id is 1/);
    refused('no contract', { emethContractAddress: nobody }, 3,
        /emethContractAddress 0x0+1 is no contract on chain 60001/);
    refused('no token', { tokenContractAddress: nobody }, 3, /tokenContractAddress 0x0+1 is no contract/);
    writeFileSync(join(data, 'bad.key'), 'no key at all\n', { mode: 0o600 });
    refused('no key', { privateKey_file: join(data, 'bad.key') }, 2,
        /key file .*bad\.key: the private key has 13 characters/);
    chmodSync(join(data, 'bad.key'), 0o644);
    refused('key for all', { privateKey_file: join(data, 'bad.key') }, 2, /can be read by others; run: chmod 600/);
    refused('unknown setting', { min_feee: '3' }, 2,
        /unknown setting\.env:\d+: min_feee is not a known setting; did you mean min_fee\?/);
    refused('bad value', { n_epoch: 'two' }, 2, /bad value\.env:\d+: n_epoch is 'two'; expected a whole number/);

    // Money, and faulty JOBs. A wallet that is enough for no JOB at all stops the start; one that is enough for some
    // JOBs leads to a recorded reason.
    const provider = new ethers.JsonRpcProvider(settings.endpoint, 60001, { staticNetwork: true, cacheTimeout: -1 });
    const requester = new ethers.NonceManager(new ethers.Wallet(
        `0x${readFileSync(join(data, 'net', 'requester', 'key'), 'utf8').trim().replace(/^0x/, '')}`, provider));
    const core = new ethers.Contract(settings.emethContractAddress, emethCoreAbi, requester);
    const token = new ethers.Contract(settings.tokenContractAddress, emethTokenAbi, requester);
    const deadline = Math.floor(Date.now() / 1000) + 6 * 3600;
    const good_param = JSON.stringify({ language: 'en', epoch: 2 });

    /** Runs the requester's own command on a dataset of so many bytes. */
    function run_request(bytes, ...flags) {
        const text = join(data, 'text');
        writeFileSync(text,
            'In the beginning was the word, and the word was put on a chain. '.repeat(Math.ceil(bytes / 64))
                .slice(0, bytes));
        const config = join(data, 'requester.env');
        write_requester_settings(config, settings, join(data, 'net', 'requester', 'key'));
        return spawnSync(emeth, ['request', '--config', config, '--data', join(data, 'requester'), text, ...flags],
            { encoding: 'utf8', timeout: 60_000 });
    }
    const wallet_of_requester = await requester.getAddress();
    const money_of_requester = async () =>
        `${await token.balanceOf(wallet_of_requester)} ${await provider.getTransactionCount(wallet_of_requester)}`;
    const money = await money_of_requester();
    for (const [bytes, flags, expected] of [
             [0, [], /0 bytes; nobody trains on fewer than 4096/], [4095, [], /4095 bytes/],
             [1 << 20, ['--fee-min', '10', '--gas-price', '2'], /does not exceed the verifier's fee of 10 EMT/],
             [1 << 20, ['--model', 'gpt9'], /unknown model 'gpt9'/]]) {
        const run = run_request(bytes, ...flags);
        assert.equal(run.status, 2, run.stderr);
        assert.match(run.stderr, expected);
    }
    const dry = run_request(1 << 20, '--dry-run', '--language', 'ja', '--deadline-in', '60');
    assert.equal(dry.status, 0, dry.stderr);
    assert.match(dry.stdout, /1048576 bytes, ASCII, 1 lines[^]*model nano, 2 epochs: 5 gas, fee 20 EMT/);
    assert.match(dry.stderr, /warning: only 0% of the characters are Japanese[^]*the deadline in 60 s is short/);
    assert.equal(await money_of_requester(), money, 'no money moved');

    /** Stores a dataset for a JOB of its own; returns the JOB's id and dataset. */
    async function request(bytes) {
        const run = run_request(bytes, '--json');
        assert.equal(run.status, 0, run.stderr);
        requester.reset();
        const job = JSON.parse(run.stdout);
        return { ...job, dataset: (await core.jobDetails(job.id)).dataset };
    }
    const honest = await request(1 << 20);
    await (await token.approve(settings.emethContractAddress, 10_000n * emt)).wait();
    async function request_raw(id, program, dataset, param) {
        await (await core.request(id, program, dataset, param, 20n * emt, deadline)).wait();
        return id;
    }
    const unknown_program = await request_raw('0x11111111111111111111111111111111', 7n, honest.dataset, good_param);
    const broken_param =
        await request_raw('0x22222222222222222222222222222222', 0n, honest.dataset, '{"language": "en", "epoch": ');
    const absent_dataset = await request_raw('0x33333333333333333333333333333333', 0n, '../../etc/passwd', good_param);

    const key = ethers.Wallet.createRandom();
    writeFileSync(join(data, 'poor.key'), `${key.privateKey}\n`, { mode: 0o600 });
    const wallet = { privateKey_file: join(data, 'poor.key') };
    refused('no ALT', wallet, 3, /holds 0 ALT; the transactions of one JOB need .* ALT: send ALT to it/);
    await (await requester.sendTransaction({ to: key.address, value: 10n * emt })).wait();
    refused('no EMT', wallet, 3, /holds 0 EMT; the smallest deposit .* is 10 EMT: send EMT to it/);
    await (await token.transfer(key.address, 15n * emt)).wait();
    const config = settings_file('poor', wallet);
    const folder = join(data, 'poor');
    let master = start('master', emeth, 'master', '--config', config, '--data', folder, '--local-workers', '1');
    const joblist = () => {
        const run = spawnSync(emeth, ['joblist', '--config', config, '--data', folder, '--json'], { encoding: 'utf8' });
        return run.status === 0 ? JSON.parse(run.stdout) : { open: [], own: [] };
    };
    const reason_of = (id) => joblist().open.find((job) => job.id === id)?.refused ?? '';
    async function recorded(what, id, expected) {
        const reason = await until(
            `"${what}" as a recorded reason`, 40, () => [reason_of(id)].find((found) => expected.test(found)));
        console.log(`${what}: ${reason}`);
    }
    await recorded('unknown program', unknown_program, /program 7|programId 7/i);
    await recorded('broken param', broken_param, /param/);
    await recorded('too little EMT', honest.id, /15 EMT/);
    await recorded('absent dataset', absent_dataset, /dataset/);
    refused('folder in use', wallet, 3, /in use by process \d+/, 'poor');

    assert.equal(await provider.getTransactionCount(key.address), 0, 'no transaction was wasted');

    // The info server answers HTML, or nothing at all: the master keeps running.
    assert.equal(await stop(master), 0);
    html = createServer((_, response) => response.end('<html><body>We will be back soon</body></html>'))
               .listen(0, '127.0.0.1');
    await once(html, 'listening');
    settings_file('poor', { ...wallet, info_server_url: `http://127.0.0.1:${html.address().port}` });
    master = start('master', emeth, 'master', '--config', config, '--data', folder, '--local-workers', '1');
    await until(
        'a warning about the info server', 20, () => /warning.*info server|info server.*JSON/i.test(master.output));
    assert.equal(master.child.exitCode, null, 'the master keeps running');
    assert.equal(await stop(master), 0);

    // There is money, but the Storage API serves a dataset shorter than announced. No deposit is
    // lost: the JOB waits and says why.
    await (await token.transfer(key.address, 100n * emt)).wait();
    const dataset_file = join(data, 'net', 'objects', 'dataset', honest.dataset.replace(/^dataset\//, ''));
    assert.ok(existsSync(dataset_file));
    settings_file('poor', wallet);
    const original = readFileSync(dataset_file);
    await provider.send(
        'evm_setIntervalMining', [0]);  // no deposit is confirmed, and so nothing fetched, before the dataset is cut
    master = start('master', emeth, 'master', '--config', config, '--data', folder, '--local-workers', '1');
    const own = () => joblist().own.find((job) => job.id === honest.id);
    await until('the deposit is on its way', 40, () => / process 0x\w+ \(nonce \d+\) signed/.test(master.output));
    writeFileSync(dataset_file, original.subarray(0, 1000));
    await provider.send('evm_setIntervalMining', [1]);
    await until('the short dataset as the reason of the retry', 40,
        () => /announces 1000 bytes; 1048576 were expected/.test(own()?.why ?? '') &&
            console.log(`short dataset: ${own().why}`) === undefined);
    assert.equal(own().state, 'downloading', 'the JOB goes on');
    writeFileSync(dataset_file, original);
    await until(
        'training on the whole dataset', 60, () => ['training', 'submitted', 'verified'].includes(own()?.state));
    assert.equal(await stop(master), 0);
    assert.equal(spawnSync(emeth, ['state', 'verify', '--data', folder]).status, 0);
    clear(master.output);
    assert.equal(await stop(devnet), 0);
    console.log('bad input is answered');
} finally {
    html?.close();
    kill_all();
}
