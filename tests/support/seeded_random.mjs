// Random test data from a seed: the same seed gives the same sequence on every machine.
import { createHash } from "node:crypto";

/** SHA-256 in counter mode over the seed. */
export class SeededRandom {
    #seed;
    #counter = 0;
    #block = Buffer.alloc(0);

    constructor(seed) {
        this.#seed = String(seed);
    }

    /** `count` random bytes as a Buffer. */
    bytes(count) {
        const parts = [];
        let missing = count;
        while (missing > 0) {
            if (this.#block.length === 0) {
                this.#block = createHash("sha256").update(`${this.#seed}/${this.#counter++}`).digest();
            }
            const part = this.#block.subarray(0, missing);
            this.#block = this.#block.subarray(part.length);
            parts.push(part);
            missing -= part.length;
        }
        return Buffer.concat(parts);
    }

    /** `count` random bytes as 0x-hex. */
    hex(count) {
        return "0x" + this.bytes(count).toString("hex");
    }

    /** An integer in [0, limit); limit at most 2^32, so that the modulo's bias is below 2^-16. */
    below(limit) {
        return this.bytes(6).readUIntBE(0, 6) % limit;
    }

    /** An integer in [low, high]. */
    between(low, high) {
        return low + this.below(high - low + 1);
    }

    /** One element of a non-empty array. */
    pick(choices) {
        return choices[this.below(choices.length)];
    }

    /** A BigInt of 0 to `bytesMax` significant bytes: small and huge values are equally likely. */
    bigint(bytesMax = 32) {
        const count = this.below(bytesMax + 1);
        return count === 0 ? 0n : BigInt(this.hex(count));
    }

    /** A BigInt in [low, high]; both BigInt. */
    bigintBetween(low, high) {
        return low + BigInt(this.hex(40)) % (high - low + 1n);
    }
}
