// `emeth doctor` on a devnet: all is well before a first start and beside a master; whatever is wrong has its line.
// Usage: node doctor_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { Devnet, free_port } from '../../support/devnet.mjs';
import { kill_all, run, settings_text, until } from '../../support/programs.mjs';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

const columns = 80, time_limit_s = 10;
const config = join(data, 'doctor.env'), fresh = join(data, 'fresh');

/** Everything below a folder with its size and time. */
function contents(folder) {
    return readdirSync(folder, { recursive: true }).sort().map((name) => {
        const { size, mtimeMs } = statSync(join(folder, name));
        return `${name} ${size} ${mtimeMs}`;
    });
}

/** Loading libtorch takes long where all processors are busy. */
const patient = ['--patience', '100'];

/** Its answer: {status, verdict, findings, of(name): the findings of a name}. */
async function examined(settings, ...flags) {
    writeFileSync(config, settings_text(settings), { mode: 0o600 });
    const { status, stdout, stderr } = await run(emeth, 'doctor', '--config', config, '--json', ...flags);
    assert.ok(status === 0 || status === 1, stderr);
    const answer = JSON.parse(stdout);
    assert.equal(status, answer.verdict === 'problem' ? 1 : 0);
    return { status, stderr, ...answer, of: (name) => answer.findings.filter((finding) => finding.name === name) };
}

/** Of these settings the line `name` has this verdict, and a text that matches. */
async function finds(what, settings, name, verdict, text, ...flags) {
    const answer = await examined(settings, '--data', fresh, ...patient, ...flags);
    const found = answer.of(name).filter((finding) => finding.verdict === verdict && text.test(finding.text));
    assert.ok(found.length === 1, `${what}: ${JSON.stringify(answer.findings, null, 1)}`);
    assert.ok(found[0].remedy || verdict === 'ok' || /[;:] /.test(found[0].text), `${what}: no remedy`);
    if (verdict === 'problem') assert.equal(answer.status, 1, what);
    return answer;
}

async function problems_of_settings(devnet) {
    const well = devnet.settings;
    const nobody = async () => `http://127.0.0.1:${await free_port()}`;
    await finds('another chain', { ...well, chain_id: 1 }, 'chain id', 'problem', /serves chain 60001/);
    await finds('another contract', { ...well, emethContractAddress: well.tokenContractAddress }, 'contract', 'problem',
        /emethContractAddress/);
    await finds('no info server', { ...well, info_server_url: await nobody() }, 'info server', 'problem', /refused/);
    await finds('no storage', { ...well, storageApi: await nobody() }, 'storage', 'problem', /refused/);
    await finds('no endpoint', { ...well, endpoint: await nobody() }, 'endpoint', 'problem', /refused/);
    await finds('an unknown setting', { ...well, min_fees: 1 }, 'settings', 'problem', /min_fees/);
    const doubted = await finds('a fee in EMT', { ...well, min_fee: 10 }, 'settings', 'warning', /almost nothing/);
    assert.equal(doubted.status, 0);
    const no_gpu = await finds('no such device', { ...well, device: 'cuda' }, 'trainer', 'warning', /cuda/);
    assert.equal(no_gpu.status, 0, 'a master may have its workers elsewhere');

    const poor = await devnet.new_key_file('poor', 1n);
    await finds('too little EMT', { ...well, privateKey_file: poor }, 'EMT', 'problem', /1 EMT to spare/);
    const open = join(data, 'open.key');
    copyFileSync(well.privateKey_file, open);
    chmodSync(open, 0o644);
    await finds('a key that others can read', { ...well, privateKey_file: open }, 'wallet', 'problem', /chmod 600/);
    await finds('no key', { ...well, privateKey_file: undefined }, 'wallet', 'problem', /privateKey_file/);

    const folder = join(data, 'open');
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    const open_folder = await examined(well, '--data', folder, ...patient);
    assert.equal(open_folder.of('data folder')[0].verdict, 'problem');
    assert.equal(open_folder.of('data folder')[0].remedy, `chmod 700 ${folder}`);
    assert.equal(open_folder.status, 1);
}

/** Servers that take a connection and say nothing are the worst case. */
async function everything_away(well) {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `http://127.0.0.1:${silent.address().port}`;
    const began = Date.now();
    const answer = await examined({ ...well, endpoint: url, storageApi: url, info_server_url: url }, '--data', fresh);
    const seconds = (Date.now() - began) / 1000;
    console.log(`everything is away: answered in ${seconds} s`);
    for (const name of ['endpoint', 'info server', 'storage']) assert.equal(answer.of(name)[0].verdict, 'problem', name);
    assert.match(answer.stderr, /waiting for the endpoint \S+ \(eth_\w+\), the JOB info server \S+, the Storage API/);
    assert.ok(seconds < time_limit_s, `${seconds} s`);
    silent.close();
}

