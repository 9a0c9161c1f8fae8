// Runs `emeth bench inspection` on a few JOBs and reads its figures; their values are for people to judge.
// Usage: node bench_inspection_test.mjs EMETH_DEV
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const [emeth_dev] = process.argv.slice(2);
const bench = spawnSync(emeth_dev, ['bench', 'inspection', '--jobs', '500', '--json'], { encoding: 'utf8' });
console.log(bench.stdout, bench.stderr);
assert.equal(bench.status, 0);
const { figures } = JSON.parse(bench.stdout);
assert.deepEqual(figures.map((figure) => figure.name), ['list_active', 'dump', 'verify']);
for (const figure of figures) assert.ok(figure.value > 0 && figure.against.value > 0, `${figure.name} was measured`);
assert.match(bench.stderr, /500 finished JOBs, 21 history entries and 3 transactions each/);
// Of its own process: another bench may be measuring in the same folder.
assert.ok(!readdirSync('.').includes(`.emeth-bench-${bench.pid}`), 'nothing is left');
