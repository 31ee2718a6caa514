// What cfl-repo status says of each fact, and whether a person must act.

import { parseRoleName } from '@cfl/client/tuf';
import { describe, expect, test } from 'vitest';
import { loadState } from '../../src/deploy/index.ts';
import { readFacts } from '../../src/renewal/facts.ts';
import { type Facts, type Standing, standingOf } from '../../src/renewal/standing.ts';
import { withdraw } from '../../src/withdraw/withdraw.ts';
import { later, people, trial } from '../ceremony/people.ts';
import { NOW } from '../fixture.ts';
import { draftOf, imageOf, outcomes, rowFor, runIntake, scene, submitTo } from '../intake/scene.ts';

const NOTHING: Facts = {
  roles: [],
  cpl: undefined,
  lists: [],
  authorities: [],
  certificates: [],
  userRoles: [],
  access: { readers: 1, epochs: ['images epoch 1', 'notes epoch 1'], lapsed: [], due: [] },
  held: [],
  disputes: [],
  unrepeated: 0,
};

const role = (name: string, days: number, party?: string) => ({
  roles: [
    {
      role: parseRoleName(name),
      shown: name,
      version: 7,
      expires: later(days),
      threshold: name === 'timestamp' || name === 'gate' || name === 'snapshot' ? 1 : 2,
      keys: name === 'root' ? ['root-1', 'root-2', '0f3a77d291bc'] : ['one'],
      party,
    },
  ],
});
const cpl = (days: number) => ({
  cpl: {
    format: 'cfl/cpl-index/1',
    snapshot: 3,
    date: later(-days).toISOString().slice(0, 10),
    entries: 36,
  } as unknown as Facts['cpl'],
});
const list = (days: number, life = 30) => ({
  lists: [
    { authority: 'Example Issuing CA', newest: { number: 4n, from: later(days - life), next: later(days) } },
  ],
});
const authority = (...days: readonly number[]) => ({
  authorities: days.map((left) => ({ name: 'Example', kind: 'timestamp', until: later(left) }) as const),
});
const certificate = (...days: readonly (number | undefined)[]) => ({
  certificates: days.map((left) => ({
    party: 'Example Meters',
    sha256: 'ab'.repeat(32),
    purposes: ['release'],
    until: left === undefined ? undefined : later(left),
  })),
});
const userRole = (...days: readonly (number | undefined)[]) => ({
  userRoles: days.map((left) => ({
    party: 'Example Energy',
    role: 'IS',
    until: left === undefined ? undefined : later(left),
  })),
});

/** Without the lines of the CPL and of read access, where the fact is another. */
function lines(facts: Partial<Facts>): readonly Standing[] {
  const all = standingOf({ ...NOTHING, ...facts }, NOW);
  const isOther = Object.keys(facts).length > 0;
  return all.filter(
    ({ kind }) => !isOther || (kind === 'CPL' ? 'cpl' in facts : kind !== 'access' || 'access' in facts),
  );
}

const access = (changes: Partial<Facts['access']>): Partial<Facts> => ({
  access: { readers: 2, epochs: ['images epoch 1', 'notes epoch 1'], lapsed: [], due: [], ...changes },
});

describe('calls for nobody', () => {
  test.each<[string, Partial<Facts>, string | undefined]>([
    ['a fresh timestamp', role('timestamp', 6.5), 'renewed by itself'],
    ['a timestamp that is due', role('timestamp', 5.5), 'renewed by itself, at the next cfl-repo renew'],
    ['a snapshot', role('snapshot', 300), 'renewed when publishing'],
    ['root', role('root', 700), '2 of root-1, root-2, 0f3a77d291bc from 2027-10-21'],
    ["a manufacturer's role", role('m-fff2', 1000, 'Sample Gas'), 'Sample Gas, one from 2027-08-17'],
    ['a CPL of 30 days', cpl(30), 'snapshot 3 of 2026-10-21, 36 entries, 30 days old'],
    ['no CPL yet', {}, 'no snapshot yet'],
    ['a revocation list with a week and more left', list(8), 'revocation list 4'],
    ['a revocation list of a day, with half of it left', list(0.5, 1), 'revocation list 4'],
    ['an authority with a year left', authority(365), 'time authority'],
    ['an authority that is closed, beside its successor', authority(365, -1), 'time authority'],
    ['a certificate without an end', certificate(undefined), undefined],
    ['a certificate with 91 days left', certificate(91), undefined],
    ['a certificate that ends, beside the next one', certificate(20, 400), 'absent'],
    ['a certificate that was closed', certificate(-1), undefined],
    ['a User Role with 31 days left', userRole(31), undefined],
    ['a User Role that goes on', userRole(20, undefined), undefined],
    ['read access', access({}), '2 parties, images epoch 1, notes epoch 1'],
  ])('%s', (_name, facts, says) => {
    const found = lines(facts);
    expect(found.filter(({ act }) => act)).toEqual([]);
    if (says !== undefined && says !== 'absent') expect(found[0]?.says).toBe(says);
    else expect(found).toEqual([]);
  });
});

