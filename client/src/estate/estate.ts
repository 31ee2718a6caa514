// What is to be done with each of these meters? Reads them one by one, and decides once for all that are alike.
//
// A meter costs a line of parsing and a look into two tables. What differs between meters is their EUI-64 alone. A
// meter that stands twice counts by its first row; the second is no exact row.

import type { Readable } from 'node:stream';
import { type Eui64, parseEui64 } from '../firmware/index.ts';
import { readCsv } from './csv.ts';
import { cellsOf, type Device, ESTATE_COLUMNS, parseDevice } from './device.ts';
import { EstateError } from './errors.ts';
import { type Finding, type Judge, needsYou } from './judge.ts';
import { csvCell, type LineFile } from './out.ts';
import { seenIds } from './seen.ts';
import { inWords } from './words.ts';

export interface Group {
  readonly device: Device;
  readonly finding: Finding;
  readonly meters: number;
}

export interface Fault {
  /** As a spreadsheet counts: the header is row 1. */
  readonly row: number;
  readonly reason: string;
}

export interface EstateReport {
  readonly meters: number;
  /** Meters that a person should look at. */
  readonly needing: number;
  /** By device model and firmware version, in their order. */
  readonly groups: readonly Group[];
  readonly malformed: number;
  /** The first of them. */
  readonly faults: readonly Fault[];
}

export interface EstateOptions {
  /** The file's name, for messages. */
  readonly name: string;
  readonly judge: Judge;
  /** One line a meter. */
  readonly out?: LineFile;
  readonly onMeters?: (count: number) => void;
}

/** As many rows that are not exact are listed; all of them are counted. */
const MOST_FAULTS = 50;
/** Different models and versions: far more than exist. A file with more of them is no estate. */
const MOST_DIFFERENT = 100_000;

export const OUT_COLUMNS = [
  ...ESTATE_COLUMNS,
  'finding',
  'next_firmware',
  'next_release',
  'steps',
  'says',
] as const;

interface Alike {
  readonly device: Device;
  readonly finding: Finding;
  /** What follows the EUI-64 in `out`. */
  readonly line: string;
  meters: number;
}

/** Throws EstateError where the file is no list of meters. */
export async function assessEstate(input: Readable, options: EstateOptions): Promise<EstateReport> {
  const { name, judge, out, onMeters } = options;
  const bySpelling = new Map<string, Alike>();
  const byDevice = new Map<string, Alike>();
  const seen = seenIds();
  const faults: Fault[] = [];
  let malformed = 0;
  let meters = 0;

  const alike = (cells: readonly string[], spelling: string): Alike => {
    const device = parseDevice(cells.slice(1));
    const key = cellsOf(device).join();
    const known = byDevice.get(key) ?? newGroup(device, judge);
    byDevice.set(key, known);
    bySpelling.set(spelling, known);
    if (bySpelling.size > MOST_DIFFERENT) throw tooVaried(name);
    return known;
  };
  const onFault = (row: number, reason: string) => {
    malformed++;
    if (faults.length < MOST_FAULTS) faults.push({ row, reason });
  };

  out?.line(OUT_COLUMNS.join());
  await readCsv(input, {
    name,
    columns: ESTATE_COLUMNS,
    onFault,
    onRow(cells, row) {
      const [id = '', maker, model, hardware, firmware, type] = cells;
      const spelling = `${maker}\n${model}\n${hardware}\n${firmware}\n${type}`;
      try {
        const eui64 = eui64Of(id);
        const group = bySpelling.get(spelling) ?? alike(cells, spelling);
        if (!seen.add(eui64)) return onFault(row, `the meter ${eui64} stands in an earlier row`);
        group.meters++;
        meters++;
        out?.line(eui64 + group.line);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        if (cells.some((cell) => cell.trim() !== '')) onFault(row, error.message);
      }
    },
    async drain() {
      onMeters?.(meters);
      await out?.drain();
    },
  });
  const groups = [...byDevice.values()]
    .map(({ device, finding, meters }) => ({ device, finding, meters }))
    .sort(inOrder);
  const needing = groups.reduce((sum, group) => sum + (needsYou(group.finding) ? group.meters : 0), 0);
  return { meters, needing, groups, malformed, faults: faults.sort((a, b) => a.row - b.row) };
}

const EXACT = /^[0-9A-F]{2}(?:-[0-9A-F]{2}){7}$/;

/** Throws a TypeError; the usual form is looked at first. */
export function eui64Of(cell: string): Eui64 {
  return EXACT.test(cell) ? (cell as Eui64) : parseEui64(cell.trim());
}

function newGroup(device: Device, judge: Judge): Alike {
  const finding = judge(device);
  const [next] = finding.steps;
  const cells = [
    ...cellsOf(device),
    finding.kind,
    next?.firmwareVersion ?? '',
    next?.release ?? '',
    String(finding.steps.length),
    inWords(finding),
  ];
  return { device, finding, line: `,${cells.map(csvCell).join()}`, meters: 0 };
}

function inOrder(a: Group, b: Group): number {
  const key = ({ device }: Group) => `${device.code} ${device.deviceType} ${device.model}`;
  return (
    compare(key(a), key(b)) ||
    b.meters - a.meters ||
    compare(cellsOf(a.device).join(), cellsOf(b.device).join())
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function tooVaried(name: string): EstateError {
  return new EstateError(
    'TOO_VARIED',
    `Cannot read "${name}" as an estate: found more than ${MOST_DIFFERENT} different models and firmware versions`,
    { hint: 'Check that each column holds what its title says' },
  );
}
