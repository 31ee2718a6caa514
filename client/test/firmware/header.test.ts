// What the OTA header says, for every form that a header has, and why it is refused otherwise.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeHeader,
  encodeHeader,
  headerLengthFor,
  inspectFields,
  OtaError,
  type OtaHeader,
  parseEui64,
} from '../../src/firmware/index.ts';
import { headerOf } from './synthetic.ts';

function refusalOf(octets: Uint8Array): OtaError {
  try {
    decodeHeader(octets);
  } catch (error) {
    if (error instanceof OtaError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('an OTA header', () => {
  it('is read field by field', () => {
    expect(decodeHeader(encodeHeader(headerOf()))).toEqual(headerOf());
  });

  it('is read where it stands in a larger buffer', () => {
    const larger = Uint8Array.from([9, 9, 9, ...encodeHeader(headerOf({ fieldControl: 7 })), 9, 9]);
    expect(decodeHeader(larger.subarray(3))).toEqual(headerOf({ fieldControl: 7 }));
  });

  it.each(
    Object.entries({
      none: 0,
      'a security credential': 1,
      'a destination': 2,
      'hardware versions': 4,
      all: 7,
    }),
  )('has as optional fields %s', (_, fieldControl) => {
    const octets = encodeHeader(headerOf({ fieldControl }));
    expect(octets.length).toBe(headerLengthFor(fieldControl));
    expect(decodeHeader(octets)).toEqual(headerOf({ fieldControl }));
  });

  it('has its security credential, destination and hardware versions in this order', () => {
    const octets = encodeHeader(headerOf({ fieldControl: 7 }));
    expect([...octets.subarray(56)]).toEqual([
      2, 0xa0, 0x90, 0x78, 0x56, 0x34, 0x12, 0xdb, 0x00, 0x00, 0x01, 0xff, 0x01,
    ]);
  });

  it('keeps reserved bits of field control, which bring no field', () => {
    expect(decodeHeader(encodeHeader(headerOf({ fieldControl: 0xfff8 }))).headerLength).toBe(56);
    expect(decodeHeader(encodeHeader(headerOf({ fieldControl: 0x800c }))).fieldControl).toBe(0x800c);
  });

  it('may have a header string of 32 octets that are not UTF-8', () => {
    const header = headerOf({ headerStringHex: 'ff'.repeat(32) });
    expect(decodeHeader(encodeHeader(header)).headerStringHex).toBe('ff'.repeat(32));
  });

  it('shows null for what is absent', () => {
    expect(
      JSON.stringify(inspectFields(headerOf({ fieldControl: 0, headerStringHex: '00'.repeat(32) }))),
    ).toBe(
      '{"headerVersion":256,"headerLength":56,"fieldControl":0,"manufacturerCode":65521,"imageType":0,' +
        `"fileVersion":16777731,"stackVersion":2,"headerStringHex":"${'00'.repeat(32)}","totalImageSize":200,` +
        '"minHardwareVersion":null,"maxHardwareVersion":null,"securityCredentialVersion":null,"upgradeFileDestination":null}',
    );
  });
});

describe('what is no OTA header', () => {
  it('is refused for its first octets, even where it is short', () => {
    const error = refusalOf(new TextEncoder().encode('# ESME 0A01'));
    expect(error.message).toBe('offset 0 holds 23 20 45 53, expected 1E F1 EE 0B');
    expect(error).toMatchObject({ offset: 0, found: '23 20 45 53', expected: '1E F1 EE 0B' });
  });

  it.each([0, 1, 3, 4, 55])('is refused with %i octets', (length) => {
    const error = refusalOf(encodeHeader(headerOf()).subarray(0, length));
    expect(error.message).toBe(`it has ${length} octets, its header alone needs at least 56`);
    expect(error.offset).toBe(length);
  });

  it.each([1, 2, 4, 7])(
    'is refused one octet short of the fields that field control %i names',
    (fieldControl) => {
      const whole = encodeHeader(headerOf({ fieldControl }));
      expect(decodeHeader(whole).fieldControl).toBe(fieldControl);
      expect(refusalOf(whole.subarray(0, -1)).message).toContain(`at least ${whole.length}`);
    },
  );

  it.each([-1, 1])('is refused with a header length wrong by %i', (by) => {
    const octets = Uint8Array.from([...encodeHeader(headerOf()), 0, 0]);
    octets[6] = 60 + by;
    const error = refusalOf(octets);
    expect(error.message).toBe(
      `offset 6 holds header length ${60 + by}, expected 60 for field control 0x0004`,
    );
    expect(error.offset).toBe(6);
  });
});

describe('encoding a header', () => {
  it.each([
    ['a field that field control does not name', { securityCredentialVersion: 1 }],
    ['a field that is missing', { minHardwareVersion: null }],
    ['a number too large', { imageType: 0x10000 }],
    ['a negative number', { fileVersion: -1 }],
    ['another header length', { headerLength: 56 }],
    ['a short header string', { headerStringHex: '00' }],
  ] satisfies [string, Partial<OtaHeader>][])('refuses %s', (_, changes) => {
    expect(() => encodeHeader(headerOf(changes))).toThrow(TypeError);
  });

  it('is undone by decoding, for every header', () => {
    const u16 = fc.nat(0xffff);
    const anyHeader = fc
      .record({
        fields: fc.record({
          headerVersion: u16,
          fieldControl: u16,
          manufacturerCode: u16,
          imageType: u16,
          fileVersion: fc.nat(0xffffffff),
          stackVersion: u16,
          headerStringHex: fc.stringMatching(/^[0-9a-f]{64}$/),
          totalImageSize: fc.nat(0xffffffff),
        }),
        least: u16,
        most: u16,
        credential: fc.nat(0xff),
        address: fc.stringMatching(/^[0-9A-F]{16}$/),
      })
      .map(({ fields, least, most, credential, address }) =>
        headerOf({
          ...fields,
          ...(fields.fieldControl & 1 ? { securityCredentialVersion: credential } : {}),
          ...(fields.fieldControl & 2 ? { upgradeFileDestination: parseEui64(address) } : {}),
          ...(fields.fieldControl & 4 ? { minHardwareVersion: least, maxHardwareVersion: most } : {}),
        }),
      );
    fc.assert(
      fc.property(anyHeader, (header) => {
        expect(decodeHeader(encodeHeader(header))).toEqual(header);
      }),
    );
  });

  it('gives back the octets of every header that is read', () => {
    const anyOctets = fc
      .record({ fieldControl: fc.nat(0xffff), rest: fc.uint8Array({ minLength: 69, maxLength: 69 }) })
      .map(({ fieldControl, rest }) => {
        rest.set([0x1e, 0xf1, 0xee, 0x0b]);
        rest.set([headerLengthFor(fieldControl), 0, fieldControl & 0xff, fieldControl >> 8], 6);
        return rest.subarray(0, headerLengthFor(fieldControl));
      });
    fc.assert(
      fc.property(anyOctets, (octets) => {
        expect(encodeHeader(decodeHeader(octets))).toEqual(octets);
      }),
    );
  });
});
