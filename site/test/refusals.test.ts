// Is there no page where a check fails? Each attack first accepts the honest library.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLibrary, pinLibrary } from '@cfl/client/library';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildSite, requestFrom, type SiteRequest } from '../build.ts';
import { readCatalogue } from '../src/data/read.ts';
import { type ExampleLibrary, exampleLibrary, NOW } from './library.ts';

let base: string;
let honest: ExampleLibrary;
let request: SiteRequest;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'cfl-site-test-'));
  honest = await exampleLibrary(join(base, 'honest'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

beforeEach(async () => {
  const folder = await mkdtemp(join(base, 'case-'));
  const library = join(folder, 'library');
  await cp(honest.written.folder, library, { recursive: true });
  const root = { rootSha256: honest.written.rootSha256 };
  request = { library, root, home: undefined, out: join(folder, 'site'), now: NOW };
  await mkdir(request.out);
  await writeFile(join(request.out, 'index.html'), 'the page of before');
});

/** What the page would show, by the same reading. */
async function releases({ library: url, root: by, now }: SiteRequest): Promise<number> {
  const home = await mkdtemp(join(base, 'home-'));
  const wait = () => Promise.resolve();
  const root = await pinLibrary({ home, url, by, now, wait });
  const { library } = await openLibrary({ home, now, wait });
  return (await readCatalogue({ library, root, steps: [] })).releases.length;
}

async function refused(changed: SiteRequest, code: string): Promise<void> {
  await expect(buildSite(changed)).rejects.toMatchObject({ code });
  expect(await readdir(changed.out)).toEqual(['index.html']);
  expect(await readFile(join(changed.out, 'index.html'), 'utf8')).toBe('the page of before');
}

/** Changes one octet in the middle of each file that the filter takes. */
async function tamper(folder: string, filter: RegExp): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  const taken = paths.filter((path) => filter.test(path));
  for (const path of taken) {
    const octets = await readFile(path);
    const middle = octets.length >> 1;
    octets[middle] = (octets[middle] ?? 0) ^ 1;
    await writeFile(path, octets);
  }
  return taken.length;
}

describe('no page is written, and the one of before stays', () => {
  it.each([
    ['a statement', /targets\/firmware\/FFF1\/.*statement-1/, 'WRONG_HASH'],
    ['the catalogue', /targets\/catalogue\/.*FFF2-0/, 'WRONG_HASH'],
    ['the Central Products List', /targets\/cpl\/2\/.*FFF1/, 'WRONG_HASH'],
    ['the register', /targets\/register\/.*parties/, 'WRONG_HASH'],
    ['the role of a manufacturer', /metadata\/1\.m-fff2\.json/, 'WRONG_HASH'],
  ])('where one octet of %s was changed', async (_, filter, code) => {
    expect(await releases(request)).toBe(6);
    expect(await tamper(request.library, filter)).toBeGreaterThan(0);
    await refused(request, code);
  });

  it('where the root is another than the pinned one', async () => {
    expect(await releases(request)).toBe(6);
    await refused({ ...request, root: { rootSha256: '00'.repeat(32) } }, 'WRONG_ROOT');
  });

  it('where the library has expired', async () => {
    expect(await releases(request)).toBe(6);
    await refused({ ...request, now: new Date('2026-11-24T09:00:00Z') }, 'EXPIRED');
  });

  it('where the library is older than the one that was seen before', async () => {
    const older = join(request.out, '../older');
    await cp(request.library, older, { recursive: true });
    await honest.library.write(request.library);
    const home = join(request.out, '../home');
    await pinLibrary({
      home,
      url: request.library,
      by: request.root,
      now: NOW,
      wait: () => Promise.resolve(),
    });
    await refused({ ...request, home, library: older }, 'ROLLBACK');
  });
});

describe('what the build is told by its environment', () => {
  const library = 'https://library.example';

  it('is the library and its root, by file or by digest', () => {
    const out = join(import.meta.dirname, '../dist');
    expect(requestFrom({ CFL_LIBRARY: library, CFL_ROOT_SHA256: 'ab' }, NOW)).toEqual({
      library,
      root: { rootSha256: 'ab' },
      home: undefined,
      out,
      now: NOW,
    });
    const env = {
      INIT_CWD: base,
      CFL_LIBRARY: 'honest',
      CFL_ROOT: 'root.json',
      CFL_SITE: 'site',
      CFL_HOME: 'home',
    };
    expect(requestFrom(env, NOW)).toEqual({
      library: join(base, 'honest'),
      root: { rootFile: join(base, 'root.json') },
      home: join(base, 'home'),
      out: join(base, 'site'),
      now: NOW,
    });
  });

  it.each([
    [{}, 'Cannot build the catalogue: CFL_LIBRARY is not set'],
    [{ CFL_LIBRARY: library }, 'Cannot build the catalogue: neither CFL_ROOT nor CFL_ROOT_SHA256 is set'],
    [
      { CFL_LIBRARY: library, CFL_ROOT: 'a', CFL_ROOT_SHA256: 'b' },
      'Cannot build the catalogue: both CFL_ROOT and CFL_ROOT_SHA256 are set',
    ],
  ])('is refused where it is not enough or too much: %o', (env, message) => {
    expect(() => requestFrom(env, NOW)).toThrow(expect.objectContaining({ message, code: 'USAGE' }));
  });
});
