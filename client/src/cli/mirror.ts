// `cfl mirror`: a verified copy with history, brought up to date.

import { join, resolve } from 'node:path';
import { encodeDate } from '../encoding/index.ts';
import { command, JSON_OPTION } from './command.ts';
import { grouped, progressBar } from './layout.ts';
import { EXIT } from './refusal.ts';
import { HOME_OPTION, homeOf, withLibrary } from './session.ts';

export const mirror = command({
  name: 'mirror',
  does: 'Copies the library with its history, verified, and then what is new in it',
  operands: ['DIR'],
  options: { ...HOME_OPTION, ...JSON_OPTION },
  examples: [
    {
      line: 'cfl mirror /srv/library',
      does: 'from a scheduler, each day: what is there already is not fetched again; silent when nothing is new',
    },
    {
      line: 'cfl init /srv/library --root root.json --home elsewhere',
      does: 'the copy serves like the library itself, from a web server or as a folder',
    },
  ],
  run: ([dir], values, io) =>
    withLibrary({ io, home: homeOf(values, io) }, async ({ library, repository }) => {
      const [{ mirror: copy }, { folder }] = await Promise.all([
        import('../copy/index.ts'),
        import('../library/index.ts'),
      ]);
      const place = resolve(dir);
      const report = await copy({
        library,
        repository,
        place: {
          metadata: folder(join(place, 'metadata')),
          targets: folder(join(place, 'targets')),
          state: folder(join(place, 'state')),
        },
        onProgress: ({ what, done, of }) =>
          io.progress(progressBar(what === 'present' ? 'Copying' : 'Copying the history', done, of)),
      });
      io.progress(undefined);
      const { goodUntil, ...counts } = report;
      if (values.json === true)
        io.out(JSON.stringify({ format: 'cfl/mirror/1', ...counts, goodUntil: encodeDate(goodUntil) }));
      else if (report.files > 0) {
        const from = report.oldest === 1 ? 'history whole' : `history from snapshot ${report.oldest} on`;
        io.err(
          `Snapshot ${report.snapshot}, ${from}, ${grouped(report.decisions)} decisions: ${grouped(report.files)} new files, ${grouped(report.octets)} octets`,
        );
      }
      return EXIT.done;
    }),
});
