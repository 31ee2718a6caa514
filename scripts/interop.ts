// Do other implementations read the demo library from its first root alone, and refuse what was tampered with?
//
//   npm run interop
//
// python-tuf, go-tuf and tough each read an image and its statement over HTTP; then a changed image, and a timestamp
// that is older than one they have seen. sigstore-go verifies a bundle with the register's trusted_root.json. What is
// not on this machine and cannot be fetched is skipped, with the reason. Exit code 1 where one of them fails.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { processIo } from '@cfl/client/cli';
import { parseStatement, TRUSTED_ROOT_PATH } from '@cfl/client/firmware';
import { runDemo } from './demo/run.ts';
import { type Copies, type Copy, makeCopies } from './interop/copies.ts';
import {
  findGoTuf,
  findPythonTuf,
  findSigstoreGo,
  findTough,
  type Ran,
  type Skipped,
  type Tool,
} from './interop/tools.ts';

/** What is wrong; nothing where all is as it should be. */
type Fault = string | undefined;
type Check = readonly [what: string, judge: () => Promise<Fault>];

const io = processIo();
const base = resolve(import.meta.dirname, '..');

/** Refused for the reason that is wanted, and not because something else broke. */
function refused({ code, out, err }: Ran, reason: RegExp): Fault {
  if (code === 0) return `it took it: ${out.trim()}`;
  return reason.test(err) ? undefined : `it stopped for another reason: ${err.trim().slice(0, 300)}`;
}

function clientChecks(tool: Tool, copies: Copies, state: string): readonly Check[] {
  const { root, image, statement, honest, later, changed } = copies;
  const read = (from: Copy, home: string, ...paths: string[]) =>
    tool.run(from.metadata, from.targets, root, join(state, home), ...paths);
  return [
    [
      'reads an image and its statement from the first root',
      async () => {
        const { out, err } = await read(honest, 'fresh', image.path, statement.path);
        const wanted = [image, statement].map(({ sha256, path }) => `${sha256} ${path}`).join('\n');
        return out.trim() === wanted ? undefined : `found ${out.trim()}${err.trim().slice(0, 300)}`;
      },
    ],
    [
      'refuses an image that was changed',
      async () => refused(await read(changed, 'changed', image.path), /hash|digest|length/i),
    ],
    [
      'refuses a timestamp that is older than one it saw',
      async () => {
        const first = await read(later, 'back', statement.path);
        if (first.code !== 0) return `it does not read the later one: ${first.err.trim().slice(0, 300)}`;
        return refused(await read(honest, 'back', statement.path), /version|rollback|older/i);
      },
    ],
  ];
}

async function bundleChecks(tool: Tool, copies: Copies, state: string): Promise<readonly Check[]> {
  const place = (name: string) => join(state, name);
  const bundle = await copies.read(copies.statement.path);
  const text = new TextDecoder().decode(bundle);
  const payload = Buffer.from(JSON.parse(text).dsseEnvelope.payload, 'base64');
  const digest = parseStatement(payload).subject[0]?.digest.sha256 ?? '';
  const otherwise = Buffer.from(payload.toString('utf8').replace('"number":1', '"number":2')).toString(
    'base64',
  );
  await writeFile(place('trusted_root.json'), await copies.read(TRUSTED_ROOT_PATH));
  await writeFile(place('bundle.json'), bundle);
  await writeFile(place('changed.json'), text.replace(payload.toString('base64'), otherwise));
  const verify = (file: string, of: string) => tool.run(place('trusted_root.json'), place(file), of);
  return [
    [
      'verifies a statement with our trusted_root.json',
      async () => {
        const { out, err } = await verify('bundle.json', digest);
        return out.trim() === 'urn:cfl:firmware-release:v1' ? undefined : err.trim().slice(0, 300);
      },
    ],
    [
      'refuses a statement that was changed',
      async () => refused(await verify('changed.json', digest), /signature/i),
    ],
    [
      'refuses it for another image',
      async () => refused(await verify('bundle.json', 'ab'.repeat(32)), /digest|artifact/i),
    ],
  ];
}

async function judge(
  found: Tool | Skipped,
  checksOf: (tool: Tool, state: string) => Promise<readonly Check[]> | readonly Check[],
): Promise<number> {
  if ('skipped' in found) {
    io.out(`skipped  ${found.name}: ${found.skipped}`);
    return 0;
  }
  const state = await mkdtemp(join(tmpdir(), 'cfl-interop-state-'));
  let faults = 0;
  for (const [what, act] of await checksOf(found, state)) {
    const fault = await act();
    if (fault !== undefined) faults += 1;
    io.out(
      `${fault === undefined ? 'ok     ' : 'FAILED '}  ${found.name} ${what}${fault === undefined ? '' : `: ${fault}`}`,
    );
  }
  await rm(state, { recursive: true, force: true });
  return faults;
}

const made = await runDemo({ base, serve: false, image: undefined, port: 0 }, { ...io, out: io.err });
if (made !== 0) process.exit(made);
const copies = await makeCopies(base, io.now);
let faults = 0;
try {
  for (const find of [findPythonTuf, findGoTuf, findTough]) {
    io.progress('Looking for the next client');
    faults += await judge(await find(), (tool, state) => clientChecks(tool, copies, state));
  }
  faults += await judge(await findSigstoreGo(), (tool, state) => bundleChecks(tool, copies, state));
} finally {
  await copies.close();
}
process.exitCode = faults === 0 ? 0 : 1;
