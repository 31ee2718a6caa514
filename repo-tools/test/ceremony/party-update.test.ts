// A party that is registered changes: what is new begins, what the file leaves out ends, and nothing is lost.

import { parseSha256 } from '@cfl/client/encoding';
import {
  PARTIES_PATH,
  parseManufacturerCode,
  parsePartyId,
  partyRegister,
  type RegisteredRole,
} from '@cfl/client/firmware';
import { parseRoleName } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { type NewParty, planParty } from '../../src/ceremony/party.ts';
import { planPartyUpdate } from '../../src/ceremony/party-update.ts';
import { applyAll, foundLibrary, NOW, signersOf, state, type TestLibrary } from '../fixture.ts';

const LATER = new Date('2027-02-10T09:00:00Z');
const [FIRST, SECOND] = ['ab', 'cd'].map((digits) => parseSha256(digits.repeat(32)));
const role = (from: string): RegisteredRole => ({ role: 'IS', from, evidence: `SEC Party list of ${from}` });

async function registered(): Promise<{ library: TestLibrary; party: NewParty }> {
  const library = await foundLibrary();
  const own = await signersOf(2);
  const party: NewParty = {
    id: parsePartyId('example-meters'),
    name: 'Example Meters',
    kinds: ['manufacturer'],
    codes: [parseManufacturerCode('FFF1')],
    role: { keys: own.map(({ key }) => key), threshold: 1 },
    userRoles: [role('2026-11-01T00:00:00Z')],
    certificates: [{ sha256: FIRST ?? parseSha256(''), purposes: ['release'] }],
    eui64: undefined,
    mailbox: 'firmware@meters.example',
  };
  await applyAll(library, await planParty(party, await state(library), NOW), own);
  return { library, party };
}

const register = async (library: TestLibrary) =>
  partyRegister.parse((await (await state(library)).read(PARTIES_PATH)) ?? new Uint8Array()).parties[0];

test('a certificate is replaced, a User Role ends and another begins', async () => {
  const { library, party } = await registered();
  const certificates = [{ sha256: SECOND ?? parseSha256(''), purposes: ['release'] as const }];
  const userRoles = [role('2027-02-01T00:00:00Z')];
  const next = { ...party, certificates, userRoles, mailbox: 'updates@meters.example' };
  const change = await planPartyUpdate(next, await state(library), LATER);
  expect(change.words).toEqual([
    'register  example-meters: mailbox updates@meters.example, it was firmware@meters.example',
    'register  certificate abababababab for release ends 2027-02-10T09:00:00Z',
    'register  certificate cdcdcdcdcdcd for release from 2027-02-10T09:00:00Z',
    'register  User Role IS (SEC Party list of 2026-11-01T00:00:00Z) ends 2027-02-10T09:00:00Z',
    'register  User Role IS (SEC Party list of 2027-02-01T00:00:00Z) from 2027-02-01T00:00:00Z',
  ]);
  expect([...change.metadata.keys()]).toEqual([parseRoleName('registrar')]);
  await applyAll(library, change, [], LATER);
  const now = await register(library);
  expect(now?.certificates).toMatchObject([
    { sha256: FIRST, until: '2027-02-10T09:00:00Z' },
    { sha256: SECOND, from: '2027-02-10T09:00:00Z' },
  ]);
  await expect(planPartyUpdate(next, await state(library), LATER)).rejects.toMatchObject({
    message: expect.stringContaining('the register says all of it already'),
  });
});

test('what was closed is not opened again by a file that still names it', async () => {
  const { library, party } = await registered();
  const without = await planPartyUpdate({ ...party, userRoles: [] }, await state(library), LATER);
  await applyAll(library, without, [], LATER);
  const again = planPartyUpdate({ ...party, mailbox: 'x@meters.example' }, await state(library), LATER);
  await applyAll(library, await again, [], LATER);
  expect((await register(library))?.userRoles).toMatchObject([{ until: '2027-02-10T09:00:00Z' }]);
});

test('a further code gets a role of its own; the party may name the keys that it has, and nobody else the same', async () => {
  const { library, party } = await registered();
  const codes = [...party.codes, parseManufacturerCode('FFF9')];
  const own = await signersOf(1);
  const next = { ...party, codes, role: { keys: own.map(({ key }) => key), threshold: 1 } };
  const change = await planPartyUpdate(next, await state(library), LATER);
  expect([...change.metadata.keys()]).toEqual(['registrar', 'targets', 'm-fff9']);
  await applyAll(library, change, own, LATER);
  expect((await state(library)).trusted.targets.signed.delegations?.roles.at(-1)).toMatchObject({
    name: 'm-fff9',
    keyIds: own.map(({ key }) => key.id),
  });
  const gate = library.online.gate.key;
  const stolen = {
    ...next,
    codes: [...codes, parseManufacturerCode('FFFA')],
    role: { keys: [gate], threshold: 1 },
  };
  await expect(planPartyUpdate(stolen, await state(library), LATER)).rejects.toMatchObject({
    code: 'BAD_INPUT',
  });
});

test.each<[string, (party: NewParty) => NewParty]>([
  ['is not registered', (party) => ({ ...party, id: parsePartyId('nobody') })],
  ['gives up a code', (party) => ({ ...party, codes: [] })],
  [
    'changes what a certificate is for',
    (party) => ({
      ...party,
      certificates: party.certificates.map((one) => ({ ...one, purposes: ['withdrawal'] as const })),
    }),
  ],
])('a party that %s is refused', async (_, edit) => {
  const { library, party } = await registered();
  const honest = { ...party, mailbox: 'other@meters.example' };
  await planPartyUpdate(honest, await state(library), LATER);
  await expect(planPartyUpdate(edit(honest), await state(library), LATER)).rejects.toMatchObject({
    code: 'BAD_INPUT',
  });
});
