// Every role's key rotated, lost and stolen. A reader that was last online before arrives, in one refresh.
//
// Lost: nobody can sign with it any more. Stolen: somebody else signs with it, and is not believed any more.

import { type JsonObject, parseJson, toHex } from '@cfl/client/encoding';
import type { Signer } from '@cfl/client/keys';
import { folderRepository, memoryCache } from '@cfl/client/library';
import {
  Client,
  type Document,
  encodeDocument,
  metadataFile,
  parseRoleName,
  type SignedPart,
  type Targets,
  type TopRole,
} from '@cfl/client/tuf';
import { describe, expect, test } from 'vitest';
import { planPublication } from '../../src/change/apply.ts';
import type { Change } from '../../src/change/change.ts';
import { type Present, signChange, signDocument } from '../../src/change/sign.ts';
import { loadState, type OnlineSigners, presentOf, publish, writing } from '../../src/deploy/index.ts';
import { planRenewal } from '../../src/renewal/renew.ts';
import { planRotation, type Rotation } from '../../src/renewal/rotate.ts';
import { foundLibrary, NOW, signersOf, state, type TestLibrary } from '../fixture.ts';

const LATER = new Date('2026-12-20T09:00:00Z');

const ROLES = ['root', 'targets', 'registrar', 'cpl', 'gate', 'catalogue', 'snapshot', 'timestamp'] as const;
type Role = (typeof ROLES)[number];

interface Drill {
  readonly library: TestLibrary;
  readonly cache: ReturnType<typeof memoryCache>;
  readonly old: Signer;
  readonly fresh: Signer;
  /** Everybody's keys but the old one. */
  readonly others: readonly Signer[];
}

async function drill(role: Role): Promise<Drill> {
  const library = await foundLibrary();
  const cache = memoryCache();
  await reader(library, cache, NOW);
  const [old] = library.signers.get(role) ?? [];
  const [fresh] = await signersOf(1);
  if (old === undefined || fresh === undefined) throw new TypeError('no key');
  const others = [...library.signers.values()].flat().filter((signer) => signer !== old);
  return { library, cache, old, fresh, others };
}

/** Reads every role. */
async function reader(library: TestLibrary, cache = memoryCache(), now = LATER): Promise<void> {
  const repository = folderRepository(library.place.metadata, library.place.targets);
  const root = (await library.place.metadata.read('1.root.json')) ?? new Uint8Array();
  const client = new Client({ root, repository, cache, now });
  await client.refresh();
  for (const role of ['registrar', 'cpl', 'gate', 'catalogue']) await client.role(parseRoleName(role));
}

async function rotate(
  role: Role,
  { library, old, fresh }: Drill,
  signers: readonly Signer[],
): Promise<TestLibrary> {
  const rotation: Rotation = { role: parseRoleName(role), add: [fresh.key], remove: [old.key.id] };
  const online: OnlineSigners & TestLibrary['online'] = { ...library.online, [role]: fresh };
  await writing(library.place, LATER, async (published) => {
    if (published === undefined) throw new TypeError('no library');
    let change = await planRotation([rotation], published, LATER);
    for (const signer of signers)
      change = (await signChange(change, signer, presentOf(published)).catch(() => ({ change }))).change;
    await publish(await planPublication(change, published), {
      place: library.place,
      published,
      online,
      now: LATER,
    });
  });
  return { ...library, online };
}

const keyIdsOf = async (library: TestLibrary, role: Role) => {
  const { root, targets } = (await state(library)).trusted;
  const keys =
    root.signed.roles[role as TopRole] ?? targets.signed.delegations?.roles.find(({ name }) => name === role);
  return keys?.keyIds;
};

describe.each(ROLES)('the key of %s', (role) => {
  test('rotated: with the old key still at hand', async () => {
    const scene = await drill(role);
    const library = await rotate(role, scene, [...scene.others, scene.old, scene.fresh]);
    expect(await keyIdsOf(library, role)).not.toContain(scene.old.key.id);
    expect(await keyIdsOf(library, role)).toContain(scene.fresh.key.id);
    await reader(library, scene.cache);
    await reader(library);
  });

  test('lost: nobody signs with it, and the next publication needs it no more', async () => {
    const scene = await drill(role);
    const library = await rotate(role, scene, [...scene.others, scene.fresh]);
    await reader(library, scene.cache);
  });
});

