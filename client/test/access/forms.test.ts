// What the registrar publishes about read access: epochs without gaps, one open each, nothing taken back.

import { beforeAll, describe, expect, it, test } from 'vitest';
import {
  credentialsFile,
  currentKey,
  type Grants,
  grantState,
  grantsFile,
  holderOf,
  keyringPath,
  lostEpochs,
  makeReadKey,
  mayRead,
  type PublishedReadKey,
  parseKeyringPath,
  type Recipient,
  type Recipients,
  recipientsFile,
  refusalOf,
} from '../../src/access/index.ts';
import { parseSha256, type Sha256 } from '../../src/encoding/index.ts';
import { FormatError } from '../../src/firmware/fields.ts';
import { type Party, parsePartyId } from '../../src/firmware/index.ts';

const [JAN, JUN, NOV] = ['2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z', '2026-11-20T09:00:00Z'];
const ENERGY = parsePartyId('example-energy');
let some: Recipient[] = [];

beforeAll(async () => {
  some = await Promise.all([1, 2, 3, 4].map(async () => (await makeReadKey()).recipient));
});

const key = (use: 'images' | 'notes', epoch: number, i: number, until?: string): PublishedReadKey => {
  const recipient = some[i];
  if (recipient === undefined) throw new TypeError('four were made');
  return { use, epoch, recipient, from: JAN, ...(until === undefined ? {} : { until }) };
};
const honest = (): Recipients => ({
  format: 'cfl/recipients/1',
  keys: [key('images', 1, 0, JUN), key('images', 2, 1), key('notes', 1, 2)],
});

describe('recipients.json', () => {
  it('is read as it was written, and names the open epochs', () => {
    expect(recipientsFile.parse(recipientsFile.encode(honest()))).toEqual(honest());
    expect(currentKey(honest(), 'images')?.epoch).toBe(2);
    expect(currentKey(honest(), 'notes')?.epoch).toBe(1);
  });

  const wrong: Readonly<Record<string, () => readonly PublishedReadKey[]>> = {
    'two open epochs of a use': () => [key('images', 1, 0), key('images', 2, 1)],
    'no open epoch': () => [key('images', 1, 0, JUN)],
    'an open epoch before a closed one': () => [key('images', 1, 0), key('images', 2, 1, JUN)],
    'a gap': () => [key('images', 1, 0, JUN), key('images', 3, 1)],
    'a first epoch 2': () => [key('notes', 2, 0)],
    'an epoch twice': () => [key('images', 1, 0, JUN), key('images', 1, 1)],
    'one recipient for two epochs': () => [key('images', 1, 0, JUN), key('images', 2, 0)],
    'one recipient for two uses': () => [key('images', 1, 0), key('notes', 1, 0)],
    'notes before images': () => [key('notes', 1, 0), key('images', 1, 1)],
  };
  it.each(Object.entries(wrong))('is refused with %s', (_name, keys) => {
    expect(() => recipientsFile.encode({ ...honest(), keys: keys() })).toThrow(FormatError);
  });

  it('only grows: an epoch is closed, and the next begins', () => {
    const before = honest();
    const next = {
      ...before,
      keys: [key('images', 1, 0, JUN), key('images', 2, 1, NOV), key('images', 3, 3), key('notes', 1, 2)],
    };
    expect(lostEpochs(before, next)).toEqual([]);
    expect(lostEpochs(next, before)).toEqual([
      'the end of images epoch 2 was changed',
      'images epoch 3 is gone',
    ]);
    const other = { ...before, keys: [key('images', 1, 3, JUN), key('images', 2, 1), key('notes', 1, 2)] };
    expect(lostEpochs(before, other)).toEqual(['images epoch 1 was changed']);
  });
});

const fingerprint = (digit: string): Sha256 => parseSha256(digit.repeat(64));
const grants = (): Grants => ({
  format: 'cfl/grants/1',
  holders: [
    {
      holder: ENERGY,
      fingerprint: fingerprint('a'),
      grants: [
        { use: 'images', from: JAN },
        { use: 'notes', from: JAN, until: JUN, reason: 'revoked', lastEpoch: 1 },
      ],
      replaced: [{ fingerprint: fingerprint('b'), until: JUN }],
    },
  ],
});

