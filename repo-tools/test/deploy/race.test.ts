// Two publishers over the same published folders, each with a private folder of its own, so that no lock is
// between them: one of them publishes, the other is told so, and its next run goes through.

import { toHex } from '@cfl/client/encoding';
import { encodeDocument, encodeTimestamp, parseRoleName, signedOctets } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { planPublication } from '../../src/change/apply.ts';
import type { Change } from '../../src/change/change.ts';
import { loadState, type OnlineSigners, type Place, publish, writing } from '../../src/deploy/index.ts';
import { planRenewal } from '../../src/renewal/renew.ts';
import { NOW } from '../fixture.ts';
import { around, MemoryFiles, type MemoryPlace, memoryPlace } from './memory-files.ts';
import { Death, mortal } from './mortal.ts';
import { random } from './random.ts';
import { apply, founding, type Keys, keys, listing, octets, onlineOf, readWhole, signed } from './scene.ts';

let held: Keys;
let online: OnlineSigners;
let first: Change;
let founded: MemoryPlace;

beforeAll(async () => {
  held = await keys();
  online = onlineOf(held);
  first = await founding(held);
  founded = memoryPlace();
  await apply(first, founded, online);
});

/** The same published folders, and a private one of their own. */
function besides(place: MemoryPlace): MemoryPlace {
  return { ...place, private: new MemoryFiles() };
}

let notes = 0;

async function noteBy(place: Place, role: 'registrar' | 'gate' | 'catalogue', text: string): Promise<Change> {
  const folder = { registrar: 'register', gate: 'withdrawn', catalogue: 'catalogue' };
  const path = `${folder[role]}/${++notes}.json`;
  return listing(await loadState(place), role, new Map([[path, octets(text)]]), held[role]);
}

/** The next timestamp, over the snapshot that is there. */
async function renewed(place: Place): Promise<Uint8Array> {
  const { timestamp } = (await loadState(place)).trusted;
  const part = encodeTimestamp({ ...timestamp.signed, version: timestamp.signed.version + 1 });
  const sig = toHex(await online.timestamp.sign(signedOctets(part)));
  return encodeDocument(part, [{ keyId: online.timestamp.key.id, sig }]);
}

async function versionOf(place: Place): Promise<number | undefined> {
  const [, document] = [...first.metadata][0] ?? [];
  return (await readWhole(place, document?.octets ?? new Uint8Array()))?.version;
}

const LOST = {
  code: 'LOST_THE_RACE',
  exit: 3,
  message: expect.stringMatching(/^Cannot publish .*: somebody else has published since this was planned$/),
  hint: 'Run the command again; it plans upon what is there now',
};

