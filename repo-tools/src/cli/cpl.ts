// The Central Products List: `cpl import`.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { command, EXIT } from '@cfl/client/cli';
import { recordChange } from '../audit/change.ts';
import { importCpl } from '../cpl/index.ts';
import { loadState, presentOf } from '../deploy/index.ts';
import { withLock } from '../deploy/lock.ts';
import { AT_OPTION, deskAt, keepChange, stillNeeded } from './desk.ts';

export const cplImport = command({
  name: 'cpl import',
  does: "Plans a new snapshot of the Central Products List from the Panel's CSV file",
  operands: ['FILE'],
  options: {
    ...AT_OPTION,
    date: {
      type: 'string',
      value: 'DATE',
      does: 'day of the list, where the name of the file does not say it',
    },
    mapping: { type: 'string', value: 'FILE', does: 'JSON: our names of the columns to those of the file' },
    'skip-rows': { type: 'string', value: 'ROWS', does: 'leave these rows out, such as 17,23' },
  },
  examples: [
    {
      line: 'cfl-repo cpl import cpl-2026-11-18.csv',
      does: 'says what changes and what follows, and plans the change for the Panel to sign',
    },
    {
      line: 'cfl-repo cpl import list.csv --date 2026-11-18 --mapping columns.json',
      does: 'for a file with other headers',
    },
  ],
  async run([file], values, io) {
    const desk = deskAt(values.at, io);
    const published = await loadState(desk.place);
    const { change, warnings } = await importCpl({
      published,
      name: basename(file),
      octets: await readFile(file),
      now: io.now,
      ...(values.mapping === undefined
        ? {}
        : { mapping: { name: basename(values.mapping), octets: await readFile(values.mapping) } }),
      ...(values['skip-rows'] === undefined ? {} : { skipRows: values['skip-rows'] }),
      ...(values.date === undefined ? {} : { date: values.date }),
    });
    for (const line of warnings) io.err(line);
    for (const line of change.words) io.out(line);
    await withLock(desk.place.private, io.now, () =>
      recordChange('imported', change, { place: desk.place, published, now: io.now }),
    );
    const place = await keepChange(desk, change);
    io.out(
      `Wrote change "${change.title}" to ${place}; it needs: ${await stillNeeded(change, presentOf(published))}`,
    );
    return EXIT.act;
  },
});
