// A node without a program of ours: what the contract and the Storage API let the holder of a deposit do, in any order.
import { createHash } from 'node:crypto';

import { emt } from './devnet.mjs';
import { ethers } from './packages.mjs';

const part_bytes = 10_000_000;

/** A call costs more than was estimated if another one in its block has emptied a balance that it fills again. */
const with_gas_to_spare = { gasLimit: 5_000_000 };

/** In hex, without 0x. */
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The name that binds a submit to its artifact. */
export const bound_name = (id, digest) => `${id.slice(2)}-${digest}.tar`;

export class NodeClient {
    /** With a new key and `coins` EMT for deposits. */
    static async create(devnet, coins) {
        const wallet = await devnet.new_wallet(coins);
        const signer = new ethers.NonceManager(wallet);
        await (await devnet.token.connect(signer).approve(devnet.core.target, coins * emt)).wait();
        return new NodeClient(devnet, wallet, signer);
    }

    constructor(devnet, wallet, signer) {
        Object.assign(this, { devnet, wallet, address: wallet.address, core: devnet.core.connect(signer) });
    }

    /** Pays the deposit. */
    async process(id) {
        await (await this.core.process(id, with_gas_to_spare)).wait();
    }

    /** The hash of the block that holds the submit, which draws. */
    async submit(id, name) {
        return (await (await this.core.submit(id, name, with_gas_to_spare)).wait()).blockHash;
    }

    /** {status, body}: an answer that refuses is an answer, too. */
    async #ask(path, body) {
        const asked = await fetch(new URL(`/api/v1/node/${path}`, this.devnet.settings.storageApi), {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ ...body, address: this.address.toLowerCase() })
        });
        return { status: asked.status, body: await asked.json() };
    }

    /** Opens an upload and puts all parts of `bytes`: what complete() takes, with the file's name. */
    async upload(id, bytes, { extension = '.tar', digest } = {}) {
        const signedtime = Date.now();
        const hash = ethers.solidityPackedKeccak256(['string', 'uint256'], [id, signedtime]);
        const opened = await this.#ask('multipartUpload/getPutSignedUrls', {
            sig: this.wallet.signingKey.sign(hash).serialized,
            jobId: id,
            signedtime,
            partNum: bytes.length / part_bytes,
            extension,
            ...(digest && { sha256: `0x${digest}` })
        });
        if (opened.status !== 200) throw new Error(`getPutSignedUrls: ${JSON.stringify(opened)}`);
        const { urls, uploadId, fileName } = opened.body;
        const parts = [];
        for (const [index, url] of Object.entries(urls)) {
            const begin = Number(index) * part_bytes;
            const put = await fetch(url, { method: 'PUT', body: bytes.subarray(begin, begin + part_bytes) });
            if (!put.ok) throw new Error(`PUT of part ${index}: ${put.status} ${await put.text()}`);
            parts.push({ ETag: put.headers.get('etag'), PartNumber: Number(index) + 1 });
        }
        return { jobId: id, uploadId, extension, parts, name: fileName };
    }

    /** {status, body} */
    complete({ name, ...upload }) {
        return this.#ask('multipartUpload/completeUpload', upload);
    }
}
