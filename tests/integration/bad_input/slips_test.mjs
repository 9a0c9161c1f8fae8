// An operator's slips that could cost deposits or show a secret, on the real programs: a password or a key in the wrong
// place, an endpoint that wants to know who asks, a key that two data folders share, a clock that is off.
// Usage: node slips_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as http_request } from 'node:http';
import { join } from 'node:path';

import {
    kill_all, parse_settings, settings_text, start, stop, until, write_requester_settings
} from '../../support/programs.mjs';

const [emeth, data] = process.argv.slice(2);
const private_key = '0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318';
const password = 'open-sesame';
const encoded = Buffer.from(`alice:${password}`).toString('base64');
const secrets = new RegExp(`${private_key.slice(2)}|${password}|${encoded}`);

rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

const servers = [];
/** Passes on to `target` what `lets_in(request)`; `dress(headers)` changes the answer's. Returns its URL. */
async function proxy(target, lets_in, dress = (headers) => headers) {
    const server = createServer((incoming, outgoing) => {
        if (!lets_in(incoming)) return outgoing.writeHead(401).end(`you said ${incoming.headers.authorization}`);
        const { authorization, ...headers } = incoming.headers;
        const passed = http_request(new URL(incoming.url, target), { method: incoming.method, headers }, (answer) => {
            outgoing.writeHead(answer.statusCode, dress(answer.headers));
            answer.pipe(outgoing);
        });
        passed.on('error', () => outgoing.destroy());
        incoming.pipe(passed);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    return `http://127.0.0.1:${server.address().port}`;
}

let settings;
function settings_file(name, changes, mode = 0o600) {
    const file = join(data, `${name}.env`);
    rmSync(file, { force: true });
    writeFileSync(file, settings_text({ ...settings, ...changes }), { mode });
    return file;
}

/** Runs a command to its end: [exit code, output]; no secret may be in the output. */
async function run(name, ...args) {
    const program = start(name, emeth, ...args);
    const code = await program.end;
    assert.doesNotMatch(program.output, secrets, name);
    console.log(`${name}: ${program.output.trim().split('\n').at(-1)}`);
    return [code, program.output];
}
async function refused(name, changes, expected, ...flags) {
    const [code, output] = await run(name, 'master', '--config', settings_file('refused', changes), '--data',
        join(data, 'refused'), ...flags);
    assert.equal(code, 2, output);
    assert.match(output, expected, name);
}

try {
    const devnet = start('devnet', emeth, 'devnet', '--data', join(data, 'net'));
    await until('the devnet', 60, () => devnet.output.includes('Ctrl-C ends everything'));
    settings = parse_settings(readFileSync(join(data, 'net', 'master.env'), 'utf8'));
    Object.assign(settings, { worker_port: '0', poll_interval_ms: '200', discovery_interval_ms: '300' });

    // Secrets in the wrong place.
    const login = `http://alice:${password}@`;
    await refused('a key as a flag', {}, /--privateKey: not taken from the command line/, '--privateKey', private_key);
    await refused('a key as an unknown flag', {}, /--private-key/, '--private-key', private_key);
    await refused('a key as a file', { privateKey_file: private_key },
        /there is no key file of this name: No such file/);
    await refused('a key as a URL', { storageApi: private_key },
        /storageApi: '0x\(64 digits, not shown\)' is no usable/);
    await refused('a key as an address', { emethContractAddress: private_key }, /expected an address of 0x and 40/);
    await refused('a password for the Storage API', { storageApi: `${login}127.0.0.1:1` },
        /user names and passwords are not accepted/);
    await refused('a password as a flag', {}, /use endpoint_auth_file/, '--endpoint', `${login}127.0.0.1:1`);
    await refused('too many threads', { threads: '5000' }, /threads is '5000'; expected a whole number from 1 to 1024/,
        '--local-workers', '1');

    // An endpoint that wants to know who asks.
    const guarded = await proxy(settings.endpoint, (request) => request.headers.authorization === `Basic ${encoded}`);
    const auth = join(data, 'auth');
    writeFileSync(auth, `basic alice:${password}\n`, { mode: 0o600 });
    const told = settings_file('told', { endpoint: guarded, endpoint_auth_file: auth });
    const in_url = settings_file('in_url', { endpoint: guarded.replace('http://', login) });
    const untold = settings_file('untold', { endpoint: guarded });
    for (const [name, file] of [['credentials in a file', told], ['credentials in the URL', in_url]]) {
        const [code, output] = await run(name, 'wallet', '--config', file, '--json');
        assert.equal(code, 0, output);
    }
    const [code, output] = await run('no credentials', 'wallet', '--config', untold);
    assert.equal(code, 3, output);
    assert.match(output, /does not let us in \(HTTP 401\); check `endpoint_auth_file`/);
    const readable = settings_file('readable', { endpoint: guarded.replace('http://', login) }, 0o644);
    const [readable_code, readable_output] = await run('others can read them', 'wallet', '--config', readable);
    assert.equal(readable_code, 2, readable_output);
    assert.match(readable_output, /others can read the file; run: chmod 600/);

    // The clock of the Storage API is two hours ahead, or rather ours is behind: no JOB is taken, and joblist says so.
    const ahead = (headers) => ({ ...headers, date: new Date(Date.now() + 7_200_000).toUTCString() });
    const off = settings_file(
        'off', { storageApi: await proxy(settings.storageApi, () => true, ahead), max_fee: undefined });
    const text = join(data, 'text');
    writeFileSync(text, 'In the beginning was the word, and the word was put on a chain. '.repeat(1 << 14));
    const requester = join(data, 'requester.env');
    write_requester_settings(requester, settings, join(data, 'net', 'requester', 'key'));
    const [requested, said] = await run(
        'request', 'request', '--config', requester, '--data', join(data, 'requester'), '--json', text);
    assert.equal(requested, 0, said);
    const id = JSON.parse(said.slice(said.indexOf('{'))).id;
    const first = join(data, 'first');
    let master = start('master', emeth, 'master', '--config', off, '--data', first, '--local-workers', '1');
    const list = async () => {
        const listing = start('joblist', emeth, 'joblist', '--config', off, '--data', first, '--json');
        return await listing.end === 0 ? JSON.parse(listing.output) : { open: [], standstill: [] };
    };
    const about_clock = /clock/;
    const listed = await until('joblist to say that the clock is off', 60,
        async () => [await list()].find((answer) => answer.standstill?.some((reason) => about_clock.test(reason)) &&
            about_clock.test(answer.open.find((job) => job.id === id)?.refused ?? '')));
    console.log(`joblist: ${listed.standstill}`);
    const [listing, printed] = await run('joblist as text', 'joblist', '--config', off, '--data', first);
    assert.equal(listing, 0, printed);
    assert.match(printed, /^for every JOB: .*clock/m);
    assert.equal(await stop(master), 0);

    // The master takes the JOB; a second folder with the same key is told of it, before any deposit of its own.
    const on = settings_file('on', { max_fee: undefined });
    master = start('master', emeth, 'master', '--config', on, '--data', first, '--local-workers', '1');
    await until('the deposit', 60, () => /: downloading|→ downloading/.test(master.output));
    const foreign =
        /warning master\S+ wallet 0x\w+ has sent transactions that this data folder knows nothing of \(nonces 0 to/;
    assert.doesNotMatch(master.output, foreign, 'its own transactions are known');
    const second = start('second', emeth, 'master', '--config', on, '--data', join(data, 'second'));
    await until('the warning', 30, () => foreign.test(second.output));
    console.log(second.output.match(foreign)[0]);
    assert.equal(await stop(second), 0);
    assert.equal(await stop(master), 0);
    assert.equal(await stop(devnet), 0);
    console.log('slips are answered');
} finally {
    for (const server of servers) server.close();
    kill_all();
}
