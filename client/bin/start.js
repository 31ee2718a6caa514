// Does the Node that runs this suffice? If not, is a better one installed beside it?
//
// Plain JavaScript, so that an old Node can read it and say what is wrong. The programs themselves are
// TypeScript, which Node runs as it is from 24 on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST = '24.15';
const PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const PROGRAM = process.platform === 'win32' ? 'node.exe' : 'node';

/** Runs the module's `run`, under this Node or a better one that is installed beside the program. */
export async function start(program, module) {
  if (isRecent(process.versions.node)) {
    const { run } = await import(module.href);
    await run();
    return;
  }
  const node = nodeBeside(dirname(fileURLToPath(module)));
  if (node !== undefined && node !== process.execPath) {
    runUnder(node);
    return;
  }
  process.stderr.write(
    `Cannot run ${program} with Node "${process.versions.node}": expected Node ${OLDEST} or later\n` +
      'Install Node 24, or run "npm ci" in the folder of the project, which brings its own\n',
  );
  process.exitCode = 2;
}

function isRecent(version) {
  const [major, minor] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

function nodeBeside(folder) {
  const node = join(folder, 'node_modules', PACKAGE, 'bin', PROGRAM);
  if (existsSync(node)) return node;
  const parent = dirname(folder);
  return parent === folder ? undefined : nodeBeside(parent);
}

function runUnder(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both processes. The other signals reach only this one.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
