// A publisher that dies anywhere leaves the old library or the new one, and nothing in between; the next
// run completes. Every operation on files is tried, before it took effect and after.

import { memoryCache } from '@cfl/client/library';
import type { Cache } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../src/change/change.ts';
import { loadState, type OnlineSigners, type Place } from '../../src/deploy/index.ts';
import { signersOf } from '../fixture.ts';
import { type MemoryPlace, memoryPlace } from './memory-files.ts';
import { Death, mortal, pointsOf } from './mortal.ts';
import {
  apply,
  founding,
  type Keys,
  keys,
  listing,
  meters,
  octets,
  onlineOf,
  readWhole,
  releaseFiles,
} from './scene.ts';

const TIME = 120_000;

let held: Keys;
let online: OnlineSigners;
let root: Uint8Array;

interface Case {
  /** The library before; empty where the publication founds it. */
  readonly before: MemoryPlace;
  readonly change: Change;
  /** The library's version before. */
  readonly version: number;
}

let cases: Record<string, Case>;

beforeAll(async () => {
  held = await keys();
  online = onlineOf(held);
  const first = await founding(held);
  const [, document] = [...first.metadata][0] ?? [];
  root = document?.octets ?? new Uint8Array();

  const founded = memoryPlace();
  await apply(first, founded, online);
  const own = await signersOf(2);
  const joining = await meters(await loadState(founded), held, own);

  const joined = memoryPlace(founded);
  await apply(joining, joined, online);
  const release = await listing(
    await loadState(joined),
    'm-fff1',
    await releaseFiles('image'),
    own.slice(0, 1),
  );
  cases = {
    'founding a library': { before: memoryPlace(), change: first, version: 0 },
    'a party that joins with its own signed role': { before: founded, change: joining, version: 1 },
    'a release with three files': { before: joined, change: release, version: 2 },
  };
}, TIME);

async function seenBy(place: Place, cache?: Cache): Promise<number> {
  return (await readWhole(place, root, cache))?.version ?? 0;
}

/** The next run: the same change, or where the crashed one's was finished by then, another. Returns the version. */
async function nextRun(place: Place, { change, version }: Case): Promise<number> {
  const again = await apply(change, place, online).catch((error: unknown) => {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(ALREADY_APPLIED|OTHER_LIBRARY)$/) });
    return undefined;
  });
  if (again !== undefined) return again;
  expect(await seenBy(place)).toBe(version + 1);
  const note = new Map([['register/note.json', octets('{}')]]);
  return apply(await listing(await loadState(place), 'registrar', note, held.registrar), place, online);
}

async function cachedReader({ before, version }: Case): Promise<Cache> {
  const cache = memoryCache();
  expect(await seenBy(before, cache)).toBe(version);
  return cache;
}

describe.each([
  'founding a library',
  'a party that joins with its own signed role',
  'a release with three files',
])('%s', (name) => {
  it('is published by a run that is not killed', async () => {
    const { before, change, version } = cases[name] as Case;
    const place = memoryPlace(before);
    expect(await apply(change, place, online)).toBe(version + 1);
    const read = await readWhole(place, root);
    expect(read?.version).toBe(version + 1);
    for (const [path, content] of change.targets) expect(read?.files.get(path)).toEqual(content);
    expect([...place.private.content.keys()]).toEqual([]);
  });

  it(
    'is there or is not, whenever the publisher dies, and the next run completes',
    async () => {
      const scene = cases[name] as Case;
      const honest = mortal(memoryPlace(scene.before));
      await apply(scene.change, honest.place, online);
      const points = pointsOf(honest.done);
      const seen = new Set<number>();
      for (const [at, moment] of points) {
        const where = `operation ${at}, ${honest.done[at - 1]}, ${moment}`;
        const place = memoryPlace(scene.before);
        const cache = await cachedReader(scene);
        await expect(apply(scene.change, mortal(place, at, moment).place, online), where).rejects.toThrow(
          Death,
        );
        const version = await seenBy(place);
        expect([scene.version, scene.version + 1], where).toContain(version);
        expect(await seenBy(place, cache), where).toBe(version);
        seen.add(version);
        const next = await nextRun(place, scene);
        expect(next, where).toBeGreaterThan(version);
        expect(await seenBy(place), where).toBe(next);
        expect(await seenBy(place, cache), where).toBe(next);
        expect(place.private.content.has('pending.json'), where).toBe(false);
        expect(place.private.content.has('lock.json'), where).toBe(false);
      }
      expect([...seen].sort()).toEqual([scene.version, scene.version + 1]);
      console.log(`${name}: ${points.length} points`);
    },
    TIME,
  );
});

it(
  'the run that finishes a crashed one may die anywhere too',
  async () => {
    const scene = cases['a release with three files'] as Case;
    const honest = mortal(memoryPlace(scene.before));
    await apply(scene.change, honest.place, online);
    // Dead with the journal written and not one file of it
    const crashed = memoryPlace(scene.before);
    const journal = honest.done.lastIndexOf('private.replace') + 1;
    await expect(apply(scene.change, mortal(crashed, journal, 'after').place, online)).rejects.toThrow(Death);
    const finishing = mortal(memoryPlace(crashed));
    await expect(apply(scene.change, finishing.place, online)).rejects.toMatchObject({
      code: 'ALREADY_APPLIED',
    });
    const points = pointsOf(finishing.done);
    for (const [at, moment] of points) {
      const where = `operation ${at}, ${finishing.done[at - 1]}, ${moment}`;
      const place = memoryPlace(crashed);
      await expect(apply(scene.change, mortal(place, at, moment).place, online), where).rejects.toThrow(
        Death,
      );
      expect([scene.version, scene.version + 1], where).toContain(await seenBy(place));
      expect(await nextRun(place, scene), where).toBe(scene.version + 2);
      expect(await seenBy(place), where).toBe(scene.version + 2);
    }
    console.log(`finishing a crashed run: ${points.length} points`);
  },
  TIME,
);
