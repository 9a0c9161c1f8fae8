// Runs `emeth bench verification` on a small text: both figures are there, and honest work passes. Their values are for
// people to judge.
// Usage: node bench_verification_test.mjs EMETH_DEV
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const data = mkdtempSync(join(tmpdir(), 'emeth-bench-'));
try {
    const run = spawnSync(process.argv[2],
        ['bench', 'verification', '--json', '--bytes', '40000', '--data', join(data, 'run')],
        { encoding: 'utf8', timeout: 150_000 });
    assert.equal(run.status, 0, run.stderr);
    const figures = Object.fromEntries(JSON.parse(run.stdout).figures.map((figure) => [figure.name, figure]));
    assert.deepEqual(Object.keys(figures), ['check_seconds', 'check_share']);
    assert.ok(figures.check_seconds.value > 0 && figures.check_seconds.against.value > 0);
    assert.equal(figures.check_share.against.value, 15);
    assert.ok(Math.abs(figures.check_share.value - 100 * figures.check_seconds.ratio) < 1e-6);
} finally {
    rmSync(data, { recursive: true, force: true });
}
