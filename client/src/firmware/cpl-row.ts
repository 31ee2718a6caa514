// Is this row of the published Central Products List exact, and what does it say?
//
// Rules
// - A row is text, cell by cell. Every fault of a row is listed, not the first alone.
// - The list has passed through spreadsheets: an id taken for a number (`1.00E+05`) and lost leading zeros
//   are named as what they are. Nothing is repaired: a guess at an identifier is not an identifier.
// - `upgradeable_from` is `N/A`, or entry ids separated by `;` or spaces; empty means N/A.
// - `smets1` is yes or no (also Y, N, TRUE, FALSE); empty means no.
// - `certificates` are separated by `;`, each `kind:reference`, `kind:reference:2028-11-01` (it expires
//   then) or `kind:reference:renewal=2028-11-01`.

import {
  CPL_STATUSES,
  type CplCertificate,
  type CplEntry,
  certificateWord,
  specificationVersion,
} from './cpl.ts';
import { day, type Read } from './fields.ts';
import {
  entryId,
  firmwareVersion,
  hardwareVersion,
  type Identifier,
  imageHash,
  manufacturerCode,
  modelId,
  parseDeviceType,
} from './identifiers.ts';

/** The header row of the published list, unless a mapping file says otherwise. */
export const CPL_COLUMNS = [
  'entry_id',
  'device_type',
  'manufacturer_id',
  'model_id',
  'hardware_version',
  'firmware_version',
  'smets_version',
  'gbcs_version',
  'image_hash',
  'status',
  'upgradeable_from',
  'smets1',
  'certificates',
] as const;
export type CplColumn = (typeof CPL_COLUMNS)[number];

export interface RowFault {
  /** As the caller counts; nothing here depends on it. */
  readonly row: number;
  readonly column: CplColumn;
  readonly found: string;
  /** `model_id "1.00E+05": expected 4 hex digits; a spreadsheet took 10E4 for a number` */
  readonly message: string;
}

type Cells = ReadonlyMap<string, string>;
type Cell<T> = (text: string) => T | Fault;

/** Why one cell is refused: what follows `model_id "…": `. */
class Fault {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** The entry, or every fault of the row. */
export function parseCplRow(cells: Cells, row: number): CplEntry | RowFault[] {
  const faults: RowFault[] = [];
  const read = <T>(column: CplColumn, cell: Cell<T>): T | undefined => {
    const found = (cells.get(column) ?? '').trim();
    const value = cell(found);
    if (!(value instanceof Fault)) return value;
    faults.push({ row, column, found, message: `${column} "${found}": ${value.why}` });
    return undefined;
  };
  const hash = read('image_hash', (text) => (text === '' ? '' : hexCell(imageHash, 64)(text)));
  const entry = {
    entry: read('entry_id', identifierCell(entryId)),
    deviceType: read('device_type', deviceTypeCell),
    manufacturerId: read('manufacturer_id', hexCell(manufacturerCode, 4)),
    modelId: read('model_id', hexCell(modelId, 4)),
    hardwareVersion: read('hardware_version', hexCell(hardwareVersion, 4)),
    firmwareVersion: read('firmware_version', hexCell(firmwareVersion, 8)),
    smetsVersion: read('smets_version', readCell(specificationVersion, 'a version such as 5.1')),
    gbcsVersion: read('gbcs_version', readCell(specificationVersion, 'a version such as 4.2')),
    status: read('status', statusCell),
    upgradeableFrom: read('upgradeable_from', upgradeableFromCell),
    smets1: read('smets1', yesOrNoCell),
    certificates: read('certificates', certificatesCell),
    ...(hash ? { imageHash: hash } : {}),
  };
  // Every undefined cell has left a fault, so without faults the entry is whole
  return faults.length === 0 ? (entry as CplEntry) : faults;
}

function identifierCell<T extends string>(identifier: Identifier<T>): Cell<T> {
  return (text) => {
    try {
      return identifier.parse(text);
    } catch {
      return new Fault(`expected ${identifier.expected}`);
    }
  };
}

function hexCell<T extends string>(identifier: Identifier<T>, digits: number): Cell<T> {
  const cell = identifierCell(identifier);
  return (text) => {
    // Before the parser, which takes the "-" of 1E-05 for a separator
    const damage = spreadsheetDamage(text, digits);
    return damage === undefined
      ? cell(text)
      : new Fault(`expected ${identifier.expected}; a spreadsheet ${damage}`);
  };
}

function spreadsheetDamage(text: string, digits: number): string | undefined {
  const number = /^(\d+(?:[.,]\d+)?)E([+-]?\d+)$/i.exec(text);
  if (number !== null && /[.,+-]/.test(text))
    return tookForNumber(number[1] ?? '', Number(number[2]), digits);
  const whole = text.replace(/[.,]0+$/, '');
  const lost = digits - whole.length;
  if (!/^\d+$/.test(whole) || (lost <= 0 && whole === text)) return undefined;
  if (lost <= 0) return 'wrote it as a number with decimals';
  return lost === 1 ? 'dropped a leading zero' : `dropped ${lost} leading zeros`;
}

/** The digits come back only where so few were there that none can have been rounded away. */
function tookForNumber(mantissa: string, exponent: number, digits: number): string {
  const value = Number(mantissa.replace(',', '.')) * 10 ** exponent;
  const [first, ...others] = digits === 4 ? originals(value) : [];
  if (first === undefined || others.length > 3) return 'took it for a number, and its digits are lost';
  return `took ${first} for a number${others.length === 0 ? '' : ` (or ${others.join(' or ')})`}`;
}

/** Every text of four characters, one of them E, that a spreadsheet reads as this number; likeliest first. */
function originals(value: number): string[] {
  const texts = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0')).flatMap((digits) => [
    `${digits.slice(0, 1)}E${digits.slice(1)}`,
    `${digits.slice(0, 2)}E${digits.slice(2)}`,
  ]);
  const padded = (text: string) => (/^0|E0/.test(text) ? 1 : 0);
  return texts
    .filter((text) => Math.abs(Number(text) - value) <= 1e-9 * value)
    .sort((a, b) => padded(a) - padded(b));
}

