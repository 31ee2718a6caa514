// What does this library hold, and how large may it be? `register/library.json`, which the registrar signs.

import {
  boolean,
  type Format,
  format,
  integer,
  line,
  listOfDifferent,
  literal,
  object,
  oneOf,
} from './fields.ts';
import { DEVICE_TYPES, type DeviceType, type Type2Device } from './identifiers.ts';

/** The DUIS schema takes no larger image, whatever a library says. */
export const LARGEST_IMAGE = 10_240_000;
export const DEFAULT_SIZE_LIMIT = 750_000;
/** CHF and GPF belong to the DCC: known, and off unless the settings name them. */
export const DEFAULT_DEVICE_TYPES: readonly DeviceType[] = ['ESME', 'GSME', 'PPMID', 'HCALCS'];

const limit = integer(1, LARGEST_IMAGE);

const settings = object(
  {
    format: literal('cfl/library/1'),
    name: line,
    /** Every key of a trial library was made on one machine. */
    trial: boolean,
    /** Octets of an OTA upgrade image as distributed, the supplier's trailer included. */
    sizeLimit: limit,
  },
  {
    /** Where a device type has a limit of its own. */
    sizeLimits: object({}, { ESME: limit, GSME: limit, PPMID: limit, HCALCS: limit, CHF: limit, GPF: limit }),
    deviceTypes: listOfDifferent(oneOf(...DEVICE_TYPES), String, 1),
  },
);
export type LibrarySettings = ReturnType<typeof settings>;

export const librarySettings: Format<LibrarySettings> = format(settings);

export const LIBRARY_PATH = 'register/library.json';

/** The settings that admission asks for. */
export type HoldingSettings = Pick<LibrarySettings, 'sizeLimit' | 'sizeLimits' | 'deviceTypes'>;

export function sizeLimitOf(
  { sizeLimit, sizeLimits }: HoldingSettings,
  type: DeviceType | Type2Device,
): number {
  return type === 'IHD' || type === 'CAD' ? sizeLimit : (sizeLimits?.[type] ?? sizeLimit);
}

export function heldDeviceTypes({ deviceTypes }: HoldingSettings): readonly DeviceType[] {
  return deviceTypes ?? DEFAULT_DEVICE_TYPES;
}
