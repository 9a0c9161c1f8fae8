// Runs `emeth bench info` on a few JOBs and reads its figures; their values are for people to judge.
// Usage: node bench_info_test.mjs EMETH_DEV
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const [emeth_dev] = process.argv.slice(2);
const words = ['bench', 'info', '--jobs', '1000', '--indexed', '1000', '--seconds', '1', '--json'];
const bench = spawnSync(emeth_dev, words, { encoding: 'utf8' });
console.log(bench.stdout, bench.stderr);
assert.equal(bench.status, 0);
const { figures } = JSON.parse(bench.stdout);
const names = ['served_jobs', 'requests', 'indexed_in_memory', 'start', 'memory'];
assert.deepEqual(figures.map((figure) => figure.name), names);
for (const figure of figures) assert.ok(figure.value > 0 && figure.against.value > 0, `${figure.name} was measured`);
// Of its own process: another bench may be measuring in the same folder.
assert.ok(!readdirSync('.').includes(`.emeth-bench-${bench.pid}`), 'nothing is left');
