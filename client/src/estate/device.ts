// Which meters are alike? Those of one device model and firmware version: everything about them is decided once.

import {
  DEVICE_TYPES,
  type DeviceType,
  type FirmwareVersion,
  type HardwareVersion,
  type ManufacturerCode,
  type ModelId,
  parseFirmwareVersion,
  parseHardwareVersion,
  parseManufacturerCode,
  parseModelId,
  TYPE_2_DEVICES,
  type Type2Device,
} from '../firmware/index.ts';

export interface Device {
  readonly code: ManufacturerCode;
  readonly model: ModelId;
  readonly hardwareVersion: HardwareVersion;
  readonly firmwareVersion: FirmwareVersion;
  readonly deviceType: DeviceType | Type2Device;
}

/** The columns of an estate; those after the first are a Device. */
export const DEVICE_COLUMNS = [
  'manufacturer',
  'model',
  'hardware_version',
  'firmware_version',
  'device_type',
] as const;
export const ESTATE_COLUMNS = ['eui64', ...DEVICE_COLUMNS] as const;

/** From cells in the order of DEVICE_COLUMNS; throws a TypeError that names the cell. */
export function parseDevice(cells: readonly string[]): Device {
  const [manufacturer = '', model = '', hardware = '', firmware = '', type = ''] = cells;
  return {
    code: parseManufacturerCode(manufacturer.trim()),
    model: parseModelId(model.trim()),
    hardwareVersion: parseHardwareVersion(hardware.trim()),
    firmwareVersion: parseFirmwareVersion(firmware.trim()),
    deviceType: anyDeviceType(type.trim()),
  };
}

/** A Type 2 device is nobody's mistake: it is not on the Central Products List, and the finding says so. */
function anyDeviceType(text: string): DeviceType | Type2Device {
  const known = [...DEVICE_TYPES, ...TYPE_2_DEVICES].find((type) => type === text.toUpperCase());
  if (known !== undefined) return known;
  throw new TypeError(
    `Cannot read ${JSON.stringify(text)} as a device type: expected one of ${[...DEVICE_TYPES, ...TYPE_2_DEVICES].join(', ')}`,
  );
}

/** In the order of DEVICE_COLUMNS. */
export function cellsOf({ code, model, hardwareVersion, firmwareVersion, deviceType }: Device): string[] {
  return [code, model, hardwareVersion, firmwareVersion, deviceType];
}
