// Puts JOBs on chain without a program of ours in between: whatever the contract and the Storage API let pass.
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { emt } from './devnet.mjs';
import { ethers } from './packages.mjs';

const request_signature = 'request(bytes16,uint256,string,string,uint256,uint256)';
/** On the wire a string is its bytes, so that a param may hold any. */
const request_types = ['bytes16', 'uint256', 'bytes', 'bytes', 'uint256', 'uint256'];
const selector = (signature) => ethers.id(signature).slice(0, 10);
const encoded = (types, values) => ethers.AbiCoder.defaultAbiCoder().encode(types, values).slice(2);
const as_bytes = (text) => (typeof text === 'string' ? Buffer.from(text) : text);

export const good_param = JSON.stringify({ language: 'en', epoch: 2 });

export class Requester {
    /** A new key with `coins` EMT from the devnet's requester. */
    static async create(devnet, coins) {
        const wallet = await devnet.new_wallet(coins);
        const signer = new ethers.NonceManager(wallet);
        await (await devnet.token.connect(signer).approve(devnet.core.target, coins * emt)).wait();
        return new Requester(devnet, wallet, signer);
    }

    constructor(devnet, wallet, signer) {
        Object.assign(this, { devnet, wallet, signer });
    }

    static new_id() {
        return `0x${randomBytes(16).toString('hex')}`;
    }

    /** The dataset's name, which the JOB has to give. */
    async upload(id, bytes) {
        const sha256 = `0x${createHash('sha256').update(bytes).digest('hex')}`;
        const signedtime = Date.now();
        const endpoint = 'emeth storage v2\n/api/v1/requester/signed-put-url\n';
        const digest = ethers.solidityPackedKeccak256(
            ['string', 'string', 'bytes32', 'uint256', 'uint256'], [endpoint, id, sha256, bytes.length, signedtime]);
        const sig = this.wallet.signingKey.sign(digest).serialized;
        const asked = await fetch(new URL('/api/v1/requester/signed-put-url', this.devnet.settings.storageApi), {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(
                { sig, address: this.wallet.address.toLowerCase(), jobId: id, signedtime, sha256, bytes: bytes.length })
        });
        if (!asked.ok) throw new Error(`signed-put-url: ${asked.status} ${await asked.text()}`);
        const { url, fileName } = await asked.json();
        const put = await fetch(url, { method: 'PUT', body: bytes });
        if (!put.ok) throw new Error(`PUT of the dataset: ${put.status} ${await put.text()}`);
        return fileName;
    }

    /**
     * Calls `request` on chain, unless told otherwise with all the gas of a block; deadlines are unix seconds, fees wei.
     * Returns the id.
     */
    async request({
        id = Requester.new_id(),
        program = 0n,
        dataset,
        param = good_param,
        fee = 20n * emt,
        deadline,
        gasLimit = 29_000_000
    }) {
        const values = [id, program, as_bytes(dataset), as_bytes(param), fee, deadline];
        const data = selector(request_signature) + encoded(request_types, values);
        const sent = await this.signer.sendTransaction({ to: this.devnet.core.target, data, gasLimit });
        await sent.wait().catch(({ shortMessage }) => {
            throw new Error(`request of ${id} with a fee of ${fee} wei and deadline ${deadline}: ${shortMessage}`);
        });
        return id;
    }

    /** A JOB for these bytes; other terms as in request(). */
    async request_dataset(bytes, terms) {
        const id = Requester.new_id();
        return this.request({ dataset: await this.upload(id, bytes), ...terms, id });
    }

    /** Cancels the JOB once somebody's `process` of it waits in the pool, at a price that is mined first. */
    async cancel_while_processed(id, limit_s = 60) {
        const calldata = selector('process(bytes16)') + id.slice(2);
        for (const end = Date.now() + limit_s * 1000; Date.now() < end; await sleep(20)) {
            const { pending } = await this.devnet.provider.send('txpool_content', []);
            const waiting = Object.values(pending).flatMap((of_sender) => Object.values(of_sender));
            const found = waiting.find(({ input }) => input?.startsWith(calldata));
            if (!found) continue;
            const gasPrice = 100n * BigInt(found.maxFeePerGas ?? found.gasPrice);
            const data = selector('cancel(bytes16)') + encoded(['bytes16'], [id]);
            const sent = await this.signer.sendTransaction({
                to: this.devnet.core.target,
                data,
                type: 0,
                gasLimit: 200_000,
                gasPrice
            });
            await sent.wait().catch(() => {});  // too late: it reverted
            return true;
        }
        return false;
    }
}
