// Do the pages show what the library holds, all of it and nothing else, and are they safe to serve?
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MadeRelease, TestLibrary } from '../../client/test/library/fixture.ts';
import { type ExampleLibrary, exampleLibrary, HOSTILE, NOW, SECRET } from './library.ts';
import { faultsOf } from './schema.ts';
import { build, tree } from './site.ts';

let base: string;
let example: ExampleLibrary;
let site: string;
let files: ReadonlyMap<string, string>;

const ESCAPED = '&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Sons&quot;';

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'cfl-site-test-'));
  example = await exampleLibrary(join(base, 'library'));
  site = await build(example.written.folder, example.written.rootSha256, join(base, 'site'));
  files = await tree(site);
});
afterAll(() => rm(base, { recursive: true, force: true }));

function html(path: string): string {
  const found = files.get(`${path}index.html`);
  if (found === undefined) throw new TypeError(`There is no page ${path}`);
  return Buffer.from(found, 'latin1').toString('utf8');
}

function json(path: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(files.get(path) ?? '', 'latin1').toString('utf8'));
}

const releasePage = ({ release }: MadeRelease) => html(`releases/${release}/`);
const pages = () => [...files.keys()].filter((path) => path.endsWith('.html'));

/** As a reader sees it. */
function text(markup: string): string {
  return markup
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The text of each cell, row by row, of the first table. */
function rowsOf(markup: string): string[][] {
  const body = /<tbody[^>]*>(.*?)<\/tbody>/s.exec(markup)?.[1] ?? '';
  return [...body.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => text(cell)),
  );
}

describe('the list', () => {
  it('has every release with its state, the successor before the one it supersedes', () => {
    const rows = rowsOf(html(''));
    const meters = ['Example Meters FFF1', 'ESME', '0A01', '0100 to 01FF', 'compliance', '5.1 / 4.2'];
    const hash = ({ row }: MadeRelease) => row.imageHash.slice(0, 12);
    expect(rows).toHaveLength(6);
    expect(rows).toContainEqual(['01000203', ...meters, 'current', '2026-11-18', hash(example.newest)]);
    expect(rows).toContainEqual(['01000201', ...meters, 'superseded', '2026-11-18', hash(example.former)]);
    expect(rows).toContainEqual(['0200000A', ...meters, 'withdrawn', '2026-11-18', hash(example.withdrawn)]);
    expect(rows.map((row) => row[1])).toContain(`${ESCAPED} FFF2`);
    const versions = rows.map(([firmware]) => firmware);
    expect(versions.indexOf('01000203')).toBeLessThan(versions.indexOf('01000201'));
  });

  it('says how many there are, until when this holds, and what the list has beside', () => {
    expect(html('')).toContain('6 releases: 3 current, 1 superseded, 1 suspended, 1 withdrawn');
    expect(html('')).toContain('<time datetime="2026-11-23T09:00:00Z">23 November 2026, 09:00 UTC</time>');
    expect(text(html(''))).toMatch(/Central Products List has 1 further Active row without a release here/);
  });

  it('stands again by manufacturer, device type and state', () => {
    expect(rowsOf(html('manufacturers/FFF1/'))).toHaveLength(3);
    expect(rowsOf(html('types/PPMID/'))).toHaveLength(1);
    expect(rowsOf(html('states/suspended/')).map(([firmware]) => firmware)).toEqual(['0001F000']);
  });
});

describe('the page of a device model', () => {
  it('has its versions, its upgrade paths drawn, and what the list has beside, with why and whom to ask', () => {
    const page = html('models/FFF1-0A01/');
    const shown = rowsOf(page).map((row) => [row[0], row[2], row[5]]);
    const withdrawn = expect.stringContaining('withdrawn on 2026-10-14');
    expect(shown).toHaveLength(3);
    expect(shown).toContainEqual(['01000203', 'from 01000200 and 01000201', 'current']);
    expect(shown).toContainEqual(['0200000A', 'from any version', withdrawn]);
    expect(shown.at(-1)).toEqual(['01000201', 'from any version', 'superseded by 01000203']);
    expect(page.match(/class="line"/g)).toHaveLength(2);
    expect(text(page)).toMatch(/Ask Example Meters about these: firmware@meters\.example/);
    expect(text(page)).toMatch(/01000300 0102 5\.1 \/ 4\.2 Active Active: commercial, or not submitted/);
  });
});

