// The dashboard of a node that works on a devnet, and the devnet's own page, in a real browser: JOBs are followed without
// a reload, while one is declined and the master is restarted under the page; who may not act is refused.
// Usage: node dashboard_test.mjs EMETH DATA_FOLDER SCREENSHOT_FOLDER
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request as http_request } from 'node:http';
import { join } from 'node:path';

import { Devnet, emt, free_port } from '../support/devnet.mjs';
import { kill_all, until } from '../support/programs.mjs';
import { Requester } from '../support/requester.mjs';
import { Browser } from './browser.mjs';
import { NetworkPage } from './network_page.mjs';

const [emeth, data, screenshots] = process.argv.slice(2);
for (const folder of [data, screenshots]) rmSync(folder, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
const began = Date.now();
const say = (text) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);

const book = execFileSync('bible', ['gen1:1-rev22:21'], { maxBuffer: 1 << 26 });
const port = await free_port();
const address = `http://127.0.0.1:${port}`;

/** {status, body, headers} of a request with just these headers. */
function ask(method, path, headers = {}, body = '') {
    return new Promise((resolve, reject) => {
        const asked = http_request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
            let text = '';
            answer.setEncoding('utf8').on('data', (piece) => (text += piece));
            answer.on('end', () => resolve({ status: answer.statusCode, body: text, headers: answer.headers }));
        });
        asked.on('error', reject);
        asked.end(body);
    });
}

async function check_who_is_refused(token, job) {
    const body = JSON.stringify({ job });
    const json = { 'content-type': 'application/json' };
    const authorized = { ...json, authorization: `Bearer ${token}` };
    const refused = [
        [401, json],
        [401, { ...json, authorization: `Bearer ${'0'.repeat(64)}` }],
        [403, { ...authorized, origin: 'http://evil.example' }],
        [403, { ...authorized, origin: 'null' }],
        [403, { ...authorized, host: `evil.example:${port}` }],
        [415, { ...authorized, 'content-type': 'text/plain' }]
    ];
    for (const [status, headers] of refused) {
        for (const action of ['decline', 'retry']) {
            const answer = await ask('POST', `/api/v1/node/${action}`, headers, body);
            assert.equal(answer.status, status, `${action}, ${JSON.stringify(headers)}: ${answer.body}`);
        }
    }
    const not_waiting = await ask('POST', '/api/v1/node/retry', authorized, body);
    assert.equal(not_waiting.status, 409, not_waiting.body);
    assert.ok(not_waiting.body.includes('waits for no retry'), not_waiting.body);
    for (const path of ['/', '/api/v1/node', '/api/v1/node/events', '/api/v1/node/log', `/api/v1/node/jobs/${job}`]) {
        assert.equal((await ask('GET', path, { host: 'evil.example' })).status, 403, path);
        assert.equal((await ask('GET', path, { origin: 'http://evil.example' })).status, 403, path);
    }
    const { headers } = await ask('GET', '/');
    assert.match(headers['content-security-policy'], /default-src 'self'.*frame-ancestors 'none'/);
    say('who may not look or act is refused');
}

/** Until the page of a JOB says `state`; on a busy machine training takes minutes. */
const in_state = (page, state) => page.waitForSelector(`.job-head .badge.${state}`, { timeout: 240_000 });

async function check_keyboard(page) {
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    await page.keyboard.press('Shift+Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'language');
    await page.waitForTimeout(2_200);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'language', 'a snapshot took the focus away');
}

async function check_languages(page) {
    await page.click('#language');
    await page.waitForSelector('nav >> text=概要');
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'ja');
    await browser.photograph(page, 'overview-japanese');
    const other = await page.context().newPage();
    await other.goto(`${address}/#/log`);
    await other.waitForSelector('h1 >> text=ログ');
    await other.close();
    await page.click('#language');
    await page.waitForSelector('nav >> text=Overview');
}

async function photograph_pages(page, job) {
    for (const name of ['workers', 'money', 'servers', 'log']) {
        await page.click(`nav a[href="#/${name}"]`);
        await page.waitForSelector('main h1');
        if (name === 'money') await page.waitForSelector('#income-chart canvas');
        if (name === 'log') await page.waitForSelector('.log li');
        await browser.photograph(page, name);
    }
    await page.goto(`${address}/#/jobs/${job}`);
    await page.waitForSelector('#loss-chart canvas');
    await browser.photograph(page, 'job');
    await page.click('nav a[href="#/"]');
    await page.waitForSelector('.lane .card progress');
    await browser.photograph(page, 'overview');
    say('photographed');
}

async function restart_the_master(node, page) {
    await node.stop();
    await page.waitForSelector('#connection:not([hidden])');
    await page.waitForSelector('.verdict.not-known');
    await browser.photograph(page, 'away');
    const again = devnet.start_node(1, settings);
    await page.waitForSelector('#connection', { state: 'hidden' });
    await page.waitForSelector('.lane .card');
    say('the master was restarted, and the page went on');
    return again;
}

