// What is published of the client? Its sources compiled for plain Node, in client/dist: `npm run pack` makes it, and
// `npm publish client/dist` would send it. Inside of the repository nothing is compiled.
//
//   node scripts/pack.ts [DIR]   DIR instead of client/dist

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The oldest Node whose http agents take proxies from the environment. */
const OLDEST = { major: 22, minor: 21 };

const root = resolve(import.meta.dirname, '..');
const client = join(root, 'client');
const to = resolve(process.argv[2] ?? join(client, 'dist'));

rmSync(to, { recursive: true, force: true });
mkdirSync(to, { recursive: true });
compile();
for (const name of readdirSync(join(to, 'src'), { recursive: true, encoding: 'utf8' }))
  if (name.endsWith('.d.ts')) rewrite(join(to, 'src', name), withJsNames);
cpSync(join(client, 'bin'), join(to, 'bin'), { recursive: true });
rewrite(join(to, 'bin', 'cfl.js'), (text) => replaced(text, '/main.ts', '/main.js'));
rewrite(join(to, 'bin', 'start.js'), (text) =>
  replaced(
    replaced(text, /const OLDEST = '[\d.]+';/, `const OLDEST = '${OLDEST.major}.${OLDEST.minor}';`),
    'Install Node 24, or run "npm ci" in the folder of the project, which brings its own',
    `Install Node ${OLDEST.major} or later`,
  ),
);
cpSync(join(root, 'LICENSE'), join(to, 'LICENSE'));
cpSync(join(root, 'docs', 'library-for-programs.md'), join(to, 'README.md'));
writeFileSync(join(to, 'package.json'), `${JSON.stringify(manifest(), undefined, 2)}\n`);

function compile(): void {
  const project = join(client, 'tsconfig.build.json');
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project, '--outDir', join(to, 'src')],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (status !== 0) throw new Error('The client does not compile');
}

interface Manifest {
  readonly exports: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

/** The workspace's own, with the compiled files in it. */
function manifest(): object {
  const text = readFileSync(join(client, 'package.json'), 'utf8');
  const { private: _private, devDependencies: _dev, exports: paths, ...rest } = JSON.parse(text) as Manifest;
  const compiled = Object.entries(paths).map(([name, path]) => [
    name,
    path.endsWith('.ts')
      ? { types: path.replace(/\.ts$/, '.d.ts'), default: path.replace(/\.ts$/, '.js') }
      : path,
  ]);
  return {
    ...rest,
    engines: { node: `>=${OLDEST.major}.${OLDEST.minor}.0` },
    exports: Object.fromEntries(compiled),
    files: ['bin', 'src'],
  };
}

/** The compiler leaves the names in declarations as they are. */
function withJsNames(text: string): string {
  return text.replace(/((?:from|import)\s*\(?\s*'\.{1,2}\/[^']*)\.ts'/g, "$1.js'");
}

function rewrite(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

function replaced(text: string, what: string | RegExp, by: string): string {
  const changed = text.replace(what, by);
  if (changed === text) throw new Error(`Cannot find ${what} in what is published`);
  return changed;
}
