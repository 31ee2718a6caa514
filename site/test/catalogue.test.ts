// Does the page show what the library holds, all of it and nothing else, and is it safe to serve?
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestLibrary } from '../../client/test/library/fixture.ts';
import { type ExampleLibrary, exampleLibrary, HOSTILE, NOW } from './library.ts';

const BUILD = 120_000;
const run = promisify(execFile);
let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'cfl-site-test-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

async function build(library: string, rootSha256: string, out: string, now = NOW): Promise<string> {
  const request = { library, root: { rootSha256 }, out: join(base, out), now };
  await run(process.execPath, [join(import.meta.dirname, 'build-at.ts'), JSON.stringify(request)]);
  return join(base, out);
}

/** Each file with its octets, by path. */
async function tree(folder: string): Promise<ReadonlyMap<string, string>> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  return new Map(
    await Promise.all(
      paths.sort().map(async (path) => [path.slice(folder.length), await readFile(path, 'latin1')] as const),
    ),
  );
}

const page = (folder: string) => readFile(join(folder, 'index.html'), 'utf8');

/** The text of each cell, row by row. */
function rowsOf(html: string): string[][] {
  const body = /<tbody[^>]*>(.*)<\/tbody>/s.exec(html)?.[1] ?? '';
  return [...body.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) =>
      cell
        .replace(/<[^>]*>/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    ),
  );
}

describe('the page of a library with a release in each state', () => {
  let example: ExampleLibrary;
  let site: string;
  let html: string;

  beforeAll(async () => {
    example = await exampleLibrary(join(base, 'library'));
    site = await build(example.written.folder, example.written.rootSha256, 'site');
    html = await page(site);
  }, BUILD);

  it('lists every release with its state and the reason for it, the successor first', () => {
    const { newest, former, withdrawn, suspended } = example;
    const hostile = '&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Sons&quot; FFF2';
    const range = '0100 to 01FF';
    const meters = ['Example Meters FFF1', 'ESME', '0A01', range];
    const rows = rowsOf(html);
    expect(rows).toHaveLength(6);
    expect(rows.map((row) => row.slice(0, 4).join()).sort()).toEqual(
      [
        meters,
        meters,
        meters,
        [hostile, 'GSME', '0A01', range],
        [hostile, 'GSME', '0A01', range],
        [hostile, 'PPMID', '0A01', range],
      ]
        .map((row) => row.join())
        .sort(),
    );
    const day = '2026-11-18';
    expect(rows).toContainEqual([...meters, '01000203', 'compliance', 'current', day, newest.row.imageHash]);
    expect(rows).toContainEqual([
      ...meters,
      '01000201',
      'compliance',
      'superseded by 01000203',
      day,
      former.row.imageHash,
    ]);
    expect(rows).toContainEqual([
      ...meters,
      '0200000A',
      'compliance',
      'withdrawn on 2026-10-14 by Example Meters, &quot;&lt;img src=x onerror=alert(1)&gt;&quot;',
      day,
      withdrawn.row.imageHash,
    ]);
    const why = `suspended no entry of it is Active: ${suspended.entry.entry} is Cancelled`;
    expect(rows).toContainEqual([
      hostile,
      'GSME',
      '0A01',
      range,
      '0001F000',
      'compliance',
      why,
      day,
      suspended.row.imageHash,
    ]);
    const versions = rows.map((row) => row[4]);
    expect(versions.indexOf('01000203')).toBeLessThan(versions.indexOf('01000201'));
  });

  it('leads from a superseded release to its successor', () => {
    expect(html).toContain(`href="#release-${example.newest.release}"`);
    expect(html).toContain(`id="release-${example.newest.release}"`);
  });

  it('says how many there are, until when this holds, and what the list has beside', () => {
    expect(html).toContain('6 releases: 3 current, 1 superseded, 1 suspended, 1 withdrawn');
    expect(html).toContain('<time datetime="2026-11-23T09:00:00Z">23 November 2026, 09:00 UTC</time>');
    expect(html).toMatch(/The Central Products List has 1 further Active row without a release here/);
  });

  it('says that a trial library is one', () => {
    expect(html).toContain('This is a trial library.');
  });

  it('does not say of itself that it was checked, and says how to check', () => {
    expect(html).not.toMatch(/verif/i);
    expect(html).toMatch(/cfl show [0-9a-f]{12}\ncfl fetch [0-9a-f]{12}\b/);
    expect(html).toContain('cfl init ADDRESS --root-sha256 DIGEST');
    expect(html).not.toContain(example.written.rootSha256);
  });

  it('writes names as text, never as markup', () => {
    expect(html).not.toContain(HOSTILE);
    expect(html).not.toMatch(/<(script|img|iframe|form|style)\b/i);
    expect(html).not.toMatch(/<[^>]*\s(on\w+|style)\s*=/i);
  });

  it('allows itself a style sheet and an icon, and loads nothing from elsewhere', async () => {
    expect(html).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'">`,
    );
    const files = await tree(site);
    for (const [path, text] of files) {
      const addresses =
        text.replaceAll('http://www.w3.org/2000/svg', '').match(/(https?:)?\/\/[a-z0-9.-]+/gi) ?? [];
      expect(addresses, path).toEqual([]);
      expect(text, path).not.toMatch(/@import|url\(/);
    }
    const linked = [...html.matchAll(/(?:href|src)="([^"#][^"]*)"/g)].map(([, link = '']) => link);
    expect(linked.sort().map((link) => files.has(link))).toEqual(linked.map(() => true));
    expect([...files.keys()].filter((path) => !/\.(html|css|svg)$/.test(path))).toEqual([]);
  });

  it('can be read by a screen reader: language, title, caption, column and row headers, a way past the top', () => {
    expect(html).toMatch(/^<!doctype html>\s*<html lang="en-GB">/i);
    expect(html).toContain('<title>Example Firmware Library: firmware releases</title>');
    expect(html.match(/<caption>/g)).toHaveLength(1);
    expect(html.match(/<th role="columnheader" scope="col"/g)).toHaveLength(9);
    expect(html.match(/<th role="rowheader" scope="row"/g)).toHaveLength(6);
    expect(html).toMatch(/<a class="skip" href="#content">/);
    expect(html).toContain('<main id="content"');
  });

  it('holds no path of the machine that built it', async () => {
    for (const [path, text] of await tree(site)) expect(text, path).not.toContain(base);
  });

  it(
    'is the same, octet for octet, when it is built again elsewhere and later',
    async () => {
      const later = new Date(NOW.getTime() + 3_600_000);
      const again = await build(example.written.folder, example.written.rootSha256, 'again', later);
      expect(await tree(again)).toEqual(await tree(site));
    },
    BUILD,
  );
});

it(
  'an empty library in operation has a page without a table and without the notice of a trial',
  async () => {
    const library = await TestLibrary.make();
    library.trial = false;
    const written = await library.write();
    const html = await page(await build(written.folder, written.rootSha256, 'empty'));
    expect(html).toContain('No release is published yet.');
    expect(html).not.toMatch(/<table|trial library|further Active/);
    await rm(written.folder, { recursive: true });
  },
  BUILD,
);
