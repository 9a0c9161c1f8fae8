// One JOB on a devnet that one worker would finish too late, trained by a team of two (cooperative=nvm); the helper's
// and the leader's trainers are killed on the way.
// Usage: node cooperation_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
    kill_all, parse_settings, settings_text, start, stop, until, unwrapped, write_requester_settings
} from '../../support/programs.mjs';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

const node = join(data, 'node');

/** What the trainers of both workers have written. */
function trainer_logs() {
    const logs = [];
    for (const worker of existsSync(join(node, 'workers')) ? readdirSync(join(node, 'workers')) : []) {
        const jobs = join(node, 'workers', worker, 'jobs');
        for (const job of existsSync(jobs) ? readdirSync(jobs) : []) {
            const file = join(jobs, job, 'trainer.log');
            if (existsSync(file)) logs.push({ file, text: readFileSync(file, 'utf8') });
        }
    }
    return logs;
}
const all_logs = () => trainer_logs().map(({ file, text }) => `--- ${file}\n${text.slice(-2000)}`).join('\n');
const log_with = (text) => trainer_logs().find((log) => log.text.includes(text));
const count = (text, part) => text.split(part).length - 1;
/** The process that wrote the log's last line. */
const writer_of = (text) => Number(text.match(/emeth-trainer\[(\d+)\]/g).at(-1).match(/\d+/)[0]);

try {
    const devnet = start('devnet', emeth, 'devnet', '--data', join(data, 'net'));
    await until('the devnet', 60, () => devnet.output.includes('Ctrl-C ends everything'));
    const text = ['GPL-3', 'LGPL-2.1', 'GFDL-1.3', 'MPL-2.0', 'Apache-2.0', 'Artistic', 'GPL-2']
                     .map((name) => readFileSync(`/usr/share/common-licenses/${name}`, 'utf8'))
                     .join('\n');
    writeFileSync(join(data, 'text'), text.repeat(10));
    const config = join(data, 'master.env');
    const network = parse_settings(readFileSync(join(data, 'net', 'master.env'), 'utf8'));
    // 5 gas are 20,000 s of one worker, and 14,850 s of two.
    writeFileSync(config,
        settings_text({
            ...network,
            worker_port: 0,
            cooperative: 'nvm',
            powerCapacity: 250,
            deadline_margin_s: 1_000,
            poll_interval_ms: 200,
            discovery_interval_ms: 300
        }),
        { mode: 0o600 });

    const master = start('master', emeth, 'master', '--config', config, '--data', node, '--local-workers', '2');
    await until('both workers', 60, () => count(master.output, 'is fit: it trains') === 2);
    const requester = ['--config', join(data, 'requester.env'), '--data', join(data, 'requester')];
    write_requester_settings(join(data, 'requester.env'), network, join(data, 'net', 'requester', 'key'));
    const requested = spawnSync(emeth,
        ['request', ...requester, '--dataset', join(data, 'text'), '--deadline-in', '18000', '--json'],
        { encoding: 'utf8', timeout: 60_000 });
    assert.equal(requested.status, 0, requested.stderr);
    const { id } = JSON.parse(requested.stdout);

    await until('a team for it', 60, () => /finish estimate \S.* by a team of 2,/.test(master.output));
    const together = '2 workers train together';
    const leader_log = (await until('two workers at one JOB', 120, () => log_with(together), all_logs)).file;
    const helper_log = trainer_logs().find((log) => log.file !== leader_log).file;
    assert.match(readFileSync(helper_log, 'utf8'), /helping with JOB/);
    assert.match(master.output, /job=\S+ worker=\S+: called to help/);
    let leader_text = '';
    /** Its log, also when the JOB has ended and the worker has deleted its files. */
    const leader = () => leader_text = existsSync(leader_log) ? readFileSync(leader_log, 'utf8') : leader_text;

    process.kill(writer_of(readFileSync(helper_log, 'utf8')), 'SIGKILL');
    await until('the leader goes on alone', 30, () => leader().includes('training continues alone'), all_logs);
    assert.doesNotMatch(master.output, /training → /);

    const progress = () => {
        const run = spawnSync(emeth, ['joblist', '--config', config, '--data', node, '--json'], { encoding: 'utf8' });
        return run.status === 0 ? JSON.parse(run.stdout).own.find((job) => job.id === id)?.progress : undefined;
    };
    await until('a checkpoint', 30, () => master.output.includes('checkpoint saved'));
    // A trainer that died while it had helpers would begin alone.
    await until('the news that the leader trains alone', 30, () => progress()?.workers === 1);
    // The leader's trainer is restarted, opens another rendezvous, and the helper is called again.
    process.kill(writer_of(leader()), 'SIGKILL');
    await until('two workers again', 60, () => count(leader(), together) >= 2, () => leader_text + all_logs());
    await until('the verdict', 180, () => master.output.includes('submitted → verified'), all_logs);
    const history = unwrapped(spawnSync(emeth, ['state', 'history', id, '--data', node], { encoding: 'utf8' }).stdout);
    assert.equal(count(history, 'granted to worker'), 1, history);
    assert.match(history, /continuing from step [1-9]/, 'from the checkpoint');
    await until('the helper has forgotten the JOB', 30, () => !existsSync(helper_log));
    assert.equal(await stop(master), 0);
    assert.equal(await stop(devnet), 0);
    console.log('two workers trained one JOB');
} finally {
    kill_all();
}