describe('calls for a person', () => {
  test.each<[string, Partial<Facts>, string, string | undefined]>([
    [
      'a timestamp that nobody renewed for four days',
      role('timestamp', 2.9),
      'overdue: cfl-repo renew has not run since 2026-11-16 06:36 UTC',
      'cfl-repo renew',
    ],
    [
      'a timestamp that ended',
      role('timestamp', -2),
      'ended, and with it the library: cfl-repo renew has not run since 2026-11-11 09:00 UTC',
      'cfl-repo renew',
    ],
    [
      'a timestamp of the future',
      role('timestamp', 372),
      'signed by a clock that was ahead, or this one is behind; if it was ahead, it needs a new key',
      'cfl-repo rotate timestamp --here',
    ],
    ['no read keys', { access: undefined }, 'no read keys yet', 'cfl-repo party keys'],
    [
      'a gate that nobody renewed',
      role('gate', 100),
      'overdue: it should have been renewed from 2026-05-30 on, where its key is',
      'cfl-repo renew',
    ],
    [
      'root in its second year',
      role('root', 300),
      'due since 2026-09-16: 2 of root-1, root-2, 0f3a77d291bc must sign it',
      'cfl-repo renew root',
    ],
    [
      'targets, ended',
      role('targets', -1),
      'ended on 2026-11-19: one must sign it',
      'cfl-repo renew targets',
    ],
    [
      "a manufacturer's role",
      role('m-fff2', 12, 'Sample Gas'),
      'due since 2024-12-02: Sample Gas must sign it, by cfl-publish sign',
      'cfl-repo renew m-fff2',
    ],
    [
      'a CPL of 31 days',
      cpl(31),
      'snapshot 3 of 2026-10-20, 36 entries, 31 days old: readers are warned past 30; ask the Panel for its list',
      'cfl-repo cpl import FILE',
    ],
    [
      'a revocation list in its last week',
      list(6.5),
      'revocation list 4 ends soon: get the next from the authority',
      'cfl-repo crl import FILE',
    ],
    [
      'a revocation list that ended',
      list(-1),
      'revocation list 4 ended: submissions under it wait for the next',
      'cfl-repo crl import FILE',
    ],
    [
      'an authority without a list',
      { lists: [{ authority: 'Example Issuing CA', newest: undefined }] },
      'no revocation list here: submissions under it wait',
      'cfl-repo crl import FILE',
    ],
    [
      'an authority that ends',
      authority(89),
      'time authority ends on 2027-02-17, and no other takes its place',
      'cfl-repo trust trusted_root.json anchors.json',
    ],
    [
      'two authorities of which one ended',
      authority(-1, 20),
      'time authority ended on 2026-11-19, and no other takes its place',
      'cfl-repo trust trusted_root.json anchors.json',
    ],
    [
      'a registered certificate that ends',
      certificate(89),
      'certificate abababababab for release ends on 2027-02-17: ask for its next',
      'cfl-repo party update FILE',
    ],
    [
      'a User Role that lapses',
      userRole(30),
      'User Role IS lapses on 2026-12-20: ask for evidence that it goes on',
      'cfl-repo party update FILE',
    ],
    ['a held submission', { held: ['fff1-c2f0-1'] }, 'fff1-c2f0-1', 'cfl-repo held show fff1-c2f0-1'],
    [
      'an investigation',
      { disputes: [{ number: 2, opened: NOW, about: 'FFF1 7d1a' }] },
      'investigation 2 of 2026-11-20: FFF1 7d1a',
      'cfl-repo cpl decide 2 --keep | --replace --reason "…"',
    ],
    [
      'a withdrawal that the registrar has not repeated',
      { unrepeated: 1 },
      '1 withdrawal not yet repeated by the registrar',
      'cfl-repo withdraw --repeat',
    ],
  ])('%s', (_name, facts, says, command) => {
    const [found] = lines(facts);
    expect(found).toMatchObject({ says, act: true });
    expect(found?.command).toBe(command);
  });
});

