// The verifier file, opened from disk in Chromium over a library at an address of its own: what is honest passes,
// each lie is refused beside it, and nothing but the library is asked for anything.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { AxeBuilder } from '@axe-core/playwright';
import { encodeCredential, makeReadKey } from '@cfl/client/access';
import {
  folder,
  folderRepository,
  Library,
  makeEvidence,
  memoryCache,
  readEndorsements,
  readStatement,
  stateOf,
} from '@cfl/client/library';
import { HtmlValidate } from 'html-validate';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MadeRelease } from '../../client/test/library/fixture.ts';
import { type Served, serve } from '../../scripts/demo/server.ts';
import { makeVerifier } from '../build/verifier-file.ts';
import { writeVerifier } from '../verifier.ts';
import { type ExampleLibrary, exampleLibrary, NOW, SECRET } from './library.ts';
import { describeWithChromium, launch, stop } from './site.ts';

/** Octets, compressed by brotli: what checks, and is there before any decryption. */
const CHECKING_BUDGET = 15_000;
const PASSPHRASE = 'correct horse battery staple';

let base: string;
let example: ExampleLibrary;
let served: Served;
let file: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'cfl-verifier-'));
  example = await exampleLibrary(join(base, 'library'));
  const { folder } = example.written;
  served = await serve(
    { site: base, metadata: join(folder, 'metadata'), targets: join(folder, 'targets') },
    0,
  );
  file = await made(base, served.url);
});
afterAll(async () => {
  if (served !== undefined) stop(served);
  await rm(base, { recursive: true, force: true });
});

function made(folder: string, library: string): Promise<string> {
  return writeVerifier({
    CFL_LIBRARY: library,
    CFL_ROOT: example.written.rootFile,
    CFL_VERIFIER: folder,
    INIT_CWD: base,
  });
}

describe('the verifier file', () => {
  it('is the same for the same root, addresses and version, octet for octet', async () => {
    const again = await made(join(base, 'again'), `${served.url}/`);
    expect(await readFile(again, 'utf8')).toBe(await readFile(file, 'utf8'));
    expect(again).toMatch(/\/verify-\d+\.\d+\.\d+\.html$/);
  });

  it('holds the first root, and asks for nothing: all of it stands in the one file', async () => {
    const html = await readFile(file, 'utf8');
    const root = await readFile(example.written.rootFile);
    expect(html).toContain(example.written.rootSha256);
    expect(html).toContain(root.toString('base64'));
    const shell = html.replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, '<$1>');
    expect(shell).not.toMatch(/\s(src|srcset|action|formaction|ping|style|on\w+)=|<(link|img|iframe|base)\b/);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    const rules = new Map(policy.split('; ').map((rule) => [rule.split(' ')[0], rule]));
    expect([...rules.keys()]).toEqual([
      'default-src',
      'script-src',
      'style-src',
      'connect-src',
      'form-action',
      'base-uri',
      'require-trusted-types-for',
      'trusted-types',
    ]);
    expect(rules.get('default-src')).toBe("default-src 'none'");
    expect(rules.get('script-src')).toMatch(/^script-src( 'sha256-[A-Za-z0-9+/]{43}='){3}$/);
    expect(rules.get('connect-src')).toBe(`connect-src ${served.url}/`);
    expect(rules.get('form-action')).toBe("form-action 'none'");
    expect(rules.get('base-uri')).toBe("base-uri 'none'");
  });

  it('is HTML without an error', async () => {
    const validator = new HtmlValidate({
      extends: ['html-validate:recommended', 'html-validate:document'],
      rules: { 'no-inline-style': 'off' },
    });
    const report = await validator.validateString(await readFile(file, 'utf8'));
    expect(
      report.results.flatMap(({ messages }) => messages.map(({ ruleId, line }) => `${line} ${ruleId}`)),
    ).toEqual([]);
  });

  it('checks with at most 15 kB, before decryption is asked for', async () => {
    const html = await readFile(file, 'utf8');
    const size = (of: RegExp) => brotliCompressSync(of.exec(html)?.[1] ?? '').length;
    const checking = size(/id="part-checking">([\s\S]*?)<\/script>/);
    const page = size(/<script type="module">([\s\S]*?)<\/script>/);
    const opening = size(/id="part-opening">([\s\S]*?)<\/script>/);
    console.log(
      `verifier file: checks with ${checking} octets, page ${page}, decryption ${opening}, by brotli`,
    );
    expect(checking).toBeLessThanOrEqual(CHECKING_BUDGET);
    expect(opening).toBeGreaterThan(20_000);
  });

  it('is not made for a root that is not the first, nor for an address that a policy cannot name', async () => {
    const root = new Uint8Array(await readFile(example.written.rootFile));
    const make = (library: string) => makeVerifier({ root, libraries: [library], version: '0.1.0' });
    await expect(make('https://library.example')).resolves.toContain('connect-src https://library.example/;');
    for (const wrong of [
      'ftp://library.example',
      'https://a@library.example',
      'https://library.example/;x',
      '*',
    ])
      await expect(make(wrong), wrong).rejects.toThrow(TypeError);
    await expect(writeVerifier({ CFL_LIBRARY: 'https://library.example' })).rejects.toThrow(
      /CFL_ROOT is not set/,
    );
  });
});

