// What the manufacturer signs about an image, and how an image is held against it.
import { describe, expect, it } from 'vitest';
import { parseSha256, sha256 } from '../../src/encoding/index.ts';
import {
  decodeImage,
  encodeStatement,
  FormatError,
  headerDifferences,
  libraryForm,
  type OtaHeader,
  parseEui64,
  parseReleaseClass,
  parseStatement,
  STATED_HEADER_FIELDS,
  type StatementForm,
  slicesOf,
  statedDigests,
  statementFor,
} from '../../src/firmware/index.ts';
import { headerOf, imageOf, octets, withTrailer } from './synthetic.ts';
import { STATEMENT } from './values.ts';

const NOTES = parseSha256('33'.repeat(32));
const { code: _code, header: _header, ...form } = STATEMENT.predicate;
const FORM: StatementForm = { ...form, notes: NOTES };

function refusedWith(changes: Record<string, unknown>): string {
  const changed = { ...STATEMENT, predicate: { ...STATEMENT.predicate, ...changes } };
  try {
    parseStatement(new TextEncoder().encode(JSON.stringify(changed)));
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('a statement about an image', () => {
  it('holds its digests, its code and every field of its header', async () => {
    const file = imageOf(octets(300));
    const statement = await statementFor(decodeImage(file), FORM);
    expect(statedDigests(statement)).toEqual({
      otaImage: await sha256(file),
      manufacturerImage: await sha256(octets(300)),
      notes: NOTES,
    });
    expect(statement.predicate.code).toBe('FFF1');
    expect(STATED_HEADER_FIELDS).toHaveLength(11);
    expect(headerDifferences(statement.predicate.header, decodeImage(file).header)).toEqual([]);
    expect(parseStatement(encodeStatement(statement))).toEqual(statement);
  });

  it('is about the library form of a signed image', async () => {
    const form = libraryForm(decodeImage(imageOf(withTrailer(octets(300)))), 'without-trailer');
    expect(await statementFor(form, FORM)).toEqual(
      await statementFor(decodeImage(imageOf(octets(300))), FORM),
    );
  });

  it("is not made while the size counts the supplier's trailer", async () => {
    const early = decodeImage(imageOf(octets(300), { totalImageSize: 426 }));
    await expect(statementFor(early, FORM)).rejects.toThrow("a size that counts the supplier's trailer");
  });

  it.each([1, 2, 5, 6, 7])(
    'is not made where field control %i names a field it has no place for',
    async (fieldControl) => {
      await expect(statementFor(decodeImage(imageOf(octets(9), { fieldControl })), FORM)).rejects.toThrow(
        FormatError,
      );
    },
  );

  it('is not made without hardware versions', async () => {
    const image = decodeImage(imageOf(octets(9), { fieldControl: 0 }));
    await expect(statementFor(image, FORM)).rejects.toThrow(
      'header.minHardwareVersion holds null, expected an integer from 0 to 65535',
    );
  });
});

describe('a header against its statement', () => {
  const { header } = STATEMENT.predicate;
  const same: OtaHeader = { ...header, securityCredentialVersion: null, upgradeFileDestination: null };

  it.each(STATED_HEADER_FIELDS)('differs where %s was changed', (field) => {
    const found = field === 'headerStringHex' ? '00'.repeat(32) : header[field] + 1;
    expect(headerDifferences(header, same)).toEqual([]);
    expect(headerDifferences(header, { ...same, [field]: found })).toEqual([
      { field, found, expected: header[field] },
    ]);
  });

  it('differs where it has a field that the statement has no place for', () => {
    const upgradeFileDestination = parseEui64('00-DB-12-34-56-78-90-A0');
    expect(
      headerDifferences(header, { ...same, securityCredentialVersion: 0, upgradeFileDestination }),
    ).toEqual([
      { field: 'securityCredentialVersion', found: 0, expected: null },
      { field: 'upgradeFileDestination', found: upgradeFileDestination, expected: null },
    ]);
  });

  it('differs where it has no hardware versions', () => {
    expect(headerDifferences(header, headerOf({ ...same, minHardwareVersion: null }))).toMatchObject([
      { field: 'minHardwareVersion', found: null, expected: 256 },
    ]);
  });
});

const SLICE = { length: 400, sha256: '44'.repeat(32) };

describe('slices', () => {
  it('follow one another to the end of the image, and stand in the statement', async () => {
    const image = octets(1000);
    const slices = await slicesOf(image, 400);
    expect(slices.map(({ length }) => length)).toEqual([400, 400, 200]);
    expect(slices[2]?.sha256).toBe(await sha256(image.subarray(800)));
    const statement = await statementFor(decodeImage(imageOf(octets(940))), { ...FORM, slices });
    expect(parseStatement(encodeStatement(statement)).predicate.slices).toEqual(slices);
  });
});

describe('a statement', () => {
  const [claim] = STATEMENT.predicate.claims;

  it.each([
    ['without a claim', { claims: [] }, 'predicate.claims holds [], expected a list of 1 or more'],
    [
      'that claims an entry twice',
      { claims: [claim, claim] },
      'predicate.claims[1] holds "CPL-000412", expected each only once',
    ],
    ['with a number below 1', { number: 0 }, 'predicate.number holds 0, expected an integer from 1'],
    ['with a date that does not exist', { created: '2026-02-30T00:00:00Z' }, 'expected a date such as'],
    ['with an unknown class', { class: 'other' }, 'expected one of "compliance", "fix", "commercial"'],
    ['with a single slice', { slices: [SLICE] }, 'predicate.slices holds ['],
    [
      'with a slice of nothing',
      { slices: [SLICE, { ...SLICE, length: 0 }] },
      'predicate.slices[1].length holds 0, expected an integer from 1',
    ],
    ['with an empty list of source versions', { upgradesFrom: [] }, 'expected a list of 1 or more'],
    ['with another word for them', { upgradesFrom: 'some' }, 'expected one of "any", "none"'],
    ['with a lower-case code', { code: 'fff1' }, 'expected 4 hex digits'],
    [
      'with a mailbox that moves the cursor of a terminal',
      { contact: { mailbox: '\u001b[2A@meters.example' } },
      'expected a mailbox',
    ],
    [
      'with a mailbox that turns its line around',
      { contact: { mailbox: '\u202etxet@meters.example' } },
      'expected a mailbox',
    ],
    ['with no mailbox', { contact: { mailbox: 'A Person' } }, 'expected a mailbox'],
  ])('%s is refused', (_, changes, message) => {
    expect(refusedWith({})).toBe('accepted');
    expect(refusedWith(changes)).toContain(message);
  });

  it('may be of a commercial version, whose refusal is a finding; no library has a release of that class', () => {
    expect(refusedWith({ class: 'commercial' })).toBe('accepted');
    expect(() => parseReleaseClass('commercial')).toThrow(FormatError);
    expect(parseReleaseClass('fix')).toBe('fix');
  });

  it.each(['any', 'none'])('may upgrade from "%s"', (upgradesFrom) => {
    expect(refusedWith({ upgradesFrom })).toBe('accepted');
  });

  it('names its three subjects once each and in order', () => {
    const [image, body, notes] = STATEMENT.subject;
    for (const subject of [
      [],
      [image, body],
      [body, image, notes],
      [image, body, notes, notes],
      [image, image, notes],
    ]) {
      expect(() => encodeStatement({ ...STATEMENT, subject } as never)).toThrow(FormatError);
    }
  });

  it('with an unknown field is refused by name', () => {
    expect(refusedWith({ severity: 'high' })).toContain(
      'predicate holds the unknown field "severity", expected only number',
    );
  });
});
