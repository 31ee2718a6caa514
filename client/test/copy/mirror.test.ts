// A mirror: whole at every moment, with all that was ever published, and no copy of a library that tells another
// history than it told before.

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { mirror } from '../../src/copy/index.ts';
import { decisionPath } from '../../src/firmware/index.ts';
import { folder } from '../../src/library/files.ts';
import { openLibrary } from '../../src/library/index.ts';
import { digestOf, type MadeRelease, NOW, TestLibrary, type Written } from '../library/fixture.ts';
import { Supplier } from '../library/reader.ts';
import { serve, status } from '../library/server.ts';
import { counter, Death, dying } from './faults.ts';

let library: TestLibrary;
let first: MadeRelease;
let second: MadeRelease;
/** The library after its first and its second publication. */
let young: Written;
let old: Written;

beforeAll(async () => {
  library = await TestLibrary.make();
  first = await library.add();
  young = await library.write();
  old = await copied(young);
  second = await library.add({ body: 'second', fileVersion: 0x01000204 });
  await library.write(old.folder);
});

async function copied(written: Written): Promise<Written> {
  const place = await mkdtemp(join(tmpdir(), 'cfl-mirrored-'));
  await cp(written.folder, place, { recursive: true });
  return { ...written, folder: place, rootFile: join(place, 'metadata', '1.root.json') };
}

async function emptyFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'cfl-mirror-'));
}

/** Every published file of a folder, by name. */
async function published(place: string): Promise<ReadonlyMap<string, string>> {
  const files = folder(place);
  const names = (await files.list('')).filter((name) => !name.startsWith('state/'));
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, digestOf((await files.read(name)) ?? new Uint8Array())] as const),
    ),
  );
}

/** What a supplier finds that never saw anything but the copy. */
async function fetched(place: string, release: MadeRelease): Promise<number> {
  const reader = await Supplier.make();
  const trusted = await reader.run('init', place, '--root-sha256', young.rootSha256);
  if (trusted.exit !== 0) return trusted.exit;
  await reader.use(young.credential);
  return (await reader.fetch(release.release)).exit;
}

it('copies everything that was ever published, octet for octet, and serves like the library itself', async () => {
  const supplier = await Supplier.of(old);
  const place = await emptyFolder();
  const { exit, out, err } = await supplier.run('mirror', place);
  const files = await published(old.folder);
  expect({ exit, out, err }).toEqual({
    exit: 0,
    out: [],
    err: [
      expect.stringMatching(
        new RegExp(`^Snapshot 2, history whole, 2 decisions: ${files.size} new files, [\\d,]+ octets$`),
      ),
    ],
  });
  expect(await published(place)).toEqual(files);
  expect(await fetched(place, first)).toBe(0);
  expect(await fetched(place, second)).toBe(0);
});

it('asks a second time for nothing but what could be new, and is silent', async () => {
  const source = await copied(young);
  const server = await serve(source.folder);
  const supplier = await Supplier.make();
  await supplier.run('init', server.url, '--root', source.rootFile);
  const place = await emptyFolder();
  expect((await supplier.run('mirror', place)).exit).toBe(0);
  const before = await published(place);

  server.asked.length = 0;
  expect(await supplier.run('mirror', place)).toMatchObject({ exit: 0, out: [], err: [] });
  expect(server.asked).toEqual(['/metadata/2.root.json', '/metadata/timestamp.json']);
  expect(await published(place)).toEqual(before);

  const later = new Set(await folder(old.folder).list(''));
  await cp(old.folder, source.folder, { recursive: true });
  server.asked.length = 0;
  const { exit, out } = await supplier.run('mirror', place, '--json');
  expect({ exit, ...JSON.parse(out.join()) }).toMatchObject({
    exit: 0,
    format: 'cfl/mirror/1',
    snapshot: 2,
    oldest: 1,
    decisions: 2,
    goodUntil: '2026-11-23T09:00:00Z',
  });
  const asked = server.asked.map((path) => path.slice(1));
  expect(asked.filter((path) => before.has(path)).sort()).toEqual(['metadata/timestamp.json']);
  expect(asked.filter((path) => !later.has(path))).toEqual(['metadata/2.root.json']);
  expect(new Set(asked).size).toBe(asked.length);
  expect(await published(place)).toEqual(await published(old.folder));
  await server.close();
});

