// "Check in this browser": what is honest passes, and each lie is refused. Every lie is told beside an honest
// page, which has passed before.

import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeStatement, statementPath } from '@cfl/client/firmware';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MadeRelease } from '../../client/test/library/fixture.ts';
import type { Served } from '../../scripts/demo/server.ts';
import { type ExampleLibrary, exampleLibrary, NOW } from './library.ts';
import { build, check, describeWithChromium, launch, look, serveSite, stop } from './site.ts';

describeWithChromium('the check in the browser', () => {
  let base: string;
  let example: ExampleLibrary;
  let site: string;
  let oldTimestamp: Buffer;
  let served: Served;
  let browser: Browser;

  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'cfl-site-test-'));
    example = await exampleLibrary(join(base, 'library'));
    const { folder, rootSha256 } = example.written;
    oldTimestamp = await readFile(join(folder, 'metadata', 'timestamp.json'));
    await example.library.write(folder);
    site = await build(folder, rootSha256, join(base, 'site'));
    served = await serveSite(site, folder);
    browser = await launch();
  });

  afterAll(async () => {
    await browser?.close();
    if (served !== undefined) stop(served);
    await rm(base, { recursive: true, force: true });
  });

  const pageOf = ({ release }: MadeRelease, { url } = served) => `${url}/releases/${release}/`;

  /** What it answers, after a lie was prepared. */
  async function answer(about: MadeRelease, lie?: (page: Page) => Promise<unknown>, from?: Served, at = NOW) {
    const { context, page } = await look(browser, { at });
    try {
      await lie?.(page);
      await page.goto(pageOf(about, from));
      expect(await page.textContent('cfl-check [role=status]')).toBe('Not yet checked in this browser.');
      return await check(page);
    } finally {
      await context.close();
    }
  }

  /** The same site over the library as it is changed by `change`, published once more, elsewhere. */
  async function changed(change: () => void | Promise<void>): Promise<Served> {
    const folder = await mkdtemp(join(base, 'changed-'));
    await cp(example.written.folder, folder, { recursive: true });
    await change();
    await example.library.write(folder);
    return serveSite(site, folder);
  }

  const GOOD = /^Checked in this browser at 2026-11-20 09:00 UTC: signed and accepted/;

  it('passes each honest release, whatever its state, and says what was and what was not checked', async () => {
    const { newest, former, withdrawn, suspended } = example;
    for (const one of [newest, former, withdrawn, suspended]) expect(await answer(one)).toMatch(GOOD);

    const { context, page, complaints } = await look(browser);
    await page.goto(pageOf(newest));
    expect(await page.innerText('body')).not.toMatch(/\bverified\b|\bchecked in this browser at/i);
    expect(await page.isVisible('.after')).toBe(false);
    await check(page);
    const steps = (await page.locator('.steps li b').allTextContents()).join(' ');
    expect(steps).toMatch(
      /^root timestamp snapshot targets registrar m-fff1 gate .*statement.*endorsement.*state this page$/,
    );
    const said = await page.innerText('.after');
    expect(said).toContain('the code that did this came from this site');
    expect(said).toMatch(/authority, its revocation list and the time stamp are checked by\s+cfl/);
    expect(said).toContain(example.written.rootSha256);
    const links = await page
      .locator('.steps a')
      .evaluateAll((all) => all.map((one) => (one as HTMLAnchorElement).href));
    expect(links.length).toBeGreaterThan(10);
    for (const link of links) expect((await page.request.get(link)).status(), link).toBe(200);
    // Under a role its own file, under a step what was read for it
    const filesOf = (step: string) =>
      page
        .locator(`.steps li:has(b:text-is("${step}")) a`)
        .evaluateAll((all) =>
          all.map((one) => (one as HTMLAnchorElement).pathname.replace(/^.*\/(?:[0-9a-f]{64}\.)?/, '')),
        );
    expect(await filesOf('m-fff1')).toEqual(['2.m-fff1.json']);
    expect(await filesOf('statement')).toEqual([
      'parties.json',
      'decision-1.json',
      'statement-1.sigstore.json',
    ]);
    expect(await filesOf('state')).toEqual(['index.json', 'FFF1.json', 'index.json', 'FFF1-0.json']);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('passes under an RSA certificate and under one of P-256', async () => {
    expect([example.newest.code, example.suspended.code]).toEqual(['FFF1', 'FFF2']);
    expect(await answer(example.newest)).toMatch(GOOD);
    expect(await answer(example.suspended)).toMatch(GOOD);
  });

  it('refuses a timestamp that is older than the one the page was made from', async () => {
    const told = await answer(example.newest, (page) =>
      page.route('**/metadata/timestamp.json', (route) => route.fulfill({ body: oldTimestamp })),
    );
    expect(told).toMatch(
      /^Refused: Cannot accept timestamp version 1: version 2 was already trusted\. Do not rely/,
    );
  });

  it('refuses, in the same tab, a library older than one that was seen since', async () => {
    const older = await readFile(join(example.written.folder, 'metadata', 'timestamp.json'));
    const newer = await changed(() => {});
    const { context, page } = await look(browser);
    await page.goto(pageOf(example.newest, newer));
    expect(await check(page)).toMatch(GOOD);
    await page.route('**/metadata/timestamp.json', (route) => route.fulfill({ body: older }));
    await page.reload();
    expect(await check(page)).toMatch(
      /^Refused: Cannot accept timestamp version 2: version \d+ was already trusted/,
    );
    await context.close();
    stop(newer);
  });

  it('refuses a timestamp that has expired', async () => {
    const late = new Date('2026-11-24T09:00:00Z');
    expect(await answer(example.newest, undefined, served, late)).toMatch(
      /^Refused: Cannot accept timestamp version 2: it expired on 2026-11-23/,
    );
  });

  it('refuses a snapshot that has expired', async () => {
    const { snapshotExpires } = example.library;
    const expired = await changed(() => {
      example.library.snapshotExpires = new Date('2026-11-19T09:00:00Z');
    });
    expect(await answer(example.newest, undefined, expired)).toMatch(
      /^Refused: Cannot accept snapshot version \d+: it expired on 2026-11-19/,
    );
    example.library.snapshotExpires = snapshotExpires;
    stop(expired);
  });

  it.each([
    ['the catalogue', /targets\/catalogue\/[0-9a-f]{64}\.FFF1-0\.json/],
    ['the statement', /statement-1\.sigstore\.json/],
    ['the Central Products List', /targets\/cpl\/2\/.*FFF1\.json/],
    ['the decision', /decision-1\.json/],
    ['the endorsement', /endorsement-1-example-energy/],
    ['the register', /parties\.json/],
  ])('refuses %s where one octet of it was changed', async (_, file) => {
    const told = await answer(example.newest, (page) =>
      page.route(file, async (route) => {
        const body = await (await route.fetch()).body();
        body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
        await route.fulfill({ body });
      }),
    );
    expect(told).toMatch(/^Refused: Cannot accept .*: its sha256 is [0-9a-f]{64}, [0-9a-f]{64} is signed/);
  });

  it('refuses another root than the pinned one', async () => {
    const told = await answer(example.newest, (page) =>
      page.route('**/metadata/1.root.json', async (route) =>
        route.fulfill({ body: (await (await route.fetch()).text()).replace('{', '{ ') }),
      ),
    );
    expect(told).toMatch(/^Refused: Cannot accept the SHA-256 of 1\.root\.json: found /);
  });

  it('refuses a statement under a certificate that the register does not give its party', async () => {
    const { library, newest } = example;
    const path = statementPath(newest.code, newest.release, 1);
    const bundle = (by?: 'another') =>
      library.sign(
        encodeStatement(newest.statement),
        by === undefined ? {} : { by: library.certificateOf('FFF2' as never) },
      );
    const lying = await changed(async () => library.put(path, await bundle('another')));
    expect(await answer(newest, undefined, lying)).toMatch(
      /^Refused: Cannot accept the signature: found certificate [0-9a-f]{64}, expected one of example-meters for release at/,
    );
    stop(lying);
    library.put(path, newest.bundle);
  });

  it('refuses a statement whose signature is of other words, though its publisher lists it', async () => {
    const { library, newest } = example;
    const path = statementPath(newest.code, newest.release, 1);
    const json = JSON.parse(new TextDecoder().decode(newest.bundle));
    const words = Buffer.from(json.dsseEnvelope.payload, 'base64')
      .toString()
      .replace('"maxHardwareVersion":511', '"maxHardwareVersion":767');
    json.dsseEnvelope.payload = Buffer.from(words).toString('base64');
    const lying = await changed(() => library.put(path, new TextEncoder().encode(JSON.stringify(json))));
    expect(await answer(newest, undefined, lying)).toMatch(
      /^Refused: Cannot accept the statement: it has no good signature/,
    );
    stop(lying);
    library.put(path, newest.bundle);
  });

  it.each([
    [
      'another CPL hash',
      (html: string, { row }: MadeRelease) => html.replaceAll(row.imageHash, 'ab'.repeat(32)),
    ],
    ['a wider hardware range', (html: string) => html.replaceAll('0100 to 01FF', '0000 to FFFF')],
    ['another state', (html: string) => html.replace(/(data-signed="state"[^>]*>)[a-z]+/, '$1superseded')],
    ['a mark less', (html: string) => html.replace('data-signed="class"', '')],
    [
      'a mark more',
      (html: string) => html.replace('<p class="means">', '<p class="means" data-signed="means">'),
    ],
    [
      'a fact twice',
      (html: string) => html.replace('<p class="means">', '<p class="means" data-signed="class">'),
    ],
  ])('refuses a page that says what is not signed: %s', async (_, lie) => {
    const told = await answer(example.newest, (page) =>
      page.route('**/releases/**', async (route) => {
        const honest = await (await route.fetch()).text();
        const body = lie(honest, example.newest);
        expect(body).not.toBe(honest);
        await route.fulfill({ body, contentType: 'text/html' });
      }),
    );
    expect(told).toMatch(/^Refused: the page says "/);
  });

  it('refuses a page that hides a withdrawal', async () => {
    const told = await answer(example.withdrawn, (page) =>
      page.route('**/releases/**', async (route) => {
        const body = (await (await route.fetch()).text()).replace(
          /(data-signed="state"[^>]*>)withdrawn/,
          '$1current',
        );
        await route.fulfill({ body, contentType: 'text/html' });
      }),
    );
    expect(told).toMatch(/^Refused: the page says "current" for state, signed is "withdrawn"/);
  });

  it('calls a library that cannot be reached unreachable, not false', async () => {
    const told = await answer(example.newest, (page) =>
      page.route('**/metadata/timestamp.json', (route) => route.fulfill({ status: 503, body: '' })),
    );
    expect(told).toMatch(/^Could not be checked: Cannot get .*timestamp\.json: the server answered 503/);
  });

  it('does not run code whose digest is another than the page was made with', async () => {
    const told = await answer(example.newest, (page) =>
      page.route('**/assets/verifier-*.js', async (route) =>
        route.fulfill({
          body: `${await (await route.fetch()).text()}\n;`,
          contentType: 'text/javascript',
        }),
      ),
    );
    expect(told).toMatch(/^Refused: Failed to fetch dynamically imported module/);
  });
});