describeWithChromium('the verifier file, opened from disk', () => {
  let browser: Browser;
  let credential: string;
  beforeAll(async () => {
    browser = await launch();
    const sealed = { passphrase: PASSPHRASE, work: 10 };
    credential = join(base, 'credential.age');
    await writeFile(credential, await encodeCredential(example.written.credential, sealed));
    await writeFile(join(base, 'foreign.age'), await encodeCredential(await makeReadKey(), sealed));
  });
  afterAll(() => browser?.close());

  interface Open {
    readonly context: BrowserContext;
    readonly page: Page;
    readonly asked: string[];
    readonly complaints: string[];
  }

  async function opened(options: { readonly at?: Date; readonly file?: string } = {}): Promise<Open> {
    const context = await browser.newContext({ acceptDownloads: true });
    const page = await context.newPage();
    page.setDefaultTimeout(8000);
    await page.clock.setFixedTime(options.at ?? NOW);
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => asked.push(`${request.method()} ${request.url()}`));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // The walk of the roots ends at a file that is not there yet
      if (message.type() === 'error' && !/\.root\.json/.test(message.location().url))
        complaints.push(message.text());
    });
    await page.goto(pathToFileURL(options.file ?? file).href);
    return { context, page, asked, complaints };
  }

  async function said(page: Page, id: string): Promise<string> {
    await page.waitForSelector(`#${id}:is(.good, .bad, .away, .plain)`);
    return (await page.textContent(`#${id}`)) ?? '';
  }

  async function check(page: Page, release: string): Promise<string> {
    await page.fill('#release', release);
    await page.click('#check button');
    return said(page, 'answer');
  }

  async function drop(page: Page, name: string, octets: Uint8Array): Promise<string> {
    await page.setInputFiles('#file', {
      name,
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(octets),
    });
    return said(page, 'file-answer');
  }

  async function unlock(page: Page, path = credential, passphrase = PASSPHRASE): Promise<string> {
    await page.setInputFiles('#credential', path);
    await page.fill('#passphrase', passphrase);
    await page.click('#unlock button');
    return said(page, 'unlock-answer');
  }

  /** What a fetch of it leaves beside the image. */
  async function evidenceOf({ release }: MadeRelease): Promise<Uint8Array> {
    const { written } = example;
    const library = new Library({
      root: new Uint8Array(await readFile(written.rootFile)),
      repository: folderRepository(
        folder(join(written.folder, 'metadata')),
        folder(join(written.folder, 'targets')),
      ),
      cache: memoryCache(),
      now: NOW,
    });
    const rows = await library.allReleases();
    const [listed] = rows.filter((row) => row.release === release);
    if (listed === undefined) throw new TypeError('it is not listed');
    await stateOf(library, await readStatement(library, listed), await library.withSuccessors(listed));
    await readEndorsements(library, await readStatement(library, listed));
    return makeEvidence(library, listed);
  }

  const GOOD = /^Checked at 2026-11-20 09:00 UTC: signed and accepted, current/;

  /** The answer of an attack, and that nothing is shown as signed. */
  async function refused(lie: (page: Page) => Promise<unknown>, at = NOW): Promise<string> {
    const { context, page } = await opened({ at });
    await lie(page);
    const told = await check(page, example.newest.release);
    expect(await page.isVisible('#signed')).toBe(false);
    await context.close();
    return told;
  }

  it('checks an honest release by hash or CPL entry, step by step, and asks the library alone', async () => {
    const { context, page, asked, complaints } = await opened();
    expect(await page.textContent('#answer')).toBe('Nothing has been checked yet.');
    const { newest } = example;
    for (const name of [newest.release, newest.row.imageHash.slice(0, 12), newest.entry.entry]) {
      expect(await check(page, name)).toMatch(GOOD);
      expect(await page.textContent('#signed dl')).toContain(newest.row.imageHash);
    }
    const steps = await page.locator('.steps li b').allTextContents();
    expect(steps).toEqual(
      expect.arrayContaining(['timestamp', 'snapshot', 'targets', 'statement', 'endorsement', 'state']),
    );
    const [own, ...others] = asked;
    expect(own).toMatch(/^GET file:/);
    expect(others.length).toBeGreaterThan(10);
    for (const one of others)
      expect(
        one.startsWith(`GET ${served.url}/metadata/`) || one.startsWith(`GET ${served.url}/targets/`),
        one,
      ).toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('lists what the library holds, and checks what is chosen', async () => {
    const { context, page } = await opened();
    expect(await check(page, '')).toBe(
      'The library is signed. It lists 6 releases; each is checked when you ask for it',
    );
    expect(await page.locator('#list tbody tr').count()).toBe(6);
    await page.click(`#list tbody tr:has-text("${example.newest.row.imageHash.slice(0, 16)}") button`);
    await page.waitForSelector('#answer.good');
    expect(await page.textContent('#answer')).toMatch(GOOD);
    expect(await page.isVisible('#list')).toBe(false);
    expect(await check(page, 'CPL-999999')).toMatch(/^Refused: Cannot find "cpl-999999"/);
    await context.close();
  });

  it('says of a withdrawn release that it is signed, and not to be deployed', async () => {
    const { context, page } = await opened();
    expect(await check(page, example.withdrawn.release)).toMatch(
      /accepted, withdrawn\. Do not deploy it: withdrawn on/,
    );
    expect(await page.locator('#answer.away').count()).toBe(1);
    expect(await unlock(page)).toMatch(/^The credential of example-energy is open/);
    await page.click('#open-image');
    await page.waitForSelector('#unlock-answer.bad');
    expect(await page.textContent('#unlock-answer')).toMatch(/^Refused: Cannot open the image: withdrawn on/);
    expect(await page.isVisible('#opened')).toBe(false);
    await context.close();
  });

  it.each([
    ['the catalogue', /targets\/catalogue\/[0-9a-f]{64}\.FFF1-0\.json/],
    ['the statement', /statement-1\.sigstore\.json/],
    ['the decision', /decision-1\.json/],
    ['the register', /parties\.json/],
  ])('refuses %s where one octet of it was changed', async (_, which) => {
    const told = await refused((page) =>
      page.route(which, async (route) => {
        const body = await (await route.fetch()).body();
        body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
        await route.fulfill({ body, headers: { 'access-control-allow-origin': '*' } });
      }),
    );
    expect(told).toMatch(/^Refused: Cannot accept .*: its sha256 is [0-9a-f]{64}, [0-9a-f]{64} is signed/);
  });

  it('refuses a library that has expired, and calls one that is away unreachable', async () => {
    const late = await refused(async () => {}, new Date('2026-11-24T09:00:00Z'));
    expect(late).toMatch(/^Refused: Cannot accept timestamp version 1: it expired on 2026-11-23/);
    const away = await refused((page) => page.route('**/timestamp.json', (route) => route.abort()));
    expect(away).toMatch(/^Could not be checked: Cannot reach /);
  });

  it('refuses another library under the same address: its root is not the one in the file', async () => {
    const other = await exampleLibrary(join(base, 'other'));
    const told = await refused((page) =>
      page.route('**/{metadata,targets}/**', async (route) => {
        const path = decodeURIComponent(new URL(route.request().url()).pathname);
        const body = await readFile(join(other.written.folder, path)).catch(() => undefined);
        const headers = { 'access-control-allow-origin': '*' };
        await route.fulfill(body === undefined ? { status: 404, headers, body: '' } : { headers, body });
      }),
    );
    expect(told).toMatch(/^Refused: Cannot accept timestamp version 1: /);
  });

  it('reads no address but those that it was made for', async () => {
    const { context, page, asked } = await opened();
    expect(await check(page, example.newest.release)).toMatch(GOOD);
    const before = asked.length;
    await page.fill('#address', 'http://localhost:1/');
    expect(await check(page, example.newest.release)).toMatch(
      /^Refused: Cannot read "http:\/\/localhost:1\/"/,
    );
    expect(asked.length).toBe(before);
    const sent = await page.evaluate(() => fetch('http://localhost:1/').then(String, () => 'stopped'));
    expect(sent).toBe('stopped');
    await context.close();
  });

  it("knows an image that is dropped on it, with and without the supplier's signature behind it", async () => {
    const { context, page } = await opened();
    const { octets } = example.newest;
    expect(await drop(page, 'image.zigbee', octets)).toMatch(
      /current; "image\.zigbee" is the image: SHA-256, CPL hash and 13 header/,
    );
    expect(await drop(page, 'campaign.ota', withTrailer(example.newest))).toMatch(
      /"campaign\.ota" is the image/,
    );
    const changed = Uint8Array.from(octets);
    changed[octets.length - 3] = (changed[octets.length - 3] ?? 0) ^ 1;
    expect(await drop(page, 'image.zigbee', changed)).toMatch(
      /^Refused: Cannot accept "image\.zigbee": the library lists no image of FFF1 with the SHA-256 [0-9a-f]{64}/,
    );
    expect(await drop(page, 'short.zigbee', octets.slice(0, -1))).toMatch(
      /^Refused: Cannot read "short\.zigbee": it has 459 octets, its header says 460/,
    );
    expect(await page.textContent('#answer')).toBe('');
    expect(await page.isVisible('#signed')).toBe(false);
    await context.close();
  });

  it('takes what is dropped anywhere on the page, and is not left for it', async () => {
    const { context, page } = await opened();
    await page.evaluate((digits) => {
      const dropped = new DataTransfer();
      dropped.items.add(new File([Uint8Array.fromBase64(digits)], 'image.zigbee'));
      const drop = new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true });
      if (document.querySelector('h1')?.dispatchEvent(drop)) throw new Error('the browser would open it');
    }, Buffer.from(example.newest.octets).toString('base64'));
    expect(await said(page, 'file-answer')).toMatch(/"image\.zigbee" is the image/);
    await context.close();
  });

  it('finds the statement in the evidence of a fetch, and refuses evidence without one', async () => {
    const { context, page } = await opened();
    const evidence = await evidenceOf(example.newest);
    expect(await drop(page, 'evidence.json', evidence)).toMatch(/current; "evidence\.json" is its statement/);
    const bare = JSON.stringify({ ...JSON.parse(new TextDecoder().decode(evidence)), files: [] });
    expect(await drop(page, 'evidence.json', new TextEncoder().encode(bare))).toMatch(
      /^Refused: Cannot read "evidence\.json": the evidence holds no statement/,
    );
    await context.close();
  });

  it('knows a statement that is dropped on it, and refuses one that was changed', async () => {
    const { context, page } = await opened();
    const { bundle } = example.newest;
    expect(await drop(page, 'statement.sigstore.json', bundle)).toMatch(
      /current; "statement\.sigstore\.json" is its statement/,
    );
    const json = JSON.parse(new TextDecoder().decode(bundle));
    const words = Buffer.from(json.dsseEnvelope.payload, 'base64')
      .toString()
      .replace('"fix"', '"compliance"')
      .replace('511', '767');
    json.dsseEnvelope.payload = Buffer.from(words).toString('base64');
    expect(await drop(page, 'statement.sigstore.json', Buffer.from(JSON.stringify(json)))).toMatch(
      /^Refused: Cannot accept the dropped statement: it has no good signature/,
    );
    await context.close();
  });

  it('opens image and notes with a credential, compares them with the statement, and saves them', async () => {
    const { context, page, asked, complaints } = await opened();
    expect(await check(page, example.newest.release)).toMatch(GOOD);
    expect(await unlock(page)).toBe('The credential of example-energy is open until this page is closed');
    expect(await page.inputValue('#passphrase')).toBe('');
    await page.click('#open-notes');
    await page.waitForSelector('#notes:visible');
    expect(await page.textContent('#notes')).toContain(SECRET);
    expect(await page.textContent('#unlock-answer')).toMatch(
      /^Opened the notes of [0-9a-f]{12}, epoch 1, compared with the statement/,
    );
    await page.click('#open-image');
    await page.waitForSelector('#save[download$=".zigbee"]');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
    expect(download.suggestedFilename()).toBe(`FFF1-0000-01000203-${example.newest.row.imageHash}.zigbee`);
    expect(new Uint8Array(await readFile(await download.path()))).toEqual(example.newest.octets);
    const { image, notes } = example.newest.sealed;
    expect(await drop(page, 'notes-1.md.age', notes)).toMatch(
      /^"notes-1\.md\.age" holds the notes of this release/,
    );
    expect(await drop(page, 'image.ota.age', image)).toMatch(/"image\.ota\.age" is the image/);
    for (const one of asked)
      expect(one).toMatch(/^GET (file:|blob:|http:\/\/localhost:\d+\/(metadata|targets)\/)/);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('opens nothing with a wrong passphrase or a credential that was granted nothing', async () => {
    const { context, page } = await opened();
    await check(page, example.newest.release);
    expect(await unlock(page, credential, 'wrong')).toMatch(
      /^Refused: Cannot open the credential "credential\.age": the passphrase is wrong/,
    );
    expect(await unlock(page, join(base, 'foreign.age'))).toMatch(
      /^Refused: Cannot use the credential [0-9a-f ]{19}: the registrar has granted nothing/,
    );
    await page.click('#open-notes');
    await page.waitForFunction(() =>
      /no credential/.test(document.querySelector('#unlock-answer')?.textContent ?? ''),
    );
    expect(await page.isVisible('#opened')).toBe(false);
    expect(await page.content()).not.toContain(SECRET);
    await context.close();
  });

  it("refuses what was sealed to the library's key by somebody else: it is not what was signed", async () => {
    const { library, newest } = example;
    const { context, page } = await opened();
    expect(await check(page, newest.release)).toMatch(GOOD);
    await unlock(page);
    const forged = await library.access.seal('notes', new TextEncoder().encode('# Deploy at once\n'));
    expect(await drop(page, 'notes.age', forged)).toMatch(
      /^Refused: Cannot accept the notes: their SHA-256 is/,
    );
    expect(await page.isVisible('#opened')).toBe(false);
    await context.close();
  });

  it('does not run a part of itself that was changed', async () => {
    const changed = join(base, 'changed.html');
    const html = await readFile(file, 'utf8');
    await writeFile(changed, html.replace('id="part-checking">', 'id="part-checking">;'));
    const { context, page } = await opened({ file: changed });
    expect(await check(page, example.newest.release)).toMatch(
      /^Refused: Cannot run a part of this file: it was changed/,
    );
    await context.close();
  });

  it.each(['light', 'dark'] as const)(
    'has no fault of accessibility, %s, on a desk and on a phone',
    async (scheme) => {
      const { context, page } = await opened();
      await page.emulateMedia({ colorScheme: scheme });
      const shots = process.env['CFL_SHOTS'];
      for (const [place, width] of [
        ['desk', 1200],
        ['phone', 390],
      ] as const) {
        await page.setViewportSize({ width, height: 900 });
        for (const step of ['empty', 'list', 'checked', 'refused'] as const) {
          if (step === 'empty') await page.reload();
          if (step === 'list') await check(page, '');
          if (step === 'refused') {
            await drop(page, 'image.zigbee', example.newest.octets.slice(0, -1));
          }
          if (step === 'checked') {
            await check(page, example.newest.release);
            await unlock(page);
            await page.click('#open-notes');
            await page.waitForSelector('#notes:visible');
            await page.click('#steps summary');
          }
          const { violations } = await new AxeBuilder({ page }).analyze();
          expect(violations.map(({ id, nodes }) => `${id} ${nodes[0]?.html}`)).toEqual([]);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect(overflow, `${step} on a ${place}`).toBeLessThanOrEqual(0);
          if (shots !== undefined)
            await page.screenshot({
              path: join(shots, `verifier-${step}-${scheme}-${place}.png`),
              fullPage: true,
            });
        }
      }
      await context.close();
    },
  );
});

/** As a supplier hands it to the network: forceReplace, the length, and a signature. */
function withTrailer({ octets }: MadeRelease): Uint8Array {
  const whole = new Uint8Array(octets.length + 66);
  whole.set(octets);
  whole[octets.length + 1] = 64;
  // The total image size, little-endian
  new DataView(whole.buffer).setUint32(52, whole.length, true);
  return whole;
}
