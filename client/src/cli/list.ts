// `cfl list`: what the library holds, and in which state.

import { encodeDate } from '../encoding/index.ts';
import type { ManufacturerCode, ReleaseState, StateWithReason } from '../firmware/index.ts';
import type { AbsentFirmware, Library, ListedRelease } from '../library/index.ts';
import { command, JSON_OPTION } from './command.ts';
import type { Io } from './io.ts';
import { type Column, table } from './layout.ts';
import { EXIT, UsageError } from './refusal.ts';
import { HOME_OPTION, homeOf, withLibrary } from './session.ts';

const STATES = ['current', 'superseded', 'suspended', 'withdrawn'] as const satisfies readonly ReleaseState[];

const COLUMNS: readonly Column[] = [
  'CODE',
  'TYPE',
  'MODEL',
  'HARDWARE',
  'FIRMWARE',
  'PUBLISHED',
  'STATE',
  'IMAGE',
].map((title) => ({ title }));

interface Row extends ListedRelease {
  readonly derived: StateWithReason;
}

export const list = command({
  name: 'list',
  does: 'Lists the releases that the library holds',
  operands: [],
  options: {
    manufacturer: { type: 'string', value: 'CODE', does: 'of one manufacturer code' },
    type: {
      type: 'string',
      value: 'TYPE',
      does: 'of one device type: ESME, GSME, PPMID, HCALCS, CHF or GPF',
    },
    state: { type: 'string', value: 'STATE', does: `in one state: ${STATES.join(', ')}` },
    absent: {
      type: 'boolean',
      does: 'instead: what the CPL allows and the library does not hold, why, and whom to ask',
    },
    ...HOME_OPTION,
    ...JSON_OPTION,
  },
  examples: [
    { line: 'cfl list --manufacturer FFF1', does: 'what one manufacturer published' },
    {
      line: 'cfl list --type ESME --state current',
      does: 'what may be deployed to electricity meters today',
    },
    { line: 'cfl list --absent --manufacturer FFF2', does: 'firmware to ask its manufacturer for' },
    { line: 'cfl list --json', does: 'everything, for a program' },
  ],
  async run(_operands, values, io) {
    const wanted = await filterOf(values);
    if (values.absent === true && values.state !== undefined)
      throw new UsageError('Cannot list what is absent by its state: it has none', 'Run: cfl list --help');
    return withLibrary({ io, home: homeOf(values, io) }, async ({ library }) => {
      if (values.absent === true) {
        const { absentFirmware } = await import('../library/index.ts');
        const all = await absentFirmware(library, wanted.code);
        const absent = all.filter(({ entry }) => wanted.isOfType(entry.deviceType));
        await (values.json === true ? printAbsentJson : printAbsent)(absent, library, io);
        return EXIT.done;
      }
      const rows = (await rowsOf(library, wanted.code)).filter(wanted.matches).sort(inOrder);
      await (values.json === true ? printJson : printTable)(rows, library, io);
      return EXIT.done;
    });
  },
});

interface Filter {
  readonly manufacturer?: string;
  readonly type?: string;
  readonly state?: string;
}

async function filterOf({ manufacturer, type, state }: Filter) {
  const { parseDeviceType, parseManufacturerCode } = await import('../firmware/index.ts');
  const code = manufacturer === undefined ? undefined : understood(() => parseManufacturerCode(manufacturer));
  const device = type === undefined ? undefined : understood(() => parseDeviceType(type));
  if (state !== undefined && !STATES.some((known) => known === state)) {
    throw new UsageError(
      `Cannot read "${state}" as a state: expected one of ${STATES.join(', ')}`,
      'Run: cfl list --help',
    );
  }
  const isOfType = (type: string) => device === undefined || type === device;
  const matches = ({ deviceType, derived }: Row) =>
    isOfType(deviceType) && (state === undefined || derived.state === state);
  return { code, matches, isOfType };
}

function understood<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof TypeError) throw new UsageError(cause.message, 'Run: cfl list --help');
    throw cause;
  }
}

async function rowsOf(library: Library, only: ManufacturerCode | undefined): Promise<Row[]> {
  const rows: Row[] = [];
  for (const code of await library.codes()) {
    if (only !== undefined && code !== only) continue;
    const releases = await library.releases(code);
    const states = await library.states(code, releases);
    for (const release of releases) {
      const derived = states.get(release.release);
      if (derived !== undefined) rows.push({ ...release, derived });
    }
  }
  return rows;
}

function inOrder(a: Row, b: Row): number {
  const key = ({ code, deviceType, models }: Row) => `${code} ${deviceType} ${models.join()}`;
  return compare(key(a), key(b)) || compare(b.published, a.published) || compare(a.release, b.release);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const ABSENT_COLUMNS: readonly Column[] = [
  'ENTRY',
  'CODE',
  'TYPE',
  'MODEL',
  'HARDWARE',
  'FIRMWARE',
  'WHY',
  'ASK',
].map((title) => ({ title }));

async function printAbsent(absent: readonly AbsentFirmware[], library: Library, io: Io): Promise<void> {
  const cells = absent.map(({ entry, why, ask }) => [
    entry.entry,
    entry.manufacturerId,
    entry.deviceType,
    entry.modelId,
    entry.hardwareVersion,
    entry.firmwareVersion,
    why,
    ask?.mailbox ?? ask?.name ?? 'nobody here makes this code',
  ]);
  for (const line of table(cells, ABSENT_COLUMNS)) io.out(line);
  const count = `${absent.length} ${absent.length === 1 ? 'entry' : 'entries'} of the CPL without a release`;
  io.err(`${count}; ${await standOf(library)}`);
}

async function printAbsentJson(absent: readonly AbsentFirmware[], library: Library, io: Io): Promise<void> {
  const { timestamp } = await library.refresh();
  const goodUntil = encodeDate(timestamp.signed.expires);
  io.out(JSON.stringify({ format: 'cfl/absent/1', asOf: encodeDate(library.now), goodUntil, absent }));
}

/** `state of 2026-11-20 09:00 UTC, good until 2026-11-23 09:00 UTC` */
async function standOf(library: Library): Promise<string> {
  const { minute } = await import('../tuf/index.ts');
  const { timestamp } = await library.refresh();
  return `state of ${minute(library.now)}, good until ${minute(timestamp.signed.expires)}`;
}

async function printTable(rows: readonly Row[], library: Library, io: Io): Promise<void> {
  const cells = rows.map(
    ({ code, deviceType, models, hardware, firmwareVersion, published, derived, imageHash }) => [
      code,
      deviceType,
      models.join(','),
      hardware.join('..'),
      firmwareVersion,
      published.slice(0, 10),
      derived.state,
      imageHash.slice(0, 12),
    ],
  );
  for (const line of table(cells, COLUMNS)) io.out(line);
  io.err(`${rows.length} release${rows.length === 1 ? '' : 's'}; ${await standOf(library)}`);
}

async function printJson(rows: readonly Row[], library: Library, io: Io): Promise<void> {
  const { timestamp } = await library.refresh();
  const releases = rows.map(({ derived: { state, reason, by }, ...row }) => ({
    ...row,
    state,
    reason,
    supersededBy: by,
  }));
  const asOf = encodeDate(library.now);
  io.out(
    JSON.stringify({ format: 'cfl/list/1', asOf, goodUntil: encodeDate(timestamp.signed.expires), releases }),
  );
}
