// Can somebody else use what is published? Packed as npm packs it, installed into an empty project, checked by a strict
// compiler, and run under every Node at hand that it says it runs under.
//
// Over 5 s: the whole client is compiled.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it, test } from 'vitest';
import { NOW, TestLibrary, type Written } from '../library/fixture.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
const TSC = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** `CFL_NODE_22=PROGRAM`: the oldest Node that is promised. */
const NODES: readonly (readonly [string, string | undefined])[] = [
  ['the Node of this repository', process.execPath],
  ['Node 22', process.env['CFL_NODE_22']],
];

let project: string;
let library: Written;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'cfl-project-'));
  const dist = join(project, 'dist');
  await run(process.execPath, [join(root, 'scripts', 'pack.ts'), dist]);
  await run('npm', ['pack', '--silent', '--pack-destination', project], { cwd: dist });
  const modules = join(project, 'node_modules');
  const own = join(modules, '@cfl', 'client');
  await mkdir(own, { recursive: true });
  const tarball = (await readdir(project)).find((name) => name.endsWith('.tgz')) ?? '';
  await run('tar', ['-xzf', join(project, tarball), '--strip-components=1', '-C', own]);
  for (const name of ['@sigstore', 'age-encryption', 'csv-parse', '@types'])
    await symlink(join(root, 'node_modules', name), join(modules, name));
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  const made = await TestLibrary.make();
  await made.add();
  library = await made.write();
}, 120_000);

const PROGRAM = `
import { readFile } from 'node:fs/promises';
import { type CflErrorCode, isCflError, openReader, type ReaderEvent } from '@cfl/client';
import { decodeImage } from '@cfl/client/firmware';

const [folder = '', rootFile = '', now = ''] = process.argv.slice(2);
const steps: ReaderEvent['kind'][] = [];
const reader = await openReader({
  root: new Uint8Array(await readFile(rootFile)),
  repository: folder,
  now: new Date(now),
  onEvent: ({ kind }) => steps.push(kind),
});
const [release] = await reader.list();
const { about } = await reader.show(release?.release ?? '');
let code: CflErrorCode | undefined;
try {
  await reader.show('00000000');
} catch (error) {
  if (isCflError(error)) code = error.code;
}
reader.close();
console.log(JSON.stringify([about.party.name, code, steps.includes('step'), typeof decodeImage]));
`;

it('type-checks under strict TypeScript', { timeout: 60_000 }, async () => {
  const compilerOptions = {
    target: 'ES2023',
    module: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    types: ['node'],
    // age-encryption declares what a browser gives it
    lib: ['ES2024', 'DOM'],
    skipLibCheck: false,
    outDir: 'out',
  };
  await writeFile(join(project, 'main.ts'), PROGRAM);
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['main.ts'] }));
  const { stdout } = await run(process.execPath, [TSC, '-p', project]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});

test.each(NODES)('runs under %s', { timeout: 30_000 }, async (_name, node) => {
  if (node === undefined || !existsSync(node)) {
    if (process.env['CFL_REQUIRE_ALL'] === '1' && process.env['CFL_WITHOUT_NODE_22'] !== '1')
      throw new Error('CFL_NODE_22 names no Node 22');
    return console.log('skipped: CFL_NODE_22 names no Node 22');
  }
  const program = join(project, 'out', 'main.js');
  const { stdout } = await run(node, [program, library.folder, library.rootFile, NOW.toISOString()]);
  expect(JSON.parse(stdout)).toEqual(['Example Meters', 'UNKNOWN_RELEASE', true, 'function']);
  const cfl = join(project, 'node_modules', '@cfl', 'client', 'bin', 'cfl.js');
  expect((await run(node, [cfl, '--help'])).stdout).toContain('cfl fetch RELEASE');
});

it('holds no source, no test and no private mark', async () => {
  const own = join(project, 'node_modules', '@cfl', 'client');
  const names = await readdir(own, { recursive: true });
  const wrong = names.filter(
    (name) => /\.test\.|tsbuildinfo/.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts')),
  );
  expect(wrong).toEqual([]);
  const manifest = JSON.parse(await readFile(join(own, 'package.json'), 'utf8'));
  expect(manifest.private).toBeUndefined();
  expect(manifest.devDependencies).toBeUndefined();
  expect(manifest.engines.node).toBe('>=22.21.0');
});
