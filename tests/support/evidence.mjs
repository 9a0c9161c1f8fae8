// The draw and the evidence for it, as docs/VERIFICATION.md has them.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The drawn segments of a run that has so many, ascending. */
export function draw_segments(id, block_hash, segments, draws) {
    const others = BigInt(segments - 1);
    const most = 2n ** 64n - 1n;
    const drawn = new Set([0]);
    for (let i = 0; drawn.size < 1 + Math.min(draws, segments - 1); ++i) {
        const word = createHash('sha256').update(`emeth/draw/1/${id}/${block_hash}/${i}`).digest().readBigUInt64BE();
        if (word < most - most % others) drawn.add(1 + Number(word % others));
    }
    return [...drawn].sort((a, b) => a - b);
}

/** A trainer's file of a state ends with its digest. */
const digest_bytes = 32;
const state_in = (folder, index) =>
    readFileSync(join(folder, 'states', `state-${index}.bin`)).subarray(0, -digest_bytes);

/** What shows the drawn segments of the run in a trainer's folder. */
export function pack_evidence(folder, id, block_hash, segments, draws) {
    const drawn = draw_segments(id, block_hash, segments, draws).flatMap((segment) => [segment, segment + 1]);
    const states = [...new Set(drawn)].filter((state) => state < segments).sort((a, b) => a - b);
    const header = [Buffer.from('EMEVID01'), Buffer.from(block_hash.slice(2), 'hex')];
    return Buffer.concat([...header, ...states.map((state) => state_in(folder, state))]);
}
