// `emeth simulate-policy` as an operator runs it: generated and recorded streams, one node and a market, the answers for
// people and programs, and what it says to wrong input.
// Usage: node policy_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

function ask(...words) {
    const ended = spawnSync(emeth, ['simulate-policy', ...words], { encoding: 'utf8', timeout: 60_000 });
    return { code: ended.status, out: ended.stdout, err: ended.stderr };
}
function answer(...words) {
    const { code, out, err } = ask(...words, '--json');
    assert.equal(code, 0, err);
    return JSON.parse(out);
}
const without_speed = ({ jobsPerSecond, ...rest }) => rest;
const names = ['expected_value', 'fee', 'fee_per_hour', 'deadline', 'smallest'];

// Each priority on the same stream; the same again from the file that was written.
const stream = join(data, 'jobs.jsonl');
const generated = answer('--days', '3', '--write-stream', stream);
assert.deepEqual(generated.priorities.map((row) => row.priority), names);
assert.ok(generated.jobs > 400, `${generated.jobs} JOBs`);
for (const row of generated.priorities) {
    assert.ok(row.verified > 0 && row.fees > 0 && row.rewards > 0 && row.use > 0, JSON.stringify(row));
    assert.ok(Math.abs(row.earned - (row.fees + row.rewards - row.penalties)) < 1e-6);
}
assert.equal(readFileSync(stream, 'utf8').trim().split('\n').length, generated.jobs);
assert.deepEqual(without_speed(answer('--stream', stream)), without_speed(generated));
assert.notDeepEqual(answer('--days', '3', '--seed', '2').priorities, generated.priorities);

// The operator's settings are those of the master.
const choosy = answer('--stream', stream, '--priorities', 'fee,smallest', '--min_fee', '25000000000000000000');
assert.deepEqual(choosy.priorities.map((row) => row.priority), ['fee', 'smallest']);
for (const row of choosy.priorities) assert.ok(row.verified > 0 && row.fees >= 15 * row.verified, 'a fee of 25 less the verifier\'s 10');

// A market, in which each JOB is had once, and nodes that look lose less to one another.
const crowd = ['--nodes', '20', '--days', '5', '--jobs-per-day', '100', '--priorities', 'expected_value'];
const market = answer(...crowd), blind = answer(...crowd, '--blind');
const sum = (list, key) => list.priorities.reduce((total, row) => total + row[key], 0);
assert.ok(sum(market, 'claimed') <= market.jobs);
assert.ok(sum(market, 'racesLost') < 0.8 * sum(blind, 'racesLost'),
    `${sum(market, 'racesLost')} of ${sum(blind, 'racesLost')} races are still lost`);

// For people: a table, a page, and the plot alone.
const page = join(data, 'plot.html'), plot = join(data, 'plot.svg');
const shown = ask('--stream', stream, '--html', page);
assert.equal(shown.code, 0, shown.err);
for (const name of names) assert.match(shown.out, new RegExp(`^ +${name} `, 'm'));
assert.match(readFileSync(page, 'utf8'), /<svg[\s\S]*<table>[\s\S]*expected_value/);
assert.equal(ask('--stream', stream, '--html', plot).code, 0);
assert.match(readFileSync(plot, 'utf8'), /^<svg[^]*<\/svg>\s*$/);

// Wrong input.
writeFileSync(stream, '{"id":"0x12"}\n');
for (const [words, reason] of [
         [['--stream', stream], /jobs\.jsonl:1: field 'id'/], [['--stream', join(data, 'none')], /cannot read .*none/],
         [['--priorities', 'luck'], /luck/], [['--workers', '0'], /workers/], [['--hours', '8-25'], /hours is '8-25'/],
         [['--stream', stream, '--days', '3'], /days/]
     ]) {
    const { code, err } = ask(...words);
    assert.equal(code, 2, `${words}: ${err}`);
    assert.match(err, reason);
}
console.log('ok');
