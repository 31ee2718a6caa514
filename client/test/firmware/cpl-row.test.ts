// The rows of the published Central Products List: what they say, and the damage that spreadsheets do.
import { describe, expect, it } from 'vitest';
import { CPL_COLUMNS, type CplColumn, parseCplRow } from '../../src/firmware/index.ts';

const GOOD: Record<CplColumn, string> = {
  entry_id: 'CPL-000412',
  device_type: 'ESME',
  manufacturer_id: 'FFF1',
  model_id: '0A01',
  hardware_version: '0102',
  firmware_version: '01000203',
  smets_version: '5.1',
  gbcs_version: '4.2',
  image_hash: 'AB'.repeat(32),
  status: 'Active',
  upgradeable_from: 'CPL-000402;CPL-000403',
  smets1: 'no',
  certificates: 'CPA:CPA-77:2028-11-01; ZigBee:ZB-12:renewal=2027-03-01; DLMS:D-9',
};

function rowOf(changes: Partial<Record<CplColumn, string>> = {}) {
  return parseCplRow(new Map(Object.entries({ ...GOOD, ...changes })), 17);
}

function faultsOf(changes: Partial<Record<CplColumn, string>>): string[] {
  const read = rowOf(changes);
  return Array.isArray(read) ? read.map(({ message }) => message) : [];
}

describe('an exact row', () => {
  it('is an entry', () => {
    expect(rowOf()).toEqual({
      entry: 'CPL-000412',
      deviceType: 'ESME',
      manufacturerId: 'FFF1',
      modelId: '0A01',
      hardwareVersion: '0102',
      firmwareVersion: '01000203',
      smetsVersion: '5.1',
      gbcsVersion: '4.2',
      imageHash: 'ab'.repeat(32),
      status: 'Active',
      upgradeableFrom: ['CPL-000402', 'CPL-000403'],
      smets1: false,
      certificates: [
        { kind: 'CPA', reference: 'CPA-77', expires: '2028-11-01' },
        { kind: 'ZigBee', reference: 'ZB-12', renewal: '2027-03-01' },
        { kind: 'DLMS', reference: 'D-9' },
      ],
    });
  });

  it('may have no hash, no certificate, no SMETS1 mark and no source version', () => {
    const read = rowOf({ image_hash: '', certificates: '', smets1: '', upgradeable_from: '' });
    expect(read).toMatchObject({ upgradeableFrom: 'N/A', smets1: false, certificates: [] });
    expect(read).not.toHaveProperty('imageHash');
    expect(rowOf({ upgradeable_from: 'n/a', smets1: 'Yes' })).toMatchObject({
      upgradeableFrom: 'N/A',
      smets1: true,
    });
    expect(rowOf({ upgradeable_from: 'CPL-1 CPL-2' })).toMatchObject({ upgradeableFrom: ['CPL-1', 'CPL-2'] });
  });

  it('may hold digits that look like a number of a spreadsheet and are not', () => {
    expect(rowOf({ model_id: '10E4', hardware_version: '1E05', firmware_version: '10030708' })).toMatchObject(
      {
        modelId: '10E4',
        hardwareVersion: '1E05',
        firmwareVersion: '10030708',
      },
    );
  });
});

describe('damage by a spreadsheet', () => {
  it.each([
    ['model_id', '1.00E+05', 'expected 4 hex digits; a spreadsheet took 10E4 for a number (or 01E5 or 1E05)'],
    ['model_id', '1.20E+09', 'expected 4 hex digits; a spreadsheet took 12E8 for a number'],
    [
      'model_id',
      '1E-05',
      'expected 4 hex digits; a spreadsheet took it for a number, and its digits are lost',
    ],
    [
      'model_id',
      '0.00E+00',
      'expected 4 hex digits; a spreadsheet took it for a number, and its digits are lost',
    ],
    [
      'firmware_version',
      '1.04E+10',
      'expected 8 hex digits; a spreadsheet took it for a number, and its digits are lost',
    ],
    ['firmware_version', '1040605', 'expected 8 hex digits; a spreadsheet dropped a leading zero'],
    ['firmware_version', '10203', 'expected 8 hex digits; a spreadsheet dropped 3 leading zeros'],
    ['hardware_version', '0', 'expected 4 hex digits; a spreadsheet dropped 3 leading zeros'],
    [
      'firmware_version',
      '10406050.0',
      'expected 8 hex digits; a spreadsheet wrote it as a number with decimals',
    ],
    ['manufacturer_id', '2063.00', 'expected 4 hex digits; a spreadsheet wrote it as a number with decimals'],
  ] as const)('%s "%s" is named', (column, found, why) => {
    expect(faultsOf({ [column]: found })).toEqual([`${column} "${found}": ${why}`]);
  });

  it('is not claimed where it was something else', () => {
    expect(faultsOf({ model_id: 'A01' })).toEqual(['model_id "A01": expected 4 hex digits']);
    expect(faultsOf({ model_id: '' })).toEqual(['model_id "": expected 4 hex digits']);
    expect(faultsOf({ firmware_version: '010002030' })).toEqual([
      'firmware_version "010002030": expected 8 hex digits',
    ]);
  });
});

describe('a wrong row', () => {
  it.each([
    ['entry_id', 'CPL 412', 'expected 1 to 64 letters, digits, ".", "_" or "-"'],
    ['device_type', 'IHD', 'it is a Type 2 device, and those are not on the Central Products List'],
    ['device_type', 'Esme', 'expected one of ESME, GSME, PPMID, HCALCS, CHF, GPF'],
    ['status', 'active', 'expected exactly one of Active, Cancelled, Expired, Withdrawn'],
    ['image_hash', 'AB', 'expected 64 hex digits'],
    ['smets_version', '', 'expected a version such as 5.1'],
    ['smets1', 'perhaps', 'expected yes or no'],
    ['upgradeable_from', 'CPL-1;C/2', 'expected entry ids or N/A, found "C/2"'],
    ['certificates', 'CPA:1:2027-02-30', 'expected kind:reference:2028-11-01, found "CPA:1:2027-02-30"'],
    ['certificates', 'CPA', 'expected kind:reference:2028-11-01, found "CPA"'],
    ['certificates', 'a:b:2027-01-01:c', 'expected kind:reference:2028-11-01, found "a:b:2027-01-01:c"'],
  ] as const)('is refused for %s "%s"', (column, found, why) => {
    expect(faultsOf({ [column]: found })).toEqual([`${column} "${found}": ${why}`]);
  });

  it('has every fault listed, with its row', () => {
    const read = rowOf({ model_id: '1.00E+05', firmware_version: '1040605', status: 'OK' });
    expect(read).toMatchObject([
      { row: 17, column: 'model_id', found: '1.00E+05' },
      { row: 17, column: 'firmware_version', found: '1040605' },
      { row: 17, column: 'status', found: 'OK' },
    ]);
  });

  it('has a fault for each column that is missing and needed', () => {
    const faults = parseCplRow(new Map(), 1);
    const optional = ['image_hash', 'upgradeable_from', 'smets1', 'certificates'];
    expect(Array.isArray(faults) && faults.map(({ column }) => column).sort()).toEqual(
      CPL_COLUMNS.filter((column) => !optional.includes(column)).sort(),
    );
  });
});
