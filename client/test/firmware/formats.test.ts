// Our own files: what is read is what was written, and everything else is refused.
import { describe, expect, it } from 'vitest';
import { parseSha256 } from '../../src/encoding/index.ts';
import {
  type Anchor,
  anchorsFile,
  catalogueIndex,
  catalogueShard,
  catalogueShardPath,
  certificateAt,
  cplIndex,
  cplShard,
  cplShardPath,
  crlPath,
  encodeStatement,
  type Format,
  FormatError,
  findParty,
  librarySettings,
  lostAnchors,
  lostParties,
  lostRevocations,
  ownerOf,
  type Party,
  type Purpose,
  parseCrlPath,
  parseManufacturerCode,
  parsePartyId,
  parseStatement,
  partyOfCertificate,
  partyRegister,
  type Register,
  type RegisteredCertificate,
  revocationsFile,
  userRolesAt,
  withdrawnFile,
} from '../../src/firmware/index.ts';
import {
  ANCHORS,
  CATALOGUE,
  CATALOGUE_INDEX,
  CPL_INDEX,
  CPL_SHARD,
  REGISTER,
  REVOCATIONS,
  SETTINGS,
  STATEMENT,
  WITHDRAWN,
} from './values.ts';

type Value = { readonly [key: string]: unknown };

const FORMATS: Record<string, [Format<never>, Value]> = {
  'cpl/<n>/<code>.json': [cplShard as Format<never>, CPL_SHARD],
  'cpl/index.json': [cplIndex as Format<never>, CPL_INDEX],
  'a statement': [{ parse: parseStatement, encode: encodeStatement } as Format<never>, STATEMENT],
  'register/parties.json': [partyRegister as Format<never>, REGISTER],
  'register/anchors.json': [anchorsFile as Format<never>, ANCHORS],
  'register/revocations.json': [revocationsFile as Format<never>, REVOCATIONS],
  'register/withdrawn.json': [withdrawnFile as Format<never>, WITHDRAWN],
  'register/library.json': [librarySettings as Format<never>, SETTINGS],
  'catalogue/index.json': [catalogueIndex as Format<never>, CATALOGUE_INDEX],
  'catalogue/<code>-<i>.json': [catalogueShard as Format<never>, CATALOGUE],
};

function octetsOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Every object inside a value, with a function that replaces it there. */
function objectsIn(
  value: unknown,
  replace: (with_: unknown) => unknown = (one) => one,
): [Value, (with_: unknown) => unknown][] {
  if (Array.isArray(value)) {
    return value.flatMap((member, i) => objectsIn(member, (one) => replace(value.with(i, one))));
  }
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, member]) =>
    objectsIn(member, (one) => replace({ ...value, [key]: one })),
  );
  return [[value as Value, replace], ...inner];
}

const OPTIONAL = ['imageHash', 'expires', 'renewal', 'until', 'mailbox', 'invalidFrom'];

describe.each(Object.entries(FORMATS))('%s', (_, [format, value]) => {
  it('is read as written, and written one way', () => {
    expect(format.parse(octetsOf(value))).toEqual(value);
    const encoded = format.encode(value as never);
    expect(format.encode(format.parse(encoded))).toEqual(encoded);
    const turned = Object.fromEntries(Object.entries(value).reverse());
    expect(format.encode(turned as never)).toEqual(encoded);
  });

  it('refuses an unknown field at every depth', () => {
    for (const [object, replaced] of objectsIn(value)) {
      for (const key of ['extra', 'constructor', '__proto__']) {
        const more = Object.defineProperty({ ...object }, key, { value: 1, enumerable: true });
        expect(() => format.parse(octetsOf(replaced(more)))).toThrow(FormatError);
      }
    }
  });

  it('refuses a missing field at every depth', () => {
    for (const [object, replaced] of objectsIn(value)) {
      // A revocation may have no reason, where a withdrawal must
      const optional = value === STATEMENT ? [] : value === REVOCATIONS ? [...OPTIONAL, 'reason'] : OPTIONAL;
      for (const key of Object.keys(object).filter((one) => !optional.includes(one))) {
        const less = Object.fromEntries(Object.entries(object).filter(([one]) => one !== key));
        expect(() => format.parse(octetsOf(replaced(less))), key).toThrow(FormatError);
      }
    }
  });

  it('refuses another format or version, and what is no JSON, with a reason', () => {
    expect(() => format.parse(octetsOf({ ...value, format: 'cfl/other/1', _type: 'other' }))).toThrow(
      FormatError,
    );
    expect(() => format.parse(octetsOf([value]))).toThrow('it holds [');
    expect(() => format.parse(new TextEncoder().encode('{'))).toThrow(
      'it holds no strict JSON (it is not JSON), expected one JSON value',
    );
    expect(() => format.parse(new TextEncoder().encode('{"format":1,"format":1}'))).toThrow(FormatError);
  });

  it('refuses to write what it would not read', () => {
    expect(() => format.encode({ ...value, extra: 1 } as never)).toThrow(FormatError);
  });
});