async function decline_by_hand(page, job, token) {
    await page.goto(`${address}/#/jobs/${job}`);
    await page.click('.job-head button');
    const dialog = page.locator('#dialog');
    const { jobs } = JSON.parse((await ask('GET', '/api/v1/node')).body);
    const price = Number(BigInt(jobs.find(({ id }) => id === job).atRisk) / 10n ** 14n) / 1e4;
    assert.ok((await dialog.textContent()).includes(`This costs ${price} EMT`), await dialog.textContent());
    await page.fill('#token', '0'.repeat(64));
    await page.keyboard.press('Enter');
    await page.waitForSelector('#dialog .outcome >> text=dashboard.token');
    await browser.photograph(page, 'decline');
    await page.keyboard.press('Escape');
    assert.equal(await dialog.isVisible(), false);
    assert.ok(await page.locator('.job-head .badge.declined').count() === 0, 'declined although it was called off');
    await page.click('.job-head button');
    await page.fill('#token', token);
    await page.click('#dialog button[type=submit]');
    await in_state(page, 'declined');
    say('a JOB was declined from its page');
}

async function drain_and_resume(page) {
    const notice = page.locator('.notice >> text=The node is draining');
    const act = async (name) => {
        await page.click(`main button >> text=${name}`);
        await page.click('#dialog button[type=submit]');  // with the token that was given before
        await page.waitForSelector('#dialog', { state: 'hidden' });
    };
    await page.click('nav a[href="#/"]');
    await act('Take no new JOBs');
    await notice.waitFor();
    await browser.photograph(page, 'drained');
    await act('Take new JOBs again');
    await notice.waitFor({ state: 'hidden' });
    say('the node was drained from its page, and takes JOBs again');
}

async function follow_to_verified(page, requester) {
    const id = await requester.request_dataset(book.subarray(0, 16_000), await terms());
    await page.goto(`${address}/#/`);
    await page.click(`.lane a[href="#/jobs/${id}"]`);
    await in_state(page, 'verified');
    const states = await page.locator('.timeline .badge').allTextContents();
    assert.deepEqual(states, ['discovered', 'accepted', 'downloading', 'training', 'submitted', 'verified']);
    const kinds = await page.locator('td[data-label=Kind]').allTextContents();
    assert.deepEqual(kinds, ['approve', 'process', 'submit', 'verdict']);
    await browser.photograph(page, 'job-verified');
    await page.click('nav a[href="#/"]');
    await page.waitForSelector(`.cards a[href="#/jobs/${id}"]`);
    await browser.photograph(page, 'overview-ended');
    say('a JOB was followed to verified');
    return id;
}

const terms = async () => ({ deadline: (await devnet.provider.getBlock('latest')).timestamp + 10 * 86_400 });
const settings = { worker_port: port, max_fee: (10n ** 24n).toString(), threads: 1 };
let devnet, browser;
try {
    devnet = await Devnet.start(emeth, data);
    browser = await Browser.launch(screenshots);
    const network_page = await NetworkPage.open(browser, devnet);
    const requester = await Requester.create(devnet, 1_000n);
    await network_page.check_who_is_refused();
    await network_page.see_a_rejection(requester, book.subarray(0, 16_000), await terms());
    say('the network was seen to reject a JOB');
    let node = devnet.start_node(1, settings);
    await until('the dashboard', 60, () => ask('GET', '/api/v1/node').then(({ status }) => status === 200, () => false));
    assert.ok(node.program.output.includes(`dashboard ${address}/`), node.program.output);
    const page = await browser.open(`${address}/`);
    await page.waitForSelector('.verdict.safe >> text=No deposit is locked');
    await page.evaluate(() => (window.was_never_loaded_again = true));
    await check_keyboard(page);
    await check_languages(page);
    say('keyboard and languages');

    const token_file = join(data, 'node', 'dashboard.token');
    assert.equal(statSync(token_file).mode & 0o777, 0o600);
    const token = readFileSync(token_file, 'utf8').trim();
    const job = await requester.request_dataset(book, { ...await terms(), fee: 40n * emt });  // takes minutes
    await page.waitForSelector(`.lane a[href="#/jobs/${job}"]`);
    await page.waitForSelector('.lane .card progress');
    await page.waitForSelector('.verdict >> text=40 EMT locked');
    say('a JOB is in its lane');
    await check_who_is_refused(token, job);
    await until('the training', 60, async () => {
        const { jobs } = JSON.parse((await ask('GET', '/api/v1/node')).body);
        return jobs[0]?.progress?.stage === 'training' && jobs[0].progress.step > 20;
    });
    await photograph_pages(page, job);
    assert.deepEqual(browser.errors, [], 'the browser has errors to tell');
    node = await restart_the_master(node, page);
    browser.errors.length = 0;  // of the connections that failed meanwhile, which the browser tells of itself
    await decline_by_hand(page, job, token);
    browser.errors = browser.errors.filter((error) => !error.includes('401'));  // the token that was wrong on purpose
    await drain_and_resume(page);
    await network_page.see_verified(await follow_to_verified(page, requester));
    await network_page.photograph();
    await network_page.close();
    say('and its page said so');

    assert.equal(await page.evaluate(() => window.was_never_loaded_again), true, 'the page was loaded again');
    assert.deepEqual(browser.errors, [], 'the browser has errors to tell');
    assert.deepEqual([...page.asked_hosts], [`127.0.0.1:${port}`], 'the page asks somebody else');
    await page.close();
    await node.stop();
} finally {
    await browser?.close();
    kill_all();
}
