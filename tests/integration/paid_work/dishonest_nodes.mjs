// Nodes that submit before, or without, the work that is paid for; and one that has done all of it and is merely late.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { deliver, manifest_in, show, work } from '../../support/honest_work.mjs';
import { bound_name, sha256 } from '../../support/node_client.mjs';
import { until } from '../../support/programs.mjs';
import { read_tar, write_tar } from '../../support/tar.mjs';

/** By so much the verifier forgives the clocks of storage and chain. */
const clock_difference_max_s = 5;

/** The Storage API completes no result of a JOB that is SUBMITTED. */
async function refused_as_submitted(node, upload) {
    const { status, body } = await node.complete(upload);
    assert.equal(status, 403, JSON.stringify(body));
    assert.match(body.error, /only the assigned node, while the JOB is PROCESSING, may, and the JOB is SUBMITTED/);
}

/** Stores a result nevertheless, as a Storage API would that hears of the submit too late. */
function store_late({ devnet }, name, bytes) {
    const objects = join(devnet.folder, 'net', 'objects');
    writeFileSync(join(objects, name), bytes, { mode: 0o600 });
    renameSync(join(objects, name), join(objects, 'result', name));
}

const rewritten = (members, name, change) => {
    const member = members.find((one) => one.name === name);
    member.content = Buffer.from(change(member.content.toString()));
    return `0x${sha256(member.content)}`;
};

/** The artifact of a run that went round the windows once an epoch, as if tokens were what is paid for. */
function with_a_round_an_epoch(artifact) {
    const members = read_tar(artifact);
    const { dataset, epochs, steps_per_epoch, hyperparameters } = manifest_in(artifact);
    const round = Math.floor(dataset.tokens / hyperparameters.tokens_per_step);
    assert.ok(round > 0 && round < steps_per_epoch, `${round} steps would be a round, of ${steps_per_epoch}`);
    const log = rewritten(members, 'training_log.jsonl', (text) => {
        const lines = text.trim().split('\n').map((line) => JSON.parse(line));
        const kept = lines.filter(({ step }) => (step - 1) % steps_per_epoch < round);
        return kept.map((line, index) => `${JSON.stringify({ ...line, step: index + 1 })}\n`).join('');
    });
    rewritten(members, 'manifest.json', (text) => {
        const manifest = JSON.parse(text);
        const last = manifest.states.at(-1);
        Object.assign(manifest, { steps_per_epoch: round, steps: round * epochs });
        manifest.states = [...manifest.states.slice(0, Math.min(manifest.states.length - 1, manifest.steps)), last];
        manifest.segments = manifest.segments.slice(0, manifest.states.length - 1);
        manifest.members['training_log.jsonl'] = log;
        return JSON.stringify(manifest);
    });
    return write_tar(members);
}

/**
 * Each works off its JOB in its own way; `reason` is the verifier's. What would be trained after the draw is trained
 * before, and kept back: on a slow machine the verifier would else run out of patience first.
 */
export const dishonest_ways = {
    nothing_at_all: {
        reason: /^there is no evidence of it in the Storage API$/,
        async work_off(node, job) {
            await node.submit(job.id, bound_name(job.id, sha256(randomBytes(32))));
        }
    },

    /** Keeps an upload open, reads the draw, and only then has an artifact. */
    artifact_after_the_draw: {
        reason: /^the artifact was stored \d+ s after the submit, which names no sha256$/,
        async work_off(node, job) {
            const artifact = await work(job);
            const upload = await node.upload(job.id, artifact);
            assert.match(upload.name, /^[0-9a-f]{32}-[0-9a-f]{16}\.tar$/);
            const block_hash = await node.submit(job.id, upload.name);
            const { timestamp } = await job.devnet.provider.getBlock(block_hash);
            await refused_as_submitted(node, upload);
            await show(node, job, artifact, block_hash);
            while (Date.now() / 1000 <= timestamp + clock_difference_max_s + 1) await sleep(200);
            store_late(job, upload.name, artifact);
        }
    },

    /** Names some digest before anything is computed, and has another artifact after the draw. */
    another_artifact_than_named: {
        reason: /^the artifact has sha256 0x[0-9a-f]{64}; what was submitted names 0x[0-9a-f]{64}$/,
        async work_off(node, job) {
            const artifact = await work(job);
            const named = sha256(randomBytes(32));
            const upload = await node.upload(job.id, artifact, { digest: named });
            assert.equal(upload.name, bound_name(job.id, named));
            const early = await node.complete(upload);
            assert.equal(early.status, 409, JSON.stringify(early));
            assert.match(early.body.error, /the upload was opened for 0x/);
            const block_hash = await node.submit(job.id, upload.name);
            await refused_as_submitted(node, upload);
            await show(node, job, artifact, block_hash);
            store_late(job, upload.name, artifact);
        }
    },

    /** Delivers in time and as it should, but work in proportion to tokens of 64 bytes. */
    a_round_an_epoch: {
        reason: /^it claims \d+ steps, \d+ an epoch; dataset and model give \d+ and \d+$/,
        is_dense: true,
        async work_off(node, job) {
            const artifact = with_a_round_an_epoch(await work(job));
            const name = await deliver(node, job, artifact);
            await show(node, job, artifact, await node.submit(job.id, name));
        }
    },
};

/** Has trained before it submits and says so by the digest; the artifact comes after the verifier has looked for it. */
export async function work_and_be_late(node, job) {
    const artifact = await work(job);
    const upload = await node.upload(job.id, artifact, { digest: sha256(artifact) });
    const block_hash = await node.submit(job.id, upload.name);
    await refused_as_submitted(node, upload);
    await show(node, job, artifact, block_hash);
    const missed = new RegExp(`job=${job.id.slice(0, 10)}…: verifier: will look again .*there is no artifact of it in the Storage API`);
    await until('a look for the artifact', 300, () => missed.test(job.devnet.program.output));
    store_late(job, upload.name, artifact);
}