/** The message with which a changed value is refused. */
function refusal(format: Format<never>, changed: unknown): string {
  try {
    format.parse(octetsOf(changed));
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('a CPL shard', () => {
  const format = cplShard as Format<never>;
  const [entry] = CPL_SHARD.entries;

  it('holds entries of one code only, each once', () => {
    expect(refusal(format, { ...CPL_SHARD, entries: [entry, entry] })).toBe(
      'entries[1] holds "CPL-000412", expected each only once',
    );
    expect(refusal(format, { ...CPL_SHARD, code: 'FFF2' })).toBe(
      'entries[0].manufacturerId holds "FFF1", expected "FFF2"',
    );
  });

  it('holds identifiers in their exact form only', () => {
    expect(refusal(format, { ...CPL_SHARD, entries: [{ ...entry, modelId: '0a01' }] })).toBe(
      'entries[0].modelId holds "0a01", expected 4 hex digits',
    );
    expect(refusal(format, { ...CPL_SHARD, entries: [{ ...entry, status: 'active' }] })).toBe(
      'entries[0].status holds "active", expected one of "Active", "Cancelled", "Expired", "Withdrawn"',
    );
    expect(refusal(format, { ...CPL_SHARD, snapshot: 0 })).toBe(
      'snapshot holds 0, expected an integer from 1',
    );
  });

  it('has a path with its snapshot and code', () => {
    expect(cplShardPath(3, parseManufacturerCode('FFF1'))).toBe('cpl/3/FFF1.json');
  });
});

describe('the register', () => {
  const format = partyRegister as Format<never>;
  const [meters, gas] = REGISTER.parties;
  const partyOf = (id: string) => {
    const party = findParty(REGISTER, parsePartyId(id));
    if (party === undefined) throw new Error('it is not found');
    return party;
  };

  it('gives a code and a certificate to one party only', () => {
    expect(refusal(format, { ...REGISTER, parties: [meters, { ...gas, codes: ['FFF1'] }] })).toBe(
      'parties holds "FFF1", expected each code and each certificate of one party only',
    );
    expect(
      refusal(format, { ...REGISTER, parties: [meters, { ...gas, certificates: meters?.certificates }] }),
    ).toContain('expected each code and each certificate of one party only');
    expect(refusal(format, { ...REGISTER, parties: [meters, meters] })).toBe(
      'parties[1] holds "example-meters", expected each only once',
    );
  });

  it('gives a certificate for its purposes, from its first moment until before its last', () => {
    const sha256 = 'aa'.repeat(32);
    const at = (at: string, purpose: Purpose = 'release') =>
      certificateAt(partyOf('example-meters'), { sha256, purpose, at })?.sha256;
    expect(at('2026-01-01T00:00:00Z')).toBe(sha256);
    expect(at('2028-12-31T23:59:59Z')).toBe(sha256);
    expect(at('2028-12-31T23:59:59Z', 'endorsement')).toBeUndefined();
    expect(at('2025-12-31T23:59:59Z')).toBeUndefined();
    expect(at('2029-01-01T00:00:00Z')).toBeUndefined();
    const other = { sha256, purpose: 'release', at: '2026-01-01T00:00:00Z' } as const;
    expect(certificateAt(partyOf('sample-gas'), other)).toBeUndefined();
    expect(partyOfCertificate(REGISTER, parseSha256(sha256))?.id).toBe('example-meters');
    expect(partyOfCertificate(REGISTER, parseSha256('bb'.repeat(32)))).toBeUndefined();
    expect(findParty(REGISTER, parsePartyId('nobody'))).toBeUndefined();
    expect(ownerOf(REGISTER, parseManufacturerCode('FFF2'))?.id).toBe('sample-gas');
  });

  it('says which User Roles a party has at a date', () => {
    const at = (date: string) => userRolesAt(partyOf('sample-gas'), date);
    expect(at('2026-01-01T00:00:00Z')).toEqual(['GS']);
    expect(at('2025-12-31T23:59:59Z')).toEqual([]);
  });
});

describe('a register that follows another', () => {
  const meters = REGISTER.parties[0] as Party;
  const certificate = meters.certificates[0] as RegisteredCertificate;
  const withCertificate = (...certificates: object[]) =>
    ({
      ...REGISTER,
      parties: [{ ...meters, certificates }, ...REGISTER.parties.slice(1)],
    }) as unknown as Register;
  const open = { ...certificate, until: undefined };

  it('may say more, and may close what is open, or close it earlier', () => {
    const newer = { ...certificate, sha256: 'dd'.repeat(32) };
    expect(lostParties(REGISTER, REGISTER)).toEqual([]);
    expect(lostParties(REGISTER, withCertificate(certificate, newer))).toEqual([]);
    expect(lostParties(withCertificate(open), withCertificate(certificate))).toEqual([]);
    expect(lostParties(REGISTER, withCertificate({ ...certificate, until: '2027-01-01T00:00:00Z' }))).toEqual(
      [],
    );
  });

  it.each<[string, string, Register, Register]>([
    [
      'takes a party out',
      'the party example-meters is gone',
      REGISTER,
      { ...REGISTER, parties: REGISTER.parties.slice(1) },
    ],
    [
      'takes a certificate out',
      'the certificate aaaaaaaaaaaa of example-meters is gone',
      REGISTER,
      withCertificate(),
    ],
    [
      'opens a certificate again',
      'the certificate aaaaaaaaaaaa of example-meters was opened again',
      REGISTER,
      withCertificate(open),
    ],
    [
      'gives a certificate another purpose',
      'the certificate aaaaaaaaaaaa of example-meters was changed',
      REGISTER,
      withCertificate({ ...certificate, purposes: ['association'] }),
    ],
    [
      'begins a certificate earlier',
      'the certificate aaaaaaaaaaaa of example-meters was changed',
      REGISTER,
      withCertificate({ ...certificate, from: '2025-01-01T00:00:00Z' }),
    ],
  ])('is refused where it %s', (_name, reason, before, after) => {
    expect(lostParties(before, after)).toEqual([reason]);
  });

  it('keeps every anchor and every revocation', () => {
    const anchor = ANCHORS.authorities[0] as Anchor;
    const closed = { ...ANCHORS, authorities: [{ ...anchor, until: '2027-01-01T00:00:00Z' }] };
    expect(lostAnchors(ANCHORS, closed)).toEqual([]);
    expect(lostAnchors(closed, ANCHORS)).toEqual(['the authority eeeeeeeeeeee was opened again']);
    expect(lostAnchors(ANCHORS, { ...ANCHORS, authorities: [] })).toEqual([
      'the authority eeeeeeeeeeee is gone',
    ]);
    expect(lostRevocations(REVOCATIONS, REVOCATIONS)).toEqual([]);
    expect(lostRevocations(REVOCATIONS, { ...REVOCATIONS, revocations: [] })).toEqual([
      'the revocation of 021F of eeeeeeeeeeee, recorded 2026-11-20T09:00:00Z, is gone',
    ]);
  });
});

describe('the trust anchors and revocations', () => {
  it('have one form of a serial number', () => {
    const [revocation] = REVOCATIONS.revocations;
    const withSerial = (serial: string) => ({ ...REVOCATIONS, revocations: [{ ...revocation, serial }] });
    for (const serial of ['21F', '021f', '00021F', '', '0x021F'])
      expect(refusal(revocationsFile as Format<never>, withSerial(serial))).toContain(
        'expected a serial number such as 021F',
      );
    expect(revocationsFile.parse(revocationsFile.encode(withSerial('00') as never)).revocations).toHaveLength(
      1,
    );
  });

  it('name a CRL by its issuer and number', () => {
    const name = { issuer: parseSha256('ee'.repeat(32)), number: 12n };
    expect(crlPath(name)).toBe(`crl/${'ee'.repeat(32)}-12.crl`);
    expect(parseCrlPath(crlPath(name))).toEqual(name);
    const byDate = { ...name, number: 20261118100211007n };
    expect(parseCrlPath(crlPath(byDate))).toEqual(byDate);
    for (const path of ['crl/x-1.crl', `crl/${'ee'.repeat(32)}-01.crl`, `crl/${'ee'.repeat(32)}-1.pem`])
      expect(parseCrlPath(path)).toBeUndefined();
  });
});

describe('the catalogue', () => {
  it('has a path with its code and shard, and a hardware range of two', () => {
    expect(catalogueShardPath(parseManufacturerCode('FFF1'), 0)).toBe('catalogue/FFF1-0.json');
    const [release] = CATALOGUE.releases;
    const three = { ...CATALOGUE, releases: [{ ...release, hardware: ['0100', '0101', '01FF'] }] };
    expect(refusal(catalogueShard as Format<never>, three)).toBe(
      'releases[0].hardware holds ["0100","0101","01FF"], expected two hardware versions',
    );
    expect(
      refusal(catalogueShard as Format<never>, { ...CATALOGUE, releases: [{ ...release, hardware: [] }] }),
    ).toBe('releases[0].hardware[0] holds nothing, expected 4 hex digits');
  });
});