it('catches up with what was published while nobody looked', async () => {
  const supplier = await Supplier.of(young);
  const place = await emptyFolder();
  await supplier.run('mirror', place);
  const later = await copied(old);
  const third = await library.add({ body: 'third', fileVersion: 0x01000205 });
  await library.write(later.folder);
  expect((await supplier.run('init', later.folder, '--root', young.rootFile)).exit).toBe(0);
  expect((await supplier.run('mirror', place)).exit).toBe(0);
  expect(await published(place)).toEqual(await published(later.folder));
  expect(await fetched(place, third)).toBe(0);
});

it('says from where on its history is, where the source has no more, and tries again', async () => {
  const source = await copied(old);
  await rm(join(source.folder, 'metadata', '1.snapshot.json'));
  const supplier = await Supplier.of(source);
  const place = await emptyFolder();
  expect((await supplier.run('mirror', place)).err[0]).toMatch(/^Snapshot 2, history from snapshot 2 on, /);
  await cp(old.folder, source.folder, { recursive: true });
  expect((await supplier.run('mirror', place)).err[0]).toMatch(/^Snapshot 2, history whole, /);
  expect(await published(place)).toEqual(await published(old.folder));
});

test('killed at any operation it is what it was, or what it should be; the next run completes it', {
  timeout: 240_000,
}, async () => {
  const supplier = await Supplier.of(old);
  const start = await Supplier.of(young);
  const begun = await emptyFolder();
  expect((await start.run('mirror', begun)).exit).toBe(0);
  const run = async (place: string, counted = counter()) => {
    const { library: opened, repository } = await openLibrary({
      home: supplier.home,
      now: NOW,
      wait: async () => {},
    });
    const at = (name: string) => dying(folder(join(place, name)), counted);
    await mirror({
      library: opened,
      repository,
      place: { metadata: at('metadata'), targets: at('targets'), state: at('state') },
    });
    return counted.done;
  };
  const whole = await published(old.folder);
  const count = await run(await copyOf(begun));
  expect(count).toBeGreaterThan(30);
  for (let at = 1; at <= count; at++)
    for (const moment of ['before', 'after'] as const) {
      const place = await copyOf(begun);
      await expect(run(place, counter(at, moment)), `${moment} ${at}`).rejects.toThrow(Death);
      const { repository, library: reader } = await openFresh(place);
      const { snapshot } = await reader.refresh();
      expect([1, 2]).toContain(snapshot.signed.version);
      // Every target that the roles list now is there
      expect((await reader.allReleases()).length).toBe(snapshot.signed.version);
      for (const { release, code } of await reader.allReleases())
        expect(
          await reader
            .find(`firmware/${code}/${release}/image.ota.age`)
            .then((found) => found && reader.read(found)),
        ).toBeDefined();
      repository.close();
      await run(place);
      expect(await published(place)).toEqual(whole);
      await rm(place, { recursive: true });
    }
  console.log(`mirror: killed before and after each of ${count} file operations`);
});

async function copyOf(place: string): Promise<string> {
  const copy = await emptyFolder();
  await cp(place, copy, { recursive: true });
  return copy;
}

async function openFresh(place: string) {
  const { openRepository, Library, memoryCache } = await import('../../src/library/index.ts');
  const repository = openRepository(place, { wait: async () => {} });
  const root = new Uint8Array(await readFile(young.rootFile));
  return { repository, library: new Library({ root, repository, cache: memoryCache(), now: NOW }) };
}

