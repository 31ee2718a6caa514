// What does the OTA header say? The octets before the upgrade image, decoded and encoded.
//
// Rules
// - It begins with 1E F1 EE 0B; every number is little-endian.
// - Field control says which optional fields follow the first 56 octets, in this order: bit 0 security
//   credential version (1), bit 1 upgrade file destination (8), bit 2 hardware versions (2 + 2).
// - The header length is exactly 56 + the optional fields present: nothing unexplained stands in it.
// - Reserved bits of field control are kept as found. They bring no field that is known; whether they
//   are acceptable is a question for admission.
// - The header string is octets: it may fill all 32 and need not be UTF-8.

import { fromHex, toHex } from '../encoding/index.ts';
import { type Eui64, hexOf, parseEui64 } from './identifiers.ts';

/** Numbers as in the file, under the names of `cfl inspect --json`; null where the header has no such field. */
export interface OtaHeader {
  readonly headerVersion: number;
  readonly headerLength: number;
  readonly fieldControl: number;
  readonly manufacturerCode: number;
  readonly imageType: number;
  /** The firmware version: an opaque 32 bits, never to be ordered. */
  readonly fileVersion: number;
  readonly stackVersion: number;
  /** 32 octets as 64 lower-case hex digits. */
  readonly headerStringHex: string;
  readonly totalImageSize: number;
  readonly minHardwareVersion: number | null;
  readonly maxHardwareVersion: number | null;
  readonly securityCredentialVersion: number | null;
  readonly upgradeFileDestination: Eui64 | null;
}

/** The message ends a sentence such as `Cannot read "short.ota" as an OTA image: `. */
export class OtaError extends Error {
  override name = 'OtaError';
  /** Where in the file the octets stand that are not as expected. */
  readonly offset: number;
  readonly found: string;
  readonly expected: string;

  constructor(message: string, detail: { offset: number; found: string; expected: string }) {
    super(message);
    this.offset = detail.offset;
    this.found = detail.found;
    this.expected = detail.expected;
  }
}

export const FIELD_CONTROL = { securityCredential: 1, deviceSpecific: 2, hardwareVersions: 4 } as const;

const MAGIC = [0x1e, 0xf1, 0xee, 0x0b] as const;
const FIXED_LENGTH = 56;
const STRING_OFFSET = 20;
const STRING_LENGTH = 32;
export const TOTAL_SIZE_OFFSET = 52;

/** The length that a header with this field control has. */
export function headerLengthFor(fieldControl: number): number {
  return (
    FIXED_LENGTH +
    (fieldControl & FIELD_CONTROL.securityCredential ? 1 : 0) +
    (fieldControl & FIELD_CONTROL.deviceSpecific ? 8 : 0) +
    (fieldControl & FIELD_CONTROL.hardwareVersions ? 4 : 0)
  );
}

/** Reads the header alone; what follows it is not looked at. Throws OtaError. */
export function decodeHeader(octets: Uint8Array): OtaHeader {
  checkStart(octets);
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const headerLength = view.getUint16(6, true);
  const fieldControl = view.getUint16(8, true);
  checkLength(octets, headerLength, fieldControl);
  return {
    headerVersion: view.getUint16(4, true),
    headerLength,
    fieldControl,
    manufacturerCode: view.getUint16(10, true),
    imageType: view.getUint16(12, true),
    fileVersion: view.getUint32(14, true),
    stackVersion: view.getUint16(18, true),
    headerStringHex: toHex(octets.subarray(STRING_OFFSET, STRING_OFFSET + STRING_LENGTH)),
    totalImageSize: view.getUint32(TOTAL_SIZE_OFFSET, true),
    ...optionalFields(view, fieldControl),
  };
}

function checkStart(octets: Uint8Array): void {
  const found = spaced(octets.subarray(0, MAGIC.length));
  const expected = spaced(MAGIC);
  if (octets.length >= MAGIC.length && found !== expected) {
    throw new OtaError(`offset 0 holds ${found}, expected ${expected}`, { offset: 0, found, expected });
  }
  if (octets.length < FIXED_LENGTH) throw tooShort(octets.length, FIXED_LENGTH);
}

function checkLength(octets: Uint8Array, headerLength: number, fieldControl: number): void {
  const expected = headerLengthFor(fieldControl);
  if (headerLength !== expected) {
    const why = `field control 0x${hexOf(fieldControl, 4)}`;
    throw new OtaError(`offset 6 holds header length ${headerLength}, expected ${expected} for ${why}`, {
      offset: 6,
      found: String(headerLength),
      expected: String(expected),
    });
  }
  if (octets.length < headerLength) throw tooShort(octets.length, headerLength);
}

