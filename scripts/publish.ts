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
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT, processIo, runProgram } from '@cfl/client/cli';
import { publishProgram } from '@cfl/repo-tools/cli';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    form: { type: 'string', default: 'release.json' },
    notes: { type: 'string', default: 'notes.md' },
    settings: { type: 'string', default: '.' },
    to: { type: 'string', default: 'submissions' },
    send: { type: 'string' },
  },
});

const io = processIo();

async function run(...argv: string[]): Promise<number> {
  return runProgram(publishProgram, [...argv, '--settings', values.settings], io);
}

/** Fields of the form go over those that were read from the image and the library; `image` stays. */
async function fillIn(work: string): Promise<void> {
  const read = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as object;
  const made = await read(join(work, 'release.json'));
  const { image, ...form } = { image: undefined, ...(await read(values.form)) };
  const filled = `${JSON.stringify({ ...made, ...form }, undefined, 2)}\n`;
  await writeFile(join(work, 'release.json'), filled);
  await copyFile(values.notes, join(work, 'notes.md'));
}

async function publish(image: string, work: string): Promise<number> {
  const begun = await run('new', resolve(image), '--to', work);
  if (begun !== EXIT.done) return begun;
  await fillIn(work);
  // Exit code 4: it would only wait for the CPL, or a person must look. submit tells the two apart
  const judged = await run('check', work);
  if (judged !== EXIT.done && judged !== EXIT.act) return judged;
  const send = values.send === undefined ? [] : ['--send', values.send];
  return run('submit', work, '--to', values.to, ...send);
}

if (positionals.length === 0) io.err('Cannot publish: no image is given');
process.exitCode = positionals.length === 0 ? EXIT.usage : EXIT.done;
for (const image of positionals) {
  const work = await mkdtemp(join(tmpdir(), `${basename(image)}-`));
  process.exitCode = (await publish(image, work)) || process.exitCode;
  await rm(work, { recursive: true });
}
