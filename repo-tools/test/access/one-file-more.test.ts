// What does one supplier more cost a library of 1,000 releases? One file: nothing is sealed again, and nobody
// else's ring is touched. The library is made and read by tuf-js as well: some seconds.

import { GRANTS_PATH, makeReadKey, type Recipient } from '@cfl/client/access';
import { parsePartyId } from '@cfl/client/firmware';
import type { Targets } from '@cfl/client/tuf';
import { beforeAll, expect, it } from 'vitest';
import { openAccess, planGrant } from '../../src/access/index.ts';
import { planParty } from '../../src/ceremony/party.ts';
import type { Change } from '../../src/change/change.ts';
import type { Published } from '../../src/deploy/index.ts';
import { custodian, reading } from '../access.ts';
import { adding, manyReleases } from '../bins/library.ts';
import { after, type Honest, honest } from '../change/honest.ts';
import { signed } from '../deploy/scene.ts';
import { NOW } from '../fixture.ts';

const RELEASES = 1_000;

let scene: Honest;
/** With one supplier that reads, and a second one in the register. */
beforeAll(async () => {
  const joined = await honest();
  const full = await after(joined, await adding(joined.published, await manyReleases(RELEASES), joined.own));
  const begun = await changed(full, reading);
  const first = await changed(begun, (published) => supplier('example-energy', 'IS', published));
  const granted = await changed(first, (published) => grant('example-energy', published));
  scene = await changed(granted, (published) => supplier('example-gas', 'GS', published));
});

/** The scene after what the registrar and the targets holders sign. */
async function changed(upon: Honest, plan: (published: Published) => Promise<Change>): Promise<Honest> {
  const { published, held } = upon;
  return after(upon, await signed(await plan(published), Object.values(held).flat(), published));
}

function supplier(id: string, role: 'IS' | 'GS', published: Published): Promise<Change> {
  const userRoles = [{ role, from: '2026-01-01T00:00:00Z', evidence: 'Example party list, entry 1' }];
  const nothing = { codes: [], role: undefined, certificates: [], eui64: undefined, mailbox: undefined };
  return planParty(
    { id: parsePartyId(id), name: id, kinds: ['supplier'], userRoles, ...nothing },
    published,
    NOW,
  );
}

async function grant(id: string, published: Published): Promise<Change> {
  const { recipient }: { recipient: Recipient } = await makeReadKey();
  const request = { party: parsePartyId(id), uses: ['images', 'notes'], recipient, stolen: false } as const;
  return planGrant(request, await openAccess(published, await custodian()), NOW);
}

/** Every target of every role, with its SHA-256; and the versions of the roles. */
async function listed({ published }: Honest) {
  const { snapshot } = published.trusted;
  const targets = new Map<string, string | undefined>();
  const versions = new Map<string, number>();
  for (const [role, { version }] of snapshot.signed.meta) {
    versions.set(role, version);
    const document = role === 'targets' ? published.trusted.targets : await published.role(role);
    for (const [path, { hashes }] of (document?.signed as Targets | undefined)?.targets ?? [])
      targets.set(path, hashes.get('sha256'));
  }
  return { targets, versions };
}

it('a supplier more adds one target to 1,000 releases, and rewrites the two lists of who reads', async () => {
  const before = await listed(scene);
  const granted = await changed(scene, (published) => grant('example-gas', published));
  const now = await listed(granted);

  expect([...before.targets.keys()].filter((path) => path.startsWith('firmware/'))).toHaveLength(
    3 * (RELEASES + 1),
  );
  expect([...now.targets.keys()].filter((path) => !before.targets.has(path))).toEqual([
    'access/example-gas.keyring.age',
  ]);
  const others = [...before.targets].filter(([path, sha256]) => now.targets.get(path) !== sha256);
  expect(others.map(([path]) => path).sort()).toEqual(['access/credentials.json', 'access/grants.json']);
  const newer = [...now.versions].filter(([role, version]) => version !== before.versions.get(role));
  expect(newer.map(([role]) => role)).toEqual(['registrar']);

  const written = [...granted.place.targets.content.keys()].filter(
    (path) => !scene.place.targets.content.has(path),
  );
  expect(written).toHaveLength(3);
  const length = async ({ published }: Honest) => (await published.read(GRANTS_PATH))?.length ?? Number.NaN;
  // What every reader fetches anew
  expect((await length(granted)) - (await length(scene))).toBeLessThan(300);
});
