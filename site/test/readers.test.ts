// Do several readers find what one finds, in the same order, and does a refusal of theirs stay one?

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLibrary, pinLibrary } from '@cfl/client/library';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readParts, readShared } from '../build/readers.ts';
import { readOne } from '../src/data/read-release.ts';
import { type ExampleLibrary, exampleLibrary, NOW } from './library.ts';

let base: string;
let example: ExampleLibrary;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'cfl-site-test-'));
  example = await exampleLibrary(join(base, 'library'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

async function opened() {
  const { folder: url, rootSha256 } = example.written;
  const home = await mkdtemp(join(base, 'home-'));
  const wait = () => Promise.resolve();
  await pinLibrary({ home, url, by: { rootSha256 }, now: NOW, wait });
  const { library } = await openLibrary({ home, now: NOW, wait });
  return { library, rows: await library.allReleases() };
}

const reading = (version: number, now = NOW) => {
  const { folder: library, rootSha256 } = example.written;
  return { library, root: { rootSha256 }, now, version };
};

it('two and three readers find what one finds, in the same order', async () => {
  const { library, rows } = await opened();
  const alone = [];
  for (const row of rows) alone.push(await readOne(library, row));
  expect(rows).toHaveLength(6);
  for (const parts of [2, 3]) expect(await readParts(reading(1), rows, parts)).toEqual(alone);
});

it('a small library is read by one', async () => {
  const { rows } = await opened();
  expect(readShared(reading(1), rows)).toBeUndefined();
});

it('what a reader refuses is refused, with its code', async () => {
  const { rows } = await opened();
  await readParts(reading(1), rows, 2);
  const late = new Date('2026-11-24T09:00:00Z');
  await expect(readParts(reading(1, late), rows, 2)).rejects.toMatchObject({ code: 'EXPIRED' });
});

it('a library that is published anew meanwhile is not mixed', async () => {
  const { rows } = await opened();
  await readParts(reading(1), rows, 2);
  await expect(readParts(reading(2), rows, 2)).rejects.toThrow(/published anew while it was read: version 1/);
});
