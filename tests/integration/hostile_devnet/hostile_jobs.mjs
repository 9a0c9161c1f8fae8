// JOBs whose requester wants the node's deposit, or its time. None of them may cost it anything.
import assert from 'node:assert/strict';
import { existsSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

import { emt } from '../../support/devnet.mjs';
import { Requester, good_param } from '../../support/requester.mjs';

const raw = (text) => Buffer.from(text, 'latin1');
const sentence = 'And it came to pass, that it was not so. ';
const text_of = (bytes) => Buffer.from(sentence.repeat(Math.ceil(bytes / sentence.length)).slice(0, bytes));

const dataset_file = (devnet, name) => {
    const file = join(devnet.folder, 'net', 'objects', 'dataset', name.replace(/^dataset\//, ''));
    assert.ok(existsSync(file), file);
    return file;
};

/** Each puts a JOB on chain: (requester, {now: the chain's time, deadline, other: another's dataset}) → its id. */
export const hostile_jobs = {
    raw_bytes_in_param: (r, { deadline }) => r.request_dataset(
        text_of(9_000), { deadline, param: raw('{"language": "en", "epoch": 2, "note": "\xff\xfe\x80"}') }),
    raw_bytes_as_param: (r, { deadline }) =>
        r.request_dataset(text_of(9_000), { deadline, param: raw('\xff\x00\x9b2J') }),
    unknown_model: (r, { deadline }) =>
        r.request_dataset(text_of(9_000), { deadline, param: '{"language": "en", "epoch": 2, "model": "gpt9"}' }),
    a_billion_epochs: (r, { deadline }) =>
        r.request_dataset(text_of(9_000), { deadline, param: '{"language": "en", "epoch": 1e9}' }),
    thousand_epochs: (r, { deadline }) =>
        r.request_dataset(text_of(2_000_000), { deadline, param: '{"language": "en", "epoch": 1000}' }),
    deep_param: (r, { deadline }) => r.request_dataset(text_of(9_000), { deadline, param: '['.repeat(20_000) }),
    huge_param: (r, { deadline }) => r.request_dataset(
        text_of(9_000), { deadline, param: JSON.stringify({ language: 'en', epoch: 2, note: 'x'.repeat(20_000) }) }),
    no_dataset: (r, { deadline }) => r.request({ deadline, dataset: 'nothing.txt' }),
    path_as_dataset: (r, { deadline }) => r.request({ deadline, dataset: '../../../etc/passwd' }),
    raw_bytes_as_dataset: (r, { deadline }) => r.request({ deadline, dataset: raw('\xff\xfe/\x00%2e%2e') }),
    empty_dataset_name: (r, { deadline }) => r.request({ deadline, dataset: '' }),
    dataset_of_another: (r, { deadline, other }) => r.request({ deadline, dataset: other }),
    dataset_that_is_gone: async (r, { deadline }) => {
        const id = Requester.new_id();
        const dataset = await r.upload(id, text_of(9_000));
        rmSync(dataset_file(r.devnet, dataset));
        return r.request({ id, deadline, dataset });
    },
    dataset_that_shrank: async (r, { deadline }) => {
        const id = Requester.new_id();
        const dataset = await r.upload(id, text_of(9_000));
        truncateSync(dataset_file(r.devnet, dataset), 4_000);
        return r.request({ id, deadline, dataset });
    },
    /** It is another than was uploaded, but whole. */
    dataset_that_changed: async (r, { deadline }) => {
        const id = Requester.new_id();
        const dataset = await r.upload(id, text_of(9_000));
        truncateSync(dataset_file(r.devnet, dataset), 6_000);
        return r.request({ id, deadline, dataset });
    },
    small_dataset: (r, { deadline }) => r.request_dataset(text_of(4_095), { deadline }),
    fee_for_the_verifier_alone: (r, { deadline }) => r.request_dataset(text_of(9_000), { deadline, fee: 10n * emt }),
    fee_beyond_bounds: (r, { deadline }) => r.request_dataset(text_of(9_000), { deadline, fee: 101n * emt }),
    deadline_too_near: (r, { now }) => r.request_dataset(text_of(9_000), { deadline: now + 60 }),
    deadline_beyond_time: (r) => r.request_dataset(text_of(9_000), { deadline: 2n ** 256n - 1n }),
    another_program: (r, { deadline }) => r.request_dataset(text_of(9_000), { deadline, program: 2n ** 255n }),
    canceled_while_processed: async (r, { deadline }) => {
        const id = await r.request_dataset(text_of(9_000), { deadline, param: good_param });
        r.canceling = [...(r.canceling ?? []), r.cancel_while_processed(id)];
        return id;
    },
};
/** What the node can train, and may take. */
export const may_be_taken = new Set([
    'raw_bytes_in_param', 'huge_param', 'dataset_that_changed', 'canceled_while_processed', 'deadline_beyond_time'
]);
