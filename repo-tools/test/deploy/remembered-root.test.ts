// The operator remembers the newest root that it has seen: it need not walk there again, and it notices when the
// folder comes back older than it was.

import { sha256 } from '@cfl/client/encoding';
import { parseRoleName } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadState, type OnlineSigners, type Place, writingUpon } from '../../src/deploy/index.ts';
import { planRenewal } from '../../src/renewal/renew.ts';
import { NOW } from '../fixture.ts';
import { type MemoryPlace, memoryPlace } from './memory-files.ts';
import { apply, founding, type Keys, keys, onlineOf, signed } from './scene.ts';

let held: Keys;
let online: OnlineSigners;
/** Founded, and its root renewed twice; remembered by the write that came after. */
let grown: MemoryPlace;

beforeAll(async () => {
  held = await keys();
  online = onlineOf(held);
  grown = memoryPlace();
  await apply(await founding(held), grown, online);
  await renewRoot(grown);
  await renewRoot(grown);
  await write(grown);
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

/** As it was before the newest root. */
function older(place: MemoryPlace): MemoryPlace {
  const copy = memoryPlace(place);
  copy.metadata.content.delete('3.root.json');
  return copy;
}

describe('the newest root is remembered', () => {
  it('under the first one, by whoever writes', async () => {
    const first = await sha256(grown.metadata.content.get('1.root.json') ?? new Uint8Array());
    const kept = [...grown.private.content].filter(([file]) => file.startsWith('roots/'));
    expect(kept).toEqual([[`roots/${first}.json`, grown.metadata.content.get('3.root.json')]]);
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
});
