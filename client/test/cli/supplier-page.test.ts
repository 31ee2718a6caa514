// Does docs/supplier.md lead from nothing to a ready campaign? Every command on it is run, in order, by a shell.
//
// Over 5 s: each command is a process.

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, test } from 'vitest';
import { encodeCredential } from '../../src/access/index.ts';
import { cfl } from '../../src/cli/cfl.ts';
import { createKeyFile } from '../../src/keys/index.ts';
import { NOW, TestLibrary, type Written } from '../library/fixture.ts';

const page = await readFile(join(import.meta.dirname, '../../../docs/supplier.md'), 'utf8');
const AT = join(import.meta.dirname, 'at.ts');

interface Step {
  readonly line: string;
  readonly exit: number;
}

const steps: readonly Step[] = [...page.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  [...block.matchAll(/^\$ (.+)\n(?:\[exit (\d)\])?/gm)].map(([, line = '', exit = '0']) => ({
    line,
    exit: Number(exit),
  })),
);

let folder: string;
let place: Written;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cfl-page-'));
  const library = await TestLibrary.make();
  await library.add();
  place = await library.write();
  await createKeyFile(join(folder, 'firmware.pem'), '', { unencrypted: 'trial' });
  const rows = [
    'eui64,manufacturer,model,hardware_version,firmware_version,device_type',
    '00-DB-12-34-56-78-90-A0,FFF1,0A01,0102,01000201,ESME',
    'nonsense,FFF1,0A01,0102,01000203,ESME',
  ];
  await writeFile(join(folder, 'meters.csv'), rows.join('\n'));
});

function shell(line: string): Promise<{ readonly exit: number; readonly said: string }> {
  const filled = line.replace('https://library.example', place.folder).replace('9b41…e07c', place.rootSha256);
  const script = `cfl() { "$CFL_NODE" "$CFL_AT" "$CFL_NOW" "$@"; }\n${filled}`;
  const env = {
    ...process.env,
    CFL_NODE: process.execPath,
    CFL_AT: AT,
    CFL_NOW: NOW.toISOString(),
    CFL_HOME: join(folder, 'home'),
  };
  return new Promise((resolve) => {
    execFile('bash', ['--norc', '-c', script], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ exit: typeof error?.code === 'number' ? error.code : 0, said: `${stdout}${stderr}` }),
    );
  });
}

it('every command of the page does what it says', { timeout: 120_000 }, async () => {
  expect(steps.length).toBeGreaterThan(12);
  for (const { line, exit } of steps) {
    const found = await shell(line);
    expect({ line, exit: found.exit, said: found.said }).toMatchObject({ line, exit });
    // Meanwhile the registrar grants; in the test the supplier is one that has its grant already
    if (line === 'cfl keygen')
      await writeFile(
        join(folder, 'home', 'credential.age'),
        await encodeCredential(place.credential, { passphrase: undefined }),
      );
  }
  const left = await readdir(folder);
  expect(left).toEqual(
    expect.arrayContaining([
      'findings.csv',
      'firmware',
      'campaign',
      'report.html',
      'library.tar',
      'carried',
      'mirror',
    ]),
  );
  expect(await readdir(join(folder, 'campaign'))).toContain('campaign.json');
  expect((await readdir(join(folder, 'carried'))).sort()).toEqual(
    (await readdir(join(folder, 'firmware'))).sort(),
  );
});

test('every command of the program stands on it', () => {
  const named = new Set(steps.map(({ line }) => line.split(' ')[1]));
  // inspect is for any file, from wherever it comes; tool is for whoever has a browser and not this program
  const missing = cfl.commands.map(({ name }) => name).filter((name) => !named.has(name));
  expect(missing).toEqual(['inspect', 'tool']);
});
