// Stands between a node and the JOB info server, and answers in every bad way. Now and then each JOB is in the list,
// but nothing that is said of it is true.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const new_id = () => `0x${randomBytes(16).toString('hex')}`;
/** Stands in texts for a byte that is no UTF-8. */
const raw_byte = '@raw@';

/** JSON as bytes, its non-ASCII characters escaped, with raw bytes in it. */
const list_bytes = (list) =>
    Buffer.from(JSON.stringify(list)
                    .replace(/[^\x00-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
                    .replaceAll(raw_byte, '\xff'),
        'latin1');

/** What is said of a JOB by a server that wants it to look good, or bad, or to break whoever reads it. */
const lies = [
    { fee: '1', datasetSize: 0, deadline: 1 },
    { fee: (10n ** 70n).toString(), datasetSize: 2 ** 53, deadline: '99999999999999999999999' },
    { fee: -7, datasetSize: 'many', deadline: null, owner: 12, programId: [] },
    { param: `{"language": "${raw_byte}\u001b[31m", "epoch": 2}`, datasetPath: `../../${raw_byte}` },
    { fee: { wei: 1 }, status: 'REQUESTED', param: 'x'.repeat(20_000) },
    {},
];

/** Entries that are no JOBs. */
const junk = () => [
    null, 7, 'JOB', [], {}, { id: 12 }, { id: '0xzz' }, { id: `0x${'ab'.repeat(40)}` }, { id: raw_byte },
    { id: new_id(), fee: '99000000000000000000', datasetSize: 1048576, deadline: 4_000_000_000, status: 0 },
    { id: new_id(), owner: raw_byte, param: raw_byte }
];

export class HostileInfoServer {
    answers = {};
    #asked = 0;

    static async start(upstream) {
        const server = new HostileInfoServer();
        server.upstream = upstream;
        server.http = createServer(
            (request, response) => server.#answer(request, response).catch(() => response.destroy()));
        server.http.listen(0, '127.0.0.1');
        await once(server.http, 'listening');
        server.url = `http://127.0.0.1:${server.http.address().port}`;
        return server;
    }

    async #lies(path) {
        const real = await (await fetch(new URL(path, this.upstream))).json();
        const told = real.flatMap((job, index) => {
            const { id } = job;
            const twisted = { ...job, ...lies[(index + this.#asked) % lies.length], id };
            return [twisted, { ...twisted, fee: '0' }, job];
        });
        return [...junk(), ...told, ...junk()];
    }

    async #answer(request, response) {
        const send = (body, status = 200, type = 'application/json') =>
            response.writeHead(status, { 'content-type': type, 'x-emeth-block': '99999999999' }).end(body);
        const moods = {
            lies: async () => send(list_bytes(await this.#lies(request.url))),
            unavailable: async () => send('{"error": "busy"}', 503),
            late_lies: async () => (await sleep(3_000), send(list_bytes(await this.#lies(request.url)))),
            marked: async () => {
                const byte_order_mark = Buffer.from([0xef, 0xbb, 0xbf]);
                send(Buffer.concat([byte_order_mark, list_bytes(await this.#lies(request.url))]));
            },
            html: async () => send('<html>We will be back soon</html>', 200, 'text/html'),
            flood: async () => send(list_bytes([
                ...Array.from({ length: 20_000 }, () => ({ id: new_id(), fee: '20000000000000000000' })),
                ...await this.#lies(request.url)
            ])),
            cut: async () => {
                const whole = list_bytes(await this.#lies(request.url));
                response.writeHead(200, { 'content-length': whole.length });
                response.write(whole.subarray(0, whole.length >> 1), () => response.destroy());
            },
            bytes: async () => send(randomBytes(5_000)),
            deep: async () => send('['.repeat(100_000)),
            elsewhere: async () => response.writeHead(302, { location: `${this.url}/api/v1/jobs?status=0` }).end(),
            teapot: async () => send('short and stout', 418),
        };
        const names = Object.keys(moods);
        // Every second answer has the JOBs in it, or the node would be told of none.
        const mood = this.#asked % 2 === 0 ? 'lies' : names[(this.#asked >> 1) % names.length];
        ++this.#asked;
        this.answers[mood] = (this.answers[mood] ?? 0) + 1;
        await moods[mood]();
    }

    stop() {
        this.http.closeAllConnections?.();
        this.http.close();
    }
}
