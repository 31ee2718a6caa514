// Renewal signs the same again: what is due, with the keys that are at hand, and nothing else.

import { folderRepository, memoryCache } from '@cfl/client/library';
import { Client, parseRoleName, type RoleName, type Trusted } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { renewTimestamp, writingUpon } from '../../src/deploy/index.ts';
import { planRenewal, type Renewed, renewHere } from '../../src/renewal/renew.ts';
import { applyAll, foundLibrary, NOW, state, type TestLibrary } from '../fixture.ts';

const DAY = 86_400_000;
const later = (days: number) => new Date(NOW.getTime() + days * DAY);
const names = (renewed: readonly Renewed[]) => renewed.map(({ role, version }) => `${role} ${version}`);

function renew(
  library: TestLibrary,
  now: Date,
  here: readonly string[] = ['gate', 'catalogue', 'snapshot', 'timestamp'],
): Promise<readonly Renewed[]> {
  const { place, online } = library;
  const signer = async (role: RoleName) =>
    here.includes(role) ? online[role as string as keyof typeof online] : undefined;
  return writingUpon(place, now, (published) => renewHere({ place, published, signer, now }));
}

async function reader(library: TestLibrary, now: Date, cache = memoryCache()): Promise<Trusted> {
  const root = (await library.place.metadata.read('1.root.json')) ?? new Uint8Array();
  const repository = folderRepository(library.place.metadata, library.place.targets);
  return new Client({ root, repository, cache, now }).refresh();
}

test('nothing is due on the first day, and nothing is written', async () => {
  const library = await foundLibrary();
  const before = await library.place.metadata.list('');
  expect(await renew(library, later(0.5))).toEqual([]);
  expect(await library.place.metadata.list('')).toEqual(before);
  expect((await state(library)).trusted.timestamp.signed.version).toBe(1);
});

test('after a day the timestamp is, alone; a second run does nothing', async () => {
  const library = await foundLibrary();
  expect(names(await renew(library, later(1)))).toEqual(['timestamp 2']);
  expect(await renew(library, later(1))).toEqual([]);
  const { snapshot } = await reader(library, later(7.5));
  expect(snapshot.signed.version).toBe(1);
});

test('gate, catalogue and snapshot follow by their own periods', async () => {
  const library = await foundLibrary();
  expect(names(await renew(library, later(31)))).toEqual(['catalogue 2', 'snapshot 2', 'timestamp 2']);
  expect(names(await renew(library, later(92)))).toEqual([
    'gate 2',
    'catalogue 3',
    'snapshot 3',
    'timestamp 3',
  ]);
  await reader(library, later(98));
});

test('a library that ended is renewed too; a reader that slept arrives', async () => {
  const library = await foundLibrary();
  const cache = memoryCache();
  await reader(library, NOW, cache);
  await expect(reader(library, later(300), cache)).rejects.toMatchObject({ code: 'EXPIRED' });
  await renew(library, later(300));
  expect((await reader(library, later(300), cache)).timestamp.signed.version).toBe(2);
});

test('where only the key of the timestamp lies, only the timestamp is renewed', async () => {
  const library = await foundLibrary();
  expect(names(await renew(library, later(40), ['timestamp']))).toEqual(['timestamp 2']);
  expect(names(await renew(library, later(40)))).toEqual(['catalogue 2', 'snapshot 2', 'timestamp 3']);
  expect(await renew(library, later(80), ['snapshot'])).toEqual([]);
});

test('a clock that is behind signs nothing', async () => {
  const library = await foundLibrary();
  await renew(library, later(10));
  const before = await library.place.metadata.read('timestamp.json');
  const { place, online } = library;
  await expect(
    writingUpon(place, later(1), (published) => renewTimestamp({ place, published, online, now: later(1) })),
  ).rejects.toMatchObject({ code: 'CLOCK_BEHIND' });
  expect(await place.metadata.read('timestamp.json')).toEqual(before);
  expect(names(await renew(library, later(11)))).toEqual(['timestamp 3']);
});

test('what people sign becomes a change, also where another role has ended meanwhile', async () => {
  const library = await foundLibrary();
  const roles = ['root', 'targets', 'registrar'].map((name) => parseRoleName(name));
  const change = await planRenewal(roles, await state(library), later(365));
  expect([...change.metadata.keys()]).toEqual(roles);
  await applyAll(library, change, [], later(365));
  const { root, targets } = await reader(library, later(366));
  expect([root.signed.version, targets.signed.version]).toEqual([2, 2]);
  expect(root.signed.expires).toEqual(later(365 + 730));
});

test.each(['gate', 'nobody'])('a renewal of "%s" is not planned', async (name) => {
  const library = await foundLibrary();
  await expect(planRenewal([parseRoleName(name)], await state(library), NOW)).rejects.toMatchObject({
    code: 'BAD_INPUT',
  });
});
