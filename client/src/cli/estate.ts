// `cfl estate`: what is to be done with each of a supplier's meters, those of a change of supplier included.

import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { encodeDate } from '../encoding/index.ts';
import type { EstateReport, Finding, Group, LineFile } from '../estate/index.ts';
import type { Library } from '../library/index.ts';
import { command, JSON_OPTION } from './command.ts';
import type { Io } from './io.ts';
import { type Column, grouped, table } from './layout.ts';
import { EXIT, UsageError } from './refusal.ts';
import { HOME_OPTION, homeOf, withLibrary } from './session.ts';

const COLUMNS: readonly Column[] = [
  { title: 'CODE' },
  { title: 'TYPE' },
  { title: 'MODEL' },
  { title: 'FIRMWARE' },
  { title: 'METERS', align: 'right' },
  { title: 'FINDING' },
];
/** Days. */
const ENDS_WITHIN = 90;
/** Of the rows that are not exact; `--json` lists more. */
const MOST_LISTED = 10;

export const estate = command({
  name: 'estate',
  does: 'Says what is to be done with each of your meters',
  operands: ['FILE'],
  options: {
    out: { type: 'string', value: 'FILE', does: 'write one line a meter, as CSV; cfl assemble reads it' },
    'ends-within': {
      type: 'string',
      value: 'DAYS',
      does: `name entries of the CPL that end within so many days; else ${ENDS_WITHIN}`,
    },
    ...HOME_OPTION,
    ...JSON_OPTION,
  },
  examples: [
    {
      line: 'cfl estate meters.csv --out findings.csv',
      does: 'a CSV file with the columns eui64, manufacturer, model, hardware_version, firmware_version, device_type in any order',
    },
    {
      line: 'cfl estate gained.csv --json',
      does: 'the meters gained by a change of supplier, for a program',
    },
  ],
  async run([file], values, io) {
    const endsWithin = daysOf(values['ends-within']);
    const octets = (await stat(file)).size;
    return withLibrary({ io, home: homeOf(values, io), keeps: 'nothing' }, async ({ library }) => {
      const { assessEstate, gatherFacts, judgeBy, openLineFile, openList } = await import(
        '../estate/index.ts'
      );
      const judge = judgeBy(await gatherFacts(library), { now: library.now, endsWithin });
      const out = values.out === undefined ? undefined : await openLineFile(values.out);
      try {
        const input = openList(file);
        const report = await assessEstate(input, {
          name: basename(file),
          judge,
          ...(out === undefined ? {} : { out }),
          onMeters: (count) => io.progress(progressOf(count, input.bytesRead, octets)),
        });
        await out?.finish();
        io.progress(undefined);
        if (values.json === true) await printJson(report, library, io);
        else await printTable(report, io, values.out);
        return report.malformed === 0 ? EXIT.done : EXIT.act;
      } finally {
        await (out satisfies LineFile | undefined)?.discard();
      }
    });
  },
});

function daysOf(text: string | undefined): number {
  if (text === undefined) return ENDS_WITHIN;
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new UsageError(
    `Cannot read "${text}" as days: expected a number from 0 to 9999`,
    'Run: cfl estate --help',
  );
}

function progressOf(count: number, read: number, octets: number): string {
  return `${grouped(count)} meters, ${octets === 0 ? 100 : Math.floor((100 * read) / octets)} % of the file`;
}

async function printTable(report: EstateReport, io: Io, out: string | undefined): Promise<void> {
  const { inWords, needsYou } = await import('../estate/index.ts');
  const rows = new Map<string, { cells: readonly string[]; meters: number; needs: boolean }>();
  for (const { device, finding, meters } of report.groups) {
    // Hardware versions of which the same is to be said share a line
    const cells = [device.code, device.deviceType, device.model, device.firmwareVersion, inWords(finding)];
    const key = cells.join('\n');
    rows.set(key, { cells, meters: meters + (rows.get(key)?.meters ?? 0), needs: needsYou(finding) });
  }
  const lines = [...rows.values()].map(({ cells, meters }) => [
    ...cells.slice(0, 4),
    grouped(meters),
    cells[4] ?? '',
  ]);
  for (const line of table(lines, COLUMNS, io.width)) io.out(line);
  for (const line of faultLines(report)) io.err(line);
  const needing = [...rows.values()].filter(({ needs }) => needs).length;
  const summary = `${grouped(report.meters)} meters, ${needing} ${needing === 1 ? 'line' : 'lines'} of ${rows.size} ${needing === 1 ? 'needs' : 'need'} you`;
  io.err(out === undefined ? summary : `${summary}; ${out} has one line a meter`);
}

function faultLines({ malformed, faults }: EstateReport): string[] {
  if (malformed === 0) return [];
  const shown = faults.slice(0, MOST_LISTED);
  const rest = malformed - shown.length;
  return [
    `Not read: ${grouped(malformed)} ${malformed === 1 ? 'row that is' : 'rows that are'} not exact`,
    ...shown.map(({ row, reason }) => `  row ${row}  ${reason}`),
    ...(rest === 0 ? [] : [`  and ${grouped(rest)} more`]),
  ];
}

async function printJson(report: EstateReport, library: Library, io: Io): Promise<void> {
  const { timestamp } = await library.refresh();
  io.out(
    JSON.stringify({
      format: 'cfl/estate/1',
      asOf: encodeDate(library.now),
      goodUntil: encodeDate(timestamp.signed.expires),
      meters: report.meters,
      needing: report.needing,
      groups: report.groups.map(groupDocument),
      malformed: { count: report.malformed, rows: report.faults },
    }),
  );
}

function groupDocument({ device, finding, meters }: Group) {
  const { kind, steps, reason, absent, ends, ask } = finding satisfies Finding;
  return { ...device, meters, finding: kind, steps, reason, absent, ends, ask };
}