test.each(ROLES.filter((role) => role !== 'root'))(
  'a stolen key of %s: what the thief signs after the rotation, no reader believes',
  async (role) => {
    const scene = await drill(role);
    const library = await rotate(role, scene, [...scene.others, scene.fresh]);
    await reader(library);
    const [file, honest] = await signedBy(scene.old, role, library);
    // Every file but the timestamp is listed by its hash, so the thief's is not even looked at
    const code = role === 'timestamp' ? 'UNSIGNED' : expect.stringMatching(/^WRONG_(HASH|LENGTH)$/);
    await expect(reader(library)).rejects.toMatchObject({ code });
    await library.place.metadata.replace(file, honest);
    await reader(library, scene.cache);
  },
);

test('one stolen key of root: the thief alone makes no root, before the rotation or after it', async () => {
  const scene = await drill('root');
  const [thiefs] = await signersOf(1);
  const byThief = { ...scene, fresh: thiefs ?? scene.fresh };
  const one = [scene.old, byThief.fresh];
  await expect(rotate('root', byThief, one)).rejects.toMatchObject({ code: 'SIGNATURES_MISSING' });
  const library = await rotate('root', scene, [...scene.others, scene.fresh]);
  const again = { ...byThief, library, old: scene.fresh };
  await expect(rotate('root', again, one)).rejects.toMatchObject({ code: 'SIGNATURES_MISSING' });
  await reader(library, scene.cache);
});

test('a role is not left with fewer keys than must sign, nor with the key of another role', async () => {
  const { library, old } = await drill('cpl');
  const role = parseRoleName('cpl');
  const plan = (rotation: Partial<Rotation>) =>
    state(library).then((now) => planRotation([{ role, add: [], remove: [], ...rotation }], now, LATER));
  await expect(plan({ remove: [old.key.id] })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  const [other] = library.signers.get('gate') ?? [];
  if (other === undefined) throw new TypeError('no key');
  await expect(plan({ add: [other.key] })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  const [fresh] = await signersOf(1);
  expect((await plan({ add: fresh === undefined ? [] : [fresh.key] })).metadata.size).toBe(2);
});

test.each(['targets', 'registrar', 'cpl'] as const)(
  'a stolen key of %s: the operator publishes nothing that the thief signs',
  async (role) => {
    const scene = await drill(role);
    const library = await rotate(role, scene, [...scene.others, scene.fresh]);
    const published = await state(library);
    const change = await planRenewal([parseRoleName(role)], published, LATER);
    const mine = library.signers.get(role)?.slice(1, 2) ?? [];
    const present = presentOf(published);
    const good = await signed(change, [scene.fresh, ...mine], present);
    await planPublication(good, published);
    await expect(signed(change, [scene.old], present)).rejects.toMatchObject({ code: 'NOT_A_SIGNER' });
    const document = change.metadata.get(parseRoleName(role)) as Document<Targets>;
    const forged = await signDocument(parseRoleName(role), document, scene.old);
    const metadata = new Map([[parseRoleName(role), forged]]);
    await expect(planPublication({ ...change, metadata }, published)).rejects.toMatchObject({
      code: 'SIGNATURES_MISSING',
    });
  },
);

async function signed(change: Change, signers: readonly Signer[], present: Present): Promise<Change> {
  let next = change;
  for (const signer of signers) next = (await signChange(next, signer, present)).change;
  return next;
}

/** Whoever has the stolen key has the CDN as well: puts a file of its own where readers look. */
async function signedBy(
  thief: Signer,
  role: Role,
  { place }: TestLibrary,
): Promise<readonly [string, Uint8Array]> {
  const now = await loadState(place);
  const name = parseRoleName(role);
  const { roots: _, ...trusted } = now.trusted;
  const top: Partial<Record<string, Document<SignedPart>>> = trusted;
  const document = top[role] ?? (await now.role(name));
  if (document === undefined) throw new TypeError('no such role');
  const { signed } = parseJson(document.octets) as { readonly signed: JsonObject };
  const sig = toHex(await thief.sign(document.signedOctets));
  const forged = encodeDocument(signed, [{ keyId: thief.key.id, sig }]);
  const file = metadataFile(name, role === 'timestamp' ? undefined : document.signed.version);
  await place.metadata.replace(file, forged);
  return [file, document.octets];
}
