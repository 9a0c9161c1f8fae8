// Debian's Chromium, driven by playwright-core, and what it says of a page: errors, requests, screenshots.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
if (!existsSync(join(folder, 'node_modules', 'playwright-core')))
    throw new Error(`${folder}/node_modules is missing: run ./emeth build, or npm ci in tests/browser/`);
const { chromium } = createRequire(join(folder, 'package.json'))('playwright-core');

export const widths = { wide: { width: 1280, height: 900 }, phone: { width: 375, height: 780 } };
export const themes = ['light', 'dark'];

function chromium_program() {
    try {
        return execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim();
    } catch {
        throw new Error('chromium is missing: apt-get install chromium, or run the tests by ./emeth test');
    }
}

export class Browser {
    static async launch(screenshots) {
        mkdirSync(screenshots, { recursive: true });
        // Root has no sandbox; the pages are our own.
        const browser = await chromium.launch({
            executablePath: chromium_program(),
            args: process.getuid() === 0 ? ['--no-sandbox'] : []
        });
        return new Browser(browser, screenshots);
    }

    constructor(browser, screenshots) {
        Object.assign(this, { browser, screenshots, errors: [] });
    }

    /** A page of its own session. What goes wrong in it is kept in `errors`, whom it asks in the page's
     *  `asked_hosts`. */
    async open(url, options = {}) {
        const context = await this.browser.newContext({ viewport: widths.wide, locale: 'en-US', ...options });
        const page = await context.newPage();
        page.setDefaultTimeout(60_000);
        page.on('console', (message) => message.type() === 'error' && this.errors.push(message.text()));
        page.on('pageerror', (error) => this.errors.push(String(error)));
        page.asked_hosts = new Set();
        page.on('request', (request) => page.asked_hosts.add(new URL(request.url()).host));
        await page.goto(url);
        return page;
    }

    /** The page as it is, in both widths and both themes: <name>-<width>-<theme>.png. None may be wider than its window. */
    async photograph(page, name) {
        for (const [width, size] of Object.entries(widths)) {
            await page.setViewportSize(size);
            for (const colorScheme of themes) {
                await page.emulateMedia({ colorScheme });
                await page.waitForTimeout(150);  // a chart is drawn anew for the width
                const path = join(this.screenshots, `${name}-${width}-${colorScheme}.png`);
                await page.screenshot({ path, fullPage: true });
            }
            const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            if (excess > 0) throw new Error(`${name} is ${excess} pixels wider than a window of ${size.width}`);
        }
        await page.setViewportSize(widths.wide);
    }

    close() {
        return this.browser.close();
    }
}
