// The demo's world: three manufacturers that do not exist, what they made, and what the list says of it.

export interface DemoManufacturer {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  readonly mailbox: string;
}

export interface DemoRelease {
  readonly code: string;
  readonly deviceType: 'ESME' | 'GSME' | 'PPMID' | 'HCALCS';
  readonly model: string;
  readonly firmware: string;
  /** Hardware versions that the image takes, and those that the list has entries for. */
  readonly takes: readonly [string, string];
  readonly hardware: readonly string[];
  readonly octets: number;
  readonly class: 'compliance' | 'fix';
  readonly from: readonly string[] | 'any' | 'none';
  /** Firmware version of the release of the same model that this one supersedes. */
  readonly supersedes?: string;
  readonly says: string;
}

/** Those who are neither manufacturers: suppliers with dated User Roles, the DCC and the Panel. */
export const OTHERS = [
  {
    id: 'example-energy',
    name: 'Example Energy',
    kinds: ['supplier'],
    purposes: ['endorsement'],
    userRoles: [
      { role: 'IS', from: '2024-01-01T00:00:00Z', evidence: 'Demo party list of 2024-01-01, entry 1' },
    ],
  },
  {
    id: 'example-gas',
    name: 'Example Gas',
    kinds: ['supplier'],
    purposes: ['endorsement'],
    userRoles: [
      { role: 'GS', from: '2024-01-01T00:00:00Z', evidence: 'Demo party list of 2024-01-01, entry 2' },
    ],
  },
  {
    id: 'former-energy',
    name: 'Former Energy',
    kinds: ['supplier'],
    userRoles: [
      { role: 'IS', from: '2024-01-01T00:00:00Z', evidence: 'Demo party list of 2024-01-01, entry 3' },
    ],
  },
  {
    id: 'example-networks',
    name: 'Example Networks',
    kinds: ['operator'],
    userRoles: [
      { role: 'ED', from: '2024-01-01T00:00:00Z', evidence: 'Demo party list of 2024-01-01, entry 4' },
    ],
  },
  { id: 'panel', name: 'the Panel', kinds: ['panel'] },
  { id: 'dcc', name: 'the DCC', kinds: ['dcc'] },
] as const;

/** Whom the registrar grants what. */
export const READERS = [
  { id: 'example-energy', uses: ['--images', '--notes'] },
  { id: 'example-gas', uses: ['--images'] },
  { id: 'former-energy', uses: ['--images', '--notes'] },
] as const;

/** Loses what it was granted before the last round of releases. */
export const FORMER_READER = 'former-energy';

/** A network operator asks in vain. */
export const NO_READER = 'example-networks';

export const MANUFACTURERS: readonly DemoManufacturer[] = [
  { id: 'example-meters', name: 'Example Meters', code: 'FFF1', mailbox: 'firmware@meters.example' },
  { id: 'sample-gas', name: 'Sample Gas', code: 'FFF2', mailbox: 'firmware@gas.example' },
  { id: 'demo-displays', name: 'Demo Displays', code: 'FFF3', mailbox: 'firmware@displays.example' },
];

const esme = { code: 'FFF1', deviceType: 'ESME' } as const;
const gsme = { code: 'FFF2', deviceType: 'GSME' } as const;
const ppmid = { code: 'FFF3', deviceType: 'PPMID' } as const;

export const RELEASES: readonly DemoRelease[] = [
  {
    ...esme,
    model: '0A01',
    firmware: '01000201',
    takes: ['0100', '01FF'],
    hardware: ['0102', '0110'],
    octets: 240_100,
    class: 'compliance',
    from: ['01000200'],
    says: 'First release for GBCS 4.1',
  },
  {
    ...esme,
    model: '0A01',
    firmware: '01000203',
    takes: ['0100', '01FF'],
    hardware: ['0102', '0110'],
    octets: 241_880,
    class: 'fix',
    from: ['01000200', '01000201'],
    supersedes: '01000201',
    says: 'Mends the clock after a long outage',
  },
  {
    ...esme,
    model: '0A02',
    firmware: '0200000A',
    takes: ['0200', '02FF'],
    hardware: ['0201'],
    octets: 236_512,
    class: 'compliance',
    from: 'any',
    says: 'First release for GBCS 4.1',
  },
  {
    ...esme,
    model: '0A02',
    firmware: '0200000B',
    takes: ['0200', '02FF'],
    hardware: ['0201'],
    octets: 236_777,
    class: 'fix',
    from: ['0200000A'],
    supersedes: '0200000A',
    says: 'Mends a counter of tamper events',
  },
  {
    code: 'FFF1',
    deviceType: 'HCALCS',
    model: '0A05',
    firmware: '00010007',
    takes: ['0001', '0003'],
    hardware: ['0001'],
    octets: 98_304,
    class: 'compliance',
    from: 'any',
    says: 'First release',
  },
  {
    ...gsme,
    model: '0C10',
    firmware: '0001F000',
    takes: ['0010', '001F'],
    hardware: ['0011', '0012'],
    octets: 187_650,
    class: 'compliance',
    from: 'any',
    says: 'First release for GBCS 4.1',
  },
  {
    ...gsme,
    model: '0C10',
    firmware: '0001F00A',
    takes: ['0010', '001F'],
    hardware: ['0011', '0012'],
    octets: 188_002,
    class: 'fix',
    from: ['0001F000'],
    supersedes: '0001F000',
    says: 'Mends the valve test at low battery',
  },
  {
    ...gsme,
    model: '0C11',
    firmware: '10030A08',
    takes: ['0020', '002F'],
    hardware: ['0021'],
    octets: 191_044,
    class: 'compliance',
    from: 'none',
    says: 'For new meters alone',
  },
  {
    ...gsme,
    model: '0C11',
    firmware: '09030A07',
    takes: ['0020', '002F'],
    hardware: ['0022'],
    octets: 190_876,
    class: 'fix',
    from: 'any',
    says: 'Mends the join to a second network',
  },
  {
    ...ppmid,
    model: '0D01',
    firmware: '00000100',
    takes: ['0100', '01FF'],
    hardware: ['0100'],
    octets: 120_400,
    class: 'compliance',
    from: 'any',
    says: 'First release',
  },
  {
    ...ppmid,
    model: '0D01',
    firmware: '00000102',
    takes: ['0100', '01FF'],
    hardware: ['0100'],
    octets: 121_008,
    class: 'fix',
    from: ['00000100'],
    supersedes: '00000100',
    says: 'Mends the contrast in the cold',
  },
  {
    code: 'FFF3',
    deviceType: 'HCALCS',
    model: '0D20',
    firmware: '00020001',
    takes: ['0100', '0100'],
    hardware: ['0100'],
    octets: 88_064,
    class: 'compliance',
    from: 'any',
    says: 'First release',
  },
];

