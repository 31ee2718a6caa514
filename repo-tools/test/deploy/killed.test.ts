// A publisher that dies anywhere leaves the old library or the new one, and nothing in between; the next
// run completes. Every operation on files is tried, before it took effect and after.

import { memoryCache } from '@cfl/client/library';
import { type Cache, parseRoleName, type RoleName } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../src/change/change.ts';
import { loadState, type OnlineSigners, type Place, writingUpon } from '../../src/deploy/index.ts';
import { planRenewal, renewHere } from '../../src/renewal/renew.ts';
import { planRotation } from '../../src/renewal/rotate.ts';
import { NOW, signersOf } from '../fixture.ts';
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
  signed,
} from './scene.ts';

const TIME = 120_000;

let held: Keys;
let online: OnlineSigners;
let root: Uint8Array;

interface Case {
  /** The library before; empty where the publication founds it. */
  readonly before: MemoryPlace;
  readonly change: Change | 'renew';
  /** The library's version before. */
  readonly version: number;
  /** Where they are not those that it was founded with. */
  readonly keys?: OnlineSigners;
  readonly now?: Date;
}

/** Catalogue, snapshot and timestamp are due. */
const LATER = new Date('2026-12-25T09:00:00Z');

/** One publisher's run, whichever it is; undefined where nothing was left to do. */
async function run(place: Place, { change, keys: own, now = NOW }: Case): Promise<number | undefined> {
  if (change !== 'renew') return apply(change, place, own ?? online, now);
  const signer = async (role: RoleName) => held[role as string as keyof Keys][0];
  const done = await writingUpon(place, now, (published) => renewHere({ place, published, signer, now }));
  return done.find(({ role }) => role === 'snapshot')?.version;
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

  const present = await loadState(founded);
  const all = Object.values(held).flat();
  const ceremony = await planRenewal(['root', 'targets', 'registrar'].map(parseRoleName), present, NOW);
  const [snapshot, timestamp] = await signersOf(2);
  if (snapshot === undefined || timestamp === undefined) throw new TypeError('no key');
  const fresh = { snapshot, timestamp };
  const rotations = (['snapshot', 'timestamp'] as const).map((name) => ({
    role: parseRoleName(name),
    add: [fresh[name].key],
    remove: held[name].map(({ key }) => key.id),
  }));
  const rotation = await planRotation(rotations, present, NOW);

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
    'a ceremony of root, targets and registrar': {
      before: founded,
      change: await signed(ceremony, all, present),
      version: 1,
    },
    'new keys for snapshot and timestamp': {
      before: founded,
      change: await signed(rotation, held.root, present),
      version: 1,
      keys: fresh,
    },
    'a renewal by the scheduler': { before: joined, change: 'renew', version: 2, now: LATER },
  };
}, TIME);

async function seenBy(place: Place, cache?: Cache): Promise<number> {
  return (await readWhole(place, root, cache))?.version ?? 0;
}

/** The next run: the same again, or where the crashed one's was finished by then, another. Returns the version. */
async function nextRun(place: Place, scene: Case): Promise<number> {
  const again = await run(place, scene).catch((error: unknown) => {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(ALREADY_APPLIED|OTHER_LIBRARY)$/) });
    return undefined;
  });
  if (again !== undefined) return again;
  expect(await seenBy(place)).toBe(scene.version + 1);
  const note = new Map([['register/note.json', octets('{}')]]);
  const change = await listing(await loadState(place), 'registrar', note, held.registrar);
  return apply(change, place, scene.keys ?? online, scene.now);
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
  'a ceremony of root, targets and registrar',
  'a renewal by the scheduler',
])('%s', (name) => {
  it('is published by a run that is not killed', async () => {
    const scene = cases[name] as Case;
    const { before, change, version } = scene;
    const place = memoryPlace(before);
    expect(await run(place, scene)).toBe(version + 1);
    const read = await readWhole(place, root);
    expect(read?.version).toBe(version + 1);
    const brought = change === 'renew' ? [] : change.targets;
    for (const [path, content] of brought) expect(read?.files.get(path)).toEqual(content);
    expect([...place.private.content.keys()].filter((file) => !file.startsWith('roots/'))).toEqual([]);
  });

  it(
    'is there or is not, whenever the publisher dies, and the next run completes',
    async () => {
      const scene = cases[name] as Case;
      const honest = mortal(memoryPlace(scene.before));
      await run(honest.place, scene);
      const points = pointsOf(honest.done);
      const seen = new Set<number>();
      for (const [at, moment] of points) {
        const where = `operation ${at}, ${honest.done[at - 1]}, ${moment}`;
        const place = memoryPlace(scene.before);
        const cache = await cachedReader(scene);
        await expect(run(mortal(place, at, moment).place, scene), where).rejects.toThrow(Death);
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
  'new keys for snapshot and timestamp: a reader is misled at no point; it may be refused between the new root and the timestamp, until the next run',
  async () => {
    const scene = cases['new keys for snapshot and timestamp'] as Case;
    const honest = mortal(memoryPlace(scene.before));
    await run(honest.place, scene);
    const points = pointsOf(honest.done);
    // The root is the last file that is created
    const rootShows = honest.done.lastIndexOf('metadata.writeNew') + 1;
    for (const [at, moment] of points) {
      const where = `operation ${at}, ${honest.done[at - 1]}, ${moment}`;
      const place = memoryPlace(scene.before);
      const cache = await cachedReader(scene);
      await expect(run(mortal(place, at, moment).place, scene), where).rejects.toThrow(Death);
      const version = await seenBy(place, cache).catch((error: unknown) => {
        expect(error, where).toMatchObject({ code: 'UNSIGNED' });
        return 'refused';
      });
      if (version === 'refused') expect(at, where).toBeGreaterThanOrEqual(rootShows);
      else expect([1, 2], where).toContain(version);
      expect(await nextRun(place, scene), where).toBeGreaterThan(1);
      expect(await seenBy(place, cache), where).toBeGreaterThan(1);
      expect(place.private.content.has('pending.json'), where).toBe(false);
    }
    console.log(`new keys for snapshot and timestamp: ${points.length} points`);
  },
  TIME,
);

it(
  'the run that finishes a crashed one may die anywhere too',
  async () => {
    const scene = cases['a release with three files'] as Case;
    const honest = mortal(memoryPlace(scene.before));
    await run(honest.place, scene);
    // Dead with the journal written and not one file of it
    const crashed = memoryPlace(scene.before);
    const journal = honest.done.lastIndexOf('private.replace') + 1;
    await expect(run(mortal(crashed, journal, 'after').place, scene)).rejects.toThrow(Death);
    const finishing = mortal(memoryPlace(crashed));
    await expect(run(finishing.place, scene)).rejects.toMatchObject({
      code: 'ALREADY_APPLIED',
    });
    const points = pointsOf(finishing.done);
    for (const [at, moment] of points) {
      const where = `operation ${at}, ${finishing.done[at - 1]}, ${moment}`;
      const place = memoryPlace(crashed);
      await expect(run(mortal(place, at, moment).place, scene), where).rejects.toThrow(Death);
      expect([scene.version, scene.version + 1], where).toContain(await seenBy(place));
      expect(await nextRun(place, scene), where).toBe(scene.version + 2);
      expect(await seenBy(place), where).toBe(scene.version + 2);
    }
    console.log(`finishing a crashed run: ${points.length} points`);
  },
  TIME,
);
