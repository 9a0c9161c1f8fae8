// The work of a JOB {id, dataset, folder, trainer, devnet} without a node: trained, and shown once it is submitted.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { pack_evidence } from './evidence.mjs';
import { sha256 } from './node_client.mjs';
import { read_tar } from './tar.mjs';
import { train } from './trainer.mjs';

export const manifest_in = (artifact) =>
    JSON.parse(read_tar(artifact).find(({ name }) => name === 'manifest.json').content.toString());

/** The artifact. */
export async function work(job) {
    await train(job.trainer, job.folder, job);
    return readFileSync(join(job.folder, 'artifact.tar'));
}

/** Uploads the artifact as honest nodes do; returns the name to submit. */
export async function deliver(node, { id }, artifact) {
    const upload = await node.upload(id, artifact, { digest: sha256(artifact) });
    const completed = await node.complete(upload);
    assert.equal(completed.status, 200, JSON.stringify(completed));
    return upload.name;
}

/** Uploads what the block draws, as every node may once it has submitted. */
export async function show(node, { id, folder, devnet }, artifact, block_hash) {
    const draws = Number(devnet.settings.verification_draws ?? 2);
    const segments = manifest_in(artifact).states.length - 1;
    const bytes = pack_evidence(folder, id, block_hash, segments, draws);
    const completed = await node.complete(await node.upload(id, bytes, { extension: '.evidence' }));
    assert.equal(completed.status, 200, JSON.stringify(completed));
}
