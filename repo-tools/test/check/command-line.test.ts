// `cfl-repo check` as it is typed, over a library that the tools made: in its folder, and behind a web server.

import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryIo, runProgram } from '@cfl/client/cli';
import { sha256 } from '@cfl/client/encoding';
import { folder } from '@cfl/client/library';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { serve } from '../../../client/test/library/server.ts';
import { program } from '../../src/cli/repo.ts';
import { draftOf, imageOf, importRows, NOW, rowFor, runIntake, scene, submitTo } from '../intake/scene.ts';

const scratch = mkdtemp(join(tmpdir(), 'cfl-check-'));
afterAll(async () => rm(await scratch, { recursive: true, force: true }));

interface Made {
  readonly at: string;
  readonly digest: string;
  /** Where the image of the first release lies. */
  readonly image: string;
}

let made: Promise<Made> | undefined;

/** Made once, in the first test that asks for it. */
function library(): Promise<Made> {
  made ??= makeLibrary();
  return made;
}

/** Two releases of two manufacturers, upon two CPL snapshots. */
async function makeLibrary(): Promise<Made> {
  const [one, gas] = [imageOf('one'), imageOf('gas', { code: 'FFF2' })];
  const rows = [await rowFor('CPL-000412', one), await rowFor('CPL-000600', gas)];
  const library = await scene(rows.slice(0, 1));
  await submitTo(library, library.meters, await draftOf(library.meters, one, rows.slice(0, 1)));
  await runIntake(library);
  await importRows(library, rows, '2026-11-19');
  await submitTo(library, library.gas, await draftOf(library.gas, gas, rows.slice(1)));
  await runIntake(library);
  const { metadata, targets } = library.place;
  const at = join(await scratch, 'library');
  for (const [name, files] of Object.entries({ metadata, targets }))
    for (const [path, octets] of files.content) await folder(join(at, name)).replace(path, octets);
  const digest = await sha256((await metadata.read('1.root.json')) ?? new Uint8Array());
  return {
    at,
    digest,
    image: [...targets.content.keys()].find((path) => /FFF1\/.*image\.ota\.age$/.test(path)) ?? '',
  };
}

async function check(...line: readonly string[]) {
  return checkAt(NOW, ...line);
}

async function checkAt(now: Date, ...line: readonly string[]) {
  const io = memoryIo({ now });
  const exit = await runProgram(program, ['check', ...line], io);
  return { exit, out: io.stdout, err: io.stderr };
}

/** A copy that a test may spoil. */
async function copy(): Promise<string> {
  const at = await mkdtemp(join(await scratch, 'copy-'));
  await cp((await library()).at, at, { recursive: true });
  return at;
}

test('a library that the tools made is whole', async () => {
  const { exit, out, err } = await check((await library()).at);
  expect(out).toEqual([
    'ok      roots        1, the first and the newest; a reader who starts there arrives',
    expect.stringMatching(/^ok {6}history {6}\d+ snapshots, no version ever fell, no release ever vanished$/),
    'ok      snapshot     lists the 7 roles that are delegated, and no other',
    expect.stringMatching(/^ok {6}files {8}(\d+) of \1 there, of the signed length and hash$/),
    'ok      expiry       nothing has expired, or is inside its signing period',
    'ok      keys         no key in two kinds of role, none under two names',
    'ok      delegations  each role is delegated once, by plain patterns that share no path',
    'ok      form         every file, read and written again, is what was signed',
    'skip    cache        not checked: a folder has no cache headers',
    '30 checks passed, 2 not asked',
  ]);
  expect({ exit, err }).toEqual({ exit: 0, err: [] });
});

test('what will be wrong is exit code 4, what is wrong is 1, one line a finding', async () => {
  const { at } = await library();
  const soon = await checkAt(new Date('2026-11-26T12:00:00Z'), at);
  expect(soon.exit).toBe(4);
  expect(soon.out).toContain(
    'warn    expiry       timestamp ends in 21 hours, inside its signing period (ROLE_DUE)',
  );
  expect(soon.out.at(-1)).toBe('29 checks passed, 1 warned, 2 not asked');
  const late = await checkAt(new Date('2026-11-30T09:00:00Z'), at);
  expect(late.exit).toBe(1);
  expect(late.out).toContainEqual(
    expect.stringMatching(
      /^refuse {2}expiry {7}timestamp version \d+ expired on 2026-11-27 09:00 UTC, 3 days ago \(ROLE_EXPIRED\)$/,
    ),
  );
});

test('a file that is gone, and one that was changed', async () => {
  const at = await copy();
  const { image } = await library();
  await writeFile(join(at, 'targets', image), 'something else');
  const changed = await check(at);
  expect(changed.exit).toBe(1);
  expect(changed.out).toContainEqual(
    expect.stringMatching(
      /^refuse {2}files {8}firmware\/FFF1\/.*\/image\.ota\.age, listed by m-fff1: .*\(FILE_CHANGED\)$/,
    ),
  );
  await rm(join(at, 'targets', image));
  expect((await check(at)).out).toContainEqual(
    expect.stringMatching(
      /^refuse {2}files {8}.*image\.ota\.age, listed by m-fff1, is not there \(FILE_MISSING\)$/,
    ),
  );
});

