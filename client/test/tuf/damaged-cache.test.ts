// Attack: one file of the cache is lost, cut short or changed, by a bad disk or a bad hand. The honest
// repository is accepted all the same, and what was refused before the damage is refused after it.

import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/encoding/index.ts';
import { FLOORS_FILE } from '../../src/tuf/index.ts';
import type { MemoryCache } from './memory-cache.ts';
import { MemoryRepository } from './memory-repository.ts';
import { Reader, reads } from './reader.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';
const FILES = [
  'root.json',
  'roots/2.root.json',
  'roots/3.root.json',
  'timestamp.json',
  'snapshot.json',
  'targets.json',
  'm-fff1.json',
  FLOORS_FILE,
];
const PLACES_TO_FLIP = 48;

type Damage = (cache: MemoryCache, file: string) => void;

const DAMAGES: Record<string, Damage> = {
  lost: (cache, file) => cache.remove(file),
  emptied: (cache, file) => cache.truncate(file, 0),
  'cut to one octet': (cache, file) => cache.truncate(file, 1),
  'cut in half': (cache, file) => cache.truncate(file, Math.floor(cache.length(file) / 2)),
  'cut by its last octet': (cache, file) => cache.truncate(file, cache.length(file) - 1),
  'filled with zeros': (cache, file) => cache.files.set(file, new Uint8Array(cache.length(file))),
  'replaced by an empty object': (cache, file) => cache.files.set(file, new TextEncoder().encode('{}')),
  'replaced by null': (cache, file) => cache.files.set(file, new TextEncoder().encode('null')),
  'replaced by a list': (cache, file) => cache.files.set(file, new TextEncoder().encode('[[],{}]')),
  'replaced by another file': (cache, file) => {
    const other = file === 'timestamp.json' ? 'snapshot.json' : 'timestamp.json';
    cache.files.set(file, cache.files.get(other) ?? new Uint8Array());
  },
  'replaced by what it was before': (cache, file) =>
    cache.files.set(file, before.files.get(file) ?? new Uint8Array()),
};

let repository: MemoryRepository;
let then: ReadonlyMap<string, Uint8Array>;
let before: MemoryCache;
let whole: MemoryCache;

beforeAll(async () => {
  repository = new MemoryRepository()
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] })
    .addTarget(IMAGE, 'first', 'm-fff1')
    .rotate('timestamp')
    .rotate('snapshot')
    .publish();
  const reader = new Reader(repository);
  await reader.accepts(reads(IMAGE));
  then = new Map(repository.files);
  before = reader.cache.copy();
  repository.addTarget(IMAGE, 'again', 'm-fff1').addTarget('notes.txt', 'notes').publish();
  expect(await reader.accepts(reads(IMAGE))).toBe('again');
  whole = reader.cache;
});

function damaged(file: string, damage: Damage): Reader {
  const reader = new Reader(repository.tellTheTruth());
  reader.cache = whole.copy();
  damage(reader.cache, file);
  return reader;
}

async function heals(file: string, damage: Damage): Promise<void> {
  const reader = damaged(file, damage);
  expect(await reader.accepts(reads(IMAGE))).toBe('again');
  expect(reader.cache.content()).toEqual(whole.content());
}

/** Everything is served as it was before, but for what a test says. */
async function refusesRollback(file: string, damage: Damage): Promise<void> {
  const reader = damaged(file, damage);
  repository.replay(then);
  const trusted = reader.cache.content();
  await expect(reader.accepts(), `${file} damaged`).rejects.toMatchObject({
    name: 'RefusedError',
    code: 'ROLLBACK',
  });
  // The floors may be written anew from what is left; nothing else may move
  expect({ ...reader.cache.content(), [FLOORS_FILE]: '' }).toEqual({
    ...trusted,
    [FLOORS_FILE]: '',
    ...mended(file, reader),
  });
  await expect(reader.accepts(), `${file} damaged, second time`).rejects.toMatchObject({ code: 'ROLLBACK' });
}