async function beside_a_master(devnet) {
    const port = await free_port();
    const node = devnet.start_node(1, { worker_port: port });
    await until('a fit worker, and a master that has seen it', 120, async () => {
        const { status, stdout } = await node.operator('status', '--json');
        return status === 0 && JSON.parse(stdout).network?.warnings.length === 0;
    });
    const beside = await examined(node.settings, '--data', node.data, ...patient);
    assert.equal(beside.status, 0, JSON.stringify(beside.findings));
    assert.equal(beside.of('master')[0].text, 'it runs');
    assert.equal(beside.of('workers')[0].text, '1 connected, 1 fit');
    assert.match(beside.of('store')[0].text, /0 active JOBs/);
    assert.equal(node.program.child.exitCode, null);

    const worker = { master_node_url: `ws://127.0.0.1:${port}` };
    const of_worker = await examined(worker, '--role', 'worker', '--data', fresh, ...patient);
    assert.equal(of_worker.status, 0, JSON.stringify(of_worker.findings));
    assert.equal(of_worker.of('master')[0].verdict, 'ok');
    assert.equal(of_worker.of('trainer')[0].verdict, 'ok');
    await finds('a worker without its device', { ...worker, device: 'cuda' }, 'trainer', 'problem', /cuda/, '--role',
        'worker');

    await node.stop();
    await finds('a worker without a master', worker, 'master', 'problem', /refused/, '--role', 'worker');
    const before = contents(node.data);
    const after_end = await examined(node.settings, '--data', node.data, ...patient);
    assert.equal(after_end.status, 0);
    assert.match(after_end.of('master')[0].text, /none runs/);
    assert.deepEqual(contents(node.data), before, 'nothing is changed on disk');
}

/** Any command takes the settings that a devnet writes for any other. */
async function settings_of_devnet() {
    const text = join(data, 'text');
    writeFileSync(text, 'In the beginning God created the heaven and the earth.\n'.repeat(100));
    for (const file of ['master', 'requester']) {
        const network = join(data, 'net', `${file}.env`);
        const wallet = await run(emeth, 'wallet', '--config', network);
        assert.equal(wallet.status, 0, wallet.stderr);
        assert.match(wallet.stdout, /^EMT +10000$/m);
        const request = await run(
            emeth, 'request', '--dry-run', '--config', network, '--data', join(data, 'requester'), text);
        assert.equal(request.status, 0, request.stderr);
    }
    const worker = join(data, 'net', 'worker.env');
    const { stdout } = await run(
        emeth, 'doctor', '--role', 'worker', '--config', worker, '--data', fresh, '--json', ...patient);
    assert.equal(JSON.parse(stdout).findings[0].verdict, 'ok', stdout);
}

try {
    const devnet = await Devnet.start(emeth, data);
    const first = await examined(devnet.settings, '--data', fresh, ...patient);
    assert.equal(first.status, 0, JSON.stringify(first.findings));
    for (const name of ['settings', 'wallet', 'endpoint', 'chain id', 'block', 'contract', 'EMT', 'ALT', 'allowance',
        'wallet use', 'payouts', 'info server', 'storage', 'extensions', 'clock', 'store', 'master', 'trainer',
        'data folder', 'disk', 'systemd', 'version'])
        assert.equal(first.of(name)[0]?.verdict, 'ok', `${name}: ${JSON.stringify(first.of(name))}`);
    for (const name of ['BLAS', 'memory', 'open files']) assert.equal(first.of(name).length, 1, name);
    assert.ok(!existsSync(fresh), 'nothing is made');

    const { stdout } = await run(emeth, 'doctor', '--config', join(data, 'net', 'master.env'), '--data', fresh,
        ...patient);
    console.log(stdout);
    assert.match(stdout, /^ok +endpoint/m);
    assert.match(stdout, /0 problems, \d+ warnings\n$/);
    assert.doesNotMatch(stdout, /do:\s*$/m, 'nothing to do is not said');
    for (const line of stdout.split('\n'))
        assert.ok([...line].length <= columns || !line.trim().slice(24).includes(' '), line);

    await settings_of_devnet();
    await problems_of_settings(devnet);
    await everything_away(devnet.settings);
    await beside_a_master(devnet);
} finally {
    kill_all();
}
