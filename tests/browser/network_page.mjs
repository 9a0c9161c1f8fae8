// The network's page in a browser: JOBs are followed there to their verdicts without a reload, with the reason of a
// rejection; and who may not look is refused.
import assert from 'node:assert/strict';
import { request as http_request } from 'node:http';

import { NodeClient } from '../support/node_client.mjs';

/** {status, headers} of a request to `url` with just these headers. */
function ask(url, headers) {
    return new Promise((resolve, reject) => {
        const asked = http_request(url, { headers }, (answer) => {
            answer.resume();
            answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers }));
        });
        asked.on('error', reject);
        asked.end();
    });
}

const row_of = (page, section, job) => page.locator(`#${section} tbody tr`, { has: page.locator(`[title="${job}"]`) });

export class NetworkPage {
    /** Of a devnet on which no JOB is yet. */
    static async open(browser, devnet) {
        const page = await browser.open(devnet.settings.info_server_url);
        await page.waitForSelector('.verdict.safe >> text=Every server of the network is ready');
        await page.waitForSelector('#jobs >> text=There is no JOB yet');
        await page.evaluate(() => (window.was_never_loaded_again = true));
        return new NetworkPage(browser, devnet, page);
    }

    constructor(browser, devnet, page) {
        Object.assign(this, { browser, devnet, page, address: devnet.settings.info_server_url });
    }

    async check_who_is_refused() {
        const at = (path) => new URL(path, this.address);
        for (const path of ['/', '/api/v1/network', '/api/v1/network/events', '/assets/network.js']) {
            assert.equal((await ask(at(path), { host: 'evil.example' })).status, 403, path);
            assert.equal((await ask(at(path), { origin: 'http://evil.example' })).status, 403, path);
        }
        const { headers } = await ask(at('/'), {});
        assert.match(headers['content-security-policy'], /default-src 'self'.*frame-ancestors 'none'/);
        const sent_on = await ask(new URL('/', this.devnet.settings.storageApi), {});
        assert.equal(sent_on.status, 302);
        assert.equal(sent_on.headers.location, at('/').href);
        const said = await (await fetch(at('/api/v1/network'))).text();
        assert.doesNotMatch(said, /signature=|uploadId|"key"/);
        assert.ok(!said.includes(this.devnet.folder), 'a path is shown');
    }

    /** A node takes the JOB and submits what is no artifact; the verifier says so at once. */
    async see_a_rejection(requester, dataset, terms) {
        const job = await requester.request_dataset(dataset, terms);
        await row_of(this.page, 'jobs', job).locator('.badge.requested').waitFor();
        const cheat = await NodeClient.create(this.devnet, 100n);
        await cheat.process(job);
        await cheat.submit(job, '<img src=x onerror=alert(1)>.pt');
        const row = row_of(this.page, 'jobs', job);
        await row.locator('.badge.submitted').waitFor();
        await row.locator('.badge.failed').waitFor();
        await row.locator('.badge.rejected').waitFor();
        await row.locator('text=<img src=x onerror=alert(1)>.pt').waitFor();
        await row_of(this.page, 'verifier', job).locator('.badge.rejected').waitFor();
        assert.equal(await this.page.locator('main img').count(), 0, 'what a node submits is text');
    }

    async see_verified(job) {
        const row = row_of(this.page, 'jobs', job);
        await row.locator('.badge.verified').waitFor();
        await row.locator('.badge.passed').waitFor();
        await row_of(this.page, 'verifier', job).locator('text=gas credited').waitFor();
        assert.equal(await this.page.evaluate(() => window.was_never_loaded_again), true, 'the page was loaded again');
    }

    async photograph() {
        await this.browser.photograph(this.page, 'network');
        await this.page.click('#language');
        await this.page.waitForSelector('nav >> text=ストレージ');
        await this.browser.photograph(this.page, 'network-japanese');
        await this.page.click('#language');
    }

    async close() {
        assert.deepEqual([...this.page.asked_hosts], [new URL(this.address).host], 'the page asks somebody else');
        await this.page.close();
    }
}
