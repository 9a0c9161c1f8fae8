// Workers that a master should not have let in: each proves its address and claims to be fit, and then does harm.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { ethers, WebSocket } from '../../support/packages.mjs';

const session_path = '/api/v1/worker-session';
const bytes32 = () => ethers.hexlify(ethers.randomBytes(32));

/** Of two workers that have delivered nothing yet the one with the lower address is leased first. */
function low_key() {
    for (;;) {
        const key = ethers.Wallet.createRandom();
        if (key.address.startsWith('0x0')) return key;
    }
}

/** The worker's side of the handshake, and of what follows. */
class Session {
    #last_report = 0;
    leases = new Map();  // of JOBs that it was ordered to train and not to stop

    /** Resolves once the master has welcomed the worker. */
    static async open(url, key) {
        const session = new Session();
        session.socket = new WebSocket(`${url}${session_path}`, { maxPayload: 8 << 20 });
        session.socket.on('error', () => {});
        session.closed = once(session.socket, 'close');
        const own_challenge = bytes32();
        const worker = key.address.toLowerCase();
        const dialled = url.replace(/^ws/, 'http');
        await new Promise((resolve, reject) => {
            session.socket.on('close', () => reject(new Error('the master closed')));
            session.socket.on('message', async (text) => {
                const message = JSON.parse(text);
                if (message.type === 'challenge') {
                    const lines = [
                        'emeth worker session v2', 'role: worker', `master: ${message.master}`, `worker: ${worker}`,
                        `master challenge: ${message.challenge}`, `worker challenge: ${own_challenge}`,
                        `dialled: ${dialled}`
                    ];
                    const signature = await key.signMessage(lines.join('\n'));
                    session.send({
                        type: 'hello',
                        version: 2,
                        challenge: own_challenge,
                        worker,
                        signature,
                        power_capacity: 0,
                        held: [],
                        dialled
                    });
                } else if (message.type === 'welcome') {
                    resolve();
                } else if (message.type === 'refused') {
                    reject(new Error(message.reason));
                } else if (message.type === 'stop') {
                    session.leases.delete(message.job);
                } else {
                    if (message.type === 'assign') session.leases.set(message.job, message.lease);
                    session.on_order?.(message);
                }
            });
        });
        return session;
    }

    send(message) {
        if (this.socket.readyState === WebSocket.OPEN)
            this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    }

    report(job, lease, report) {
        const id = report.kind === 'progress' ? 0 : ++this.#last_report;
        this.send({ type: 'report', id, job, lease, report });
    }

    claim_fitness() {
        const speeds = ['nano', 'd256'].map((model) => ({ model, tokens_per_s: 20_000 }));
        this.send({
            type: 'fitness',
            unfit: '',
            speeds,
            disk_free_bytes: 10 ** 12,
            states_free_bytes: 10 ** 12
        });
    }

    holds({ job, lease }) {
        return this.leases.get(job) === lease && this.socket.readyState === WebSocket.OPEN;
    }
}

const progress = (step, steps_total) => ({
    kind: 'progress',
    stage: 'training',
    epoch: 0,
    step,
    steps_total,
    bytes: 0,
    bytes_total: 0,
    loss: 3.5,
    tokens_per_s: 20_000,
    workers: 1
});
const dataset_ready = ({ dataset_bytes }, steps_total = 100) =>
    ({ kind: 'dataset_ready', sha256: bytes32(), bytes: dataset_bytes, tokens: 10_000, steps_total });
const checkpoint = (step) => ({ kind: 'checkpoint_saved', epoch: 1, step, sha256: bytes32(), loss: 3.4 });
const trained = (bytes) => ({
    kind: 'trained',
    sha256: bytes32(),
    bytes,
    epochs: 2,
    steps: 100,
    epoch_losses: [4.1, 3.9],
    validation_loss: 4
});

