// Our own files: what is read is what was written, and everything else is refused.
import { describe, expect, it } from 'vitest';
import {
  catalogueIndex,
  catalogueShard,
  catalogueShardPath,
  cplIndex,
  cplShard,
  cplShardPath,
  encodeStatement,
  type Format,
  FormatError,
  findParty,
  librarySettings,
  parseManufacturerCode,
  parsePartyId,
  parseStatement,
  partyRegister,
  statementKeyAt,
} from '../../src/firmware/index.ts';
import { CATALOGUE, CATALOGUE_INDEX, CPL_INDEX, CPL_SHARD, REGISTER, SETTINGS, STATEMENT } from './values.ts';

type Value = { readonly [key: string]: unknown };

const FORMATS: Record<string, [Format<never>, Value]> = {
  'cpl/<n>/<code>.json': [cplShard as Format<never>, CPL_SHARD],
  'cpl/index.json': [cplIndex as Format<never>, CPL_INDEX],
  'a statement': [{ parse: parseStatement, encode: encodeStatement } as Format<never>, STATEMENT],
  'register/parties.json': [partyRegister as Format<never>, REGISTER],
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

const OPTIONAL = ['imageHash', 'expires', 'renewal', 'until', 'mailbox'];

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
      for (const key of Object.keys(object).filter((one) => !OPTIONAL.includes(one) || value === STATEMENT)) {
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

  it('gives a code and a key to one party only', () => {
    expect(refusal(format, { ...REGISTER, parties: [meters, { ...gas, codes: ['FFF1'] }] })).toBe(
      'parties holds "FFF1", expected each code and each key of one party only',
    );
    expect(
      refusal(format, { ...REGISTER, parties: [meters, { ...gas, statementKeys: meters?.statementKeys }] }),
    ).toContain('expected each code and each key of one party only');
    expect(refusal(format, { ...REGISTER, parties: [meters, meters] })).toBe(
      'parties[1] holds "example-meters", expected each only once',
    );
  });

  it('gives a statement key from its first moment until before its last', () => {
    const party = findParty(REGISTER, parsePartyId('example-meters'));
    if (party === undefined) throw new Error('it is not found');
    const id = 'aa'.repeat(32);
    expect(statementKeyAt(party, id, '2026-01-01T00:00:00Z')?.id).toBe(id);
    expect(statementKeyAt(party, id, '2028-12-31T23:59:59Z')?.id).toBe(id);
    expect(statementKeyAt(party, id, '2025-12-31T23:59:59Z')).toBeUndefined();
    expect(statementKeyAt(party, id, '2029-01-01T00:00:00Z')).toBeUndefined();
    expect(statementKeyAt(party, 'bb'.repeat(32), '2026-01-01T00:00:00Z')).toBeUndefined();
    expect(findParty(REGISTER, parsePartyId('nobody'))).toBeUndefined();
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
