// A manufacturer's build ends here: an image becomes a signed submission, and goes to the library. Copy it into your
// build, and change what is yours.
//
//   npm run publish -- build/meter.ota --form firmware/release.json --notes firmware/notes.md \
//       --settings firmware --send github:example/library-inbox
//
// `firmware` holds publish.json, which cfl-publish init wrote. The form says what an image cannot tell (class,
// upgradesFrom, contact, …): its fields take the place of those that cfl-publish new marks "…". Nobody is asked:
// secrets come from CFL_PASSPHRASE_FILE, CFL_PIN_FILE and CFL_GITHUB_TOKEN_FILE. Exit code 0: sent; 4: written, but more
// signatures are needed; any other: nothing was sent, and the lines before say why.

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT, type Io, processIo, runProgram } from '@cfl/client/cli';
import { publishProgram } from '@cfl/repo-tools/cli';

const options = {
  form: { type: 'string', default: 'release.json' },
  notes: { type: 'string', default: 'notes.md' },
  settings: { type: 'string', default: '.' },
  to: { type: 'string', default: 'submissions' },
  send: { type: 'string' },
} as const;

/** Returns the exit code: of the first image that did not go through. */
export async function publish(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const run = (...argv: string[]) => runProgram(publishProgram, [...argv, '--settings', values.settings], io);
  const send = values.send === undefined ? [] : ['--send', values.send];

  async function publishOne(image: string, work: string): Promise<number> {
    const begun = await run('new', resolve(image), '--to', work);
    if (begun !== EXIT.done) return begun;
    await fillIn(work, values.form);
    await copyFile(values.notes, join(work, 'notes.md'));
    // Exit code 4: it would only wait for the CPL, or a person must look. submit tells the two apart
    const judged = await run('check', work);
    if (judged !== EXIT.done && judged !== EXIT.act) return judged;
    return run('submit', work, '--to', values.to, ...send);
  }

  for (const image of positionals) {
    const work = await mkdtemp(join(tmpdir(), 'cfl-release-'));
    const exit = await publishOne(image, work);
    await rm(work, { recursive: true });
    if (exit !== EXIT.done) return exit;
  }
  if (positionals.length === 0) io.err('Cannot publish: no image is given');
  return positionals.length === 0 ? EXIT.usage : EXIT.done;
}

/** Fields of the form go over those that were read from the image and the library; `image` stays. */
async function fillIn(work: string, form: string): Promise<void> {
  const read = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as object;
  const { image, ...fields } = { image: undefined, ...(await read(form)) };
  const filled = { ...(await read(join(work, 'release.json'))), ...fields };
  await writeFile(join(work, 'release.json'), `${JSON.stringify(filled, undefined, 2)}\n`);
}

if (import.meta.main) process.exitCode = await publish(process.argv.slice(2), processIo());
