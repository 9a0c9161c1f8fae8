// Each dataset that is no tidy text goes from `emeth request` to verified, on a devnet with two workers.
// Usage: node odd_datasets_test.mjs EMETH DATA_FOLDER [MEGABYTES]
// With MEGABYTES: one line of so many bytes instead, on one worker.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { Devnet } from '../../support/devnet.mjs';
import { kill_all, until } from '../../support/programs.mjs';
import { SeededRandom } from '../../support/seeded_random.mjs';

const [emeth, data, megabytes] = process.argv.slice(2);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });

/** The first `bytes` of the King James Bible (Debian's bible-kjv), which is ASCII. */
function english_text(bytes) {
    const book = execFileSync('bible', ['gen1:1-rev22:21'], { maxBuffer: 1 << 26 });
    return Buffer.concat(Array(Math.ceil(bytes / book.length)).fill(book)).subarray(0, bytes);
}

/** The whole of Debian's debian-reference-ja: 1 MB, 1,240 distinct Japanese characters. */
function japanese_text() {
    const folders = ['/usr/share/debian-reference', '/usr/share/doc/debian-reference-common/docs'];  // Debian 12, 13
    const files = folders.map((folder) => join(folder, 'debian-reference.ja.txt.gz'));
    const file = files.find(existsSync);
    assert(file !== undefined, `none of ${files} exists: install debian-reference-ja`);
    return gunzipSync(readFileSync(file));
}

/** `text` in another encoding, as Python writes it; characters that it lacks are left out. */
function encoded(text, encoding) {
    const script = 'import sys; text = sys.stdin.buffer.read().decode(); ' +
        'sys.stdout.buffer.write(text.encode(sys.argv[1], "ignore"))';
    return execFileSync('python3', ['-c', script, encoding], { input: text, maxBuffer: 1 << 26 });
}

/** The first and the last code point of ranges that hold nothing but letters, among them one beyond U+FFFF. */
const scripts = [
    [0x41, 0x5a], [0x3b1, 0x3c9], [0x410, 0x44f], [0x561, 0x586], [0x5d0, 0x5ea], [0x621, 0x63a], [0x905, 0x939],
    [0x995, 0x9a8], [0xe01, 0xe2e], [0x10d0, 0x10f0], [0x1200, 0x1248], [0x1780, 0x17a2], [0x3041, 0x3096],
    [0x4e00, 0x9fa5], [0xac00, 0xd7a3], [0x1f600, 0x1f64f]
];

/** About `characters` letters of all scripts, a word of one script after the other. */
function many_scripts(characters) {
    const random = new SeededRandom('scripts');
    let text = '';
    for (let written = 0; written < characters;) {
        const [first, last] = random.pick(scripts);
        const length = random.between(2, 8);
        for (let i = 0; i < length; ++i) text += String.fromCodePoint(random.between(first, last));
        text += random.below(12) === 0 ? '\n' : ' ';
        written += length + 1;
    }
    return Buffer.from(text);
}

function with_one_latin1_byte(text) {
    const changed = Buffer.from(text);
    changed[changed.length >> 1] = 0xe9;
    return changed;
}

/** Ends in the first two of a character's three bytes. */
function cut_inside_a_character(bytes) {
    const text = Buffer.from('人は皆、生まれながらにして自由である。\n'.repeat(Math.ceil(bytes / 50)));
    return text.subarray(0, text.lastIndexOf('人', bytes) + 2);
}

const one_line = (bytes) => Buffer.from(english_text(bytes + (bytes >> 1)).toString('latin1').replace(/\s/g, ''))
                                .subarray(0, bytes);

/** Each with what `emeth request` must see in it and warn of. */
const cases = megabytes ? [{
    name: 'one line',
    bytes: one_line(Number(megabytes) * 1_000_000),
    sees: { encoding: 'ASCII', lines: 1 },
    warning: /one line has \d+ of the \d+ bytes/,
    flags: ['--gas-price', '0.05', '--deadline-in', String(24 * 3600)]
}] : [
    {
        name: 'one Latin-1 byte in ASCII',
        bytes: with_one_latin1_byte(english_text(30_000)),
        sees: { encoding: 'an 8-bit encoding', malformed_bytes: 1 },
        warning: /not UTF-8 \(from offset 15000 on\)/
    },
    {
        name: 'a file cut inside a character',
        bytes: cut_inside_a_character(20_000),
        sees: { encoding: 'damaged UTF-8', malformed_bytes: 2 },
        warning: /2 bytes are not UTF-8, the first at offset \d+/,
        flags: ['--language', 'ja']
    },
    {
        name: 'newlines only',
        bytes: Buffer.alloc(10_000, '\n'),
        sees: { encoding: 'ASCII', lines: 10_000, longest_line_bytes: 0 },
        warning: /nothing but white space/
    },
    {
        name: 'NULs',
        bytes: Buffer.alloc(4_096),
        sees: { encoding: 'binary', lines: 1 },
        warning: /no text but binary/
    },
    {
        name: 'UTF-16',
        bytes: encoded(english_text(20_000), 'utf-16'),
        sees: { encoding: 'UTF-16' },
        warning: /seems to be UTF-16.*iconv -f UTF-16 -t UTF-8/
    },
    {
        name: 'Shift-JIS',
        bytes: encoded(japanese_text(), 'cp932').subarray(100_000, 140_000),
        sees: { encoding: 'Shift-JIS' },
        warning: /seems to be Shift-JIS.*iconv -f CP932 -t UTF-8/,
        flags: ['--language', 'ja']
    },
    {
        name: 'a binary',
        bytes: readFileSync('/bin/ls').subarray(0, 60_000),
        sees: { encoding: 'binary' },
        warning: /no text but binary/
    },
    {
        name: 'one line',
        bytes: one_line(300_000),
        sees: { encoding: 'ASCII', lines: 1, longest_line_bytes: 300_000 },
        warning: /one line has 300000 of the 300000 bytes/
    },
    {
        name: 'Japanese',
        bytes: japanese_text(),
        sees: { encoding: 'UTF-8', malformed_bytes: 0 },
        flags: ['--language', 'ja']
    },
    { name: 'many scripts', bytes: many_scripts(15_000), sees: { encoding: 'UTF-8', malformed_bytes: 0 } },
];

