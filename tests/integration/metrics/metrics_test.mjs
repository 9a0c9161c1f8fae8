// What a node that trains a JOB tells a monitoring system: /metrics as Prometheus reads it, and as `emeth status` says
// the same; /healthz and /readyz of every server. The alerts and the dashboard use nothing that is not exposed. And
// verifier and worker read their settings again at SIGHUP.
// Usage: node metrics_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Devnet, free_port } from '../../support/devnet.mjs';
import { kill_all, settings_text, start, stop, until } from '../../support/programs.mjs';
import { promtool } from '../../support/promtool.mjs';
import { used_by_dashboard, used_by_rules } from './monitoring_files.mjs';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

/** What is exposed: {text, announced: the names of its families, value(name and labels)}. */
async function scrape(url) {
    const response = await fetch(`${url}/metrics`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const values = new Map(samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
    const announced = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
    return { text, announced, values, value: (sample) => values.get(sample) };
}

async function expect_healthy(what, url, is_alive = (text) => assert.equal(text, 'ok\n', what)) {
    const alive = await fetch(`${url}/healthz`);
    assert.equal(alive.status, 200, what);
    is_alive(await alive.text());
    let answer;
    await until(`${what} being ready`, 30, async () => {
        const ready = await fetch(`${url}/readyz`);
        answer = { status: ready.status, json: await ready.json() };
        return ready.status === 200;
    }, () => JSON.stringify(answer));
    assert.deepEqual(answer.json, { ready: true }, what);
}

const coins = (wei) => Number(BigInt(wei)) / 1e18;

try {
    const devnet = await Devnet.start(emeth, data);
    const node = devnet.start_node(1, { max_fee: (10n ** 24n).toString() });
    // Takes minutes: the JOB is at work until the test ends.
    const text = execFileSync('bible', ['gen1:1-rev22:21'], { maxBuffer: 1 << 26, encoding: 'utf8' });
    writeFileSync(join(data, 'text'), text);
    const in_30_days = String(30 * 86_400);  // a machine that is busy otherwise takes the JOB, too
    const requested = await devnet.request(join(data, 'text'), '--json', '--deadline-in', in_30_days);
    assert.equal(requested.status, 0, requested.stderr);
    const { id } = JSON.parse(requested.stdout);
    const port = await until('the master to listen', 30, () => /workers dial port (\d+)/.exec(node.program.output)?.[1]);
    const url = `http://127.0.0.1:${port}`;

    const verifier_port = await free_port();
    const verifier_settings = join(data, 'verifier.env');
    const { endpoint, chain_id, emethContractAddress, tokenContractAddress, storageApi } = devnet.settings;
    const shared = { endpoint, chain_id, emethContractAddress, tokenContractAddress, storageApi };
    const key_file = join(data, 'net', 'verifier', 'key');
    const lines = Object.entries({ ...shared, privateKey_file: key_file }).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(verifier_settings, lines.join(''), { mode: 0o600 });
    const verifier = start('verifier', emeth, 'verifier', '--config', verifier_settings, '--data',
        join(data, 'verifier'), '--port', String(verifier_port));
    await until('the verifier to listen', 30,
        () => fetch(`http://127.0.0.1:${verifier_port}/healthz`).then(() => true, () => false));

    await expect_healthy('master', url);
    await expect_healthy('info server', new URL(devnet.settings.info_server_url).origin, (text) => {
        const { alive, stale, block, lagBlocks, lagSeconds } = JSON.parse(text);
        assert.deepEqual({ alive, stale }, { alive: true, stale: false });
        for (const number of [block, lagBlocks, lagSeconds]) assert.ok(Number.isInteger(number) && number >= 0, text);
    });
    await expect_healthy('Storage API', new URL(storageApi).origin);
    await expect_healthy('verifier', `http://127.0.0.1:${verifier_port}`);
    writeFileSync(verifier_settings, `${lines.join('')}patience_ms=700000\nverification_draws=3\n`, { mode: 0o600 });
    verifier.child.kill('SIGHUP');
    await until('the new settings', 20, () => /patience_ms is now '700000' \(was '600000'\)/.test(verifier.output));
    assert.ok(/verification_draws was changed to '3', which takes effect at the next start/.test(verifier.output));
    writeFileSync(verifier_settings, `${lines.join('')}patience_ms=soon\n`, { mode: 0o600 });
    verifier.child.kill('SIGHUP');
    await until('the refusal', 20, () => /settings are not reloaded.*patience_ms is 'soon'/.test(verifier.output));
    assert.equal(await stop(verifier), 0, verifier.output);

    // So does a worker, also one that its master does not let in.
    const worker_settings = join(data, 'stranger.env');
    const told = { master_node_url: url, device: 'cpu', threads: 1 };
    writeFileSync(worker_settings, settings_text(told));
    const stranger = start('worker', emeth, 'worker', '--config', worker_settings, '--data', join(data, 'stranger'));
    await until('the worker to start', 30, () => /worker keeps the files of 0 JOBs/.test(stranger.output));
    writeFileSync(worker_settings, settings_text({ ...told, threads: 2, timeout_learning: 700_000 }));
    stranger.child.kill('SIGHUP');
    await until('its new settings', 20, () => /timeout_learning is now '700000' \(was '600000'\)/.test(stranger.output));
    assert.ok(/threads was changed to '2', which takes effect at the next start/.test(stranger.output));
    assert.equal(await stop(stranger), 0, stranger.output);

    const job = `{id="${id}"}`;
    const now = await until('a checkpoint of the training', 180, async () => {
        const scraped = await scrape(url);
        const known = ['emeth_job_steps', 'emeth_job_tokens_per_second', 'emeth_job_checkpoint_timestamp_seconds'];
        return known.every((name) => scraped.value(name + job) > 0) && scraped;
    });
    promtool(['check', 'metrics'], now.text);

    // It is the snapshot that `emeth status` shows.
    const { status, stdout, stderr } = await node.operator('status', '--json');
    assert.equal(status, 0, stderr);
    const shown = JSON.parse(stdout);
    assert.equal(now.value('emeth_locked_emt'), coins(shown.locked));
    assert.equal(now.value('emeth_at_risk_emt'), coins(shown.atRisk));
    assert.equal(now.value('emeth_jobs{state="training"}'), 1);
    assert.equal(now.value(`emeth_job_info{id="${id}",state="training",worker="${shown.jobs[0].worker}"}`), 1);
    assert.equal(now.value(`emeth_job_deposit_emt${job}`), coins(shown.jobs[0].deposit));
    assert.equal(now.value(`emeth_job_deadline_timestamp_seconds${job}`), shown.jobs[0].deadline);
    assert.equal(now.value(`emeth_job_steps_planned${job}`), shown.jobs[0].progress.stepsTotal);
    assert.equal(now.value('emeth_workers{standing="working"}'), 1);
    assert.equal(now.value('emeth_wallet_free_emt'), coins(shown.network.emtFree));

    // What happened on the way.
    for (const [from, to] of [['discovered', 'accepted'], ['accepted', 'downloading'], ['downloading', 'training']])
        assert.equal(now.value(`emeth_job_transitions_total{from="${from}",to="${to}"}`), 1, `${from} to ${to}`);
    assert.equal(now.value('emeth_job_state_seconds_count{state="accepted"}'), 1);
    assert.equal(now.value('emeth_transfer_bytes_total{file="dataset"}'), Buffer.byteLength(text));
    assert.equal(now.value('emeth_lost_emt_total'), 0);
    assert.equal(now.value('emeth_ready'), 1);
    assert.equal(now.value('emeth_server_up{server="chain"}'), 1);
    for (const sample of ['emeth_rpc_call_seconds_count{method="eth_call"}', 'emeth_store_synced_writes_total',
        'emeth_data_disk_free_bytes', 'emeth_chain_block', 'emeth_wallet_needed_alt', 'process_resident_memory_bytes',
        'process_open_fds', 'process_start_time_seconds'])
        assert.ok(now.value(sample) > 0, sample);
    assert.ok(now.values.size < 1_000, `${now.values.size} samples`);

    // Nothing that is not exposed is drawn or waited for, and no secret is exposed.
    for (const [user, used] of [['an alert', used_by_rules()], ['the dashboard', used_by_dashboard()]])
        for (const name of used) assert.ok(now.announced.has(name), `${user} uses ${name}, which is not exposed`);
    for (const name of now.announced)
        assert.ok(used_by_dashboard().has(name) || used_by_rules().has(name), `nobody looks at ${name}`);
    const key = readFileSync(devnet.settings.privateKey_file, 'utf8').trim().replace(/^0x/, '');
    for (const secret of [key, endpoint, new URL(endpoint).host, storageApi, data])
        assert.ok(!now.text.includes(secret), `/metrics shows ${secret === key ? 'the key' : secret}`);
    console.log(`${now.values.size} samples of ${now.announced.size} metrics, ${now.text.length} bytes`);

    await node.stop();
    await devnet.stop();
} finally {
    kill_all();
}
