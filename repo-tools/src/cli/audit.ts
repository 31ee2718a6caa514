// The operator's own log: `audit`.

import { columns, command, EXIT, JSON_OPTION } from '@cfl/client/cli';
import { readAudit, refuseCutOff } from '../audit/log.ts';
import { loadState } from '../deploy/index.ts';
import { publishedChain } from '../replay/source.ts';
import { AT_OPTION, deskAt } from './desk.ts';

export const audit = command({
  name: 'audit',
  does: "Verifies the log of the operator's acts, and lists it",
  operands: [],
  options: { ...AT_OPTION, ...JSON_OPTION },
  examples: [
    { line: 'cfl-repo audit', does: 'exit code 1 where a record is missing, was changed or was cut off' },
  ],
  async run(_operands, values, io) {
    const { place } = deskAt(values.at, io);
    const records = await readAudit(place.private);
    const { decisions } = await publishedChain(await loadState(place));
    refuseCutOff(
      records,
      decisions.map(({ acceptance }) => acceptance.audit),
    );
    if (values.json === true) {
      const acts = records.map(({ record, sha256 }) => ({ ...record, sha256 }));
      io.out(JSON.stringify({ format: 'cfl/audit-log/1', acts }));
      return EXIT.done;
    }
    const rows = records.map(({ record: { number, at, act, what, says } }) => [
      String(number),
      at.replace('T', ' ').replace('Z', ' UTC'),
      act,
      what,
      says.join('; '),
    ]);
    for (const line of columns(rows, ['right'])) io.out(line);
    const last = records.at(-1);
    const head = last === undefined ? '' : `; the newest has the SHA-256 ${last.sha256}`;
    io.err(`${records.length} record${records.length === 1 ? '' : 's'}, none missing or changed${head}`);
    return EXIT.done;
  },
});
