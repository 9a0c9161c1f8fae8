// Runs emeth-trainer as a worker does, for whoever wants the work of a JOB without a node.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const compute = { device: 'cpu', threads: 1, microBatch: 0, precision: 'auto', checkpointIntervalMs: 0 };

/** The reports in what has come so far: each is JSON after its length in 4 bytes. */
function* reports_in(bytes) {
    for (let at = 0; at + 4 <= bytes.length;) {
        const end = at + 4 + bytes.readUInt32BE(at);
        if (end > bytes.length) return;
        yield JSON.parse(bytes.subarray(at + 4, end));
        at = end;
    }
}

/** Trains a JOB with `nano` in a new folder, which then holds artifact.tar and states/. */
export async function train(trainer, folder, { id, dataset, epochs = 2 }) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'dataset'), dataset);
    const log_file = join(folder, 'trainer.log');
    const log = openSync(log_file, 'a');
    const child = spawn(trainer, [], { stdio: ['ignore', log, log, 'pipe'] });
    const channel = child.stdio[3];
    let received = Buffer.alloc(0);
    channel.on('data', (piece) => (received = Buffer.concat([received, piece]))).on('error', () => {});
    const request = Buffer.from(JSON.stringify({
        type: 'train',
        job: { id, language: 'en', epochs, model: 'nano' },
        folder,
        datasetSha256: `0x${createHash('sha256').update(dataset).digest('hex')}`,
        compute
    }));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(request.length);
    channel.write(Buffer.concat([length, request]));
    await once(child, 'close');
    const last = [...reports_in(received)].at(-1);
    if (last?.type === 'trained') return;
    throw new Error(`the training of JOB ${id} ended with ${JSON.stringify(last)}\n${readFileSync(log_file, 'utf8')}`);
}
