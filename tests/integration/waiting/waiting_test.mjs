// Servers and a master that take a connection and say nothing for 3 s: each command that asks them says on stderr what
// it waits for, and nothing of it on stdout.
// Usage: node waiting_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { kill_all, run, settings_text, start, stop, until } from '../../support/programs.mjs';

const [emeth, data] = process.argv.slice(2);
const silence_ms = 3_000;
const job = '0x00112233445566778899aabbccddeeff';

rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

/** Answers `answer` after the silence, or ends the connection. */
async function silent_server(where, answer) {
    const server = createServer((peer) => {
        peer.on('error', () => {}).on('data', () => setTimeout(() => peer.end(answer), silence_ms));
    });
    server.listen(where);
    await once(server, 'listening');
    return server;
}

const network = await silent_server({ host: '127.0.0.1', port: 0 });
const url = `http://127.0.0.1:${network.address().port}`;
const key = join(data, 'key'), text = join(data, 'book.txt'), config = join(data, 'network.env');
writeFileSync(key, `0x${'1'.repeat(64)}\n`, { mode: 0o600 });
writeFileSync(text, 'In the beginning was the word. '.repeat(1_000));
writeFileSync(config, settings_text({
    endpoint: url, storageApi: url, info_server_url: url, chain_id: '60001', privateKey_file: key,
    emethContractAddress: '0xe7f1725e7734ce288f8367e1bb143e90bb3f0512',
    tokenContractAddress: '0x5fbdb2315678afecb367f032d93f642f64180aa3'
}), { mode: 0o600 });

const of_endpoint = new RegExp(`waiting for the endpoint ${url} \\(eth_\\w+\\)`);
const folder = (name) => join(data, name);

/** Ends by itself; what is waited for stands on stderr, in a line of its own. */
async function says(expected, command, ...args) {
    const { stdout, stderr } = await run(emeth, ...command.split(' '), ...args);
    const name = command.replace(/ --.*/, '');
    const lines = stderr.split('\n').filter((line) => line.startsWith(`emeth ${name}: waiting for `));
    assert.ok(lines.some((line) => expected.test(line)), `${command}: ${stderr}`);
    assert.doesNotMatch(stdout, /waiting for/, command);
    console.log(`${command}: ${lines[0]}`);
    return stdout;
}

async function asks_the_network() {
    const config_flag = ['--config', config];
    await Promise.all([
        says(of_endpoint, 'wallet --json', ...config_flag),
        says(of_endpoint, 'joblist', ...config_flag, '--data', folder('joblist')),
        says(of_endpoint, 'rewards --json', ...config_flag, '--data', folder('rewards')),
        says(of_endpoint, 'withdraw', ...config_flag, '--data', folder('withdraw')),
        says(of_endpoint, 'decline --yes', ...config_flag, '--data', folder('decline')),
        says(of_endpoint, 'request --dry-run', text, ...config_flag, '--data', folder('request')),
        says(of_endpoint, 'request follow', job, ...config_flag, '--data', folder('follow')),
        says(of_endpoint, 'request cancel', job, ...config_flag, '--data', folder('cancel'))
    ]);
}

/** What runs until it is ended says it in its log. */
async function starts_up() {
    const programs = [
        start('master', emeth, 'master', '--config', config, '--data', folder('master'), '--worker_port', '0'),
        start('verifier', emeth, 'verifier', '--config', config, '--data', folder('verifier')),
        start('requester', emeth, 'requester', '--config', config, '--data', folder('requester'), '--mix_texts', data,
            '--mix_budget', '20')
    ];
    const in_json = start('master in JSON', emeth, 'master', '--config', config, '--data', folder('json'),
        '--worker_port', '0', '--log_format', 'json');
    const worker = start('worker', emeth, 'worker', '--master_node_url', url, '--data', folder('worker'));
    for (const program of programs)
        await until(`${program.name} waits`, 30, () => /info .*: waiting for the endpoint /.test(program.output));
    await until('the worker waits', 30, () => worker.output.includes(`waiting for the master ${url.replace('http', 'ws')}`));
    const line = await until('the master waits', 30,
        () => in_json.output.split('\n').slice(0, -1).find((one) => one.includes('waiting for the endpoint')));
    assert.match(JSON.parse(line).message, of_endpoint);
    for (const program of [...programs, in_json, worker]) await stop(program);
}

/** An answer comes in the end, and is whole. */
async function asks_a_master() {
    const silent = folder('silent');
    mkdirSync(silent);
    const answer = { jobs: [], workers: [] };
    const master = await silent_server({ path: join(silent, 'admin.sock') }, `${JSON.stringify({ result: answer })}\n`);
    for (const command of ['status', 'jobs', 'workers', 'joblist', 'rewards', 'withdraw', 'drain']) {
        const stdout = await says(new RegExp(`waiting for the master \\(${command}\\)`), `${command} --json`,
            '--data', silent);
        assert.deepEqual(JSON.parse(stdout), answer, command);
    }
    master.close();
}

try {
    await asks_the_network();
    await starts_up();
    await asks_a_master();
    console.log('ok');
} finally {
    kill_all();
    network.close();
}
