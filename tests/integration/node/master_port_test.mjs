// What a stranger gets of a master that listens on the network: the workers' session, and whether the master is alive.
// Everything else is on the administration's listener, for this machine, for listed addresses and for the token.
// Usage: node master_port_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';

import { Devnet, free_port } from '../../support/devnet.mjs';
import { kill_all, settings_text, start, stop, until } from '../../support/programs.mjs';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

/** An address of this machine under which it is not its own loopback. */
const outside = Object.values(networkInterfaces()).flat().find(({ internal, family }) => !internal && family === 'IPv4');
const stranger = outside?.address ?? '127.0.0.2';

/** The status of an answer; 0: nobody listens. */
function ask(host, port, path, { method = 'GET', headers = {}, body = '' } = {}) {
    return new Promise((resolve, reject) => {
        const asking = request({ host, port, path, method, headers, agent: false }, (answer) => {
            resolve(answer.statusCode);
            answer.destroy();
        });
        asking.on('error', (error) => error.code === 'ECONNREFUSED' ? resolve(0) : reject(error));
        asking.end(body);
    });
}

const administration = ['/', '/assets/app.js', '/metrics', '/api/v1/workers', '/api/v1/node', '/api/v1/node/events',
    '/api/v1/node/log', `/api/v1/node/jobs/0x${'12'.repeat(16)}`];
const actions = ['/api/json-rpc', '/api/v1/node/decline', '/api/v1/node/retry', '/api/v1/node/drain',
    '/api/v1/node/disconnect'];
const json = { 'content-type': 'application/json' };
const drain = { method: 'POST', headers: json, body: '{"on":true}' };

async function listening(node) {
    const line = /workers dial port (\d+); dashboard http:\/\/(\S+):(\d+)\//;
    const [, port, admin_host, admin_port] = await until('the master to listen', 30, () => line.exec(node.program.output));
    return { port, admin_host, admin_port };
}

function start_worker(name, master_node_url) {
    const config = join(data, `${name}.env`);
    writeFileSync(config, settings_text({ master_node_url, device: 'cpu', threads: 1 }));
    return start(name, emeth, 'worker', '--config', config, '--data', join(data, name));
}

try {
    const devnet = await Devnet.start(emeth, data);
    const node = devnet.start_node(0, { listen_host: '0.0.0.0', worker_whitelist: '*' });
    const { port, admin_host, admin_port } = await listening(node);
    assert.equal(admin_host, '127.0.0.1');
    assert.notEqual(port, admin_port);

    for (const host of [stranger, '127.0.0.1']) {
        for (const path of administration) assert.equal(await ask(host, port, path), 404, path);
        for (const path of actions) assert.equal(await ask(host, port, path, drain), 404, path);
        assert.equal(await ask(host, port, '/healthz'), 200);
        await until('the master to be ready', 30, async () => await ask(host, port, '/readyz') === 200);
    }
    for (const path of administration.slice(0, -1)) assert.equal(await ask('127.0.0.1', admin_port, path), 200, path);
    if (outside) assert.equal(await ask(stranger, admin_port, '/'), 0, 'the network does not reach it');

    // A name of a stranger's that was made to point here reads nothing.
    for (const path of administration) {
        const rebound = { headers: { host: `evil.example:${admin_port}` } };
        assert.equal(await ask('127.0.0.1', admin_port, path, rebound), 403, path);
    }
    // This machine looks, and acts with the token alone.
    const token = readFileSync(join(node.data, 'dashboard.token'), 'utf8').trim();
    const authorized = { authorization: `Bearer ${token}`, ...json };
    for (const path of actions) assert.equal(await ask('127.0.0.1', admin_port, path, drain), 401, path);
    const with_token = { ...drain, headers: authorized };
    assert.equal(await ask('127.0.0.1', admin_port, '/api/v1/node/drain', with_token), 200);

    // Workers on this machine and on others come without a setting; not under a name that the master does not know.
    const welcome = /this worker serves the master/;
    for (const host of new Set([stranger, '127.0.0.1', 'localhost'])) {
        const worker = start_worker(`worker-${host}`, `http://${host}:${port}`);
        await until(`the worker that dials ${host}`, 30, () => welcome.test(worker.output));
        await stop(worker);
    }
    const name = hostname().toLowerCase();
    if (name !== 'localhost' && await lookup(name).then(() => true, () => false)) {
        const unknown = start_worker('unknown-name', `http://${name}:${port}`);
        await until('the refusal', 30, () => unknown.output.includes(`set my_url=http://${name}:${port} in the master`));
        await stop(unknown);
    }
    assert.equal(await stop(node.program), 0, node.program.output);

    // Administration over the network: the token, or a listed address, and only for as long as it is listed.
    if (outside) {
        const admin = await free_port();
        const changes = { admin_listen: `${stranger}:${admin}`, jsonrpc_whitelist: '10.0.0.0/31' };
        const remote = devnet.start_node(0, changes, 'remote');
        await listening(remote);
        const remote_token = readFileSync(join(remote.data, 'dashboard.token'), 'utf8').trim();
        const bearer = { headers: { authorization: `Bearer ${remote_token}` } };
        for (const path of administration.slice(0, -1)) {
            assert.equal(await ask(stranger, admin, path), 403, path);
            assert.equal(await ask(stranger, admin, path, bearer), 200, path);
        }
        for (const path of actions) assert.equal(await ask(stranger, admin, path, drain), 403, path);

        const reload = async (jsonrpc_whitelist, sentence) => {
            writeFileSync(remote.config, settings_text({ ...remote.settings, jsonrpc_whitelist }), { mode: 0o600 });
            remote.program.child.kill('SIGHUP');
            await until('the new list', 20, () => sentence.test(remote.program.output));
        };
        await reload(stranger, new RegExp(`jsonrpc_whitelist is now '${stranger}'`));
        assert.equal(await ask(stranger, admin, '/metrics'), 200);
        const events = await fetch(`http://${stranger}:${admin}/api/v1/node/events`);
        assert.equal(events.status, 200);
        const heard = events.text();  // ends with the stream
        await reload('10.0.0.0/31', /jsonrpc_whitelist is now '10\.0\.0\.0\/31'/);
        assert.match(await heard, /event: snapshot/);
        assert.equal(await ask(stranger, admin, '/metrics'), 403);
        assert.equal(await stop(remote.program), 0, remote.program.output);
    }
    await devnet.stop();
} finally {
    await kill_all();
}