describe('the page of a release', () => {
  it('has every field of the header, the hashes, the entries and the chain of evidence', () => {
    const { newest } = example;
    const page = text(releasePage(newest));
    const { header, claims } = newest.statement.predicate;
    for (const value of [
      header.headerStringHex,
      String(header.totalImageSize),
      newest.release,
      newest.row.imageHash,
    ])
      expect(page).toContain(value);
    expect(page).toContain(`${claims[0]?.entry} 0A01 0102 01000203 5.1 4.2 Active`);
    expect(page).toMatch(/signed under certificate [0-9A-F]+ of “[^”]+”, P-256/);
    expect(page).toMatch(/Stamped by a time authority 2026-11-18 10:02:11 UTC, by “/);
    expect(page).toMatch(/Endorsed Example Energy/);
    expect(page).toContain(
      'RANGE_SHRANK, warning acknowledged: hardware 0100..01FF: the former took 0000..01FF',
    );
    expect(page).toContain('2 passed, 1 with a finding');
    expect(page).toContain(`cfl fetch ${newest.row.imageHash.slice(0, 12)} --to firmware`);
  });

  it('says a state in words, with its date or its reason, and keeps the tombstone', () => {
    const banner = (one: MadeRelease) =>
      text(/<div class="banner[^>]*>(.*?)<\/div>/s.exec(releasePage(one))?.[1] ?? '');
    expect(banner(example.newest)).toMatch(/^current since 2026-11-18; 1 of 1 CPL entries Active/);
    expect(banner(example.former)).toMatch(/^superseded by [0-9a-f]{12} .*Its successor/);
    expect(banner(example.withdrawn)).toMatch(
      /^withdrawn on 2026-10-14 by Example Meters, &quot;&lt;img src=x onerror=alert\(1\)&gt;&quot; It must not be used/,
    );
    expect(banner(example.suspended)).toContain(
      `suspended no entry of it is Active: ${example.suspended.entry.entry} is Cancelled`,
    );
    expect(text(releasePage(example.withdrawn))).toContain('--withdrawn --to firmware');
  });

  it('leads from a superseded release to its successor', () => {
    expect(releasePage(example.former)).toContain(`href="/releases/${example.newest.release}/"`);
  });

  it('says before the check has run that nothing was checked', () => {
    for (const path of pages().filter((one) => one.startsWith('releases/'))) {
      const page = files.get(path) ?? '';
      expect(page).toContain('Not yet checked in this browser.');
      expect(text(page), path).not.toMatch(/\bverified\b/i);
    }
  });
});

describe('the other pages', () => {
  it('changes are dated, the newest first, and stand again by month', () => {
    const page = text(html('changes/'));
    expect(page.indexOf('18 November 2026')).toBeLessThan(page.indexOf('14 October 2026'));
    expect(page).toMatch(
      /withdrawn Example Meters ESME 0A01, firmware 0200000A : withdrawn by Example Meters/,
    );
    expect(text(html('changes/2026-10/'))).toContain('October 2026 1 change');
    expect([...files.keys()].filter((path) => /\.(rss|atom|xml|ics)$/.test(path))).toEqual([]);
  });

  it('trust has the fingerprint, every role with its threshold and end, and how to check for oneself', () => {
    const page = text(html('trust/'));
    expect(page).toContain(example.written.rootSha256);
    expect(page).toMatch(/root the keys of the four top roles 2 of 3 1 20 November 2027/);
    for (const role of [
      'timestamp',
      'snapshot',
      'targets',
      'registrar',
      'cpl',
      'gate',
      'catalogue',
      'm-fff1',
    ])
      expect(page).toMatch(new RegExp(` ${role} .{0,70}\\d of \\d`));
    expect(page).toContain('cfl init ADDRESS --root-sha256 DIGEST');
    expect(page).toContain('Do not take it from this page alone.');
  });

  it('the look-up has an index of the models by manufacturer', () => {
    expect(html('lookup/')).toContain('href="/models/FFF1-0A01/"');
  });
});

describe('what programs get', () => {
  it('lies beside every page that shows facts, says that it is unsigned, and has the form of its schema', () => {
    const twins = [...files.keys()].filter((path) => path.endsWith('/index.json') || path === 'index.json');
    expect(twins.length).toBeGreaterThan(15);
    for (const path of [...twins, 'catalogue.json']) {
      const twin = json(path);
      const kind = /^cfl\/site-([a-z]+)\/1$/.exec(String(twin['format']))?.[1];
      expect(faultsOf(twin, json(`schemas/${kind}.json`)), path).toEqual([]);
      expect(twin['source']).toMatchObject({
        version: 1,
        rootSha256: example.written.rootSha256,
        note: expect.stringMatching(/^Unsigned, .*TUF metadata/),
      });
    }
    for (const path of pages().filter((one) => !/^(lookup|rules)\//.test(one)))
      expect(files.has(path.replace(/html$/, 'json')), path).toBe(true);
  });

  it('a schema refuses what is not of its form', () => {
    const twin = json(`releases/${example.newest.release}/index.json`);
    const schema = json('schemas/release.json');
    expect(faultsOf({ ...twin, state: 'fine' }, schema)).not.toEqual([]);
    expect(faultsOf({ ...twin, more: 1 }, schema)).not.toEqual([]);
    const { code: _, ...less } = twin;
    expect(faultsOf(less, schema)).not.toEqual([]);
  });

  it('is CSV, too: a line for each release and entry, with names that no spreadsheet takes for a formula', async () => {
    const lines = (await readFile(join(site, 'catalogue.csv'), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(7);
    expect(lines[0]).toMatch(/^release,manufacturer,code,/);
    expect(lines.join('\n')).toContain(`"${HOSTILE.replaceAll('"', '""')}",FFF2`);
  });
});

describe('what is served', () => {
  it('holds no word of a note, and no field for a secret', () => {
    const fields = /type="?(password|file)|credential.*<input|passphrase|<input[^>]*(secret|key)/i;
    for (const [path, content] of files) {
      expect(content.toLowerCase(), path).not.toContain(SECRET);
      if (path.endsWith('.html')) expect(content, path).not.toMatch(fields);
    }
    const notes = Buffer.from(example.newest.notes).toString();
    expect(notes.toLowerCase()).toContain(SECRET);
  });

  it('writes names as text, never as markup, in data blocks too', () => {
    for (const path of pages()) {
      const page = files.get(path) ?? '';
      expect(page, path).not.toContain(HOSTILE);
      expect(page, path).not.toMatch(/<img src=x|onerror=alert\(1\)>(?!&quot;)/);
      expect(page.replace(/&lt;[^&]*&gt;/g, ''), path).not.toMatch(/<[^>]*\s(on\w+|style)\s*=/i);
      for (const [, block = ''] of page.matchAll(/<script type="[a-z/+]*json"[^>]*>(.*?)<\/script>/gs))
        expect(block, path).not.toContain('<');
    }
  });

  it('forbids itself everything but its own files, and loads nothing from elsewhere', () => {
    for (const path of pages()) {
      const page = files.get(path) ?? '';
      const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
      expect(policy, path).toMatch(/^default-src &#39;none&#39;; |^default-src 'none'; /);
      expect(policy, path).not.toMatch(/unsafe|\*|https?:|data:/);
      expect(policy, path).toContain("require-trusted-types-for 'script'");
      for (const [tag] of page.matchAll(/<(?:script|link|img|iframe|form|source)\b[^>]*>/g))
        expect(tag, path).not.toMatch(/(?:src|href|action)="(?:[a-z]+:|\/\/)/);
    }
    for (const [path, content] of files)
      if (path.endsWith('.css')) expect(content).not.toMatch(/@import|url\((?!#)/);
  });

  it('every link leads to a page or a file that is there', () => {
    const missing: string[] = [];
    for (const path of pages()) {
      for (const [, link = ''] of (files.get(path) ?? '').matchAll(/(?:href|src|action)="(\/[^"#]*)/g)) {
        const target = decodeURI(link).slice(1);
        const isThere =
          target.startsWith('targets/') || target.startsWith('metadata/')
            ? true
            : files.has(target) || files.has(`${target}index.html`);
        if (!isThere) missing.push(`${path} → ${link}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('holds no path of the machine that built it', () => {
    for (const [path, content] of files) expect(content, path).not.toContain(base);
  });

  it('is the same, octet for octet, when it is built again elsewhere and later', async () => {
    const later = new Date(NOW.getTime() + 3_600_000);
    const { folder, rootSha256 } = example.written;
    const again = await build(folder, rootSha256, join(base, 'again'), later);
    expect(await tree(again)).toEqual(files);
  });
});

it('an empty library in operation has a page without a table and without the notice of a trial', async () => {
  const library = await TestLibrary.make();
  library.trial = false;
  const written = await library.write();
  const empty = await tree(await build(written.folder, written.rootSha256, join(base, 'empty')));
  expect(empty.get('index.html')).toContain('No release is published yet.');
  expect(empty.get('index.html')).not.toMatch(/<table|trial library|further Active/);
  await rm(written.folder, { recursive: true });
});
