// Attack: one key in two places, so that one holder counts as two. Told by the key itself, not by its id.

import { parseSha256 } from '@cfl/client/encoding';
import { parseManufacturerCode, parsePartyId } from '@cfl/client/firmware';
import { type PublicKey, publicKey } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { planFirstRoot } from '../../src/ceremony/found.ts';
import { type NewParty, planParty } from '../../src/ceremony/party.ts';
import { CEREMONY_ROLES, type CeremonyRole, type RoleHolders } from '../../src/ceremony/roles.ts';
import { after, type Honest, honest } from '../change/honest.ts';
import { holdersOf, signed } from '../deploy/scene.ts';
import { NOW, signersOf } from '../fixture.ts';

let scene: Honest;
let holders: Readonly<Record<CeremonyRole, RoleHolders>>;
let fresh: readonly PublicKey[];
const certificate = { sha256: parseSha256('5a'.repeat(32)), purposes: ['release'] } as const;
beforeAll(async () => {
  scene = await honest();
  holders = holdersOf(scene.held);
  fresh = (await signersOf(2)).map(({ key }) => key);
});

/** The same key in a file that is written otherwise: it has another id. */
async function disguised(key: PublicKey): Promise<PublicKey> {
  const other = await publicKey(key.keytype, key.scheme, key.public.trimEnd());
  expect(other.id).not.toBe(key.id);
  return other;
}

function first(of: readonly PublicKey[]): PublicKey {
  const [key] = of;
  if (key === undefined) throw new TypeError('no key');
  return key;
}

describe('at founding', () => {
  const found = (changed: Partial<Record<CeremonyRole, RoleHolders>>) =>
    planFirstRoot(
      { name: 'Example Firmware Library', trial: true, holders: { ...holders, ...changed } },
      NOW,
    );

  it('a key of its own in each place is fine', async () => {
    expect(await found({})).toBeDefined();
  });

  it('no key serves two roles, whichever they are', async () => {
    for (const [i, role] of CEREMONY_ROLES.entries()) {
      const other = CEREMONY_ROLES[(i + 1) % CEREMONY_ROLES.length] ?? 'root';
      const shared = first(holders[other].keys);
      const { keys, threshold } = holders[role];
      await expect(
        found({ [role]: { threshold, keys: [...keys.slice(1), shared] } }),
        role,
      ).rejects.toMatchObject({
        code: 'BAD_INPUT',
        message: expect.stringMatching(
          /^Cannot use the key [0-9a-f]{12} for [a-z]+: it serves [a-z]+ already$/,
        ),
      });
    }
  });

  it('no key counts twice in one role, in a disguise neither', async () => {
    const [a, b] = holders.root.keys as [PublicKey, PublicKey];
    for (const twice of [a, await disguised(a)]) {
      await expect(found({ root: { threshold: 2, keys: [a, b, twice] } })).rejects.toMatchObject({
        code: 'BAD_INPUT',
        message: `Cannot use the key ${twice.id.slice(0, 12)} for root: it serves root already`,
      });
    }
  });

  it('a key that no reader could use is refused', async () => {
    const unknown = await publicKey('ecdsa', 'ecdsa-sha2-nistp384', first(fresh).public);
    await expect(found({ cpl: { threshold: 1, keys: [unknown] } })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: `Cannot use the key ${unknown.id.slice(0, 12)} for cpl: it is ecdsa with ecdsa-sha2-nistp384`,
    });
  });
});

describe('when a party joins', () => {
  const join = (changed: Partial<NewParty>, upon = scene) =>
    planParty(
      {
        id: parsePartyId('sample-gas'),
        name: 'Sample Gas',
        kinds: ['manufacturer'],
        codes: [parseManufacturerCode('FFF2')],
        role: { keys: fresh.slice(0, 2), threshold: 1 },
        userRoles: [],
        certificates: [certificate],
        eui64: undefined,
        mailbox: undefined,
        ...changed,
      },
      upon.published,
      NOW,
    );

  /** Demo Displays is there too, with this one. */
  const withCertificate = async (theirs: typeof certificate) => {
    const names = { id: parsePartyId('demo-displays'), name: 'Demo Displays', codes: [], role: undefined };
    const change = await join({ ...names, certificates: [theirs] });
    return after(scene, await signed(change, scene.held.registrar, scene.published));
  };

  it('keys of its own are fine', async () => {
    expect((await join({})).title).toBe('party add sample-gas');
  });

  it("no key of the library's", async () => {
    for (const role of CEREMONY_ROLES) {
      for (const key of [first(holders[role].keys), await disguised(first(holders[role].keys))]) {
        const message = `: it serves the library already`;
        const refusal = { code: 'BAD_INPUT', message: expect.stringMatching(message) };
        await expect(join({ role: { keys: [key], threshold: 1 } }), role).rejects.toMatchObject(refusal);
      }
    }
  });

  it("no key of another manufacturer's role", async () => {
    const key = first(scene.own.map((signer) => signer.key));
    await expect(join({ role: { keys: [key, first(fresh)], threshold: 1 } })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
  });

  it("no certificate twice, and none of another party's", async () => {
    await expect(join({ certificates: [certificate, certificate] })).rejects.toThrow();
    const theirs = await withCertificate(certificate);
    const other = parseSha256('6b'.repeat(32));
    await expect(join({ certificates: [{ ...certificate, sha256: other }] }, theirs)).resolves.toBeDefined();
    await expect(join({}, theirs)).rejects.toThrow();
  });

  it('not one key twice in its role', async () => {
    const key = first(fresh);
    for (const twice of [key, await disguised(key)]) {
      await expect(join({ role: { keys: [key, twice], threshold: 2 } })).rejects.toMatchObject({
        code: 'BAD_INPUT',
      });
    }
  });

  it('a name that is taken, and a code that is', async () => {
    await expect(join({ id: parsePartyId('example-meters') })).rejects.toMatchObject({ code: 'EXISTS' });
    await expect(join({ codes: [parseManufacturerCode('FFF1')] })).rejects.toThrow();
  });
});