describe('two publishers that planned the same version', () => {
  it('publish one after the other where each plans upon what is there', async () => {
    const a = memoryPlace(founded);
    const b = besides(a);
    expect(await apply(await noteBy(a, 'registrar', '"a"'), a, online)).toBe(2);
    expect(await apply(await noteBy(b, 'gate', '"b"'), b, online)).toBe(3);
    expect(await versionOf(a)).toBe(3);
  });

  it.each(['registrar', 'gate'] as const)('at the same moment, the other with %s: one wins', async (role) => {
    const a = memoryPlace(founded);
    const b = besides(a);
    const changes = [await noteBy(a, 'registrar', '"a"'), await noteBy(b, role, '"b"')] as const;
    const results = await Promise.allSettled([apply(changes[0], a, online), apply(changes[1], b, online)]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const lost = results.findIndex(({ status }) => status === 'rejected');
    expect(results[lost]).toMatchObject({ reason: LOST });
    expect(await versionOf(a)).toBe(2);
    const loser = lost === 0 ? a : b;
    expect(await apply(await noteBy(loser, lost === 0 ? 'registrar' : role, '"again"'), loser, online)).toBe(
      3,
    );
    expect(await versionOf(a)).toBe(3);
  });

  it("the loser leaves no role file behind: its role's next version is free", async () => {
    const a = memoryPlace(founded);
    const b = besides(a);
    const slow = await noteBy(a, 'registrar', '"a"');
    await writing(a, NOW, async (published) => {
      const publication = await planPublication(slow, published);
      expect(await apply(await noteBy(b, 'gate', '"b"'), b, online)).toBe(2);
      await expect(publish(publication, { place: a, published, online, now: NOW })).rejects.toMatchObject(
        LOST,
      );
    });
    expect(a.metadata.content.has('2.registrar.json')).toBe(false);
    // Signed anew, so that its octets are others
    expect(await apply(await noteBy(a, 'registrar', '"a"'), a, online)).toBe(3);
    expect(await versionOf(a)).toBe(3);
  });

  it('a timestamp renewed elsewhere while this was verified: nothing is written, and the next run goes through', async () => {
    const place = memoryPlace(founded);
    const change = await noteBy(place, 'registrar', '"a"');
    await writing(place, NOW, async (published) => {
      const publication = await planPublication(change, published);
      await place.metadata.replace('timestamp.json', await renewed(place));
      await expect(publish(publication, { place, published, online, now: NOW })).rejects.toMatchObject(LOST);
    });
    expect([...place.metadata.content.keys()].filter((file) => file.startsWith('2.'))).toEqual([]);
    expect(await apply(change, place, online)).toBe(2);
    expect(await versionOf(place)).toBe(2);
  });

  it('a root published elsewhere while this was planned: nothing is written, and the next run goes through', async () => {
    const a = memoryPlace(founded);
    const b = besides(a);
    const slow = await noteBy(a, 'registrar', '"a"');
    await writing(a, NOW, async (published) => {
      const publication = await planPublication(slow, published);
      const upon = await loadState(b);
      const root = await planRenewal([parseRoleName('root')], upon, NOW);
      expect(await apply(await signed(root, held.root, upon), b, online)).toBe(2);
      await expect(publish(publication, { place: a, published, online, now: NOW })).rejects.toMatchObject(
        LOST,
      );
    });
    expect(a.metadata.content.has('2.registrar.json')).toBe(false);
    expect(await apply(slow, a, online)).toBe(3);
    expect(await versionOf(a)).toBe(3);
  });

  it('one died holding the version: the other waits, and goes on once the first has finished', async () => {
    const place = memoryPlace(founded);
    const honest = mortal(memoryPlace(founded));
    await apply(await noteBy(place, 'registrar', '"a"'), honest.place, online);
    const beforeTimestamp = honest.done.lastIndexOf('metadata.replace') + 1;
    const dying = mortal(place, beforeTimestamp).place;
    await expect(apply(await noteBy(place, 'registrar', '"a"'), dying, online)).rejects.toThrow(Death);
    const b = besides(place);
    await expect(apply(await noteBy(b, 'gate', '"b"'), b, online)).rejects.toMatchObject(LOST);
    await expect(apply(await noteBy(b, 'gate', '"b"'), b, online)).rejects.toMatchObject(LOST);
    expect(await versionOf(place)).toBe(1);
    await writing(place, NOW, async (published) => {
      expect(published?.trusted.snapshot.signed.version).toBe(2);
    });
    expect(await apply(await noteBy(b, 'gate', '"b"'), b, online)).toBe(3);
    expect(await versionOf(place)).toBe(3);
  });

  it('in whatever order their operations fall: one wins each version, and nobody is stuck', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const a = memoryPlace(founded);
      const b = besides(a);
      const next = random(seed);
      const roles = ['registrar', 'gate', 'catalogue'] as const;
      const results = await Promise.allSettled(
        [a, b].map(async (place, i) =>
          apply(await noteBy(place, roles[(seed + i) % 3] ?? 'gate', '"1"'), hesitant(place, next), online),
        ),
      );
      const won = results.filter(({ status }) => status === 'fulfilled').length;
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject(LOST);
      expect(won, `seed ${seed}`).toBeGreaterThan(0);
      expect(await versionOf(a), `seed ${seed}`).toBe(1 + won);
      for (const [i, place] of [a, b].entries()) {
        expect(await apply(await noteBy(place, 'gate', `"${i}"`), place, online), `seed ${seed}`).toBe(
          2 + won + i,
        );
      }
      expect(await versionOf(a), `seed ${seed}`).toBe(3 + won);
    }
  });
});

it('two founders of one library: one founds it, the other is told', async () => {
  const others = await keys();
  const a = memoryPlace();
  const b = besides(a);
  const results = await Promise.allSettled([
    apply(first, a, online),
    apply(await founding(others), b, onlineOf(others)),
  ]);
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: expect.stringMatching(/^(LOST_THE_RACE|OTHER_LIBRARY)$/) },
  });
});

/** Waits a little, and not always the same, before each operation. */
function hesitant(place: Place, next: () => number): Place {
  const wrap = (files: Place['metadata']) =>
    around(files, async (_operation, work) => {
      await new Promise((resolve) => setTimeout(resolve, next() * 3));
      return work();
    });
  return { metadata: wrap(place.metadata), targets: wrap(place.targets), private: wrap(place.private) };
}
