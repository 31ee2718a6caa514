// Can the pages be used: filtered, looked up, read by a keyboard and a screen reader, on a phone, without
// scripts? And are they within their budgets?

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { AxeBuilder } from '@axe-core/playwright';
import { HtmlValidate } from 'html-validate';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Served } from '../../scripts/demo/server.ts';
import { type ExampleLibrary, exampleLibrary } from './library.ts';
import { build, describeWithChromium, launch, look, serveSite, stop, tree } from './site.ts';

/** Octets, compressed by brotli. */
const LIST_BUDGET = 50_000;
const VERIFIER_BUDGET = 15_000;

let base: string;
let example: ExampleLibrary;
let site: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'cfl-site-test-'));
  example = await exampleLibrary(join(base, 'library'));
  site = await build(example.written.folder, example.written.rootSha256, join(base, 'site'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

describe('every page', () => {
  it('is HTML without an error', async () => {
    const validator = new HtmlValidate({
      extends: ['html-validate:recommended', 'html-validate:document'],
      rules: {
        // A manufacturer's name is as long as it is
        'long-title': 'off',
        'require-sri': ['error', { target: 'all', include: ['.css', '.js'] }],
      },
    });
    const faults: string[] = [];
    for (const [path, html] of await tree(site)) {
      if (!path.endsWith('.html')) continue;
      const report = await validator.validateString(Buffer.from(html, 'latin1').toString('utf8'));
      for (const { messages } of report.results)
        faults.push(...messages.map(({ ruleId, message, line }) => `${path}:${line} ${ruleId} ${message}`));
    }
    expect(faults).toEqual([]);
  });

  it('asks its scripts and its style sheet for their digests', async () => {
    for (const [path, html] of await tree(site)) {
      if (!path.endsWith('.html')) continue;
      const loaded = html.match(/<script[^>]*\ssrc=[^>]*>|<link[^>]*rel="stylesheet"[^>]*>/g) ?? [];
      expect(loaded.length, path).toBeGreaterThan(0);
      for (const tag of loaded) expect(tag, path).toMatch(/integrity="sha384-[A-Za-z0-9+/]{64}"/);
    }
  });
});

describe('what a reader loads', () => {
  const compressed = async (path: string) => brotliCompressSync(await readFile(join(site, path))).length;

  it('for the list is small, and for the check smaller', async () => {
    const files = [...(await tree(site)).keys()];
    const assets = files.filter((path) => path.startsWith('assets/'));
    const own = assets.filter((path) => /\/(style|list|copy)-/.test(path));
    expect(own).toHaveLength(3);
    let list = await compressed('index.html');
    for (const path of [...own, 'icon.svg']) list += await compressed(path);
    const verifier = await compressed(assets.find((path) => path.includes('/verifier-')) ?? '');
    console.log(`list page ${list} octets, verifier ${verifier} octets, by brotli`);
    expect(list).toBeLessThanOrEqual(LIST_BUDGET);
    expect(verifier).toBeLessThanOrEqual(VERIFIER_BUDGET);
  });
});

describeWithChromium('in Chromium', () => {
  let served: Served;
  let browser: Browser;

  beforeAll(async () => {
    served = await serveSite(site, example.written.folder);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    if (served !== undefined) stop(served);
  });

  const kinds = (): Readonly<Record<string, string>> => ({
    list: '',
    'list of a manufacturer': 'manufacturers/FFF1/',
    model: 'models/FFF1-0A01/',
    'release, current': `releases/${example.newest.release}/`,
    'release, withdrawn': `releases/${example.withdrawn.release}/`,
    'look up': 'lookup/',
    changes: 'changes/',
    trust: 'trust/',
    rules: 'rules/',
  });

  const firmware = '.releases tbody tr:visible th';

  it('the list is filtered by what stands in the address, and says how many are left', async () => {
    const { context, page, complaints } = await look(browser);
    await page.goto(`${served.url}/?type=ESME&state=current`);
    await page.waitForFunction(
      () => document.querySelector('[role=status]')?.textContent === '1 of 6 releases',
    );
    expect(await page.locator(firmware).allTextContents()).toEqual(['01000203']);
    expect(await page.inputValue('#f-type')).toBe('ESME');
    await page.click('.releases tbody a.release');
    expect(page.url()).toBe(`${served.url}/releases/${example.newest.release}/`);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('the form writes the address, row by row as fields change, and clearing brings all back', async () => {
    const { context, page, complaints } = await look(browser);
    await page.goto(`${served.url}/`);
    expect(await page.locator(firmware).count()).toBe(6);
    await page.selectOption('#f-state', 'withdrawn');
    await page.waitForURL('**/?state=withdrawn');
    await page.waitForFunction(
      () => document.querySelector('[role=status]')?.textContent === '1 of 6 releases',
    );
    expect(await page.locator(firmware).allTextContents()).toEqual(['0200000A']);
    await page.click('.filters summary');
    await page.selectOption('#f-state', '');
    await page.fill('#f-hardware', '0x0102');
    await page.fill('#f-firmware', '0100');
    await page.waitForFunction(
      () => document.querySelector('[role=status]')?.textContent === '2 of 6 releases',
    );
    await page.click('.filters [type=reset]');
    await page.waitForFunction(() => document.querySelector('[role=status]')?.textContent === '6 releases');
    expect(page.url()).toBe(`${served.url}/`);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('a filter in the address is shown, the further ones too', async () => {
    const { context, page } = await look(browser);
    await page.goto(`${served.url}/?smets=5.1&gbcs=4.2&class=compliance`);
    await page.waitForFunction(
      () => document.querySelector('[role=status]')?.textContent === '6 of 6 releases',
    );
    expect(await page.isVisible('#f-gbcs')).toBe(true);
    await context.close();
  });

  it('without scripts all releases are there, with links to the lists instead of a form', async () => {
    const { context, page } = await look(browser, { javaScriptEnabled: false });
    await page.goto(`${served.url}/`);
    expect(await page.locator(firmware).count()).toBe(6);
    expect(await page.isVisible('form')).toBe(false);
    await page.click('text=lists by manufacturer');
    await page.click('#lists >> text=withdrawn');
    expect(await page.locator(firmware).allTextContents()).toEqual(['0200000A']);
    await page.goto(`${served.url}/releases/${example.newest.release}/`);
    expect(await page.isVisible('cfl-check button')).toBe(false);
    expect(await page.innerText('cfl-check')).toContain('This needs JavaScript');
    await page.goto(`${served.url}/lookup/`);
    expect(await page.isVisible('form')).toBe(false);
    await page.click('.index >> text=0A01 >> nth=0');
    expect(page.url()).toMatch(/models\/FFF\d-0A01\/$/);
    await context.close();
  });

  it('something is looked up by hash, by entry, by words, and on the list without an image', async () => {
    const { context, page, complaints } = await look(browser);
    const { newest } = example;
    const ask = async (question: string) => {
      await page.goto(`${served.url}/lookup/?${new URLSearchParams({ q: question })}`);
      await page.waitForFunction(() => document.querySelector('[role=status]')?.textContent !== '');
      return page.locator('.releases tbody tr:visible').count();
    };
    expect(await ask(newest.row.imageHash)).toBe(1);
    expect(await ask(newest.release.slice(0, 8).toUpperCase())).toBe(1);
    expect(await ask(newest.entry.entry)).toBe(1);
    expect(await ask('FFF1 0A01 01000203')).toBe(1);
    expect(await ask('Example Meters')).toBe(3);
    expect(await ask('FFF1 0A01 01000300')).toBe(0);
    expect(await page.innerText('.found')).toMatch(
      /01000300, Active on the Central Products List, not held here/,
    );
    expect(await ask('00000000')).toBe(0);
    expect(await page.innerText('[role=status]')).toMatch(/^Nothing in the library has this/);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('a hash is copied whole', async () => {
    const { context, page } = await look(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.goto(`${served.url}/releases/${example.newest.release}/`);
    await page.click('button[aria-label="Copy the CPL hash"]');
    await page.waitForSelector('text=Copied');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(example.newest.row.imageHash);
    await context.close();
  });

  it('everything is reached by the keyboard, the content first', async () => {
    const { context, page } = await look(browser);
    await page.goto(`${served.url}/releases/${example.newest.release}/`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content');
    await page.keyboard.press('Enter');
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(() => document.activeElement?.textContent)) === 'Check in this browser') break;
    }
    await page.keyboard.press('Enter');
    await page.waitForSelector('cfl-check [role=status].good');
    await context.close();
  });

  it.each(['light', 'dark'] as const)(
    'axe finds nothing wrong on any kind of page, %s',
    async (colorScheme) => {
      for (const [kind, path] of Object.entries(kinds())) {
        const { context, page } = await look(browser, { colorScheme, bypassCSP: true });
        await page.goto(`${served.url}/${path}`);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
          kind,
        ).toEqual([]);
        await context.close();
      }
    },
  );

  it('no page is wider than a phone, and nothing moves once it is shown', async () => {
    for (const [kind, path] of Object.entries(kinds())) {
      const { context, page, complaints } = await look(browser, { viewport: { width: 360, height: 740 } });
      await page.goto(`${served.url}/${path}`);
      const shifts = await page.evaluate(
        () =>
          new Promise<number>((tell) => {
            new PerformanceObserver((list) => tell(list.getEntries().length)).observe({
              type: 'layout-shift',
              buffered: true,
            });
            requestAnimationFrame(() => requestAnimationFrame(() => tell(0)));
          }),
      );
      expect(shifts, kind).toBe(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), kind).toBeLessThanOrEqual(360);
      expect(complaints, kind).toEqual([]);
      await context.close();
    }
  });

  it('nothing is asked for elsewhere, and nothing is sent', async () => {
    const { context, page } = await look(browser);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(`${request.method()} ${request.url()}`));
    for (const path of Object.values(kinds())) await page.goto(`${served.url}/${path}`);
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((one) => !one.startsWith(`GET ${served.url}/`))).toEqual([]);
    await context.close();
  });
});
