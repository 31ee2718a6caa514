// Which other clients are there on this machine, or can be had? Each is found, fetched or built, or it is said why not.
//
// What is built lies in `node_modules/.cache/cfl-interop`, and is used again.

import { execFile } from 'node:child_process';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const HERE = import.meta.dirname;
const CACHE = resolve(HERE, '../../node_modules/.cache/cfl-interop');
/** Versions that are fetched; docs/interop.md says which were tried. */
const PYTHON_TUF = 'tuf==7.0.0';
/** Without it python-tuf verifies Ed25519 alone. */
const PYTHON_CRYPTO = 'securesystemslib[crypto]';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Tool {
  readonly name: string;
  run(...args: readonly string[]): Promise<Ran>;
}

export interface Skipped {
  readonly name: string;
  readonly skipped: string;
}

interface Running {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly minutes?: number;
}

function run(
  program: string,
  args: readonly string[],
  { cwd, env = {}, minutes = 2 }: Running = {},
): Promise<Ran> {
  const options = { cwd, env: { ...process.env, ...env }, timeout: minutes * 60_000, maxBuffer: 1 << 26 };
  return new Promise((done) => {
    execFile(program, [...args], options, (error, out, err) =>
      done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err }),
    );
  });
}

function tool(name: string, program: string, ...first: readonly string[]): Tool {
  return { name, run: (...args) => run(program, [...first, ...args]) };
}

/** The last line says most about it. */
function because(reason: string, { err, out }: Ran): string {
  const last = `${out}\n${err}`.trim().split('\n').at(-1) ?? '';
  return last === '' ? reason : `${reason}: ${last.slice(0, 160)}`;
}

export async function findPythonTuf(): Promise<Tool | Skipped> {
  const name = 'python-tuf';
  const script = join(HERE, 'python_tuf.py');
  const [own, made] = ['python3', join(CACHE, 'python', 'bin', 'python3')];
  for (const program of [own, made]) {
    const found = await run(program, ['-c', 'import cryptography, tuf.ngclient; print(tuf.__version__)']);
    if (found.code === 0) return tool(`${name} ${found.out.trim()}`, program, script);
  }
  if ((await run(own, ['--version'])).code !== 0) return { name, skipped: 'python3 is not there' };
  const venv = await run(own, ['-m', 'venv', join(CACHE, 'python')]);
  if (venv.code !== 0) return { name, skipped: because('python3 makes no venv', venv) };
  const fetched = await run(made, ['-m', 'pip', 'install', '--quiet', PYTHON_TUF, PYTHON_CRYPTO], {
    minutes: 5,
  });
  if (fetched.code !== 0) return { name, skipped: because('pip could not fetch it', fetched) };
  return tool(PYTHON_TUF.replace('tuf==', `${name} `), made, script);
}

export function findGoTuf(): Promise<Tool | Skipped> {
  return findGo('go', './tuf', 'github.com/theupdateframework/go-tuf/v2');
}

export function findSigstoreGo(): Promise<Tool | Skipped> {
  return findGo('go-sigstore', '.', 'github.com/sigstore/sigstore-go');
}

async function findGo(folder: string, main: string, module: string): Promise<Tool | Skipped> {
  const name = module.split('/')[2] ?? module;
  const at = { cwd: join(HERE, folder), minutes: 10 };
  const go = (await run('go', ['version'])).code === 0 ? 'go' : '/usr/local/go/bin/go';
  if ((await run(go, ['version'])).code !== 0) return { name, skipped: 'go is not there' };
  const fetched = await run(go, ['mod', 'download'], at);
  if (fetched.code !== 0) return { name, skipped: because('its modules could not be fetched', fetched) };
  const program = join(CACHE, folder);
  const built = await run(go, ['build', '-o', program, main], at);
  if (built.code !== 0) return { name, skipped: because('it could not be built', built) };
  const { out } = await run(go, ['list', '-m', '-f', '{{.Version}}', module], at);
  return tool(`${name} ${out.trim()}`, program);
}

/** Built in a folder of its own, so that nothing is written into the tree. */
export async function findTough(): Promise<Tool | Skipped> {
  const name = 'tough';
  if ((await run('cargo', ['--version'])).code !== 0) return { name, skipped: 'cargo is not there' };
  const at = join(CACHE, 'rust');
  await mkdir(at, { recursive: true });
  await rm(join(at, 'src'), { recursive: true, force: true });
  await cp(join(HERE, 'rust'), at, { recursive: true });
  const fetched = await run('cargo', ['fetch', '--quiet'], { cwd: at, minutes: 5 });
  if (fetched.code !== 0) return { name, skipped: because('its crates could not be fetched', fetched) };
  const built = await run('cargo', ['build', '--quiet', '--offline'], { cwd: at, minutes: 20 });
  if (built.code !== 0) return { name, skipped: because('it could not be built', built) };
  const { out } = await run('cargo', ['pkgid', '--quiet', 'tough'], { cwd: at });
  return tool(
    `${name} ${/[@#](?:tough@)?([\d.]+)\s*$/.exec(out)?.[1] ?? ''}`.trim(),
    join(at, 'target', 'debug', 'interop'),
  );
}