test('for a program: one document, with every check and every finding', async () => {
  const at = await copy();
  await rm(join(at, 'metadata/1.snapshot.json'));
  const { exit, out } = await check(at, '--json');
  expect(exit).toBe(1);
  expect(out).toHaveLength(1);
  const document = JSON.parse(out[0] ?? '');
  expect(document).toMatchObject({
    format: 'cfl/check/1',
    outcome: 'refused',
    asOf: '2026-11-20T09:00:00Z',
    own: true,
    roots: { first: 1, newest: 1 },
    roles: 7,
    findings: [{ code: 'SNAPSHOT_MISSING', group: 'history', severity: 'refuse', at: '1.snapshot.json' }],
  });
  expect(document.checks).toHaveLength(32);
  const counts = document.checks.filter(({ count }: { count: number }) => count > 0);
  expect(counts).toMatchObject([{ code: 'SNAPSHOT_MISSING', outcome: 'refuse', count: 1 }]);
});

test('metadata and files may lie elsewhere below the address', async () => {
  const at = await copy();
  await rename(join(at, 'metadata'), join(at, 'tuf'));
  await rename(join(at, 'targets'), join(at, 'tuf', 'files'));
  expect(await check(at)).toMatchObject({
    exit: 1,
    err: [expect.stringContaining('Cannot find a library'), expect.any(String)],
  });
  expect((await check(at, '--metadata', 'tuf', '--targets', 'tuf/files')).exit).toBe(0);
  expect((await check(join(at, 'tuf'), '--metadata', '.', '--targets', 'files')).exit).toBe(0);
});

describe('behind a web server', () => {
  /** With the header of the first rule that names a part of the path. */
  async function served(rules: readonly (readonly [string, string])[]): Promise<string> {
    const { at } = await library();
    const server = createServer(async ({ url: path = '' }, response) => {
      const [, header = ''] = rules.find(([part]) => path.includes(part)) ?? [];
      if (header !== '') response.setHeader('cache-control', header);
      const octets = await readFile(join(at, path)).catch(() => undefined);
      response.writeHead(octets === undefined ? 404 : 200).end(octets);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const FOR_EVER = 'public, max-age=31536000, immutable';
  const GOOD = [
    ['/timestamp.json', 'no-store'],
    ['/2.root.json', 'max-age=30'],
    ['/', FOR_EVER],
  ] as const;

  test('it must be said by which root it is trusted', async () => {
    const url = await served(GOOD);
    expect(await check(url)).toMatchObject({ exit: 2 });
    expect((await check(url, '--root-sha256', 'ab'.repeat(32))).exit).toBe(1);
    const { digest } = await library();
    const { exit, out } = await check(url, '--root-sha256', digest);
    expect(exit).toBe(0);
    expect(out.at(-2)).toMatch(
      /^ok {6}cache {8}\d+ files asked: what never changes is kept, what changes is not$/,
    );
    expect(out.at(-1)).toBe('32 checks passed');
  });

  test.each<[string, readonly (readonly [string, string])[], readonly RegExp[]]>([
    [
      'a timestamp that is kept for an hour',
      [['/timestamp.json', 'public, max-age=3600'], ...GOOD],
      [/^warn .* timestamp\.json changes, and is served with "public, max-age=3600", .*\(CACHED_TOO_LONG\)$/],
    ],
    [
      'a timestamp that a shared cache keeps',
      [['/timestamp.json', 'max-age=0, s-maxage=86400'], ...GOOD],
      [/timestamp\.json .*\(CACHED_TOO_LONG\)$/],
    ],
    [
      'a timestamp of which nothing is said',
      [['/timestamp.json', ''], ...GOOD],
      [/timestamp\.json .* no Cache-Control, .*\(CACHED_TOO_LONG\)$/],
    ],
    [
      'an absence that is kept',
      [['/2.root.json', 'max-age=86400'], ...GOOD],
      [/2\.root\.json is not there yet, and its absence is served .*\(CACHED_TOO_LONG\)$/],
    ],
    [
      'a snapshot that is asked for each time',
      [['.snapshot.json', 'no-cache'], ...GOOD],
      [/\.snapshot\.json never changes, and is served with "no-cache", .*\(CACHED_TOO_SHORT\)$/],
    ],
  ])('%s is found', async (_, rules, lines) => {
    const url = await served(rules);
    const { exit, out } = await check(url, '--root-sha256', (await library()).digest);
    expect(exit).toBe(4);
    expect(out.filter((line) => line.startsWith('warn'))).toEqual(
      lines.map((line) => expect.stringMatching(line)),
    );
  });

  test('where nobody answers it is exit code 3', async () => {
    const server = await serve();
    await server.close();
    const { exit, err } = await check(server.url, '--root-sha256', 'ab'.repeat(32));
    expect(exit).toBe(3);
    expect(err[0]).toMatch(/^Cannot reach /);
  });
});