/** Each is told of an order to train, {job, lease, dataset_url, …}, and ends when it has done its harm. */
const harms = {
    /** Takes the lease and sends nothing but progress, for ever. */
    async only_progress(session, order) {
        for (let step = 1; session.holds(order); ++step) {
            session.report(order.job, order.lease, progress(step, 1_000_000));
            await sleep(250);
        }
    },

    /** Uploads other bytes than it announced, again and again. */
    async other_bytes(session, order) {
        const bytes = 5_000;
        session.on_order = async ({ type, urls, upload_id, job, lease }) => {
            if (type !== 'upload') return;
            for (const { part, url } of urls) {
                const put = await fetch(url, { method: 'PUT', body: ethers.randomBytes(bytes) });
                const etag = put.headers.get('etag') ?? '"none"';
                session.report(job, lease, { kind: 'part_uploaded', part, etag, upload_id });
            }
        };
        session.report(order.job, order.lease, dataset_ready(order));
        session.report(order.job, order.lease, checkpoint(50));
        session.report(order.job, order.lease, trained(bytes));
        while (session.holds(order)) await sleep(100);
    },

    /** Says that it has trained, and then that it has uploaded, which it has not. */
    async parts_that_are_none(session, order) {
        session.on_order = ({ type, urls, upload_id, job, lease }) => {
            if (type !== 'upload') return;
            for (const { part } of urls)
                session.report(job, lease, { kind: 'part_uploaded', part, etag: `"${bytes32().slice(2)}"`, upload_id });
        };
        session.report(order.job, order.lease, dataset_ready(order));
        session.report(order.job, order.lease, trained(5_000));
        while (session.holds(order)) await sleep(100);
    },

    /** Delivers just what it announced, and evidence of the draw, for as long as it is let: garbage, all of it. */
    async garbage(session, order) {
        const artifact = ethers.randomBytes(5_000), states = ethers.randomBytes(5_000);
        const put = async ({ urls, upload_id, job, lease }, body) => {
            for (const { part, url } of urls) {
                const stored = await fetch(url, { method: 'PUT', body });
                const etag = stored.headers.get('etag');
                session.report(job, lease, { kind: 'part_uploaded', part, etag, upload_id });
            }
        };
        session.on_order = async (next) => {
            if (next.type === 'upload') await put(next, artifact);
            if (next.type !== 'evidence') return;
            const { block_hash, urls, job, lease } = next;
            const evidence = ethers.getBytes(ethers.concat([ethers.toUtf8Bytes('EMEVID01'), block_hash, states]));
            if (urls?.length) return put(next, evidence);
            const [sha256, bytes] = [ethers.sha256(evidence), evidence.length];
            session.report(job, lease, { kind: 'evidence_packed', block_hash, sha256, bytes });
        };
        session.report(order.job, order.lease, dataset_ready(order));
        session.report(order.job, order.lease, checkpoint(100));
        session.report(order.job, order.lease, { ...trained(artifact.length), sha256: ethers.sha256(artifact) });
        await session.closed;
    },

    /** Says that it has trained, and never uploads. */
    async no_upload(session, order) {
        session.report(order.job, order.lease, dataset_ready(order));
        session.report(order.job, order.lease, trained(25_000_000));
        while (session.holds(order)) await sleep(100);
    },

    /** A digest, sizes and steps that are none, and reports on JOBs and leases that are not its own. */
    async false_reports(session, order, { jobs }) {
        session.report(order.job, order.lease, { ...dataset_ready(order, 2 ** 52), bytes: 1, tokens: 2 ** 52 });
        for (const job of jobs()) {
            session.report(job, order.lease + 1, trained(1));
            session.report(job, 1, dataset_ready(order));
            session.report(job, 1, checkpoint(7));
        }
        session.report(order.job, order.lease + 7, trained(1));
        session.report(order.job, order.lease, checkpoint(2 ** 50));
        session.report(order.job, order.lease, checkpoint(1));
        for (let i = 0; i < 20 && session.holds(order); ++i) {
            const message = `\u001b[2J\u0000failed ${'x'.repeat(900)}`;
            const failed = { kind: 'step_failed', step: 'train', message, needs_order: true, url_refused: true };
            session.report(order.job, order.lease, { ...failed, permanent: i % 2 === 0 });
            await sleep(50);
        }
        while (session.holds(order)) await sleep(100);
    },

    /** Is always just about to finish: checkpoints, one step further each. */
    async checkpoints_for_ever(session, order) {
        session.report(order.job, order.lease, dataset_ready(order, 1_000_000));
        for (let step = 1; session.holds(order); ++step) {
            session.report(order.job, order.lease, checkpoint(step));
            session.report(order.job, order.lease, progress(step, 1_000_000));
            await sleep(5_000);
        }
    },

    /** Reads and says nothing any more. */
    async silence(session, order) {
        session.socket._socket.pause();
        for (let i = 0; i < 120 && session.holds(order); ++i) await sleep(1_000);
    },

    async flood(session, order) {
        for (let i = 0; i < 200 && session.holds(order); ++i) {
            for (let k = 0; k < 500; ++k) session.report(order.job, order.lease, progress(i * 500 + k, 10));
            await sleep(20);
        }
    },

    async malformed(session) {
        const junk = [
            '{', 'null', '[]', '{"type": "report"}', `{"type": "report", "id": ${'9'.repeat(400)}}`,
            '['.repeat(100_000), '{"type": "hello"}', '{"type": "fitness", "unfit": 7}', 'x'.repeat(5 << 20)
        ];
        session.send(junk[Math.floor(Math.random() * junk.length)]);
        await Promise.race([session.closed, sleep(5_000)]);
    },

    async binary_frames(session) {
        session.socket.send(Buffer.from([0xff, 0xfe, 0x00]), { binary: true });
        session.socket._socket.write(Buffer.from([0x8f, 0xff, 0x00, 0x01]));  // an opcode that does not exist
        await Promise.race([session.closed, sleep(5_000)]);
    },

    async hang_up(session) {
        session.socket.terminate();
    },
};

