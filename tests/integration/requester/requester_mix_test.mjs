// `emeth requester` with a mix of JOBs: it stops when its budget is spent, its traps are on chain as they were drawn,
// and killed before or after every durable write and every external effect it requests no JOB twice, leaves none without
// its dataset and keeps its budget.
// Usage: node requester_mix_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Devnet, emt } from '../../support/devnet.mjs';
import { kill_all, write_requester_settings } from '../../support/programs.mjs';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(join(data, 'texts', 'ja'), { recursive: true });
writeFileSync(join(data, 'texts', 'english'), 'It was a dark and stormy night.\n'.repeat(2_000));
writeFileSync(join(data, 'texts', 'ja', 'text'), '吾輩は猫である。名前はまだ無い。\n'.repeat(2_000));
const config = join(data, 'requester.env');

/** Runs it to its end: {code, signal, events, errors}. */
async function requester(name, failpoint, ...flags) {
    const args = ['requester', '--config', config, '--data', join(data, name), '--json', '--mix_texts', join(data, 'texts'),
        '--mix_jobs_per_hour', '0', '--mix_open_jobs_max', '1000', '--mix_dataset_bytes', '5000-9000', ...flags];
    const env = { ...process.env, ...(failpoint ? { EMETH_FAILPOINT: failpoint } : {}) };
    const child = spawn(emeth, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '', errors = '';
    child.stdout.setEncoding('utf8').on('data', (piece) => (out += piece));
    child.stderr.setEncoding('utf8').on('data', (piece) => (errors += piece));
    const [code, signal] = await once(child, 'close');
    const events = out.split('\n').filter((line) => line.endsWith('}')).map((line) => JSON.parse(line));
    return { code, signal, events, errors };
}

const plans_of = (name) => {
    const folder = join(data, name, 'plans');
    return existsSync(folder) ? readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8'))) : [];
};

try {
    const devnet = await Devnet.start(emeth, data);
    write_requester_settings(config, devnet.settings, devnet.requester_key_file);
    const owner = devnet.requester().signer.address;

    /** The requests that are on chain from a block on. */
    const requests_since = async (block) =>
        (await devnet.core.queryFilter(devnet.core.filters.Request(owner), block)).map(({ args }) => args);
    const dataset_bytes = async (id) => {
        const { dataset } = await devnet.core.jobDetails(id);
        const answer = await fetch(new URL(`/api/v1/sizeOf?key=dataset/${dataset}`, devnet.settings.storageApi));
        return answer.status === 200 ? (await answer.json()).result : 0;
    };
    /** On chain is what was planned, each once, with its dataset, within the budget. */
    const check = async (name, first_block, budget) => {
        const requests = await requests_since(first_block);
        const plans = plans_of(name).filter(({ state }) => state !== 'dropped');
        const ids = requests.map(({ jobId }) => jobId);
        assert.equal(new Set(ids).size, ids.length, `${name}: a JOB was requested twice`);
        assert.deepEqual([...ids].sort(), plans.map(({ id }) => id).sort(), `${name}: plans and chain differ`);
        const fees = requests.reduce((sum, { fee }) => sum + fee, 0n);
        assert.ok(fees <= budget * emt, `${name}: ${fees} wei were offered`);
        for (const { id, datasetBytes, trap } of plans)
            assert.equal(await dataset_bytes(id), trap === 'missing_dataset' ? 0 : datasetBytes, `${name}: ${id}`);
        assert.deepEqual(readdirSync(join(data, name, 'datasets')), [], `${name}: nothing is left over`);
        return plans;
    };

    // A mix, with every trap, until the budget is spent.
    const mixed_from = await devnet.provider.getBlockNumber() + 1;
    const mixed = await requester('mixed', undefined, '--mix_budget', '120', '--mix_languages', 'en,ja',
        '--mix_models', 'nano,d256', '--mix_trap_percent', '70', '--mix_emt_per_gas', '2-4');
    assert.equal(mixed.code, 0, mixed.errors);
    const plans = await check('mixed', mixed_from, 120n);
    assert.ok(plans.length >= 5, JSON.stringify(plans));
    assert.ok(plans.some(({ trap }) => trap !== 'none'));
    const spent = mixed.events.at(-1);
    assert.equal(spent.event, 'spent');
    assert.equal(spent.jobs, plans.length);
    assert.equal(BigInt(spent.fees), plans.reduce((sum, { fee }) => sum + BigInt(fee), 0n));
    for (const { id, param, programId } of plans) {
        const details = await devnet.core.jobDetails(id);
        assert.equal(details.param, param);
        assert.equal(details.programId, BigInt(programId));
        assert.ok(mixed.events.some(({ event, id: told }) => event === 'requested' && told === id), id);
    }
    const again = await requester('mixed', undefined, '--mix_budget', '120');
    assert.equal(again.code, 0, again.errors);
    assert.equal((await requests_since(mixed_from)).length, plans.length, 'a spent budget stays spent');

    // Killed wherever it passes, and started again. Two JOBs fit into the budget.
    const two_jobs = ['--mix_budget', '45'];
    const trace = join(data, 'trace');
    const whole_from = await devnet.provider.getBlockNumber() + 1;
    const whole = await requester('whole', `trace::${trace}`, ...two_jobs);
    assert.equal(whole.code, 0, whole.errors);
    assert.equal((await check('whole', whole_from, 45n)).length, 2);
    const places = [...new Set(readFileSync(trace, 'utf8').trim().split('\n'))];
    for (const effect of ['file plan', 'file dataset', 'storage put_dataset', 'send request'])
        for (const moment of ['before', 'after'])
            assert.ok(places.includes(`${moment}:${effect}`), `${moment}:${effect} is not among ${places}`);
    for (const [number, place] of places.entries()) {
        const name = `killed-${number}`;
        const from = await devnet.provider.getBlockNumber() + 1;
        const killed = await requester(name, `${place}:${join(data, `${name}-fired`)}`, ...two_jobs);
        assert.equal(killed.signal, 'SIGKILL', `${place}: ${killed.errors}`);
        const resumed = await requester(name, undefined, ...two_jobs);
        assert.equal(resumed.code, 0, `${place}: ${resumed.errors}`);
        assert.equal((await check(name, from, 45n)).length, 2, place);
    }
    console.log(`killed at ${places.length} places: ${places.join(', ')}`);
    await devnet.stop();
} finally {
    kill_all();
}
