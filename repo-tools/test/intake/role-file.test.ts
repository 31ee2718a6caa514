// A role file that a manufacturer signed is published only if it adds exactly what was submitted.
// Each attack is signed with the manufacturer's own keys; the same submission without it is accepted.

import { type JsonObject, parseJson } from '@cfl/client/encoding';
import { imagePath, parseManufacturerCode, parseReleaseId } from '@cfl/client/firmware';
import { memorySigner } from '@cfl/client/keys';
import {
  type Document,
  encodeDocument,
  encodeTargets,
  parseTargetPath,
  parseTargets,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { type Change, writeChange } from '../../src/change/change.ts';
import { describeFile } from '../../src/change/plan.ts';
import { signDocument } from '../../src/change/sign.ts';
import { loadState } from '../../src/deploy/index.ts';
import {
  draftOf,
  imageOf,
  inbox,
  type Maker,
  outcomes,
  rowFor,
  runIntake,
  type Scene,
  scene,
  submitTo,
} from './scene.ts';

const OTHER = parseReleaseId('ab'.repeat(32));

async function submitted(): Promise<{ library: Scene; change: Change; name: string; published: TargetPath }> {
  const [first, second] = [imageOf('one'), imageOf('two', { firmware: 0x01000204 })];
  const rows = [await rowFor('CPL-000412', first), await rowFor('CPL-000413', second)];
  const library = await scene(rows);
  const draft = await draftOf(library.meters, first, rows.slice(0, 1));
  await submitTo(library, library.meters, draft);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  const { change, name } = await submitTo(
    library,
    library.meters,
    await draftOf(library.meters, second, rows.slice(1)),
  );
  return { library, change, name, published: parseTargetPath(imagePath(library.meters.code, draft.release)) };
}

/** The role file changed, and signed again by its manufacturer. */
async function resigned(
  change: Change,
  maker: Maker,
  edit: (targets: Targets) => Targets,
  signers = maker.signers,
): Promise<Change> {
  const before = change.metadata.get(maker.role) as Document<Targets>;
  let document = await parseTargets(encodeDocument(encodeTargets(edit(before.signed)), []), maker.role);
  for (const signer of signers) document = await signDocument(maker.role, document, signer);
  return { ...change, metadata: new Map([[maker.role, document]]) };
}

type Attack = (change: Change, maker: Maker, published: TargetPath) => Promise<Change>;

const entry = await describeFile(new Uint8Array([1]));

const ATTACKS: Record<string, Attack> = {
  'one entry more': (change, maker) =>
    resigned(change, maker, (role) => ({
      ...role,
      targets: new Map([...role.targets, [parseTargetPath(imagePath(maker.code, OTHER)), entry]]),
    })),
  'one entry less': (change, maker, published) =>
    resigned(change, maker, (role) => ({
      ...role,
      targets: new Map([...role.targets].filter(([path]) => path !== published)),
    })),
  'an entry of a published file changed': (change, maker, published) =>
    resigned(change, maker, (role) => ({ ...role, targets: new Map([...role.targets, [published, entry]]) })),
  'a submitted file listed with another digest': (change, maker) =>
    resigned(change, maker, (role) => {
      const [path] = [...change.targets.keys()];
      return { ...role, targets: new Map([...role.targets, [path as TargetPath, entry]]) };
    }),
  'a custom field beside the digest of a submitted file': (change, maker) =>
    resigned(change, maker, (role) => ({
      ...role,
      targets: new Map(
        [...role.targets].map(([path, file]) => [
          path,
          change.targets.has(path) ? { ...file, custom: { note: 'x' } } : file,
        ]),
      ),
    })),
  'a new delegation': async (change, maker) => {
    const { key } = await memorySigner();
    return resigned(change, maker, (role) => ({
      ...role,
      delegations: {
        keys: new Map([[key.id, key]]),
        roles: [
          {
            name: maker.role,
            keyIds: [key.id],
            threshold: 1,
            terminating: true,
            covers: { paths: ['firmware/FFF1/*/*'] },
          },
        ],
      },
    }));
  },
  'a member that nobody knows': async (change, maker) => {
    const before = change.metadata.get(maker.role) as Document<Targets>;
    const { signed } = parseJson(before.octets) as { readonly signed: JsonObject };
    let document = await parseTargets(encodeDocument({ ...signed, note: 'x' }, []), maker.role);
    for (const signer of maker.signers) document = await signDocument(maker.role, document, signer);
    return { ...change, metadata: new Map([[maker.role, document]]) };
  },
  'a version left out': (change, maker) =>
    resigned(change, maker, (role) => ({ ...role, version: role.version + 1 })),
  'no signature': (change, maker) => resigned(change, maker, (role) => role, []),
  "a stranger's signature": async (change, maker) =>
    resigned(change, maker, (role) => role, [await memorySigner()]),
};

test.each(Object.entries(ATTACKS))('refuses %s', async (_, attack) => {
  const { library, change, name, published } = await submitted();
  const { meters, place } = library;
  const honest = await resigned(change, meters, (role) => role);
  await writeChange(inbox(place), name, await attack(honest, meters, published));
  const before = await loadState(place);
  expect(outcomes(await runIntake(library))).toEqual(['refused ROLE_FILE']);
  expect(await place.private.list(`refused/${name}`)).toContain('answer.json');
  expect((await loadState(place)).trusted.snapshot.octets).toEqual(before.trusted.snapshot.octets);

  await writeChange(inbox(place), name, honest);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
});

test.each([
  ['has expired', -1],
  ['ends tomorrow', 1],
  ['is due for renewal already', 729],
  ['lasts longer than the library allows', 2000],
])('refuses a role file that %s', async (_, days) => {
  const { library, change, name } = await submitted();
  const expires = new Date(Date.parse('2026-11-20T09:00:00Z') + days * 86_400_000);
  await writeChange(
    inbox(library.place),
    name,
    await resigned(change, library.meters, (role) => ({ ...role, expires })),
  );
  expect(outcomes(await runIntake(library))).toEqual(['refused NOT_A_SUBMISSION']);
});

test("another manufacturer's code is refused: its role is not the submitter's to sign", async () => {
  const image = imageOf('one', { code: 'FFF2' });
  const row = await rowFor('CPL-000600', image);
  const library = await scene([row]);
  const { meters, gas } = library;
  const thief: Maker = { ...meters, code: parseManufacturerCode('FFF2') };
  const draft = await draftOf(thief, image, [row]);
  // Its own keys, said to be those of the other's role
  const keys = {
    ...meters.ring.keys,
    roles: new Map([[gas.role, meters.ring.keys.roles.get(meters.role) ?? []]]),
  };
  await expect(submitTo(library, { ...thief, ring: { ...meters.ring, keys } }, draft)).rejects.toMatchObject({
    code: 'NOT_A_SIGNER',
  });

  const { change, name } = await submitTo(library, { ...gas, party: meters.party }, draft);
  const forged = await resigned(change, { ...gas, signers: meters.signers }, (role) => role);
  await writeChange(inbox(library.place), name, forged);
  expect(outcomes(await runIntake(library))).toEqual([
    'refused CERTIFICATE_NOT_YOURS CODE_NOT_YOURS ROLE_FILE',
  ]);
});
