// `cfl-repo tool add`: plans the publication of a verifier file.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { command } from '@cfl/client/cli';
import { planTool } from '../ceremony/tool.ts';
import { ChangeError } from '../change/errors.ts';
import { loadState } from '../deploy/index.ts';
import { AT_OPTION, deskAt, planned } from './desk.ts';

export const toolAdd = command({
  name: 'tool add',
  does: 'Plans the publication of a verifier file; the registrar signs it, and nothing replaces it',
  operands: ['FILE'],
  options: AT_OPTION,
  examples: [
    {
      line: 'cfl-repo tool add site/dist-verifier/verify-0.1.0.html',
      does: 'suppliers get it with cfl tool, which verifies it',
    },
  ],
  async run([file], values, io) {
    const desk = deskAt(values.at, io);
    const published = await loadState(desk.place);
    const root = await desk.place.metadata.read('1.root.json');
    if (root === undefined)
      throw new ChangeError(
        'NO_LIBRARY',
        'Cannot publish a tool: the library has no 1.root.json',
        'Run it in the folder of the library, or name it: --at DIR',
      );
    const octets = new Uint8Array(await readFile(file));
    return planned(
      await planTool(basename(file), octets, { root, published }, io.now),
      published,
      desk,
      io.out,
    );
  },
});
