// `cfl bundle`: the library of this moment in one file, for whoever has no line to it.

import { encodeDate } from '../encoding/index.ts';
import { command, JSON_OPTION } from './command.ts';
import { grouped, progressBar } from './layout.ts';
import { EXIT } from './refusal.ts';
import { HOME_OPTION, homeOf, withLibrary } from './session.ts';

export const bundle = command({
  name: 'bundle',
  does: 'Writes the library of this moment into one file, to be carried by hand',
  operands: ['FILE', '[RELEASE...]'],
  options: { ...HOME_OPTION, ...JSON_OPTION },
  examples: [
    {
      line: 'cfl bundle library.tar 7d1a64c20e5b CPL-000412',
      does: 'all that is public of every release, and image and notes of these two, sealed as they are published',
    },
    { line: 'cfl bundle library.tar', does: 'with the images and notes of every release' },
    {
      line: 'cfl fetch 7d1a64c20e5b --bundle library.tar --to firmware',
      does: 'on the other machine: verified like the library itself, and says how old it is',
    },
  ],
  run: ([file, names], values, io) =>
    withLibrary({ io, home: homeOf(values, io) }, async ({ library }) => {
      const [{ growingFile, writeBundle }, { resolveRelease }, { minute }] = await Promise.all([
        import('../copy/index.ts'),
        import('../library/index.ts'),
        import('../tuf/index.ts'),
      ]);
      const releases = [];
      for (const name of names) releases.push((await resolveRelease(library, name)).release);
      const report = await writeBundle({
        library,
        releases,
        file: await growingFile(file),
        onProgress: (done, of) => io.progress(progressBar('Writing the bundle', done, of)),
      });
      io.progress(undefined);
      const { files, octets, goodUntil } = report;
      if (values.json === true)
        io.out(
          JSON.stringify({
            format: 'cfl/bundle-made/1',
            file,
            files,
            octets,
            releases,
            goodUntil: encodeDate(goodUntil),
          }),
        );
      else {
        io.out(file);
        io.err(`${grouped(files)} files, ${grouped(octets)} octets; to be used before ${minute(goodUntil)}`);
      }
      return EXIT.done;
    }),
});