/** One after the other, each under a key of its own, as a master lets nobody have many leases who fails. */
export class HostileWorker {
    #stopped = false;
    leases = 0;
    counts = {};
    errors = [];

    /** `jobs`: ids of JOBs, to send reports about. */
    constructor(url, names, jobs) {
        this.url = url;
        this.names = names;
        this.jobs = jobs;
        this.end = this.#run();
    }

    async #run() {
        for (let round = 0; !this.#stopped; ++round) {
            try {
                await this.#serve(this.names[round % this.names.length]);
            } catch (error) {
                this.errors.push(error.message);
                await sleep(500);
            }
        }
    }

    async #serve(name) {
        const session = await Session.open(this.url, low_key());
        this.session = session;
        session.socket.on('error', () => {});
        const assigned = new Promise((resolve) => {
            session.on_order = (order) => order.type === 'assign' && resolve(order);
        });
        session.claim_fitness();
        const order = await Promise.race([assigned, session.closed]);
        if (order?.type === 'assign') {
            ++this.leases;
            this.counts[name] = (this.counts[name] ?? 0) + 1;
            await harms[name](session, order, this);
        }
        session.socket.terminate();
        await session.closed;
    }

    async stop() {
        this.#stopped = true;
        this.session?.socket.terminate();
        await this.end;
    }
}

/** Dials, and does not even shake hands; or does so with another's signature. */
export async function knock(url) {
    const silent = new WebSocket(`${url}${session_path}`);
    silent.on('error', () => {});
    const impostor = new WebSocket(`${url}${session_path}`);
    impostor.on('error', () => {});
    impostor.on('message', async (text) => {
        const message = JSON.parse(text);
        if (message.type !== 'challenge') return;
        const signature = await ethers.Wallet.createRandom().signMessage('something else');
        const worker = ethers.Wallet.createRandom().address.toLowerCase();
        impostor.send(JSON.stringify(
            { type: 'hello', challenge: bytes32(), worker, signature, power_capacity: 10 ** 9, held: [] }));
    });
    await Promise.race([once(impostor, 'close'), sleep(2_000)]);
    impostor.terminate();
    return () => silent.terminate();
}
