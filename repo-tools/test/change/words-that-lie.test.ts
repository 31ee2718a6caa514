// Attack: the planner's words say one thing, the role files another. A holder must see what it signs.

import { parsePartyId } from '@cfl/client/firmware';
import { expect, test } from 'vitest';
import { planParty } from '../../src/ceremony/party.ts';
import type { Change } from '../../src/change/change.ts';
import { type Before, describeChange, NOTHING_AT_HAND } from '../../src/change/describe.ts';
import { foundLibrary, NOW, signersOf, state } from '../fixture.ts';

async function plannedParty(): Promise<{ change: Change; before: Before }> {
  const published = await state(await foundLibrary());
  const [one, two] = (await signersOf(2)).map(({ key }) => key);
  if (one === undefined || two === undefined) throw new TypeError('two keys');
  const party = {
    id: parsePartyId('example-meters'),
    name: 'Example Meters',
    kinds: ['manufacturer'],
    codes: ['FFF1'],
    role: { keys: [one, two], threshold: 1 },
    userRoles: [],
    certificates: [],
    eui64: undefined,
    mailbox: undefined,
  } as unknown as Parameters<typeof planParty>[0];
  const change = await planParty(party, published, NOW);
  return { change, before: { ...published, root: published.trusted.root } };
}

test('what is signed is told from the files, whatever the words say', async () => {
  const { change, before } = await plannedParty();
  const honest = await describeChange(change, before);
  expect(honest.join('\n')).toMatch(/new party: Example Meters, manufacturer of FFF1/);
  expect(honest.join('\n')).toMatch(
    /targets 2 +firmware\/FFF1\/\*\/\* is signed by m-fff1, 1 of 2 keys: [0-9a-f]{12} [0-9a-f]{12}/,
  );
  expect(honest.join('\n')).toMatch(/m-fff1 1 +begins, empty/);

  expect(honest.filter((line) => line.includes('begins, empty'))).toHaveLength(1);

  const lying = { ...change, title: 'renew the registrar', words: ['nothing becomes different'] };
  expect(await describeChange(lying, before)).toEqual(honest);
});

test('a delegation that is taken away, and a file that is, are told loudly', async () => {
  const { change, before } = await plannedParty();
  const registrar = change.metadata.get('registrar' as never);
  const published = await before.role('registrar' as never);
  if (registrar === undefined || published === undefined) throw new TypeError('the registrar signs');
  const emptied = { ...registrar, signed: { ...registrar.signed, targets: new Map() } } as typeof registrar;
  const lines = await describeChange(
    { ...change, metadata: new Map([['registrar' as never, emptied]]) },
    before,
  );
  expect(lines.filter((line) => line.includes('TAKES AWAY')).length).toBe(published.signed.targets.size);
});

test('without the library at hand everything is told as new', async () => {
  const { change } = await plannedParty();
  const lines = await describeChange(change, NOTHING_AT_HAND);
  expect(lines.join('\n')).toMatch(/registrar 2 +adds register\/parties\.json/);
  expect(lines.join('\n')).toMatch(/is signed by gate/);
});
