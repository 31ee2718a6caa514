// `cfl list`: what the library holds, and in which state.

import { encodeDate } from '../encoding/index.ts';
import type { ManufacturerCode, ReleaseState, StateWithReason } from '../firmware/index.ts';
import type { Library, ListedRelease } from '../library/index.ts';
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
    ...HOME_OPTION,
    ...JSON_OPTION,
  },
  examples: [
    { line: 'cfl list --manufacturer FFF1', does: 'what one manufacturer published' },
    {
      line: 'cfl list --type ESME --state current',
      does: 'what may be deployed to electricity meters today',
    },
    { line: 'cfl list --json', does: 'everything, for a program' },
  ],
  async run(_operands, values, io) {
    const wanted = await filterOf(values);
    return withLibrary({ io, home: homeOf(values, io), keeps: 'nothing' }, async ({ library }) => {
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
  const matches = ({ deviceType, derived }: Row) =>
    (device === undefined || deviceType === device) && (state === undefined || derived.state === state);
  return { code, matches };
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

async function printTable(rows: readonly Row[], library: Library, io: Io): Promise<void> {
  const { minute } = await import('../tuf/index.ts');
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
  const { timestamp } = await library.refresh();
  const count = `${rows.length} release${rows.length === 1 ? '' : 's'}`;
  io.err(`${count}; state of ${minute(library.now)}, good until ${minute(timestamp.signed.expires)}`);
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
