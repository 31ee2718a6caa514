// A bundle: one file, verified like the library itself, and as old as it says. Each attack on it first accepts its
// honest twin.

import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { type Growing, growingFile, writeBundle } from '../../src/copy/index.ts';
import { openLibrary, TAR_END, tarFile } from '../../src/library/index.ts';
import { type MadeRelease, NOW, TestLibrary, type Written } from '../library/fixture.ts';
import { Supplier } from '../library/reader.ts';
import { counter, Death, step } from './faults.ts';

let library: TestLibrary;
let one: MadeRelease;
let other: MadeRelease;
let place: Written;
let online: Supplier;
let whole: string;
let part: string;

beforeAll(async () => {
  library = await TestLibrary.make();
  one = await library.add();
  other = await library.add({ body: 'other', fileVersion: 0x01000204 });
  place = await library.write();
  online = await Supplier.of(place);
  const folder = await mkdtemp(join(tmpdir(), 'cfl-bundle-'));
  whole = join(folder, 'whole.tar');
  part = join(folder, 'part.tar');
  expect((await online.run('bundle', whole)).exit).toBe(0);
});

async function offline(): Promise<Supplier> {
  const supplier = await Supplier.of(place);
  // The address is gone
  await writeFile(
    join(supplier.home, 'library.json'),
    JSON.stringify({ format: 'cfl/pinned/1', url: '/nowhere', name: 'Example Firmware Library' }),
  );
  return supplier;
}

const AGE =
  'From a bundle that was made on 2026-11-20 09:00 UTC, as it says itself, less than a day ago. Nothing that came later is known here; good until 2026-11-23 09:00 UTC';

it('holds what is public of every release, and images and notes of those that were named', async () => {
  const { exit, out, err } = await online.run('bundle', part, one.release.slice(0, 12));
  expect({ exit, out }).toEqual({ exit: 0, out: [part] });
  expect(err).toEqual([
    expect.stringMatching(/^\d+ files, [\d,]+ octets; to be used before 2026-11-23 09:00 UTC$/),
  ]);
  const supplier = await offline();
  const fetched = await supplier.fetch(one.release, '--bundle', part);
  expect(fetched.exit).toBe(0);
  expect(fetched.err).toContain(AGE);
  expect(fetched.err.filter((line) => line.startsWith('  ok')).length).toBe(10);
  expect(
    JSON.parse((await supplier.fetch(one.release, '--bundle', part, '--json')).out.join()),
  ).toMatchObject({
    format: 'cfl/fetch/1',
    bundle: { made: '2026-11-20T09:00:00Z' },
  });
  expect(await supplier.fetch(other.release, '--bundle', part)).toMatchObject({
    exit: 3,
    err: expect.arrayContaining([
      'Ask whoever made the bundle to include this release: cfl bundle FILE RELEASE',
    ]),
  });
});

it('is pinned like any other address, and listed whole', async () => {
  const supplier = await Supplier.make();
  expect((await supplier.run('init', whole, '--root-sha256', place.rootSha256)).exit).toBe(0);
  await supplier.use(place.credential);
  expect((await supplier.run('list')).err).toEqual([
    '2 releases; state of 2026-11-20 09:00 UTC, good until 2026-11-23 09:00 UTC',
  ]);
  for (const made of [one, other]) expect((await supplier.fetch(made.release)).exit).toBe(0);
  expect(await supplier.run('verify', supplier.to)).toMatchObject({ exit: 0 });
});

it('is the same for the same state, and any tar unpacks it into a folder that is a library', async () => {
  const again = `${whole}.again`;
  expect((await online.run('bundle', again)).exit).toBe(0);
  expect(await readFile(again)).toEqual(await readFile(whole));
  const folder = await mkdtemp(join(tmpdir(), 'cfl-unpacked-'));
  execFileSync('tar', ['-xf', whole, '-C', folder]);
  const supplier = await Supplier.make();
  expect((await supplier.run('init', folder, '--root-sha256', place.rootSha256)).exit).toBe(0);
});

it('says how old it is, and is refused when its state has expired, whatever it says', async () => {
  const supplier = await offline();
  supplier.now = new Date('2026-11-22T10:00:00Z');
  expect((await supplier.fetch(one.release, '--bundle', whole)).err).toContain(
    AGE.replace('less than a day ago', '2 days ago'),
  );
  supplier.now = new Date('2026-11-25T10:00:00Z');
  expect((await supplier.fetch(one.release, '--bundle', whole)).err.slice(-2)).toEqual([
    'Cannot accept timestamp version 1: it expired on 2026-11-23 09:00 UTC, 2 days ago',
    'The bundle is too old to be trusted. Get a newer one, made today: cfl bundle FILE',
  ]);
});

it('is older than what was seen: refused', async () => {
  const version = library.version;
  const later = await library.write(await mkdtemp(join(tmpdir(), 'cfl-later-')));
  library.version = version;
  const supplier = await Supplier.make();
  await supplier.run('init', later.folder, '--root', later.rootFile);
  const { exit, err } = await supplier.fetch(one.release, '--bundle', whole);
  expect({ exit, message: err.at(-2) }).toEqual({
    exit: 1,
    message: 'Cannot accept timestamp version 1: version 2 was already trusted',
  });
});

