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
        ['bench', 'verification', '--json', '--bytes', '40000', '60000', '--data', join(data, 'run')],
        { encoding: 'utf8', timeout: 150_000 });
    assert.equal(run.status, 0, run.stderr);
    const figures = Object.fromEntries(JSON.parse(run.stdout).figures.map((figure) => [figure.name, figure]));
    const sizes = ['40_kb', '60_kb'];
    assert.deepEqual(Object.keys(figures), sizes.flatMap((size) => [`check_seconds_${size}`, `check_share_${size}`]));
    for (const size of sizes) {
        const check = figures[`check_seconds_${size}`];
        const share = figures[`check_share_${size}`];
        assert.ok(check.value > 0 && check.against.value > 0);
        assert.equal(share.against.value, 15);
        assert.ok(Math.abs(share.value - 100 * check.ratio) < 1e-6);
    }
} finally {
    rmSync(data, { recursive: true, force: true });
}
