// `cfl tool`: the verifier file that the registrar signed, fetched, verified and written.

import { join, resolve } from 'node:path';
import { command, JSON_OPTION } from './command.ts';
import { EXIT } from './refusal.ts';
import { HOME_OPTION, homeOf, withLibrary } from './session.ts';

export const tool = command({
  name: 'tool',
  does: 'Fetches the newest verifier file, and prints its SHA-256',
  operands: [],
  options: {
    to: { type: 'string', value: 'DIR', does: 'the folder to write to; else the present one' },
    ...HOME_OPTION,
    ...JSON_OPTION,
  },
  examples: [
    {
      line: 'cfl tool --to tools',
      does: 'a file there that is not as signed is refused, not replaced: so a copy that was handed on is checked',
    },
    { line: 'cfl tool --json', does: 'the same for a program' },
  ],
  run: (_, values, io) =>
    withLibrary({ io, home: homeOf(values, io) }, async ({ library }) => {
      const { folder, readVerifier, saveVerifier } = await import('../library/index.ts');
      const to = values.to ?? '.';
      const { path, version, octets } = await readVerifier(library);
      const { name, sha256 } = await saveVerifier(folder(resolve(to)), path, octets);
      const file = join(to, name);
      io.progress(undefined);
      if (values.json === true) io.out(JSON.stringify({ format: 'cfl/tool/1', version, path, file, sha256 }));
      else io.out(`${sha256}  ${file}`);
      return EXIT.done;
    }),
});
