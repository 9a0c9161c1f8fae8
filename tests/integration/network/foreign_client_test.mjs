// A node that knows nothing of our code, as others have written them: the documented endpoints through curl, the
// contract through ethers. It takes two JOBs of a devnet from the list to SUBMITTED.
// Usage: node foreign_client_test.mjs EMETH DATA_FOLDER
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Devnet, emt } from '../../support/devnet.mjs';
import { ethers } from '../../support/packages.mjs';
import { kill_all } from '../../support/programs.mjs';
import { Requester } from '../../support/requester.mjs';

const [emeth, data] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

const core_abi = [
    'function process(bytes16 jobId) returns (bool)',
    'function submit(bytes16 jobId, string result) returns (bool)',
    'function jobs(bytes16) view returns (bool exist, bytes16 jobId, address owner, uint256 deadline, uint256 fee, '
        + 'uint256 status, uint256 requestedAt)',
    'function jobDetails(bytes16) view returns (uint256 programId, string param, string dataset, string result)',
];
const token_abi = ['function approve(address spender, uint256 value) returns (bool)'];
const part_bytes = 10_000_000;
const REQUESTED = 0n, PROCESSING = 2n, SUBMITTED = 3n;

const run = promisify(execFile);
/** The standard output of curl, which fails on any status that is no success. */
const curl = async (...args) => (await run('curl', ['-sS', '--fail-with-body', ...args])).stdout;
const get_json = async (url) => JSON.parse(await curl(url));
const post_json = async (url, body) =>
    JSON.parse(await curl('-H', 'Content-Type: application/json', '-d', JSON.stringify(body), url));

class ForeignNode {
    constructor(network, wallet, folder) {
        Object.assign(this, { network, wallet, folder });
        this.core = new ethers.Contract(network.core, core_abi, wallet);
        this.token = new ethers.Contract(network.token, token_abi, wallet);
        mkdirSync(folder);
    }

    signed(id) {
        const signedtime = Date.now();
        const digest = ethers.solidityPackedKeccak256(['string', 'uint256'], [id, signedtime]);
        const sig = this.wallet.signingKey.sign(digest).serialized;
        return { sig, address: this.wallet.address, jobId: id, signedtime };
    }

    node_api(path, body) {
        return post_json(`${this.network.storage}/api/v1/node/${path}`, body);
    }

    /** The JOB of the list with that id, and that its dataset is as large as the list says. */
    async find(id) {
        const listed = await get_json(`${this.network.info}/api/v1/jobs?status=0`);
        const job = listed.find((one) => one.id === id);
        assert.ok(job, `${id} is not in ${JSON.stringify(listed)}`);
        const key = encodeURIComponent(`dataset/${job.datasetPath}`);
        const { result } = await get_json(`${this.network.storage}/api/v1/sizeOf?key=${key}`);
        assert.equal(result, job.datasetSize);
        return job;
    }

    async take(job) {
        await (await this.token.approve(this.network.core, job.fee)).wait();
        await (await this.core.process(job.id)).wait();
        assert.equal((await this.core.jobs(job.id)).status, PROCESSING);
    }

    /** Cut in the middle, and resumed as curl does it. */
    async fetch_dataset(job) {
        const { url } = await this.node_api('signed-get-url', this.signed(job.id));
        const file = join(this.folder, 'dataset');
        await curl('-o', file, '-r', `0-${Math.floor(job.datasetSize / 3)}`, url);
        await curl('-o', file, '-C', '-', url);
        return readFileSync(file);
    }

    /** In parts, whose number it does not round; returns the name to submit. */
    async upload(job, artifact, extension) {
        const opened = await this.node_api(
            'multipartUpload/getPutSignedUrls',
            { ...this.signed(job.id), partNum: artifact.length / part_bytes, extension });
        assert.equal(Object.keys(opened.urls).length, Math.ceil(artifact.length / part_bytes));
        const parts = [];
        for (const [index, url] of Object.entries(opened.urls)) {
            const file = join(this.folder, `part-${index}`), headers = join(this.folder, `headers-${index}`);
            writeFileSync(file, artifact.subarray(index * part_bytes, (Number(index) + 1) * part_bytes));
            await curl('-T', file, '-D', headers, url);
            const [, etag] = /^etag: (.*?)\r?$/im.exec(readFileSync(headers, 'utf8'));
            parts.push({ ETag: etag, PartNumber: Number(index) + 1 });
        }
        const { address } = this.wallet;
        const { fileName } = await this.node_api(
            'multipartUpload/completeUpload',
            { address, jobId: job.id, parts, uploadId: opened.uploadId, extension });
        assert.equal(fileName, opened.fileName);
        return fileName;
    }

    async submit(job, name) {
        await (await this.core.submit(job.id, name)).wait();
    }
}

let devnet;
try {
    devnet = await Devnet.start(emeth, data);
    const { settings, provider } = devnet;
    const network = {
        core: settings.emethContractAddress,
        token: settings.tokenContractAddress,
        info: settings.info_server_url.replace(/\/$/, ''),
        storage: settings.storageApi.replace(/\/$/, ''),
    };
    const requester = await Requester.create(devnet, 500n);
    const deadline = (await provider.getBlock('latest')).timestamp + 7200;
    for (const [extension, bytes] of [['.pt', 25_000_001], ['.tar', 1_234]]) {
        const dataset = randomBytes(300_000);
        const id = await requester.request_dataset(dataset, { deadline });
        const node = new ForeignNode(network, await devnet.new_wallet(100n), join(data, `node${extension}`));
        let job;
        for (let tries = 0; !job; ++tries) {  // the list follows the chain
            job = await node.find(id).catch((error) => {
                if (tries === 100) throw error;
            });
        }
        assert.equal((await node.core.jobs(id)).status, REQUESTED);
        assert.equal(job.fee, String(20n * emt));
        await node.take(job);
        const fetched = await node.fetch_dataset(job);
        assert.ok(fetched.equals(dataset), `${fetched.length} other bytes than the dataset's`);

        const artifact = randomBytes(bytes);
        const name = await node.upload(job, artifact, extension);
        assert.ok(name.endsWith(extension), name);
        await node.submit(job, name);
        const { status } = await node.core.jobs(id);
        assert.ok(status === SUBMITTED || status > SUBMITTED, `status ${status}`);
        assert.equal((await node.core.jobDetails(id)).result, name);
        const submitted = await provider.getLogs({ address: network.core, fromBlock: 0 });
        const events = new ethers.Interface(
            ['event Status(bytes16 indexed jobId, address nodeAddress, uint256 status)']);
        const seen = submitted.map((log) => events.parseLog(log))
                         .filter((event) => event && event.args.jobId.startsWith(id))
                         .map((event) => event.args.status);
        assert.ok(seen.includes(SUBMITTED), `the JOB went through ${seen}`);
        const stored = readFileSync(join(data, 'net', 'objects', 'result', name));
        const sha256 = (content) => createHash('sha256').update(content).digest('hex');
        assert.equal(sha256(stored), sha256(artifact));
        console.log(`${extension}: ${id} is SUBMITTED as ${name}`);
    }
    await devnet.stop();
} finally {
    kill_all();
}
