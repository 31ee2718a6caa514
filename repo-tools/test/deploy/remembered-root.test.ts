// The operator remembers the newest root that it has seen: it need not walk there again, and it notices when the
// folder comes back older than it was.

import { sha256 } from '@cfl/client/encoding';
import { parseRoleName } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  loadState,
  type OnlineSigners,
  type Place,
  publish,
  unlock,
  writingUpon,
} from '../../src/deploy/index.ts';
import { planRenewal } from '../../src/renewal/renew.ts';
import { NOW } from '../fixture.ts';
import { type MemoryPlace, memoryPlace } from './memory-files.ts';
import { Death, mortal } from './mortal.ts';
import { apply, founding, type Keys, keys, onlineOf, signed } from './scene.ts';

let held: Keys;
let online: OnlineSigners;
/** Founded, and its root renewed twice. */
let grown: MemoryPlace;
/** Between the two. */
let former: MemoryPlace;

beforeAll(async () => {
  held = await keys();
  online = onlineOf(held);
  grown = memoryPlace();
  await apply(await founding(held), grown, online);
  await renewRoot(grown);
  former = memoryPlace(grown);
  await renewRoot(grown);
});

async function renewRoot(place: Place): Promise<void> {
  const published = await loadState(place);
  const change = await planRenewal([parseRoleName('root')], published, NOW);
  await apply(await signed(change, held.root, published), place, online);
}

function write(place: Place): Promise<number> {
  return writingUpon(place, NOW, async ({ trusted }) => trusted.root.signed.version);
}

const rootOf = async (place: Place) => (await loadState(place)).trusted.root.signed.version;

/** metadata/ as it was before the newest root, and the present private/. */
function older(place: MemoryPlace): MemoryPlace {
  return { ...memoryPlace(place), metadata: memoryPlace(former).metadata };
}

/** A publisher that died once its journal was written. */
async function killedWithJournal(): Promise<MemoryPlace> {
  for (let at = 1; ; at++) {
    const place = memoryPlace(grown);
    const life = mortal(place, at, 'after');
    const work = writingUpon(life.place, NOW, (published) =>
      publish({ roles: new Map(), targets: new Map() }, { place: life.place, published, online, now: NOW }),
    );
    await expect(work).rejects.toThrow(Death);
    if (!place.private.content.has('pending.json')) continue;
    await unlock(place.private);
    return place;
  }
}

describe('the newest root is remembered', () => {
  it('under the first one, by whoever published it', async () => {
    const first = await sha256(grown.metadata.content.get('1.root.json') ?? new Uint8Array());
    const kept = [...grown.private.content].filter(([file]) => file.startsWith('roots/'));
    expect(kept).toEqual([[`roots/${first}.json`, grown.metadata.content.get('3.root.json')]]);
  });

  it('by whoever writes next, where that one died before it could', async () => {
    const place = memoryPlace(grown);
    place.private.content.clear();
    await write(place);
    expect(place.private.content).toEqual(grown.private.content);
  });

  it('and not by whoever only reads', async () => {
    const place = memoryPlace(grown);
    place.private.content.clear();
    expect(await rootOf(place)).toBe(3);
    expect(place.private.content.size).toBe(0);
  });

  it('so the next load begins there', async () => {
    const place = memoryPlace(grown);
    place.metadata.content.delete('2.root.json');
    expect(await rootOf(place)).toBe(3);
    place.private.content.clear();
    expect(await rootOf(place)).toBe(1);
  });

  it('and walks on from there, where the memory comes from a backup', async () => {
    const place = memoryPlace(grown);
    const [[file] = ['']] = [...place.private.content].filter(([path]) => path.startsWith('roots/'));
    await place.private.replace(file, place.metadata.content.get('2.root.json') ?? new Uint8Array());
    expect(await write(place)).toBe(3);
    expect(place.private.content.get(file)).toEqual(place.metadata.content.get('3.root.json'));
  });

  it('or from the first, where the memory cannot be read', async () => {
    const place = memoryPlace(grown);
    for (const file of place.private.content.keys())
      if (file.startsWith('roots/')) await place.private.replace(file, new TextEncoder().encode('{'));
    expect(await write(place)).toBe(3);
  });

  it('of this library alone: one founded anew in the same folder begins at its own first root', async () => {
    const others = await keys();
    const place = { ...memoryPlace(), private: grown.private };
    await apply(await founding(others), place, onlineOf(others));
    expect(await rootOf(place)).toBe(1);
  });
});

describe('a folder that comes back older than it was is refused, read or written', () => {
  const REFUSED = {
    code: 'OLDER_COPY',
    message: 'Cannot go on with this library: metadata/3.root.json is missing, and was here before',
  };

  it.each([
    ['read', loadState],
    ['written', write],
  ])('%s', async (_how, use) => {
    await expect(use(older(grown))).rejects.toMatchObject(REFUSED);
  });

  it('and a journal that belongs to what is missing is left for the day when that is back', async () => {
    const killed = await killedWithJournal();
    const journal = killed.private.content.get('pending.json');
    expect(journal).toBeDefined();
    const place = older(killed);
    await expect(write(place)).rejects.toMatchObject(REFUSED);
    expect(place.private.content.get('pending.json')).toEqual(journal);
    expect(place.metadata.content).toEqual(former.metadata.content);
    const back = { ...place, metadata: killed.metadata };
    expect(await write(back)).toBe(3);
    expect(place.private.content.has('pending.json')).toBe(false);
  });

  it('until somebody says that there is no newer one', async () => {
    const place = older(grown);
    place.private.content.clear();
    expect(await rootOf(place)).toBe(2);
  });

  it('and so is another root of that number, which the same keys signed', async () => {
    const place = older(grown);
    const apart = older(grown);
    apart.private.content.clear();
    const published = await loadState(apart);
    const change = await planRenewal(
      [parseRoleName('root')],
      published,
      new Date(NOW.getTime() + 86_400_000),
    );
    const [[, document] = []] = (await signed(change, held.root, published)).metadata;
    await place.metadata.replace('3.root.json', document?.octets ?? new Uint8Array());
    await expect(loadState(place)).rejects.toMatchObject({
      code: 'OLDER_COPY',
      message: 'Cannot go on with this library: metadata/3.root.json is another, and was here before',
    });
  });

  it('a new root is not published where a reader that starts at the first would not arrive', async () => {
    const place = memoryPlace(grown);
    place.metadata.content.delete('2.root.json');
    const before = memoryPlace(place);
    await expect(renewRoot(place)).rejects.toMatchObject({
      code: 'NO_LIBRARY',
      message: 'Cannot publish: a reader that starts at the first root arrives at root 1, expected 4',
      hint: expect.stringMatching(/^Put metadata\/2\.root\.json back/),
    });
    expect(place.metadata.content).toEqual(before.metadata.content);
  });
});
