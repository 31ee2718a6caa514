// How the identifiers of the trade are read, as people write them and as our own files hold them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firmwareVersionOf,
  hardwareVersionOf,
  hexOf,
  manufacturerCodeOf,
  parseDeviceType,
  parseEntryId,
  parseEui64,
  parseFirmwareVersion,
  parseHardwareVersion,
  parseImageHash,
  parseManufacturerCode,
  parseModelId,
  parsePartyId,
  parseReleaseId,
} from '../../src/firmware/index.ts';

describe('a hexadecimal identifier', () => {
  it.each(['FFF1', 'fff1', '0xFFF1', '0xff:0xf1', 'FF:F1', 'ff-f1', 'ff f1', ' FFF1 '])(
    'is read from "%s"',
    (text) => {
      expect(parseManufacturerCode(text)).toBe('FFF1');
    },
  );

  it.each(['', 'FFF', 'FFF11', 'FFG1', '1.00E+05', 'FFF1x', '0xFF1', 'FF_F1'])(
    'is not read from "%s"',
    (text) => {
      expect(() => parseManufacturerCode(text)).toThrow(
        `Cannot read "${text}" as a manufacturer code: expected 4 hex digits`,
      );
    },
  );

  it('is upper case with the digits of its field, a SHA-256 lower case', () => {
    expect(parseModelId('0a01')).toBe('0A01');
    expect(parseHardwareVersion('01 02')).toBe('0102');
    expect(parseFirmwareVersion('0x0100020a')).toBe('0100020A');
    expect(parseImageHash('AB'.repeat(32))).toBe('ab'.repeat(32));
    expect(parseReleaseId('AB'.repeat(32))).toBe('ab'.repeat(32));
    expect(() => parseImageHash('ab'.repeat(31))).toThrow('expected 64 hex digits');
  });

  it('is an EUI-64 in pairs', () => {
    expect(parseEui64('00db1234567890a0')).toBe('00-DB-12-34-56-78-90-A0');
    expect(parseEui64('00:db:12:34:56:78:90:a0')).toBe('00-DB-12-34-56-78-90-A0');
    expect(() => parseEui64('00-DB-12-34-56-78-90')).toThrow('expected 16 hex digits');
  });

  it('comes from a number of the header, as long as the number fits', () => {
    expect(manufacturerCodeOf(0xfff1)).toBe('FFF1');
    expect(hardwareVersionOf(1)).toBe('0001');
    expect(firmwareVersionOf(0x09030a07)).toBe('09030A07');
    expect(() => hexOf(0x10000, 4)).toThrow(TypeError);
  });

  it('is its own only form, for every number', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (number) => {
        expect(parseFirmwareVersion(firmwareVersionOf(number))).toBe(firmwareVersionOf(number));
        expect(Number.parseInt(firmwareVersionOf(number), 16)).toBe(number);
      }),
    );
  });

  it.each([undefined, null, 1, {}])('is refused if it is no text: %s', (value) => {
    expect(() => parseModelId(value)).toThrow(TypeError);
  });
});

describe('a word', () => {
  it('is an entry id or a party id within its alphabet and length', () => {
    expect(parseEntryId('CPL-000412')).toBe('CPL-000412');
    expect(parseEntryId('x'.repeat(64))).toHaveLength(64);
    expect(parsePartyId('example-meters')).toBe('example-meters');
    for (const bad of ['', 'a/b', 'a b', 'x'.repeat(65), 'ü', 'a\n'])
      expect(() => parseEntryId(bad)).toThrow(TypeError);
    for (const bad of ['', 'Example', 'a.b', 'x'.repeat(41), 'a\n'])
      expect(() => parsePartyId(bad)).toThrow(TypeError);
  });
});

describe('a device type', () => {
  it('is one that the Central Products List knows', () => {
    for (const type of ['ESME', 'GSME', 'PPMID', 'HCALCS', 'CHF', 'GPF'])
      expect(parseDeviceType(type)).toBe(type);
  });

  it('is refused with the reason where it is a Type 2 device', () => {
    for (const type of ['IHD', 'CAD']) {
      expect(() => parseDeviceType(type)).toThrow(
        `Cannot read "${type}" as a device type: it is a Type 2 device, and those are not on the Central Products List`,
      );
    }
    expect(() => parseDeviceType('esme')).toThrow('expected one of ESME, GSME, PPMID, HCALCS, CHF, GPF');
  });
});
