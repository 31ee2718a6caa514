// The verifier file as `cfl tool` hands it over: the newest, as the registrar signed it, or none at all.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { consistentName, parseTargetPath } from '../../src/tuf/index.ts';
import { digestOf, TestLibrary } from './fixture.ts';
import { Supplier } from './reader.ts';

const octetsOf = (text: string) => new TextEncoder().encode(`<!DOCTYPE html>${text}`);

async function scene(...versions: string[]) {
  const library = await TestLibrary.make();
  await library.add();
  for (const version of versions) library.put(`tools/verify-${version}.html`, octetsOf(version));
  const written = await library.write();
  return { library, written, supplier: await Supplier.of(written) };
}

it('writes the newest, by numbers and not by letters, and prints its SHA-256', async () => {
  const { supplier } = await scene('0.9.0', '0.10.0', '0.2.11');
  const { exit, out } = await supplier.run('tool', '--to', supplier.to);
  const path = join(supplier.to, 'verify-0.10.0.html');
  expect({ exit, out }).toEqual({ exit: 0, out: [`${digestOf(octetsOf('0.10.0'))}  ${path}`] });
  expect(new Uint8Array(await readFile(path))).toEqual(octetsOf('0.10.0'));
  const again = await supplier.run('tool', '--to', supplier.to, '--json');
  expect(again.exit).toBe(0);
  expect(JSON.parse(again.out.join())).toMatchObject({ format: 'cfl/tool/1', version: '0.10.0' });
});

it('refuses a copy that was handed on and is not as signed, and leaves it as it is', async () => {
  const { supplier } = await scene('0.1.0');
  const path = join(supplier.to, 'verify-0.1.0.html');
  await mkdir(supplier.to, { recursive: true });
  await writeFile(path, octetsOf('another'));
  const { exit, out, err } = await supplier.run('tool', '--to', supplier.to);
  expect({ exit, out }).toEqual({ exit: 1, out: [] });
  expect(err.join('\n')).toMatch(
    /Cannot write "verify-0\.1\.0\.html": a file of this name is there with the SHA-256/,
  );
  expect(new Uint8Array(await readFile(path))).toEqual(octetsOf('another'));
});

it('refuses a file that was changed where it is published, and writes nothing', async () => {
  const { supplier, written } = await scene('0.1.0');
  const name = consistentName(parseTargetPath('tools/verify-0.1.0.html'), digestOf(octetsOf('0.1.0')));
  await writeFile(join(written.folder, 'targets', name), octetsOf('0.1.1'));
  const { exit, err } = await supplier.run('tool', '--to', supplier.to);
  expect(exit).toBe(1);
  expect(err.join('\n')).toMatch(/verify-0\.1\.0\.html: its sha256 is/);
  expect(await supplier.files()).toEqual([]);
});

it('says so where there is none', async () => {
  const { supplier } = await scene();
  const { exit, err } = await supplier.run('tool', '--to', supplier.to);
  expect(exit).toBe(1);
  expect(err[0]).toContain('Cannot get the verifier file: the library has none');
});
