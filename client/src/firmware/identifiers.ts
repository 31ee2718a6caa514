// The identifiers of the trade: one type and one parsing function each.
//
// Rules
// - Hexadecimal identifiers are upper-case text, big-endian; a SHA-256 is lower case.
// - What people and spreadsheets write is accepted with `:`, `-`, space or `0x` in it and in either
//   case; then the number of digits is checked. Our own files hold the one exact form only.
// - A firmware version is an opaque name. It is never ordered: order comes from stated upgrade paths.

import { type Read, refuse } from './fields.ts';

/** The Zigbee code of a manufacturer, `FFF1`; a company may own several. */
export type ManufacturerCode = string & { readonly ManufacturerCode: unique symbol };
export type ModelId = string & { readonly ModelId: unique symbol };
export type HardwareVersion = string & { readonly HardwareVersion: unique symbol };
/** 8 hex digits, `01000203`. Compare for identity only. */
export type FirmwareVersion = string & { readonly FirmwareVersion: unique symbol };
/** Of an OTA header, `0001`: the manufacturer's own, no device type. */
export type ImageType = string & { readonly ImageType: unique symbol };
/** SHA-256 of a manufacturer image: the hash of the Central Products List. */
export type ImageHash = string & { readonly ImageHash: unique symbol };
/** SHA-256 of a whole OTA image in library form. */
export type ReleaseId = string & { readonly ReleaseId: unique symbol };
/** `CPL-000412` */
export type EntryId = string & { readonly EntryId: unique symbol };
/** `example-meters` */
export type PartyId = string & { readonly PartyId: unique symbol };
/** `00-DB-12-34-56-78-90-A0` */
export type Eui64 = string & { readonly Eui64: unique symbol };

/** How one identifier is read. */
export interface Identifier<T extends string> {
  /** `manufacturer code` */
  readonly name: string;
  /** `4 hex digits` */
  readonly expected: string;
  /** From text as people write it; throws a TypeError. */
  readonly parse: (text: unknown) => T;
  /** From our own files: the exact form only. */
  readonly exact: Read<T>;
}

function identifier<T extends string>(
  name: string,
  expected: string,
  normal: (text: string) => string | undefined,
): Identifier<T> {
  const parsed = (text: unknown) => (typeof text === 'string' ? (normal(text) as T | undefined) : undefined);
  return {
    name,
    expected,
    parse(text) {
      const value = parsed(text);
      if (value !== undefined) return value;
      throw new TypeError(
        `Cannot read ${JSON.stringify(text) ?? 'nothing'} as a ${name}: expected ${expected}`,
      );
    },
    exact: (value, at) =>
      parsed(value) === value && typeof value === 'string' ? (value as T) : refuse(value, at, expected),
  };
}

function bareHex(text: string, digits: number): string | undefined {
  const bare = text.replace(/(^|[:\- ])0x/gi, '').replace(/[:\- ]/g, '');
  return bare.length === digits && /^[0-9A-F]*$/i.test(bare) ? bare.toUpperCase() : undefined;
}

function upperHex<T extends string>(name: string, digits: number): Identifier<T> {
  return identifier<T>(name, `${digits} hex digits`, (text) => bareHex(text, digits));
}

function hash<T extends string>(name: string): Identifier<T> {
  return identifier<T>(name, '64 hex digits', (text) => bareHex(text, 64)?.toLowerCase());
}

function word<T extends string>(name: string, pattern: RegExp, expected: string): Identifier<T> {
  return identifier<T>(name, expected, (text) => (pattern.test(text) ? text : undefined));
}

export const manufacturerCode = upperHex<ManufacturerCode>('manufacturer code', 4);
export const modelId = upperHex<ModelId>('model id', 4);
export const hardwareVersion = upperHex<HardwareVersion>('hardware version', 4);
export const firmwareVersion = upperHex<FirmwareVersion>('firmware version', 8);
export const imageType = upperHex<ImageType>('image type', 4);
export const imageHash = hash<ImageHash>('manufacturer image hash');
export const releaseId = hash<ReleaseId>('release');
export const entryId = word<EntryId>(
  'CPL entry id',
  /^[A-Za-z0-9._-]{1,64}$/,
  '1 to 64 letters, digits, ".", "_" or "-"',
);
export const partyId = word<PartyId>(
  'party',
  /^[a-z0-9-]{1,40}$/,
  '1 to 40 lower-case letters, digits or "-"',
);
export const eui64 = identifier<Eui64>('EUI-64', '16 hex digits', (text) =>
  bareHex(text, 16)?.match(/../g)?.join('-'),
);

export const parseManufacturerCode = manufacturerCode.parse;
export const parseModelId = modelId.parse;
export const parseHardwareVersion = hardwareVersion.parse;
export const parseFirmwareVersion = firmwareVersion.parse;
export const parseImageHash = imageHash.parse;
export const parseReleaseId = releaseId.parse;
export const parseEntryId = entryId.parse;
export const parsePartyId = partyId.parse;
export const parseEui64 = eui64.parse;

/** From the numbers of an OTA header. */
export function manufacturerCodeOf(number: number): ManufacturerCode {
  return hexOf(number, 4) as ManufacturerCode;
}

export function hardwareVersionOf(number: number): HardwareVersion {
  return hexOf(number, 4) as HardwareVersion;
}

export function imageTypeOf(number: number): ImageType {
  return hexOf(number, 4) as ImageType;
}

export function firmwareVersionOf(number: number): FirmwareVersion {
  return hexOf(number, 8) as FirmwareVersion;
}

/** Upper case, big-endian, as many digits as the field has. */
export function hexOf(number: number, digits: number): string {
  if (!Number.isInteger(number) || number < 0 || number >= 16 ** digits) {
    throw new TypeError(`Cannot write ${number} in ${digits} hex digits`);
  }
  return number.toString(16).toUpperCase().padStart(digits, '0');
}

/** The device types that the Central Products List knows. */
export const DEVICE_TYPES = ['ESME', 'GSME', 'PPMID', 'HCALCS', 'CHF', 'GPF'] as const;
export type DeviceType = (typeof DEVICE_TYPES)[number];
/** Type 2 devices are not on the Central Products List. */
export const TYPE_2_DEVICES = ['IHD', 'CAD'] as const;
export type Type2Device = (typeof TYPE_2_DEVICES)[number];

export function parseDeviceType(text: unknown): DeviceType {
  const known = DEVICE_TYPES.find((type) => type === text);
  if (known !== undefined) return known;
  const reason = TYPE_2_DEVICES.some((type) => type === text)
    ? 'it is a Type 2 device, and those are not on the Central Products List'
    : `expected one of ${DEVICE_TYPES.join(', ')}`;
  throw new TypeError(`Cannot read ${JSON.stringify(text) ?? 'nothing'} as a device type: ${reason}`);
}

/** The supplier appends forceReplace, 0x40 and its signature to images of these types. */
export function carriesSupplierTrailer(type: DeviceType | Type2Device): boolean {
  return type === 'ESME' || type === 'GSME' || type === 'HCALCS';
}