function tooShort(length: number, least: number): OtaError {
  const expected = `at least ${least}`;
  const found = `${length} octets`;
  return new OtaError(`it has ${found}, its header alone needs ${expected}`, {
    offset: length,
    found,
    expected,
  });
}

function spaced(octets: Iterable<number>): string {
  return Array.from(octets, (octet) => hexOf(octet, 2)).join(' ');
}

type OptionalFields = Pick<
  OtaHeader,
  'minHardwareVersion' | 'maxHardwareVersion' | 'securityCredentialVersion' | 'upgradeFileDestination'
>;

function optionalFields(view: DataView, fieldControl: number): OptionalFields {
  const credential = (fieldControl & FIELD_CONTROL.securityCredential) !== 0;
  const destination = (fieldControl & FIELD_CONTROL.deviceSpecific) !== 0;
  const hardware = (fieldControl & FIELD_CONTROL.hardwareVersions) !== 0;
  const destinationAt = FIXED_LENGTH + (credential ? 1 : 0);
  const hardwareAt = destinationAt + (destination ? 8 : 0);
  return {
    minHardwareVersion: hardware ? view.getUint16(hardwareAt, true) : null,
    maxHardwareVersion: hardware ? view.getUint16(hardwareAt + 2, true) : null,
    securityCredentialVersion: credential ? view.getUint8(FIXED_LENGTH) : null,
    upgradeFileDestination: destination ? addressAt(view, destinationAt) : null,
  };
}

/** An address is little-endian in the file, and its text begins with the most significant octet. */
function addressAt(view: DataView, offset: number): Eui64 {
  const octets = new Uint8Array(view.buffer, view.byteOffset + offset, 8);
  return parseEui64(toHex(Uint8Array.from(octets).reverse()));
}

/** Throws a TypeError where the fields contradict each other or do not fit. */
export function encodeHeader(header: OtaHeader): Uint8Array<ArrayBuffer> {
  const { fieldControl } = header;
  if (header.headerLength !== headerLengthFor(fieldControl)) {
    throw new TypeError(
      `Cannot encode header length ${header.headerLength}: expected ${headerLengthFor(fieldControl)}`,
    );
  }
  const parts = [
    Uint8Array.from(MAGIC),
    ...[
      header.headerVersion,
      header.headerLength,
      fieldControl,
      header.manufacturerCode,
      header.imageType,
    ].map(u16),
    unsigned(header.fileVersion, 4),
    u16(header.stackVersion),
    headerString(header.headerStringHex),
    unsigned(header.totalImageSize, 4),
    present(header, 'securityCredentialVersion', FIELD_CONTROL.securityCredential, (value) =>
      unsigned(value, 1),
    ),
    present(header, 'upgradeFileDestination', FIELD_CONTROL.deviceSpecific, address),
    present(header, 'minHardwareVersion', FIELD_CONTROL.hardwareVersions, u16),
    present(header, 'maxHardwareVersion', FIELD_CONTROL.hardwareVersions, u16),
  ];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function present<K extends keyof OptionalFields>(
  header: OtaHeader,
  field: K,
  bit: number,
  encode: (value: NonNullable<OtaHeader[K]>) => Uint8Array,
): Uint8Array {
  const value = header[field];
  if ((value !== null) !== ((header.fieldControl & bit) !== 0)) {
    throw new TypeError(
      `Cannot encode ${field} ${value}: field control is 0x${hexOf(header.fieldControl, 4)}`,
    );
  }
  return value === null ? new Uint8Array() : encode(value);
}

function u16(value: number): Uint8Array {
  return unsigned(value, 2);
}

function unsigned(value: number, octets: number): Uint8Array {
  return fromHex(hexOf(value, 2 * octets)).reverse();
}

function address(value: Eui64): Uint8Array {
  return fromHex(value.replaceAll('-', '')).reverse();
}

function headerString(hex: string): Uint8Array {
  const octets = fromHex(hex);
  if (octets.length !== STRING_LENGTH) {
    throw new TypeError(
      `Cannot encode a header string of ${octets.length} octets: expected ${STRING_LENGTH}`,
    );
  }
  return octets;
}

/** The fields of `cfl inspect --json`, in its order. */
export function inspectFields(header: OtaHeader): OtaHeader {
  return {
    headerVersion: header.headerVersion,
    headerLength: header.headerLength,
    fieldControl: header.fieldControl,
    manufacturerCode: header.manufacturerCode,
    imageType: header.imageType,
    fileVersion: header.fileVersion,
    stackVersion: header.stackVersion,
    headerStringHex: header.headerStringHex,
    totalImageSize: header.totalImageSize,
    minHardwareVersion: header.minHardwareVersion,
    maxHardwareVersion: header.maxHardwareVersion,
    securityCredentialVersion: header.securityCredentialVersion,
    upgradeFileDestination: header.upgradeFileDestination,
  };
}
