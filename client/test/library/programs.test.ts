// The face that other programs use: what can be put in, what is said meanwhile, and what is thrown.

import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, test } from 'vitest';
import {
  type Cache,
  folder,
  isCflError,
  memoryCache,
  openReader,
  pin,
  type ReaderEvent,
  type Repository,
  readCredentialFile,
  verifyFolder,
} from '../../src/index.ts';
import { folderRepository } from '../../src/library/index.ts';
import { type MadeRelease, NOW, TestLibrary, type Written } from './fixture.ts';
import { Supplier } from './reader.ts';
import { serve } from './server.ts';

let one: MadeRelease;
let place: Written;
let root: Uint8Array;

beforeAll(async () => {
  const library = await TestLibrary.make();
  one = await library.add();
  place = await library.write();
  root = new Uint8Array(await readFile(place.rootFile));
});

const wait = async () => {};
const emptyFolder = () => mkdtemp(join(tmpdir(), 'cfl-program-'));

function files(): Repository {
  return folderRepository(folder(join(place.folder, 'metadata')), folder(join(place.folder, 'targets')));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isCflError(error)) throw error;
  return error.code;
}

it('pins, fetches, saves and verifies, and says what goes on', async () => {
  const server = await serve(place.folder);
  const home = await emptyFolder();
  await pin({ home, url: server.url, by: { rootSha256: place.rootSha256 }, now: NOW, wait });
  const events: ReaderEvent[] = [];
  const reader = await openReader({ home, now: NOW, wait, env: {}, onEvent: (event) => events.push(event) });
  expect(await reader.refresh()).toEqual({
    root: 1,
    timestamp: 1,
    snapshot: 1,
    goodUntil: new Date('2026-11-23T09:00:00Z'),
  });
  expect((await reader.list()).map(({ release, derived }) => [release, derived.state])).toEqual([
    [one.release, 'current'],
  ]);
  expect((await reader.show('CPL-000412')).about.party.name).toBe('Example Meters');
  const verified = await reader.fetch('CPL-000412', { credential: place.credential });
  expect(verified.octets).toEqual(one.octets);
  const to = await emptyFolder();
  const saved = await reader.save(verified, to);
  expect(new Uint8Array(await readFile(join(to, saved.image)))).toEqual(one.octets);
  expect((await verifyFolder(to, root)).map(({ evidence }) => evidence.release)).toEqual([one.release]);
  const kinds = new Set(events.map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(['step', 'check', 'transfer']));
  expect(events.filter(({ kind }) => kind === 'check').length).toBe(7);
  reader.close();
  await server.close();
});

test('repository, cache and clock are those that are put in', async () => {
  const kept = memoryCache();
  const written: string[] = [];
  const cache: Cache = {
    read: (file) => kept.read(file),
    write: async (file, octets) => {
      written.push(file);
      await kept.write(file, octets);
    },
  };
  const reader = await openReader({ root, repository: files(), cache, now: NOW });
  await reader.refresh();
  expect(written).toContain('timestamp.json');
  const late = await openReader({ root, repository: files(), now: new Date('2026-12-01T00:00:00Z') });
  expect(await codeOf(late.refresh())).toBe('EXPIRED');
});

test('what goes wrong has a code; what the caller does wrong has none', async () => {
  const supplier = await Supplier.of(place);
  const reader = await openReader({ home: supplier.home, now: NOW });
  expect(await codeOf(reader.fetch('00000000', { credential: place.credential }))).toBe('UNKNOWN_RELEASE');
  expect(await codeOf(openReader({ home: await emptyFolder() }))).toBe('NOT_PINNED');
  expect(await codeOf(readCredentialFile(join(supplier.home, 'none'), async () => undefined))).toBe(
    'NO_CREDENTIAL',
  );
  expect(await codeOf(verifyFolder(await emptyFolder(), root))).toBe('NO_EVIDENCE');
  const other = await openReader({ root, repository: join(await emptyFolder(), 'none'), now: NOW });
  expect(await codeOf(other.refresh())).toBe('MISSING');
  expect(isCflError(new TypeError('mine'))).toBe(false);
});

test('a signal ends a fetch, whatever gives the files', async () => {
  const reason = new Error('the user left');
  const controller = new AbortController();
  const reader = await openReader({
    root,
    repository: files(),
    now: NOW,
    signal: controller.signal,
    onEvent: ({ kind }) => kind === 'check' && controller.abort(reason),
  });
  await expect(reader.fetch(one.release, { credential: place.credential })).rejects.toBe(reason);
});
