// One JOB on a devnet, trained by two workers together (cooperative=nvm); the helper's and the leader's trainers are killed on the way.
// Usage: node cooperation_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [emeth, data] = process.argv.slice(2);
const running = new Set();
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

function start(name, ...args) {
    const child = spawn(emeth, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const process = { name, child, output: '', end: once(child, 'exit').then(([code]) => (running.delete(process), code)) };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (process.output += piece));
    running.add(process);
    return process;
}

async function until(what, limit_s, condition) {
    for (const end = Date.now() + limit_s * 1000; Date.now() < end; await sleep(100)) {
        const value = await condition();
        if (value) return value;
    }
    const logs = trainer_logs().map(({ file, text }) => `--- ${file}\n${text.slice(-2000)}`);
    throw new Error(`${what} did not happen within ${limit_s} s\n${[...running].map((p) => `--- ${p.name}\n${p.output.slice(-3000)}`).join('\n')}\n${logs.join('\n')}`);
}

const node = join(data, 'node');

/** What the trainers of both workers have written. */
function trainer_logs() {
    const logs = [];
    for (const worker of existsSync(join(node, 'workers')) ? readdirSync(join(node, 'workers')) : []) {
        const jobs = join(node, 'workers', worker, 'jobs');
        for (const job of existsSync(jobs) ? readdirSync(jobs) : []) {
            const file = join(jobs, job, 'trainer.log');
            if (existsSync(file)) logs.push({ file, text: readFileSync(file, 'utf8') });
        }
    }
    return logs;
}
const log_with = (text) => trainer_logs().find((log) => log.text.includes(text));
const count = (text, part) => text.split(part).length - 1;
/** The process that wrote the log's last line. */
const writer_of = (text) => Number(text.match(/emeth-trainer\[(\d+)\]/g).at(-1).match(/\d+/)[0]);

try {
    const devnet = start('devnet', 'devnet', '--data', join(data, 'net'));
    await until('the devnet', 60, () => devnet.output.includes('Ctrl-C ends everything'));
    const text = ['GPL-3', 'LGPL-2.1', 'GFDL-1.3', 'MPL-2.0', 'Apache-2.0', 'Artistic', 'GPL-2'].map((name) => readFileSync(`/usr/share/common-licenses/${name}`, 'utf8')).join('\n');
    writeFileSync(join(data, 'text'), text.repeat(10));
    const config = join(data, 'master.env');
    const settings = readFileSync(join(data, 'net', 'master.env'), 'utf8');
    writeFileSync(config, `${settings.replace(/^(worker_port|cooperative|poll_interval_ms|discovery_interval_ms)=.*\n/gm, '')}worker_port=0\ncooperative=nvm\npoll_interval_ms=200\ndiscovery_interval_ms=300\n`, { mode: 0o600 });

    const master = start('master', 'master', '--config', config, '--data', node, '--local-workers', '2');
    await until('both workers', 30, () => count(master.output, 'connected from') === 2);
    const requester = ['--config', join(data, 'requester.env'), '--data', join(data, 'requester')];
    writeFileSync(join(data, 'requester.env'), settings.replace(/^privateKey_file=.*$/m, `privateKey_file=${join(data, 'net', 'requester', 'key')}`).split('\n').filter((line) => /^(endpoint|storageApi|info_server_url|emethContractAddress|tokenContractAddress|chain_id|privateKey_file)=/.test(line)).join('\n'), { mode: 0o600 });
    const requested = spawnSync(emeth, ['request', ...requester, '--dataset', join(data, 'text'), '--json'], { encoding: 'utf8', timeout: 60_000 });
    assert.equal(requested.status, 0, requested.stderr);
    const { id } = JSON.parse(requested.stdout);

    const together = '2 workers train together';
    const leader_log = (await until('two workers at one JOB', 120, () => log_with(together))).file;
    const helper_log = trainer_logs().find((log) => log.file !== leader_log).file;
    assert.match(readFileSync(helper_log, 'utf8'), /helping with JOB/);
    assert.match(master.output, /is called to help with JOB/);
    const leader = () => readFileSync(leader_log, 'utf8');

    process.kill(writer_of(readFileSync(helper_log, 'utf8')), 'SIGKILL');
    await until('the leader goes on alone', 30, () => leader().includes('going on alone'));
    assert.doesNotMatch(master.output, /training → /);

    await until('a checkpoint', 30, () => master.output.includes('checkpoint saved'));
    // Its trainer is started again, opens another rendezvous, and the helper is called again.
    process.kill(writer_of(leader()), 'SIGKILL');
    await until('two workers again', 60, () => count(leader(), together) >= 2);
    await until('the verdict', 180, () => master.output.includes('submitted → verified'));
    const history = spawnSync(emeth, ['state', 'history', id, '--data', node], { encoding: 'utf8' }).stdout;
    assert.equal(count(history, 'granted to worker'), 1, history);
    assert.match(history, /continuing from step [1-9]/, 'from the checkpoint');
    await until('the helper has forgotten the JOB', 30, () => !existsSync(helper_log));
    process.kill(master.child.pid, 'SIGTERM');
    assert.equal(await master.end, 0);
    devnet.child.kill('SIGTERM');
    assert.equal(await devnet.end, 0);
    console.log('two workers trained one JOB');
} finally {
    for (const process of running) process.child.kill('SIGKILL');
}
