// Runs `emeth demo --open` and reads what it shows in the browser, its report, its artifacts and its histories as a user
// would.
// Usage: node demo_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { kill_all, start, until } from '../../support/programs.mjs';

const [emeth, data] = process.argv.slice(2);
const report_file = `${data}-report.json`;

/** In place of the desktop's xdg-open: what it is asked to open is a line in `<data>-opened`. */
const opened_file = `${data}-opened`;
function install_xdg_open() {
  const folder = `${data}-bin`;
  rmSync(opened_file, { force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\necho "$1" >>'${opened_file}'\n`, { mode: 0o755 });
  process.env.PATH = `${folder}:${process.env.PATH}`;
}

/** The pages that were opened, while network and node are left up. */
async function look_at_pages(output) {
  const opened = readFileSync(opened_file, 'utf8').trim().split('\n');
  const [, network] = output.match(/the network's page: (\S+)/);
  const [, dashboard] = output.match(/the node's dashboard: (\S+)/);
  // Each browser is a process of its own: on a busy machine the second may be first.
  assert.deepEqual([...opened].sort(), [network, dashboard].sort());
  for (const page of opened) {
    const answer = await fetch(page);
    assert.equal(answer.status, 200, page);
    assert.match(await answer.text(), /<html/);
  }
  const { jobs, servers, storage } = await (await fetch(new URL('/api/v1/network', network))).json();
  assert.deepEqual(jobs.map(({ status }) => status), [4, 4, 4]);
  assert.ok(servers.every(({ ready }) => ready), JSON.stringify(servers));
  assert.equal(storage.datasets, 3);
}

install_xdg_open();
const demo = start('demo', emeth, 'demo', '--data', data, '--report', report_file, '--open');
try {
  let status;
  demo.end.then((code) => (status = code));
  await until('the end of the story', 360,
      () => status !== undefined || demo.output.includes('Ctrl-C ends everything'));
  console.log(demo.output);
  assert.equal(status, undefined, 'emeth demo failed');
  await look_at_pages(demo.output);
  demo.child.kill('SIGINT');
  assert.equal(await demo.end, 0, 'what was kept up did not end in order');
} finally {
  kill_all();
}

const report = JSON.parse(readFileSync(report_file, 'utf8'));
assert.equal(report.ok, true);
assert.equal(report.jobs.length, 3);
assert.ok(report.kills.some((kill) => kill.process === 'master'), 'the master was killed');
assert.ok(report.kills.some((kill) => kill.process.startsWith('worker')), 'a worker was killed');
assert.ok(report.jobs.some((job) => job.restarts > 0), 'a JOB went through the restart');
assert.ok(BigInt(report.reward_wei) > 0n, 'a reward was withdrawn');

const emt = 10n ** 18n;
const by_size = new Map([[1 << 20, 20n], [2 << 20, 22n], [3 << 20, 34n]]);
for (const job of report.jobs) {
  assert.equal(BigInt(job.fee_wei), by_size.get(job.dataset_bytes) * emt);
  assert.equal(job.deposit_wei, job.fee_wei);
  assert.equal(job.penalty_wei, '0');
  assert.deepEqual(job.states.map((entry) => entry.state),
      ['discovered', 'accepted', 'downloading', 'training', 'submitted', 'verified']);
  for (const kind of ['process', 'submit'])
      assert.equal(job.transactions.filter((entry) => entry.kind === kind).length, 1);
  assert.equal(job.epoch_losses.length, 2);
  assert.ok(job.epoch_losses[1] < job.epoch_losses[0], 'the loss fell');
  assert.match(job.artifact_sha256, /^0x[0-9a-f]{64}$/);
}
const earned = report.jobs.reduce((sum, job) => sum + BigInt(job.fee_wei) - 10n * emt, BigInt(report.reward_wei));
assert.equal(BigInt(report.balances.after_wei) - BigInt(report.balances.before_wei), earned);

const results = join(data, 'net', 'objects', 'result');
const tars = readdirSync(results).filter((name) => name.endsWith('.tar'));
assert.equal(tars.length, 3);
for (const tar of tars) {
  const members = spawnSync('tar', ['tf', join(results, tar)], { encoding: 'utf8' }).stdout;
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.model', 'training_log.jsonl', 'manifest.json'])
      assert.ok(members.includes(name), `${tar} lacks ${name}`);
}
for (const job of report.jobs) {
  const history = spawnSync(emeth, ['state', 'history', job.id, '--data', join(data, 'master')], { encoding: 'utf8' });
  assert.equal(history.status, 0);
  assert.match(history.stdout, /verified/);
}
assert.equal(spawnSync(emeth, ['state', 'verify', '--data', join(data, 'master')]).status, 0);
console.log('the demo held');