function readCell<T>(read: Read<T>, expected: string): Cell<T> {
  return (text) => {
    try {
      return read(text, '');
    } catch {
      return new Fault(`expected ${expected}`);
    }
  };
}

const deviceTypeCell: Cell<CplEntry['deviceType']> = (text) => {
  try {
    return parseDeviceType(text);
  } catch (error) {
    return new Fault(String(error).replace(/^.*? as a device type: /, ''));
  }
};

const statusCell: Cell<CplEntry['status']> = (text) =>
  CPL_STATUSES.find((status) => status === text) ??
  new Fault(`expected exactly one of ${CPL_STATUSES.join(', ')}`);

const upgradeableFromCell: Cell<CplEntry['upgradeableFrom']> = (text) => {
  if (text === '' || text.toUpperCase() === 'N/A') return 'N/A';
  const ids = text.split(/[;\s]+/).filter((id) => id !== '');
  const read = ids.map(identifierCell(entryId));
  const wrong = read.findIndex((id) => id instanceof Fault);
  if (wrong !== -1) return new Fault(`expected entry ids or N/A, found "${ids[wrong]}"`);
  return read.flatMap((id) => (id instanceof Fault ? [] : [id]));
};

const YES = ['YES', 'Y', 'TRUE'];
const NO = ['NO', 'N', 'FALSE', ''];

const yesOrNoCell: Cell<boolean> = (text) => {
  const answer = text.toUpperCase();
  if (YES.includes(answer)) return true;
  return NO.includes(answer) ? false : new Fault('expected yes or no');
};

const certificatesCell: Cell<readonly CplCertificate[]> = (text) => {
  const certificates: CplCertificate[] = [];
  for (const part of text.split(';').map((piece) => piece.trim())) {
    if (part === '') continue;
    const read = certificateOf(part);
    if (read === undefined) return new Fault(`expected kind:reference:2028-11-01, found "${part}"`);
    certificates.push(read);
  }
  return certificates;
};

function certificateOf(part: string): CplCertificate | undefined {
  const [kind, reference, when, ...rest] = part.split(':').map((piece) => piece.trim());
  try {
    const named = { kind: certificateWord(kind, 'kind'), reference: certificateWord(reference, 'reference') };
    if (rest.length > 0) return undefined;
    if (when === undefined) return named;
    const renewal = /^renewal=(.*)$/.exec(when)?.[1];
    return renewal === undefined
      ? { ...named, expires: day(when, '') }
      : { ...named, renewal: day(renewal, '') };
  } catch {
    return undefined;
  }
}
