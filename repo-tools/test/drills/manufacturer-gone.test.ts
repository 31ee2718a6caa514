// Drill: a manufacturer is gone. The targets holders give its role to custody keys and the registrar closes its
// certificates. Custody signs the role again, so that its releases stay readable, and can add nothing to it.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSha256 } from '@cfl/client/encoding';
import { readCertificateFile } from '@cfl/client/evidence';
import { createKeyFile, openSigner, type Signer } from '@cfl/client/keys';
import { folderRepository, Library, memoryCache, readStatement } from '@cfl/client/library';
import { expect, test } from 'vitest';
import { digestOf } from '../../../client/test/evidence/pki.ts';
import { pkiOf } from '../../../client/test/evidence/scene.ts';
import { planRevocation } from '../../src/ceremony/trust.ts';
import type { Change } from '../../src/change/change.ts';
import { loadState, type Published, writingUpon } from '../../src/deploy/index.ts';
import { intake } from '../../src/intake/intake.ts';
import { planRenewal, renewHere } from '../../src/renewal/renew.ts';
import { planRotation } from '../../src/renewal/rotate.ts';
import { later } from '../ceremony/people.ts';
import { gateway } from '../credentials.ts';
import { apply, signed } from '../deploy/scene.ts';
import { NOW } from '../fixture.ts';
import {
  draftOf,
  imageOf,
  type Maker,
  outcomes,
  rowFor,
  runIntake,
  type Scene,
  scene,
  submitTo,
} from '../intake/scene.ts';

const LATER = new Date('2027-11-10T09:00:00Z');

async function applied(
  { place, held, online }: Scene,
  plan: (published: Published) => Promise<Change>,
  further: readonly Signer[],
  now = NOW,
): Promise<void> {
  const published = await loadState(place);
  const change = await signed(await plan(published), [...Object.values(held).flat(), ...further], published);
  await apply(change, place, online, now);
}

async function reader({ place }: Scene, cache = memoryCache(), now = NOW): Promise<Library> {
  const root = place.metadata.content.get('1.root.json') ?? new Uint8Array();
  const repository = folderRepository(place.metadata, place.targets);
  const library = new Library({ root, repository, cache, now });
  await library.refresh();
  return library;
}

test('custody signs the role again; a reader arrives, the evidence holds, and nothing can be added', async () => {
  const [mine, next] = [imageOf('one'), imageOf('two', { firmware: 0x01000204 })];
  const rows = [await rowFor('CPL-000412', mine), await rowFor('CPL-000413', next)];
  const library = await scene(rows);
  const { meters } = library;
  const cache = memoryCache();
  await reader(library, cache);
  await submitTo(library, meters, await draftOf(meters, mine, rows.slice(0, 1)));
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);

  // Custody: two keys of the targets holders' own
  const { base } = meters.ring;
  const uris = ['custody-1.pem', 'custody-2.pem'];
  for (const uri of uris) await createKeyFile(join(base, uri), '', { unencrypted: 'trial' });
  const custody = await Promise.all(uris.map((uri) => openSigner(join(base, uri))));
  const rotation = {
    role: meters.role,
    add: custody.map(({ key }) => key),
    remove: meters.signers.map(({ key }) => key.id),
    threshold: 2,
  };
  await applied(library, (published) => planRotation([rotation], published, NOW), custody);
  const issuer = parseSha256(digestOf((await pkiOf('Example')).issuing.certificate));
  const path = meters.ring.keys.certificate ?? '';
  const { serial } = readCertificateFile(await readFile(path.startsWith('/') ? path : join(base, path)));
  const revoked = {
    issuer,
    serial,
    revoked: '2026-11-21T09:00:00Z',
    reason: 'cessationOfOperation',
  } as const;
  await applied(library, (published) => planRevocation(revoked, published, NOW), []);

  // A year later the role is signed again, by custody alone
  const { place, online } = library;
  const signer = async (role: string) => online[role as keyof typeof online];
  await writingUpon(place, LATER, (published) => renewHere({ place, published, signer, now: LATER }));
  await applied(library, (published) => planRenewal([meters.role], published, LATER), custody, LATER);
  const arrived = await reader(library, cache, LATER);
  const releases = await arrived.releases(meters.code);
  expect(releases).toHaveLength(1);
  for (const release of releases) await readStatement(arrived, release);

  // Whoever holds the custody keys, even with the manufacturer's statement key, adds no release
  const roles = new Map([[meters.role, uris]]);
  const thief: Maker = { ...meters, ring: { ...meters.ring, keys: { ...meters.ring.keys, roles } } };
  await submitTo(library, thief, await draftOf(thief, next, rows.slice(1)));
  const report = await intake({ place, online, gateway, now: later(2) });
  expect(outcomes(report)).toEqual([expect.stringMatching(/^refused .*CERTIFICATE/)]);
  expect(await (await reader(library, cache, LATER)).releases(meters.code)).toHaveLength(1);
  // And the old keys of the role sign nothing any more
  await expect(submitTo(library, meters, await draftOf(meters, next, rows.slice(1)))).rejects.toMatchObject({
    code: 'NOT_A_SIGNER',
  });
});
