// How the library stands: `status`; and `unlock`, for a lock whose writer is known to be dead.

import { columns, command, EXIT, JSON_OPTION } from '@cfl/client/cli';
import { encodeDate } from '@cfl/client/encoding';
import { loadState, unlock as removeLock } from '../deploy/index.ts';
import { readFacts } from '../renewal/facts.ts';
import { type Standing, standingOf } from '../renewal/standing.ts';
import { AT_OPTION, deskAt, keyNames } from './desk.ts';

export const status = command({
  name: 'status',
  does: 'Lists each role with its version and end, and what a person must do: who, by when, by which command',
  operands: [],
  options: { ...AT_OPTION, ...JSON_OPTION },
  examples: [{ line: 'cfl-repo status', does: 'exit code 4 where a person must act' }],
  async run(_operands, { at, json }, io) {
    const desk = deskAt(at, io);
    const published = await loadState(desk.place);
    const files = desk.place.private;
    const facts = await readFacts({ published, files, nameOf: await keyNames(desk), now: io.now });
    const lines = standingOf(facts, io.now);
    if (json === true) io.out(JSON.stringify(documentOf(lines)));
    else for (const line of inColumns(lines)) io.out(line);
    return lines.some(({ act }) => act) ? EXIT.act : EXIT.done;
  },
});

export const unlock = command({
  name: 'unlock',
  does: 'Removes the lock of a writer that is known to be dead',
  operands: [],
  options: AT_OPTION,
  examples: [
    { line: 'cfl-repo unlock', does: 'after making sure that no other process writes to this library' },
  ],
  async run(_operands, values, io) {
    await removeLock(deskAt(values.at, io).place.private);
    return EXIT.done;
  },
});

/** Roles with version and end in columns; the others under the same first one. */
function inColumns(lines: readonly Standing[]): readonly string[] {
  const roles = lines.filter(({ kind }) => kind === 'role');
  const rows = columns(
    roles.map((line) => [
      line.name.padEnd('certificate'.length),
      String(line.version),
      `until ${line.until?.toISOString().slice(0, 10)}`,
      withCommand(line),
    ]),
    [undefined, 'right'],
  );
  const width = Math.max('certificate'.length, ...roles.map(({ name }) => name.length));
  const others = lines.filter(({ kind }) => kind !== 'role');
  return [...rows, ...others.map((line) => `${line.kind.padEnd(width)}  ${aboutWhom(line)}`)];
}

function aboutWhom(line: Standing): string {
  const { kind, name, until } = line;
  if (kind === 'authority' || kind === 'CRL')
    return `${name}${until === undefined ? '' : `, until ${until.toISOString().slice(0, 10)}`}: ${withCommand(line)}`;
  return kind === 'certificate' || kind === 'party' ? `${name}: ${line.says}` : withCommand(line);
}

function withCommand({ says, command }: Standing): string {
  return command === undefined ? says : `${says}; run: ${command}`;
}

function documentOf(lines: readonly Standing[]): object {
  return {
    format: 'cfl/status/1',
    act: lines.some(({ act }) => act),
    lines: lines.map(({ until, ...line }) => ({
      ...line,
      ...(until === undefined ? {} : { until: encodeDate(until) }),
    })),
  };
}
