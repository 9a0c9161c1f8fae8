// Runs `emeth bench cooperation` with the smallest model: two workers trained together over each link, and nothing is
// left of them, also when a signal ends it. What the figures are is for people to judge.
// Usage: node bench_cooperation_test.mjs EMETH_DEV
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';

const [emeth_dev] = process.argv.slice(2);
const skipped = 77;

/// Where the links in a folder of /proc lead; a process may end meanwhile, or be another user's.
function links_in(folder) {
    const attempt = (read) => {
        try {
            return read();
        } catch {
            return [];
        }
    };
    return attempt(() => readdirSync(folder)).flatMap((name) => attempt(() => readlinkSync(`${folder}/${name}`)));
}

/// Whether any process is in one of these namespaces.
function are_inhabited(namespaces) {
    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return processes.some((id) => links_in(`/proc/${id}/ns`).some((link) => namespaces.has(link)));
}

/// Runs the bench to its end; `at_link` is called once, when the leader trains and a helper is about to start.
async function run(at_link = () => {}) {
    const bench = spawn(emeth_dev, ['bench', 'cooperation', '--model', 'nano', '--json']);
    let output = '', errors = '', namespaces;
    bench.stdout.on('data', (data) => { output += data; });
    bench.stderr.on('data', (data) => {
        errors += data;
        if (namespaces || !errors.includes('the link carries')) return;
        namespaces = new Set(links_in(`/proc/${bench.pid}/fd`).filter((link) => link.startsWith('net:')));
        at_link(bench);
    });
    const [status] = await once(bench, 'close');
    console.log(output, errors);
    if (/may make namespaces|takes root|need two processors/.test(errors)) process.exit(skipped);
    assert.equal(status, 0);
    assert.equal(namespaces.size, 2);
    assert.ok(!are_inhabited(namespaces), 'no process is left in a namespace');
    assert.ok(!readdirSync('.').includes(`.emeth-bench-${bench.pid}`), 'no folder is left');
    return { output, errors };
}

const { output, errors } = await run();
const { figures } = JSON.parse(output);
assert.deepEqual(figures.map((figure) => figure.name), ['nano_1gbit', 'nano_100mbit']);
for (const figure of figures) {
    assert.ok(figure.value > 0 && figure.against.value > 0 && figure.ratio > 0, `${figure.name} was measured`);
    assert.match(figure.unit, /^tokens\/s (float32|bf16)$/);
    assert.equal(figure.against.name, 'one worker alone');
    assert.match(errors, new RegExp(`${figure.name}: 2 workers, [1-9][0-9]* steps`));
}
assert.match(errors, /nano: 1 worker, [1-9][0-9]* steps/);

const interrupted = await run((bench) => bench.kill('SIGTERM'));
assert.equal(interrupted.output, '', 'an interrupted run prints no figures');