describe('refuses, and keeps what it has', () => {
  async function refused(change: (source: Written) => unknown): Promise<string> {
    const source = await copied(young);
    const supplier = await Supplier.of(source);
    const place = await emptyFolder();
    expect((await supplier.run('mirror', place)).exit).toBe(0);
    const before = await published(place);
    await change(source);
    const { exit, out } = await supplier.run('mirror', place, '--json');
    expect(exit).toBe(1);
    // Targets that nothing lists yet may be there; what could be read before is as it was
    const after = [...(await published(place))].filter(
      ([name]) => before.has(name) || name.startsWith('metadata/'),
    );
    expect(new Map(after)).toEqual(before);
    return JSON.parse(out.join()).code;
  }

  /** A gate that holds every key of the library, and changes what was decided. */
  function republished(change: (other: TestLibrary) => unknown) {
    return async (source: Written) => {
      const { version, head } = library;
      const listed = structuredClone(library.listed.get('gate'));
      const { entries, rows } = library;
      await change(library);
      library.version = 1;
      await library.write(source.folder);
      Object.assign(library, { version, head, entries, rows });
      if (listed !== undefined) library.listed.set('gate', listed);
    };
  }

  test('a decision that is another now', async () => {
    expect(
      await refused(
        republished((other) => {
          other.head = undefined;
          other.accept(first, { rules: '2026-11-2' });
          other.accept(second);
          for (const one of other.listed.get('gate')?.keys() ?? [])
            if (
              /^intake\/[0-9a-f]/.test(one) &&
              !one.includes(first.release) &&
              !one.includes(second.release)
            )
              other.listed.get('gate')?.delete(one);
        }),
      ),
    ).toBe('FORKED_CHAIN');
  });

  test('a decision that is gone', async () => {
    expect(
      await refused(republished((other) => other.listed.get('gate')?.delete(decisionPath(first.release, 1)))),
    ).toBe('BROKEN_CHAIN');
  });

  test('a chain that is gone', async () => {
    expect(
      await refused(republished((other) => other.listed.get('gate')?.delete('intake/head/latest.json'))),
    ).toBe('FORKED_CHAIN');
  });

  test('a target that was changed', async () => {
    expect(
      await refused(async (source) => {
        await cp(old.folder, source.folder, { recursive: true });
        const place = join(source.folder, 'targets', 'firmware', 'FFF1', second.release);
        const [name = ''] = await readdir(place);
        await writeFile(join(place, name), 'something else');
      }),
    ).toBe('WRONG_LENGTH');
  });

  test('a role file of the past that was changed', async () => {
    const source = await copied(old);
    const path = join(source.folder, 'metadata', '1.m-fff1.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"version":1', '"version":3'));
    const supplier = await Supplier.of(source);
    const place = await emptyFolder();
    expect(JSON.parse((await supplier.run('mirror', place, '--json')).out.join())).toMatchObject({
      code: 'WRONG_HASH',
      message: expect.stringMatching(/^Cannot accept 1\.m-fff1\.json/),
    });
    expect((await published(place)).has('metadata/timestamp.json')).toBe(false);
  });

  test('a snapshot of the past that nobody signed', async () => {
    const source = await copied(old);
    const path = join(source.folder, 'metadata', '1.snapshot.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('2027-11-20', '2028-11-20'));
    const supplier = await Supplier.of(source);
    const { out } = await supplier.run('mirror', await emptyFolder(), '--json');
    expect(JSON.parse(out.join())).toMatchObject({
      code: 'UNSIGNED',
      message: 'Cannot accept snapshot version 1: it has 0 good signatures of the 1 it needs',
    });
  });

  test('a folder that holds the mirror of another library', async () => {
    const supplier = await Supplier.of(old);
    const place = await emptyFolder();
    expect((await supplier.run('mirror', place)).exit).toBe(0);
    const before = await published(place);
    const other = await TestLibrary.make();
    const stranger = await Supplier.of(await other.write());
    expect(JSON.parse((await stranger.run('mirror', place, '--json')).out.join()).code).toBe('OTHER_MIRROR');
    expect(await published(place)).toEqual(before);
  });

  test('an older state than the reader has seen', async () => {
    const source = await copied(old);
    const supplier = await Supplier.of(source);
    expect((await supplier.run('refresh')).exit).toBe(0);
    await cp(
      join(young.folder, 'metadata', 'timestamp.json'),
      join(source.folder, 'metadata', 'timestamp.json'),
    );
    expect(JSON.parse((await supplier.run('mirror', await emptyFolder(), '--json')).out.join()).code).toBe(
      'ROLLBACK',
    );
  });
});

test('a server that is busy for a moment is asked again, one that lies is not', async () => {
  const source = await copied(old);
  const server = await serve(source.folder);
  const supplier = await Supplier.make();
  await supplier.run('init', server.url, '--root', source.rootFile);
  const path = '/metadata/1.snapshot.json';
  const busy = status(503, { 'retry-after': '3' });
  let count = 0;
  server.answers.set(path, async (response, request) => {
    if (++count < 3) return busy(response, request);
    response.end(await readFile(join(source.folder, path)));
  });
  const place = await emptyFolder();
  expect(await supplier.run('mirror', place)).toMatchObject({ exit: 0, waits: [3000, 5000] });

  server.answers.set('/metadata/timestamp.json', (response) => void response.end('{}'));
  server.asked.length = 0;
  expect(await supplier.run('mirror', place)).toMatchObject({ exit: 1, waits: [] });
  expect(server.asked.filter((one) => one.endsWith('timestamp.json')).length).toBe(1);
  await server.close();
});