try {
    const devnet = await Devnet.start(emeth, data);
    const node = devnet.start_node(megabytes ? 1 : 2, { max_fee: 10n ** 21n });
    const { core, token } = devnet;
    const wallet = devnet.node_address();
    const fee_of_verifier = await core.VERIFIER_FEE();
    const money_at_first = await token.balanceOf(wallet);

    // What nobody takes is refused before any money moves.
    const requester = await devnet.requester().getAddress();
    const money_of_requester = async () =>
        `${await token.balanceOf(requester)} ${await devnet.provider.getTransactionCount(requester)}`;
    const money = await money_of_requester();
    const text_file = (bytes) => {
        const file = join(data, `text of ${bytes} bytes`);
        writeFileSync(file, english_text(bytes));
        return file;
    };
    for (const [file, flags, expected] of [
             [text_file(0), [], /the dataset has 0 bytes; nobody trains on fewer than 4096/],
             [text_file(4095), [], /the dataset has 4095 bytes/], [text_file(4096), ['--model', 'gpt9'], /'gpt9'/],
             [text_file(4096), ['--fee-min', '10', '--gas-price', '1'], /does not exceed the verifier's fee of 10 EMT/],
             [data, [], /is not a regular file/], [join(data, 'nothing'), [], /No such file/]]) {
        const refused = await devnet.request(file, ...flags);
        assert.equal(refused.status, 2, refused.stderr);
        assert.match(refused.stderr, expected);
    }
    assert.equal(await money_of_requester(), money, 'no money moved');

    const ids = new Map();
    let earned = 0n;
    for (const { name, bytes, sees, warning, flags = [] } of cases) {
        const file = join(data, name.replaceAll(' ', '_'));
        writeFileSync(file, bytes);
        const requested = await devnet.request(file, '--model', 'nano', '--json', ...flags);
        assert.equal(requested.status, 0, `${name}: ${requested.stderr}`);
        const answer = JSON.parse(requested.stdout);
        assert.equal(answer.dataset_bytes, bytes.length, name);
        for (const [field, value] of Object.entries(sees))
            assert.equal(answer.dataset[field], value, `${name}: ${field}`);
        if (warning) assert.match(requested.stderr, new RegExp(`emeth request: warning: .*${warning.source}`), name);
        else assert.deepEqual(answer.warnings, [], name);
        ids.set(answer.id, name);
        earned += BigInt(answer.fee_wei) - fee_of_verifier;
        console.log(`${name}: ${bytes.length} bytes, ${answer.dataset.encoding}, JOB ${answer.id}`);
    }

    const began = Date.now();
    const limit_s = megabytes ? 24 * 3600 : 240;
    for (const left = new Map(ids); left.size > 0;) {
        const [id, status] = await until(`an end of ${[...left.values()]}`, limit_s, async () => {
            for (const id of left.keys()) {
                const { status } = await core.jobs(id);
                if (status > 3n) return [id, status];
            }
        });
        assert.equal(status, 4n, `${left.get(id)}: status ${status} instead of VERIFIED\n${await node.history(id)}`);
        console.log(`${left.get(id)}: verified, ${((Date.now() - began) / 1000).toFixed(0)} s after the last request`);
        left.delete(id);
    }
    assert.equal(await token.balanceOf(wallet) - money_at_first, earned, 'each deposit came back, with each fee');
    for (const [id, name] of ids) {
        const history = await node.history(id);
        assert.equal(history.split('granted to worker').length - 1, 1, `${name}: one lease is enough\n${history}`);
        assert.doesNotMatch(history, / failed (transiently|permanently)/, name);
    }
    await node.stop();
    assert.equal(await devnet.stop(), 0);
    console.log('every dataset trains');
} finally {
    kill_all();
}