describe('grants.json', () => {
  it('is read as it was written, in about 200 octets a party', () => {
    const octets = grantsFile.encode(grants());
    expect(grantsFile.parse(octets)).toEqual(grants());
    const one = {
      holder: ENERGY,
      fingerprint: fingerprint('a'),
      grants: [{ use: 'images' as const, from: JAN }],
    };
    expect(grantsFile.encode({ format: 'cfl/grants/1', holders: [one] }).length).toBeLessThan(230);
  });

  const holder = () => grants().holders[0] ?? expect.fail('there is one');
  const wrong: Readonly<Record<string, () => Grants['holders']>> = {
    'a holder twice': () => [holder(), holder()],
    'a credential of two holders': () => [holder(), { ...holder(), holder: parsePartyId('example-gas') }],
    'a replaced credential in use': () => [
      { ...holder(), replaced: [{ fingerprint: fingerprint('a'), until: JUN }] },
    ],
    'a holder without grants': () => [{ ...holder(), grants: [] }],
    'two open grants of a use': () => [
      {
        ...holder(),
        grants: [
          { use: 'images', from: JAN },
          { use: 'images', from: JUN },
        ],
      },
    ],
    'an end without its reason': () => [{ ...holder(), grants: [{ use: 'images', from: JAN, until: JUN }] }],
  };
  it.each(Object.entries(wrong))('is refused with %s', (_name, holders) => {
    expect(() => grantsFile.encode({ format: 'cfl/grants/1', holders: holders() })).toThrow(FormatError);
  });

  it('says whose a credential is', () => {
    expect(holderOf(grants(), fingerprint('a')).holder).toBe(ENERGY);
    expect(() => holderOf(grants(), fingerprint('b'))).toThrow('example-energy replaced it on 2026-06-01');
    expect(() => holderOf(grants(), fingerprint('c'))).toThrow('the registrar has granted nothing to it');
  });
});

describe('a grant', () => {
  const party = (changes: Partial<Party> = {}): Party => ({
    id: ENERGY,
    name: 'Example Energy',
    kinds: ['supplier'],
    codes: [],
    userRoles: [{ role: 'IS', from: JAN, until: NOV, evidence: 'SEC Party list, entry 114' }],
    certificates: [],
    ...changes,
  });
  const question = (changes: object = {}) => ({
    grants: grants(),
    holder: ENERGY,
    register: { format: 'cfl/register/1', parties: [party()] } as const,
    use: 'images' as const,
    at: JUN,
    ...changes,
  });

  it('is open, closed with its reason, or not there', () => {
    expect(grantState(question())).toEqual({ state: 'granted' });
    expect(grantState(question({ use: 'notes' }))).toEqual({ state: 'revoked', since: JUN, lastEpoch: 1 });
    expect(grantState(question({ holder: parsePartyId('example-gas') }))).toEqual({ state: 'none' });
  });

  it('lapses when the User Role ends, to the second', () => {
    expect(grantState(question({ at: '2026-11-20T08:59:59Z' }))).toEqual({ state: 'granted' });
    expect(grantState(question({ at: NOV }))).toEqual({ state: 'lapsing' });
    expect(grantState(question({ register: { format: 'cfl/register/1', parties: [] } }))).toEqual({
      state: 'lapsing',
    });
  });

  test.each<[string, Partial<Party>, boolean]>([
    ['an import supplier', {}, true],
    ['a gas supplier', { userRoles: [{ role: 'GS', from: JAN, evidence: 'entry 7' }] }, true],
    ['a network operator', { userRoles: [{ role: 'ED', from: JAN, evidence: 'entry 8' }] }, false],
    ['a supplier without evidence', { userRoles: [] }, false],
    [
      'a supplier whose role has not begun',
      { userRoles: [{ role: 'IS', from: NOV, evidence: 'entry 9' }] },
      false,
    ],
    ['a manufacturer with the role of a supplier', { kinds: ['manufacturer'] }, false],
    ['the Panel', { kinds: ['panel'], userRoles: [] }, false],
  ])('to %s is right or not', (_name, changes, may) => {
    expect(mayRead(party(changes), JUN)).toBe(may);
  });

  test.each([
    ['none', { state: 'none' }, 'NO_GRANT'],
    ['revoked', { state: 'revoked', since: JUN, lastEpoch: 3 }, 'GRANT_REVOKED'],
    ['lapsed', { state: 'lapsed', since: JUN, lastEpoch: 3 }, 'ROLE_LAPSED'],
    ['granted', { state: 'granted' }, 'WRONG_EPOCH'],
  ] as const)('that is %s is said with its own code', (_name, state, code) => {
    expect(refusalOf('Cannot decrypt it', { use: 'images', holder: ENERGY }, state)).toMatchObject({ code });
  });
});

test('credentials.json is read as it was written', () => {
  const [one, two] = some;
  if (one === undefined || two === undefined) throw new TypeError('four were made');
  const file = {
    format: 'cfl/credentials/1',
    credentials: [{ holder: ENERGY, recipient: one }],
    escrow: [{ holder: parsePartyId('root-1'), recipient: two }],
  } as const;
  expect(credentialsFile.parse(credentialsFile.encode(file))).toEqual(file);
});

test('a ring lies under the name of its holder', () => {
  expect(keyringPath(ENERGY)).toBe('access/example-energy.keyring.age');
  expect(parseKeyringPath('access/example-energy.keyring.age')).toBe(ENERGY);
  for (const path of [
    'access/grants.json',
    'access/A.keyring.age',
    'access/a/b.keyring.age',
    'access/.keyring.age',
  ])
    expect(parseKeyringPath(path)).toBeUndefined();
});