/** A root is mended from the network before the timestamp is looked at: it is the right one. */
function mended(file: string, reader: Reader): Record<string, string> {
  const isRoot = file === 'root.json' || file.startsWith('roots/');
  const now = reader.cache.content()[file];
  if (isRoot && now !== undefined) expect(now).toBe(whole.content()[file]);
  return isRoot && now !== undefined ? { [file]: now } : {};
}

it('the cache holds these files', () => {
  expect([...whole.files.keys()].sort()).toEqual([...FILES].sort());
});

it('undamaged, the honest repository is accepted and the rollback refused', async () => {
  await heals('root.json', () => undefined);
  await refusesRollback('root.json', () => undefined);
});

describe.each(FILES)('%s', (file) => {
  it.each(Object.keys(DAMAGES))('%s: the honest repository succeeds and mends it', async (name) => {
    await heals(file, DAMAGES[name] ?? (() => undefined));
  });

  it.each(Object.keys(DAMAGES))('%s: a rollback of the repository is refused', async (name) => {
    await refusesRollback(file, DAMAGES[name] ?? (() => undefined));
  });

  it('with one bit flipped, anywhere: the honest repository succeeds, a rollback is refused', async () => {
    const length = whole.length(file);
    for (let i = 0; i < PLACES_TO_FLIP; i++) {
      const flip: Damage = (cache) => cache.flip(file, Math.floor((i * length) / PLACES_TO_FLIP), i % 8);
      const reader = damaged(file, flip);
      expect(await reader.accepts(reads(IMAGE))).toBe('again');
      const attacked = damaged(file, flip);
      repository.replay(then);
      await expect(attacked.accepts(), `bit flipped at ${i}`).rejects.toMatchObject({
        name: 'RefusedError',
        code: 'ROLLBACK',
      });
    }
  });
});

it(`${FLOORS_FILE} with a bit flipped at each octet holds or falls as a whole`, async () => {
  for (let i = 0; i < whole.length(FLOORS_FILE); i++) {
    const attacked = damaged(FLOORS_FILE, (cache) => cache.flip(FLOORS_FILE, i, 0));
    repository.replay(then);
    await expect(attacked.accepts(), `octet ${i}`).rejects.toMatchObject({ code: 'ROLLBACK' });
  }
});

describe('a rollback by the holder of timestamp and snapshot, with one file damaged', () => {
  const listing = (meta: JsonObject) => ({
    snapshot: { says: (signed: JsonObject) => ({ ...signed, meta }) },
  });

  it.each(
    FILES.flatMap((file) =>
      ['lost', 'cut in half', 'replaced by what it was before'].map((damage) => [file, damage] as const),
    ),
  )('%s %s: a newer snapshot cannot list an older manufacturer, nor leave it out', async (file, name) => {
    const snapshot = repository.versions.get('snapshot') ?? 0;
    const timestamp = repository.versions.get('timestamp') ?? 0;
    const truth = new Map(repository.files);
    for (const meta of [
      { 'targets.json': { version: 2 }, 'm-fff1.json': { version: 1 } },
      { 'targets.json': { version: 2 } },
    ]) {
      const reader = damaged(file, DAMAGES[name] ?? (() => undefined));
      repository.publish(listing(meta));
      await expect(reader.accepts()).rejects.toMatchObject({ name: 'RefusedError', code: 'ROLLBACK' });
      repository.versions.set('snapshot', snapshot).set('timestamp', timestamp);
      for (const [key, octets] of truth) repository.files.set(key, octets);
    }
  });
});

describe('a root that the reader has seen is withheld, with one file damaged', () => {
  it.each(FILES.flatMap((file) => Object.keys(DAMAGES).map((damage) => [file, damage] as const)))(
    '%s %s',
    async (file, name) => {
      const reader = damaged(file, DAMAGES[name] ?? (() => undefined));
      repository
        .replay(then)
        .lie({ ...Object.fromEntries(then), '2.root.json': 'missing', '3.root.json': 'missing' });
      const root = reader.cache.content()['root.json'];
      await expect(reader.accepts()).rejects.toMatchObject({ name: 'RefusedError', code: 'ROLLBACK' });
      if (file !== 'root.json') expect(reader.cache.content()['root.json']).toBe(root);
    },
  );
});
