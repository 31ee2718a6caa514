// Which meters does the campaign go to? Those of a list, each checked against what the manufacturer signed.
//
// Rules
// - The list has a column `eui64`. Of the findings of `cfl estate` (a column `next_release`), those whose next step
//   is this release are taken.
// - Where the list says of each meter what it is (the columns of an estate), a meter is taken only if the statement
//   claims its device model, and takes its firmware version; the entry is Active with the image's hash. The
//   catalogue, by which findings are made, is not believed here.
// - A list of EUI-64s alone is taken as it is: whoever made it knows the meters.
// - A meter that stands twice is taken once. Rows that are not exact are counted, and reading goes on.

import type { Readable } from 'node:stream';
import {
  DEVICE_COLUMNS,
  type Device,
  EstateError,
  eui64Of,
  type Fault,
  parseDevice,
  readCsv,
} from '../estate/index.ts';
import {
  type CplEntry,
  type EntryId,
  type Eui64,
  hardwareVersionOf,
  type ReleaseId,
  type ReleasePredicate,
} from '../firmware/index.ts';

export interface ChosenMeters {
  /** In the order of the file. */
  readonly meters: ReadonlySet<Eui64>;
  /** Rows for another release, or for none. */
  readonly others: number;
  /** Meters that the statement does not take, by the reason. */
  readonly unfit: ReadonlyMap<string, number>;
  /** Rows whose meter stood before. */
  readonly repeated: number;
  readonly malformed: number;
  /** The first of them. */
  readonly faults: readonly Fault[];
}

export interface Target {
  readonly release: ReleaseId;
  readonly predicate: ReleasePredicate;
  readonly imageHash: string;
  readonly entries: ReadonlyMap<EntryId, CplEntry>;
}

const MOST_FAULTS = 50;

/** Throws EstateError where the file is no list of meters. */
export async function chooseMeters(input: Readable, name: string, target: Target): Promise<ChosenMeters> {
  const meters = new Set<Eui64>();
  const unfit = new Map<string, number>();
  const faults: Fault[] = [];
  const reasons = new Map<string, string | undefined>();
  let others = 0;
  let repeated = 0;
  let malformed = 0;
  let saysWhat = false;
  let saysNext = false;

  const onFault = (row: number, reason: string) => {
    malformed++;
    if (faults.length < MOST_FAULTS) faults.push({ row, reason });
  };
  const reasonAgainst = (cells: readonly string[]) => {
    const spelling = cells.join('\n');
    if (!reasons.has(spelling)) reasons.set(spelling, whyUnfit(parseDevice(cells), target));
    return reasons.get(spelling);
  };

  await readCsv(input, {
    name,
    columns: ['eui64'],
    optional: [...DEVICE_COLUMNS, 'next_release'],
    onFault,
    onHeader(found) {
      const missing = DEVICE_COLUMNS.filter((column) => !found.has(column));
      saysWhat = missing.length === 0;
      saysNext = found.has('next_release');
      if (missing.length > 0 && (saysNext || missing.length < DEVICE_COLUMNS.length))
        throw halfAnEstate(name, missing);
    },
    onRow([id = '', ...cells], row) {
      if ([id, ...cells].every((cell) => cell.trim() === '')) return;
      try {
        const eui64 = eui64Of(id);
        if (saysNext && cells.at(-1)?.trim() !== target.release) {
          others++;
          return;
        }
        const reason = saysWhat ? reasonAgainst(cells.slice(0, DEVICE_COLUMNS.length)) : undefined;
        if (reason !== undefined) unfit.set(reason, (unfit.get(reason) ?? 0) + 1);
        else if (meters.has(eui64)) repeated++;
        else meters.add(eui64);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        onFault(row, error.message);
      }
    },
  });
  return { meters, others, unfit, repeated, malformed, faults: faults.sort((a, b) => a.row - b.row) };
}

/** Why this release is not for these meters; undefined where it is. */
export function whyUnfit(device: Device, { predicate, imageHash, entries }: Target): string | undefined {
  const { code, deviceType, claims, header, upgradesFrom } = predicate;
  if (device.code !== code) return `of manufacturer ${device.code}`;
  if (device.deviceType !== deviceType) return `a ${device.deviceType}`;
  const claim = claims.find(
    ({ model, hardwareVersion }) => model === device.model && hardwareVersion === device.hardwareVersion,
  );
  if (claim === undefined) return `model ${device.model} with hardware ${device.hardwareVersion}`;
  const [lowest, highest] = [header.minHardwareVersion, header.maxHardwareVersion].map(hardwareVersionOf);
  if (
    lowest === undefined ||
    highest === undefined ||
    device.hardwareVersion < lowest ||
    device.hardwareVersion > highest
  )
    return `hardware ${device.hardwareVersion}, out of range`;
  const entry = entries.get(claim.entry);
  if (entry?.status !== 'Active') return `${claim.entry} is ${entry?.status ?? 'not on the CPL'}`;
  if (entry.imageHash !== imageHash) return `${claim.entry} has another hash`;
  if (device.firmwareVersion === claim.firmwareVersion) return `running ${device.firmwareVersion} already`;
  if (upgradesFrom === 'any' || (upgradesFrom !== 'none' && upgradesFrom.includes(device.firmwareVersion)))
    return undefined;
  return `running ${device.firmwareVersion}, from which no upgrade is stated`;
}

function halfAnEstate(name: string, missing: readonly string[]): EstateError {
  const columns = missing.map((column) => `"${column}"`).join(', ');
  return new EstateError(
    'NOT_A_LIST',
    `Cannot check the meters of "${name}": ${missing.length === 1 ? 'the column' : 'the columns'} ${columns} ${missing.length === 1 ? 'is' : 'are'} missing`,
    {
      hint: 'Give the findings of cfl estate --out, an estate, or a list of EUI-64s alone',
    },
  );
}
