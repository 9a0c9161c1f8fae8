// Programs that a test starts, waits for and stops; their output is kept, to be shown when a test fails.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const running = new Set();
const started = [];

/** Runs until it is stopped: {name, child, output, end: a promise of its exit code}. */
export function start(name, file, ...args) {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const program = {
        name,
        child,
        output: '',
        end: once(child, 'exit').then(([code]) => (running.delete(program), code))
    };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (program.output += piece));
    running.add(program);
    started.push(program);
    return program;
}

/** Waits for a true value of `condition` and returns it; after `limit_s`, throws all programs' last words and `more()`. */
export async function until(what, limit_s, condition, more = () => '') {
    for (const end = Date.now() + limit_s * 1000; Date.now() < end; await sleep(100)) {
        const value = await condition();
        if (value) return value;
    }
    throw new Error(`${what} did not happen within ${limit_s} s\n${
        started.map((p) => `--- ${p.name}\n${p.output.slice(-2000)}`).join('\n')}\n${more()}`);
}

/** Runs to its end, while this process goes on: {status, stdout, stderr}. */
export function run(file, ...args) {
    return new Promise((resolve, reject) => {
        const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
        const outputs = { stdout: '', stderr: '' };
        for (const name of ['stdout', 'stderr'])
            child[name].setEncoding('utf8').on('data', (piece) => (outputs[name] += piece));
        child.on('error', reject).on('close', (status) => resolve({ status, ...outputs }));
    });
}

/** What a program has broken into lines for the terminal, with each sentence in one line again. */
export function unwrapped(text) {
    return text.replace(/\n {8,}/g, ' ');
}

/** Its exit code. */
export async function stop(program) {
    program.child.kill('SIGTERM');
    return program.end;
}

export function kill_all() {
    for (const program of running) program.child.kill('SIGKILL');
}

/** A .env file as an object. */
export function parse_settings(text) {
    return Object.fromEntries(
        text.trim()
            .split('\n')
            .filter((line) => /^\w+=/.test(line))
            .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** `values` as a .env file; what is undefined is left out. */
export function settings_text(values) {
    return Object.entries(values)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => `${key}=${value}\n`)
        .join('');
}

/** The settings of a requester on the network that a node's settings name. */
export function write_requester_settings(file, network, privateKey_file) {
    const { endpoint, storageApi, info_server_url, emethContractAddress, tokenContractAddress, chain_id } = network;
    const text = settings_text({
        endpoint,
        storageApi,
        info_server_url,
        emethContractAddress,
        tokenContractAddress,
        chain_id,
        privateKey_file
    });
    writeFileSync(file, text, { mode: 0o600 });
}