/** Comes a second time, by a second mail, when it is published already: the gateway holds it. */
export const TWICE = RELEASES.filter(({ code }) => code === 'FFF1').at(-1) as DemoRelease;

/** Example Energy stands behind it. */
export const ENDORSED = RELEASES[1] as DemoRelease;

/** Asked to be associated with an entry that has another hash by then: the Panel investigates. */
export const INVESTIGATED: DemoRelease = {
  ...gsme,
  model: '0C12',
  firmware: '20000001',
  takes: ['0030', '003F'],
  hardware: ['0031'],
  octets: 180_000,
  class: 'compliance',
  from: 'any',
  says: 'First release',
};

/** Its entry turns out to be for hardware 0201, which the image does not take: the gateway refuses it. */
export const REFUSED: DemoRelease = {
  ...ppmid,
  model: '0D02',
  firmware: '00000200',
  takes: ['0100', '01FF'],
  hardware: ['0201'],
  octets: 121_500,
  class: 'compliance',
  from: 'any',
  says: 'First release',
};

/** The entry of this release is withdrawn in the second snapshot, so the release is suspended. */
export const SUSPENDED = { model: '0C11', firmware: '10030A08' } as const;

export interface DemoRow {
  readonly deviceType: string;
  readonly code: string;
  readonly model: string;
  readonly hardware: string;
  readonly firmware: string;
  readonly status: 'Active' | 'Cancelled' | 'Expired' | 'Withdrawn';
}

/** On the list without an image in the library: commercial, older, or not the library's to hold. */
export const ROWS_WITHOUT_IMAGE: readonly DemoRow[] = [
  ...['0102', '0110'].map((hardware) => row('ESME', 'FFF1', '0A01', hardware, '01000200', 'Expired')),
  ...['0102', '0110'].map((hardware) => row('ESME', 'FFF1', '0A01', hardware, '01000300', 'Active')),
  row('ESME', 'FFF1', '0A02', '0201', '02000009', 'Cancelled'),
  row('ESME', 'FFF1', '0A03', '0301', '03000001', 'Active'),
  row('ESME', 'FFF1', '0A03', '0302', '03000001', 'Active'),
  row('HCALCS', 'FFF1', '0A05', '0001', '00010006', 'Expired'),
  row('GSME', 'FFF2', '0C10', '0011', '0001E000', 'Expired'),
  row('GSME', 'FFF2', '0C10', '0012', '0001E000', 'Expired'),
  row('GSME', 'FFF2', '0C12', '0031', '20000001', 'Active'),
  row('GSME', 'FFF2', '0C12', '0032', '20000001', 'Active'),
  row('GSME', 'FFF2', '0C12', '0033', '20000001', 'Cancelled'),
  row('PPMID', 'FFF3', '0D01', '0100', '00000099', 'Withdrawn'),
  row('PPMID', 'FFF3', '0D03', '0300', '00000300', 'Active'),
  row('CHF', 'FFF3', '0E01', '0100', '01010101', 'Active'),
  row('CHF', 'FFF3', '0E01', '0200', '01010101', 'Active'),
  row('GPF', 'FFF3', '0E02', '0100', '01010102', 'Active'),
  row('HCALCS', 'FFF3', '0D20', '0100', '00020000', 'Cancelled'),
];

function row(
  deviceType: string,
  code: string,
  model: string,
  hardware: string,
  firmware: string,
  status: DemoRow['status'],
): DemoRow {
  return { deviceType, code, model, hardware, firmware, status };
}