describe('is refused', () => {
  async function refused(change: (octets: Buffer) => Uint8Array): Promise<{ code: string; message: string }> {
    const path = `${whole}.changed`;
    await writeFile(path, await readFile(whole));
    expect((await (await offline()).fetch(one.release, '--bundle', path)).exit).toBe(0);
    const supplier = await offline();
    // What it knows already it would not ask the bundle for
    await rm(join(supplier.home, 'cache'), { recursive: true });
    await writeFile(path, change(await readFile(whole)));
    const { exit, out } = await supplier.fetch(one.release, '--bundle', path, '--json');
    expect([1, 3]).toContain(exit);
    return JSON.parse(out.join());
  }
  const changed = (octets: Buffer, at: number) => {
    octets[at] = (octets[at] ?? 0) ^ 1;
    return octets;
  };
  const extra =
    (path: string, text = 'x') =>
    (octets: Buffer) =>
      Buffer.concat([tarFile(path, Buffer.from(text)), octets]);

  test.each<[string, RegExp, (octets: Buffer) => Uint8Array]>([
    ['what is no archive', /offset 0 holds no header/, () => Buffer.from('x'.repeat(2048))],
    ['an empty file', /it ends too early/, () => Buffer.alloc(0)],
    [
      'a file that is cut off',
      /it ends inside of|it ends too early/,
      (octets) => octets.subarray(0, octets.length - 3000),
    ],
    ['a changed header', /holds no header of a tar archive/, (octets) => changed(octets, 3)],
    ['a name twice', /stands in it twice/, extra('bundle.json')],
    ['a name outside', /is no name of a file below it/, extra('../timestamp.json')],
    ['an absolute name', /is no name of a file below it/, extra('/etc/hosts')],
    [
      'a link',
      /is no plain file/,
      (octets) => {
        const link = Buffer.from(tarFile('metadata/link', Buffer.alloc(0)));
        link[156] = 0x32;
        link.fill(0x20, 148, 156);
        const sum = link.reduce((total, octet) => total + octet, 0);
        link.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
        return Buffer.concat([link, octets]);
      },
    ],
    [
      'an archive without its description',
      /it has no "bundle\.json"/,
      () => Buffer.concat([tarFile('a', Buffer.from('b')), TAR_END]),
    ],
  ])('%s', async (_name, message, change) => {
    const { code, message: found } = await refused(change);
    expect(code).toBe('WRONG_BUNDLE');
    expect(found).toMatch(message);
  });

  test('an image that was changed in it', async () => {
    const { code, message } = await refused((octets) =>
      changed(octets, octets.indexOf(one.sealed.image) + 2000),
    );
    expect({ code, message }).toEqual({
      code: 'WRONG_HASH',
      message: expect.stringContaining('image.ota.age'),
    });
  });

  test('metadata that was changed in it', async () => {
    const { code } = await refused((octets) => changed(octets, octets.indexOf('"_type":"snapshot"') + 40));
    expect(['WRONG_HASH', 'NOT_METADATA']).toContain(code);
  });
});

test('killed at any operation there is no bundle, or the whole one', { timeout: 60_000 }, async () => {
  const { library: reader } = await openLibrary({
    home: online.home,
    now: NOW,
    wait: async () => {},
  });
  const folder = await mkdtemp(join(tmpdir(), 'cfl-growing-'));
  const write = async (counted = counter()) => {
    const file = await growingFile(join(folder, 'bundle.tar'));
    const dying: Growing = {
      append: (octets) => step(counted, () => file.append(octets)),
      finish: () => step(counted, () => file.finish()),
      abandon: () => step(counted, () => file.abandon()),
    };
    // A dead process closes nothing; this one goes on
    await writeBundle({ library: reader, releases: [], file: dying }).finally(() => file.abandon());
    return counted.done;
  };
  const count = await write();
  expect(await readFile(join(folder, 'bundle.tar'))).toEqual(await readFile(whole));
  for (let at = 1; at <= count; at++)
    for (const moment of ['before', 'after'] as const) {
      await rm(join(folder, 'bundle.tar'), { force: true });
      await expect(write(counter(at, moment))).rejects.toThrow(Death);
      const left = (await readdir(folder)).filter((name) => !name.startsWith('.tmp-'));
      const isDone = at === count && moment === 'after';
      expect(left, `${moment} ${at}`).toEqual(isDone ? ['bundle.tar'] : []);
    }
  console.log(`bundle: killed before and after each of ${count} file operations`);
});

test('a full disk leaves nothing behind', async () => {
  const { library: reader } = await openLibrary({ home: online.home, now: NOW, wait: async () => {} });
  const folder = await mkdtemp(join(tmpdir(), 'cfl-full-'));
  const file = await growingFile(join(folder, 'bundle.tar'));
  let count = 0;
  const full = {
    ...file,
    append: (octets: Uint8Array) =>
      ++count > 3 ? Promise.reject(new Error('no space left')) : file.append(octets),
  };
  await expect(writeBundle({ library: reader, releases: [], file: full })).rejects.toThrow('no space left');
  expect(await readdir(folder)).toEqual([]);
});
