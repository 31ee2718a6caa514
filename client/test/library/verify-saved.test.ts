// The files of an earlier fetch, changed afterwards: each change is named. And the honest ones hold without the library,
// from the pinned root alone, as of the moment of the fetch.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { type Evidence, evidenceFile } from '../../src/library/evidence.ts';
import { digestOf, type MadeRelease, TestLibrary, type Written } from './fixture.ts';
import { Supplier } from './reader.ts';

let library: TestLibrary;
let place: Written;
let one: MadeRelease;
let supplier: Supplier;
let base: string;
let honest: ReadonlyMap<string, Uint8Array>;

beforeAll(async () => {
  library = await TestLibrary.make();
  one = await library.add();
  place = await library.write();
  supplier = await Supplier.of(place);
  const { exit, out } = await supplier.fetch(one.release);
  expect(exit).toBe(0);
  base = (out[0] ?? '').slice(0, -'.zigbee'.length);
  honest = new Map(
    await Promise.all(
      (await supplier.files()).map(
        async (name) => [name, new Uint8Array(await supplier.read(name))] as const,
      ),
    ),
  );
});

/** The honest files again, of which one is changed. */
async function changed(
  ending: string,
  change: (octets: Uint8Array) => Uint8Array | undefined,
): Promise<void> {
  for (const [name, octets] of honest) await writeFile(join(supplier.to, name), octets);
  const octets = change(new Uint8Array(await readFile(`${base}.${ending}`)));
  if (octets === undefined) await rm(`${base}.${ending}`);
  else await writeFile(`${base}.${ending}`, octets);
}

function evidence(change: (evidence: Evidence) => unknown): (octets: Uint8Array) => Uint8Array {
  return (octets) => {
    const copy = structuredClone(evidenceFile.parse(octets));
    return new TextEncoder().encode(`${JSON.stringify(change(copy) ?? copy)}\n`);
  };
}

interface Mutable {
  [member: string]: unknown;
}

async function refusal(): Promise<{ readonly code: string; readonly message: string }> {
  const { exit, out } = await supplier.run('verify', supplier.to, '--json');
  expect(exit).toBe(1);
  const [release] = JSON.parse(out.join()).releases;
  expect(release.result).toBe('refused');
  expect(release.error.hint).not.toBeNull();
  return release.error;
}

it('holds as of the moment of the fetch, says so, and needs neither library nor credential', async () => {
  await changed('zigbee', (octets) => octets);
  const alone = await Supplier.make();
  alone.now = new Date('2031-01-01T00:00:00Z');
  const { exit, out, err } = await alone.run('verify', supplier.to, '--root', place.rootFile);
  expect({ exit, out }).toEqual({
    exit: 0,
    out: [`${base}.zigbee  as published, signed and admitted; judged as of 2026-11-20 09:00 UTC`],
  });
  expect(err).toEqual([
    '  ok  manufacturer  role m-fff1 version 1, signed by Example Meters, listed in snapshot 1',
    '  ok  state         current; 1 of 1 CPL entries Active in snapshot 2',
    '  ok  statement     Example Meters, 2026-11-18',
    expect.stringMatching(
      /^ {2}ok {2}evidence {6}\d+ published files, root 1, timestamp 1, snapshot 1; judged as of 2026-11-20 09:00 UTC, good until 2026-11-23 09:00 UTC$/,
    ),
    "  ok  image         its SHA-256 is the CPL's hash",
    '  ok  header        11 of 11 fields as the manufacturer signed them',
    '  ok  notes         as the manufacturer signed them',
  ]);
  expect(await alone.memory()).toEqual(new Map());
});

it('notes that were never there are no fault', async () => {
  await changed('notes.md', () => undefined);
  const { exit, out } = await supplier.run('verify', supplier.to, '--json');
  expect(exit).toBe(0);
  expect(JSON.parse(out.join()).releases).toMatchObject([
    { result: 'verified', notes: null, state: 'current' },
  ]);
});

test('a release that was withdrawn since is left to a person, where this machine has seen it', async () => {
  await changed('zigbee', (octets) => octets);
  const later = await TestLibrary.make();
  const gone = await later.add();
  const written = await later.write();
  const reader = await Supplier.of(written);
  await reader.fetch(gone.release);
  later.withdraw(gone.release);
  await later.write(written.folder);
  expect((await reader.run('list')).exit).toBe(0);
  const { exit, err } = await reader.run('verify', reader.to);
  expect({ exit, last: err.at(-1) }).toEqual({
    exit: 4,
    last: '  warn  since then    it was withdrawn: do not deploy it',
  });
});

