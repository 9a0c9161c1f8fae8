// Runs `emeth soak` for a minute and reads its report. Usage: node soak_test.mjs EMETH_DEV DATA_FOLDER
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const [emeth_dev, data] = process.argv.slice(2);
const report_file = `${data}-report.json`;
const soak = spawnSync(emeth_dev, ['soak', '--minutes', '1', '--seed', '7', '--data', data, '--report', report_file],
    { encoding: 'utf8' });
console.log(soak.stdout, soak.stderr);
const report = JSON.parse(readFileSync(report_file, 'utf8'));
for (const key of ['kills', 'verified', 'in_time', 'penalties', 'orphans', 'steps_trained_twice', 'rss_growth_mb',
         'jobs', 'restarts', 'disturbances', 'crashes'])
    assert.equal(typeof report[key], 'number', `${key} in ${JSON.stringify(report)}`);

assert.deepEqual(report.failures, []);
assert.equal(soak.status, 0);
assert.equal(report.minutes, 1);
assert.equal(report.seed, 7);
assert.ok(report.kills > 0, 'something was killed');
assert.ok(report.jobs > 0, 'JOBs were requested');
assert.ok(report.verified > 0, 'JOBs were verified');
assert.equal(report.in_time, report.jobs, 'every JOB is verified or on its way in time');
assert.equal(report.penalties, 0);
assert.equal(report.orphans, 0);
assert.equal(report.crashes, 0);

const alive = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid).filter((pid) => {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data) &&
            !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
        return false;
    }
});
assert.deepEqual(alive, [], `processes of ${basename(emeth_dev)} soak are left`);
