// Progress: a bar on a terminal, nothing in a pipe.

import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, test } from 'vitest';
import { cfl } from '../../src/cli/cfl.ts';
import { memoryIo, runProgram } from '../../src/cli/index.ts';
import { progressBar } from '../../src/cli/layout.ts';
import { NOW, TestLibrary } from '../library/fixture.ts';
import { Supplier } from '../library/reader.ts';
import { serve } from '../library/server.ts';

const run = promisify(execFile);

test.each([
  [0, 100, 'Copying  ------------------------  0 %'],
  [33, 100, 'Copying  ########----------------  33 %'],
  [999, 1000, 'Copying  ########################  99 %'],
  [100, 100, 'Copying  ########################  100 %'],
  [200, 100, 'Copying  ########################  100 %'],
  [0, 0, 'Copying  ########################  100 %'],
])('%i of %i', (done, of, bar) => {
  expect(progressBar('Copying', done, of)).toBe(bar);
});

it('shows how far image, mirror and bundle are, and takes the bar away at the end', async () => {
  const library = await TestLibrary.make();
  const one = await library.add({ body: 'x'.repeat(300_000) });
  const place = await library.write();
  const server = await serve(place.folder);
  const supplier = await Supplier.of(place, place.credential, server.url);
  const to = await mkdtemp(join(tmpdir(), 'cfl-progress-'));
  const shown = async (...argv: string[]) => {
    const bars: (string | undefined)[] = [];
    const io = memoryIo({ env: { CFL_HOME: supplier.home }, now: NOW });
    const exit = await runProgram(cfl, argv, { ...io, progress: (text) => void bars.push(text) });
    expect(exit, io.stderr.join('\n')).toBe(0);
    expect(bars.at(-1)).toBeUndefined();
    return bars.join('\n');
  };
  expect(await shown('fetch', one.release, '--to', join(to, 'firmware'))).toMatch(
    /Fetching the image {2}#+-* {2}\d+ %/,
  );
  expect(await shown('mirror', join(to, 'mirror'))).toMatch(/Copying {2}#+-* {2}\d+ %/);
  expect(await shown('bundle', join(to, 'library.tar'))).toMatch(/Writing the bundle {2}#+-* {2}\d+ %/);
  await server.close();

  const at = join(import.meta.dirname, 'at.ts');
  const argv = [at, NOW.toISOString(), 'mirror', join(to, 'again'), '--home', supplier.home];
  await supplier.run('init', place.folder, '--root', place.rootFile);
  const { stdout, stderr } = await run(process.execPath, argv);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^Snapshot 1, history whole, [^\n]+\n$/);
});
