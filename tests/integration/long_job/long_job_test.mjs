// A JOB of 20 MB of English text goes through a devnet on `nano`;
// the trainer and then the whole node are killed on the way.
// Usage: node long_job_test.mjs EMETH DATA_FOLDER [MEGABYTES]
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
    kill_all, parse_settings, settings_text, start, stop, until, unwrapped, write_requester_settings
} from '../../support/programs.mjs';

const [emeth, data, megabytes = '20'] = process.argv.slice(2);
const bytes = Number(megabytes) * 1_000_000;
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

/** The King James Bible (Debian's bible-kjv), over and over. */
function english_text() {
    const book = execFileSync('bible', ['gen1:1-rev22:21'], { maxBuffer: 1 << 26, encoding: 'utf8' });
    return book.repeat(Math.ceil(bytes / book.length)).slice(0, bytes);
}

try {
    const devnet = start('devnet', emeth, 'devnet', '--data', join(data, 'net'));
    await until('the devnet', 60, () => devnet.output.includes('Ctrl-C ends everything'));
    const network = parse_settings(readFileSync(join(data, 'net', 'master.env'), 'utf8'));
    const config = join(data, 'master.env');
    writeFileSync(
        config, settings_text({ ...network, worker_port: 0, max_fee: (10n ** 24n).toString() }), { mode: 0o600 });
    write_requester_settings(join(data, 'requester.env'), network, join(data, 'net', 'requester', 'key'));
    writeFileSync(join(data, 'text'), english_text());

    const node = join(data, 'node');
    const start_master = () =>
        start('master', emeth, 'master', '--config', config, '--data', node, '--local-workers', '1');
    let master = start_master();
    const requested = spawnSync(emeth,
        [
            'request', '--config', join(data, 'requester.env'), '--data', join(data, 'requester'), '--dataset',
            join(data, 'text'), '--json'
        ],
        { encoding: 'utf8', timeout: 120_000 });
    assert.equal(requested.status, 0, requested.stderr);
    const { id } = JSON.parse(requested.stdout);
    const own = () => {
        const run = spawnSync(emeth, ['joblist', '--config', config, '--data', node, '--json'], { encoding: 'utf8' });
        return run.status === 0 ? JSON.parse(run.stdout).own.find((job) => job.id === id) : undefined;
    };
    const step = () => own()?.progress?.step ?? 0;
    /** Seconds from `kill` to the first step trained after it; training resumes at a checkpoint, some steps back. */
    async function seconds_to_next_step(kill) {
        const begin = Date.now();
        await kill();
        await sleep(300);  // until the reports sent before the kill have arrived
        const before = step();
        await until('a step', 120, () => own()?.progress?.stage === 'training' && step() > 0 && step() !== before);
        return ((Date.now() - begin) / 1000).toFixed(1);
    }

    const began = Date.now();
    await until('training', 300, () => own()?.progress?.stage === 'training' && step() > 0);
    const total = own().progress.stepsTotal;
    console.log(`training ${total} steps of nano`);
    await until('a third of the steps', 1800, () => step() > total / 3);
    const trainer = Number(readFileSync(join(node, 'workers', '1', 'jobs', id, 'trainer.log'), 'utf8')
                               .match(/emeth-trainer\[(\d+)\]/g)
                               .at(-1)
                               .match(/\d+/)[0]);
    console.log(`kill -9 of the trainer to the next step: ${
        await seconds_to_next_step(() => process.kill(trainer, 'SIGKILL'))} s`);
    await until('half of the steps', 1800, () => step() > total / 2);
    const end = master.end;
    console.log(`kill -9 of the node to the next step: ${await seconds_to_next_step(async () => {
        master.child.kill('SIGKILL');
        await end;
        master = start_master();
    })} s`);
    await until('the verdict', 3600, () => master.output.includes('submitted → verified'));
    const history = unwrapped(spawnSync(emeth, ['state', 'history', id, '--data', node], { encoding: 'utf8' }).stdout);
    assert.match(history, /continuing from step [1-9]/);
    assert.doesNotMatch(history, /penalty|declined|timed out/i);
    console.log(`verified after ${(Date.now() - began) / 1000} s`);
    assert.equal(await stop(master), 0);
    assert.equal(spawnSync(emeth, ['state', 'verify', '--data', node]).status, 0);
    assert.equal(await stop(devnet), 0);
} finally {
    kill_all();
}
