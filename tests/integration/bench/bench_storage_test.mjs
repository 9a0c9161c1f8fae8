// Runs `emeth bench storage` with a small object and reads its figures.
// Usage: node bench_storage_test.mjs EMETH_DEV
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const [emeth_dev] = process.argv.slice(2);
const bench = spawnSync(emeth_dev, ['bench', 'storage', '--bytes', '30000000', '--json'], { encoding: 'utf8' });
console.log(bench.stdout, bench.stderr);
assert.equal(bench.status, 0);
const { figures } = JSON.parse(bench.stdout);
assert.deepEqual(
    figures.map((figure) => figure.name), ['download', 'upload', 'download_beside_200_slow', 'peak_anonymous_memory']);
for (const figure of figures) assert.ok(figure.value > 0 && figure.against.value > 0, `${figure.name} was measured`);
assert.deepEqual(
    figures.map((figure) => figure.against.name), ['nginx', 'nginx, then sync', 'alone', 'allowed']);
assert.ok(!readdirSync('.').includes(`.emeth-bench-${bench.pid}`), 'nothing is left');