test('authorities, their lists, parties and what waits are read from the library and the private folder', async () => {
  const [mine, waiting] = [imageOf('one'), imageOf('waits', { firmware: 0x01000204 })];
  const rows = [await rowFor('CPL-000412', mine), await rowFor('CPL-000413', waiting, { waits: true })];
  const library = await scene(rows);
  const { place, meters, online } = library;
  await submitTo(library, meters, await draftOf(meters, mine, rows.slice(0, 1)));
  await submitTo(library, meters, await draftOf(meters, waiting, rows.slice(1)));
  expect(outcomes(await runIntake(library))).toEqual(['accepted', 'held BASE_MOVED WAITS_FOR_CPL']);
  await withdraw({
    release: 'CPL-000412',
    kind: 'operator',
    reason: 'battery drain',
    place,
    online,
    now: NOW,
  });
  const saysAt = async (now: Date) => {
    const published = await loadState(place);
    const nameOf = (id: string) => id.slice(0, 4);
    return standingOf(await readFacts({ published, files: place.private, nameOf, now }), now);
  };
  const soon = await saysAt(NOW);
  const kinds = (all: readonly Standing[], of: string) => all.filter(({ kind }) => kind === of);
  expect(kinds(soon, 'CRL')).toMatchObject([{ name: 'Example Issuing CA', act: false }]);
  expect(kinds(soon, 'authority').map(({ says, act }) => [says, act])).toEqual([
    ['certificate authority', false],
    ['time authority', false],
  ]);
  expect(kinds(soon, 'held')).toMatchObject([{ act: true }]);
  expect(kinds(soon, 'withdrawn')).toMatchObject([{ act: true }]);
  expect(soon.find(({ name }) => name === 'm-fff1')?.says).toMatch(/^Example Meters, 1 of /);
  const late = await saysAt(later(12_000));
  for (const kind of ['CRL', 'authority', 'CPL'])
    expect(
      kinds(late, kind).every(({ act }) => act),
      kind,
    ).toBe(true);
});

test.each([
  [access({ lapsed: ['example-gas'] }), 'example-gas reads, and its User Role has ended'],
  [access({ due: ['images'] }), 'the epoch of images is a year old'],
])('a grant or an epoch that has outlived its time calls for the registrar', (facts, says) => {
  expect(lines(facts)).toMatchObject([{ act: false }, { says, act: true, command: 'cfl-repo party renew' }]);
});

describe('cfl-repo status', () => {
  test('a new library: each role in columns, by the names of the keys; it lacks read keys', async () => {
    const { repo } = await people();
    const { exit, out } = await repo('status');
    expect(exit).toBe(4);
    expect(out.map((line) => line.replace(/ +/g, ' '))).toEqual([
      'timestamp 1 until 2026-11-27 renewed by itself',
      'snapshot 1 until 2027-11-20 renewed when publishing',
      'registrar 1 until 2027-11-20 2 of registrar-1, registrar-2, registrar-3 from 2027-05-21',
      'cpl 1 until 2027-11-20 panel from 2027-10-21',
      'gate 1 until 2027-11-20 renewed by itself',
      'catalogue 1 until 2027-02-18 renewed by itself',
      'targets 1 until 2028-11-19 2 of holder-1, holder-2, holder-3 from 2027-11-20',
      'root 1 until 2028-11-19 2 of root-1, root-2, root-3 from 2027-11-20',
      'CPL no snapshot yet',
      'access no read keys yet; run: cfl-repo party keys',
    ]);
  });

  test('each command that it names mends its line', async () => {
    const { repo } = await trial();
    const now = later(400);
    const before = await repo('status', now);
    expect(before.exit).toBe(4);
    expect(before.out.filter((line) => line.includes('; run: ')).length).toBe(9);
    expect((await repo('renew', now)).exit).toBe(0);
    const document = JSON.parse((await repo('status --json', now)).out.join(''));
    expect(document).toMatchObject({ format: 'cfl/status/1', act: true });
    const commands = document.lines.flatMap((line: Standing) => line.command ?? []);
    const renewals = ['registrar', 'cpl', 'targets', 'root'].map((one) => `cfl-repo renew ${one}`);
    // These people have no read keys: that is the registrar's to begin
    expect(commands).toEqual([...renewals, 'cfl-repo party keys']);
    for (const [i, command] of renewals.entries()) {
      const change = `LIBRARY/private/changes/${i + 1}`;
      for (const line of [command.replace('cfl-repo ', ''), `sign ${change}`, `apply ${change}`])
        expect((await repo(line, now)).exit, line).toBeLessThan(5);
    }
    const after = JSON.parse((await repo('status --json', now)).out.join(''));
    expect(after.lines.filter(({ act }: Standing) => act)).toMatchObject([{ kind: 'access' }]);
  });
});
