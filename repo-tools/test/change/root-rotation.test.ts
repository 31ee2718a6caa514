// A new root travels as a change like any other: signed by the old keys and the new, it is published beside the
// first one, and a reader that knows the first alone follows.

import type { JsonObject } from '@cfl/client/encoding';
import type { Signer } from '@cfl/client/keys';
import { folderRepository, memoryCache } from '@cfl/client/library';
import { Client, ROOT, TARGETS } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../src/change/change.ts';
import { memoryPlace } from '../deploy/memory-files.ts';
import { apply, octets } from '../deploy/scene.ts';
import { NOW, signersOf } from '../fixture.ts';
import { accept, after, expectRefused, type Honest, honest, nextOf, object, together } from './honest.ts';

let scene: Honest;
let fresh: readonly Signer[];
beforeAll(async () => {
  scene = await honest();
  fresh = await signersOf(3);
});

/** Root version 2 in which the role has these keys, signed by these. */
function rotated(
  role: 'root' | 'targets' | 'snapshot' | 'timestamp',
  to: readonly Signer[],
  signers: readonly Signer[],
  threshold = to.length > 1 ? 2 : 1,
): Promise<Change> {
  return nextOf(
    scene,
    ROOT,
    (signed) => {
      const roles = object(signed['roles']);
      const keys = {
        ...object(signed['keys']),
        ...Object.fromEntries(to.map(({ key }) => [key.id, key.json])),
      };
      const now = { keyids: to.map(({ key }) => key.id), threshold };
      return { ...signed, keys, roles: { ...roles, [role]: now } } as unknown as JsonObject;
    },
    signers,
  );
}

const oldTwo = () => scene.held.root.slice(0, 2);

describe('root version 2 with new keys of its own', () => {
  it('is published as 2.root.json; readers that saw only the first follow, with a cache and without', async () => {
    const place = memoryPlace(scene.place);
    const first = place.metadata.content.get('1.root.json') ?? octets('');
    const cache = memoryCache();
    const client = () =>
      new Client({
        root: first,
        repository: folderRepository(place.metadata, place.targets),
        cache,
        now: NOW,
      }).refresh();
    expect((await client()).root.signed.version).toBe(1);
    await apply(await rotated('root', fresh, [...oldTwo(), ...fresh.slice(0, 2)]), place, scene.online);
    expect([...place.metadata.content.keys()].filter((file) => file.endsWith('root.json'))).toEqual([
      '1.root.json',
      '2.root.json',
    ]);
    expect(place.metadata.content.get('1.root.json')).toBe(first);
    const { root } = await client();
    expect(root.signed.version).toBe(2);
    expect(root.signed.roles.root.keyIds).toEqual(fresh.map(({ key }) => key.id));
    expect((await accept({ ...scene, place }, scene.change))?.version).toBe(5);
  });

  it('is followed by version 3, which the new keys sign and the old ones cannot', async () => {
    const later = await after(scene, await rotated('root', fresh, [...oldTwo(), ...fresh.slice(0, 2)]));
    const asIs = (signed: JsonObject) => signed;
    await expectRefused(later, await nextOf(later, ROOT, asIs, scene.held.root), {
      code: 'SIGNATURES_MISSING',
      message: /for root \(2 of 3\); root \(2 of 3\)$/,
    });
    expect(await accept(later, await nextOf(later, ROOT, asIs, fresh))).toBeDefined();
  });
});

describe('refused', () => {
  it.each([
    ['the old keys alone', () => oldTwo()],
    ['the new keys alone', () => fresh],
    ['one old and two new', () => [...oldTwo().slice(0, 1), ...fresh]],
    ['two old and one new', () => [...oldTwo(), ...fresh.slice(0, 1)]],
  ])('a root signed by %s', async (_name, signers) => {
    await expectRefused(scene, await rotated('root', fresh, signers()), {
      code: 'SIGNATURES_MISSING',
      message: /root \(2 of 3\)$/,
    });
  });

  it('a root that leaves a version out', async () => {
    const change = await nextOf(scene, ROOT, (signed) => ({ ...signed, version: 3 }), scene.held.root);
    await expectRefused(scene, change, { code: 'BASE_MOVED', message: /root is at version 1, .* brings 3$/ });
  });

  it('new keys for targets, with targets left under the old ones: nobody could read it', async () => {
    await expectRefused(scene, await rotated('targets', fresh, scene.held.root), {
      code: 'UNSIGNED',
      message: /^Cannot accept targets version 2: /,
    });
  });

  it('a new key for the timestamp, while the old one still signs', async () => {
    await expectRefused(scene, await rotated('timestamp', fresh.slice(0, 1), scene.held.root), {
      code: 'UNSIGNED',
      message: /^Cannot accept timestamp version 4: /,
    });
  });

  it('a root without consistent snapshots', async () => {
    const edit = (signed: JsonObject) => ({ ...signed, consistent_snapshot: false });
    await expectRefused(scene, await nextOf(scene, ROOT, edit, scene.held.root), {
      code: 'MISSING',
      message: /^Cannot get snapshot\.json: /,
    });
  });

  it('a root that has expired', async () => {
    const edit = (signed: JsonObject) => ({ ...signed, expires: '2026-11-19T09:00:00Z' });
    await expectRefused(scene, await nextOf(scene, ROOT, edit, scene.held.root), {
      code: 'EXPIRED',
      message: /^Cannot accept root version 2: /,
    });
  });
});

describe('published in one change', () => {
  it('new keys for targets, and targets signed by them', async () => {
    const root = await rotated('targets', fresh, scene.held.root);
    const targets = await nextOf(scene, TARGETS, (signed) => signed, fresh);
    expect(await accept(scene, together(root, targets))).toBeDefined();
    const byOld = await nextOf(scene, TARGETS, (signed) => signed, scene.held.targets);
    await expectRefused(scene, together(root, byOld), {
      code: 'SIGNATURES_MISSING',
      message: /for targets \(2 of 3\)$/,
    });
  });

  it('a new key for the timestamp, which signs from then on', async () => {
    const change = await rotated('timestamp', fresh.slice(0, 1), scene.held.root);
    const [timestamp] = fresh;
    if (timestamp === undefined) throw new TypeError('no key');
    const online = { ...scene.online, timestamp };
    expect(await accept({ ...scene, online }, change)).toBeDefined();
  });
});