const flip = (octets: Uint8Array) => octets.map((octet, i) => (i === octets.length - 1 ? octet ^ 1 : octet));
const fileOf = (found: Evidence, pattern: RegExp) => found.files.find(({ path }) => pattern.test(path));
const without = (found: Evidence, pattern: RegExp) => ({
  ...found,
  files: found.files.filter(({ path }) => !pattern.test(path)),
});
const put = (found: Evidence, pattern: RegExp, change: (text: string) => string, digest: 'kept' | 'new') => {
  const file = fileOf(found, pattern) as unknown as Mutable;
  const text = change(Buffer.from(String(file.base64), 'base64').toString('utf8'));
  file.base64 = Buffer.from(text).toString('base64');
  if (digest === 'new') file.sha256 = digestOf(new TextEncoder().encode(text));
};

describe('is refused', () => {
  test.each<[string, string, RegExp, string, (octets: Uint8Array) => Uint8Array | undefined]>([
    ['a changed image', 'WRONG_IMAGE', /its SHA-256 is/, 'zigbee', flip],
    ['a cut image', 'WRONG_IMAGE', /its SHA-256 is/, 'zigbee', (octets) => octets.subarray(0, 200)],
    ['a missing image', 'NO_EVIDENCE', /zigbee": it is not there$/, 'zigbee', () => undefined],
    ['changed notes', 'WRONG_NOTES', /their SHA-256 is/, 'notes.md', flip],
    [
      'evidence that is cut off',
      'WRONG_EVIDENCE',
      /no strict JSON/,
      'evidence.json',
      (octets) => octets.subarray(0, 900),
    ],
    [
      'another state',
      'WRONG_EVIDENCE',
      /state is superseded, its files say current$/,
      'evidence.json',
      evidence((found) => ({ ...found, state: 'superseded' })),
    ],
    [
      'another party',
      'WRONG_EVIDENCE',
      /statement\.party is sample-gas, its files say example-meters$/,
      'evidence.json',
      evidence((found) => ({ ...found, statement: { ...found.statement, party: 'sample-gas' } })),
    ],
    [
      'another day of the decision',
      'WRONG_EVIDENCE',
      /acceptance\.decided is 2020-01-01T00:00:00Z, its files say/,
      'evidence.json',
      evidence((found) => ({
        ...found,
        acceptance: { ...found.acceptance, decided: '2020-01-01T00:00:00Z' },
      })),
    ],
    [
      'a later moment than the files were good for',
      'EXPIRED',
      /timestamp version 1: it expired on 2026-11-23/,
      'evidence.json',
      evidence((found) => ({ ...found, verified: '2026-11-24T09:00:00Z' })),
    ],
    [
      'a published file that was changed',
      'WRONG_EVIDENCE',
      /timestamp\.json in it has the SHA-256/,
      'evidence.json',
      evidence((found) =>
        put(found, /timestamp/, (text) => text.replace('"version":1', '"version":2'), 'kept'),
      ),
    ],
    [
      'a published file that was changed, with its SHA-256',
      'UNSIGNED',
      /timestamp version \d: it has 0 good signatures/,
      'evidence.json',
      evidence((found) =>
        put(found, /timestamp/, (text) => text.replace('"version":1', '"version":2'), 'new'),
      ),
    ],
    [
      'a register that was changed, with its SHA-256',
      'WRONG_LENGTH',
      /register\/parties\.json: it has/,
      'evidence.json',
      evidence((found) => put(found, /parties/, (text) => text.replace('Example Meters', 'Example'), 'new')),
    ],
    [
      'a statement that is missing',
      'WRONG_EVIDENCE',
      /it lacks targets\/firmware/,
      'evidence.json',
      evidence((found) => without(found, /statement/)),
    ],
    [
      'a role file that is missing',
      'WRONG_EVIDENCE',
      /it lacks metadata\/1\.gate\.json$/,
      'evidence.json',
      evidence((found) => without(found, /gate/)),
    ],
    [
      'a file that nothing leads to',
      'WRONG_EVIDENCE',
      /nothing in it leads to targets\/extra$/,
      'evidence.json',
      evidence((found) => ({
        ...found,
        files: [
          ...found.files,
          { path: 'targets/extra', sha256: digestOf(new TextEncoder().encode('x')), base64: 'eA==' },
        ],
      })),
    ],
    [
      'a field that nobody knows',
      'WRONG_EVIDENCE',
      /unknown field "approved"/,
      'evidence.json',
      evidence((found) => ({ ...found, approved: true })),
    ],
  ])('%s', async (_name, code, message, ending, change) => {
    await changed(ending, (octets) => octets);
    expect((await supplier.run('verify', supplier.to)).exit).toBe(0);
    await changed(ending, change);
    expect(await refusal()).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('evidence of another library', async () => {
    await changed('zigbee', (octets) => octets);
    const other = await (await TestLibrary.make()).write();
    const { exit, err } = await supplier.run('verify', supplier.to, '--root', other.rootFile);
    expect(exit).toBe(1);
    expect(err[0]).toMatch(/^Cannot accept timestamp version 1: it has 0 good signatures/);
  });

  test('an image without its evidence, and a folder without any', async () => {
    await changed('evidence.json', () => undefined);
    expect(await supplier.run('verify', supplier.to)).toMatchObject({
      exit: 1,
      out: [],
      err: [
        expect.stringMatching(/zigbee": no evidence lies beside it$/),
        'Name the folder that cfl fetch wrote to, with all three files of each release',
      ],
    });
    expect((await supplier.run('verify', join(supplier.to, 'none'))).err[0]).toMatch(
      /^Cannot verify ".*none": it holds no "\*\.evidence\.json"$/,
    );
  });

  test('an image under the name of another', async () => {
    await changed('zigbee', (octets) => octets);
    for (const ending of ['zigbee', 'evidence.json'])
      await writeFile(
        `${base.replace('01000203', '01000204')}.${ending}`,
        await readFile(`${base}.${ending}`),
      );
    const { exit, out } = await supplier.run('verify', supplier.to, '--json');
    expect(exit).toBe(1);
    expect(JSON.parse(out.join()).releases).toMatchObject([
      { result: 'verified' },
      {
        result: 'refused',
        error: { code: 'WRONG_IMAGE', message: expect.stringContaining('the name of this image') },
      },
    ]);
    for (const ending of ['zigbee', 'evidence.json'])
      await rm(`${base.replace('01000203', '01000204')}.${ending}`);
  });
});

describe('the report', () => {
  it('is one page that says what held, with the SHA-256 of every file, and asks nothing from elsewhere', async () => {
    await changed('zigbee', (octets) => octets);
    const page = join(supplier.to, '..', 'report.html');
    const { exit, err } = await supplier.run('verify', supplier.to, '--report', page);
    expect({ exit, last: err.at(-1) }).toEqual({
      exit: 0,
      last: `Wrote ${page}, one page, with every file's SHA-256`,
    });
    const html = await readFile(page, 'utf8');
    expect(html).not.toMatch(/<script|https?:\/\/|src=|@import|url\(/);
    for (const text of ['1 release, all verified', one.release, 'prefers-color-scheme: dark', '@media print'])
      expect(html).toContain(text);
    const { files } = evidenceFile.parse(
      honest.get(`${base.split('/').at(-1)}.evidence.json`) ?? new Uint8Array(),
    );
    for (const { path, sha256 } of files) {
      expect(html).toContain(path);
      expect(html).toContain(sha256);
    }
  });

  it('is written for what is refused, too, and escapes what it quotes', async () => {
    const sly = join(supplier.to, '<img onerror=alert(1)>.evidence.json');
    await changed('zigbee', flip);
    await writeFile(sly, '{"format":"<script>"}');
    const page = join(supplier.to, '..', 'refused.html');
    expect((await supplier.run('verify', supplier.to, '--report', page)).exit).toBe(1);
    const html = await readFile(page, 'utf8');
    expect(html).toContain('2 releases, of which 2 do not hold');
    expect(html).toContain('Refused: WRONG_IMAGE');
    expect(html).toContain('&lt;img onerror=alert(1)&gt;');
    expect(html).not.toMatch(/<img|<script/);
    await rm(sly);
  });

  it('has a name that says what it is', async () => {
    await changed('zigbee', (octets) => octets);
    expect(await supplier.run('verify', supplier.to, '--report', 'report.pdf')).toMatchObject({
      exit: 2,
      err: [
        'Cannot write the report "report.pdf": expected a name that ends in .html',
        'Run: cfl verify --help',
      ],
    });
  });
});
