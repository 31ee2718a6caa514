// A withdrawal is never forgotten by a reader that saw it, whatever the library says later.

import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WITHDRAWN_PATH, withdrawnFile } from '../../src/firmware/index.ts';
import { type MadeRelease, TestLibrary, type Written } from './fixture.ts';
import { Supplier } from './reader.ts';

interface Seen {
  readonly library: TestLibrary;
  readonly made: MadeRelease;
  readonly place: Written;
  /** Has listed the library after the withdrawal. */
  readonly supplier: Supplier;
}

async function seen(): Promise<Seen> {
  const library = await TestLibrary.make();
  const made = await library.add();
  library.withdraw(made.release);
  const place = await library.write();
  const supplier = await Supplier.of(place);
  expect((await supplier.run('list')).out.join('\n')).toContain('withdrawn');
  return { library, made, place, supplier };
}

/** A library whose gate, fully signed, no longer lists what it listed. */
async function forgetting(library: TestLibrary): Promise<void> {
  for (const path of library.listed.get('gate')?.keys() ?? [])
    if (path.startsWith('withdrawn/')) library.leaveOut.add(path);
}

test('what stays withdrawn is shown with its reason at every later version', async () => {
  const { library, made, place, supplier } = await seen();
  await library.write(place.folder);
  const { exit, err } = await supplier.fetch(made.release);
  expect(exit).toBe(1);
  expect(err.slice(-2)).toEqual([
    `Cannot fetch ${made.release.slice(0, 12)}: withdrawn on 2026-10-14 by Example Meters, "battery drain"`,
    'Nothing replaces it yet. To fetch it all the same: --withdrawn',
  ]);
  expect((await supplier.run('refresh')).exit).toBe(0);
});

test('a library in which a withdrawal vanished is refused, whatever is asked of it', async () => {
  const { library, made, place, supplier } = await seen();
  await forgetting(library);
  await library.write(place.folder);
  for (const line of [
    ['list'],
    ['refresh'],
    ['show', made.release],
    ['fetch', made.release, '--withdrawn'],
  ]) {
    const { exit, out, err } = await supplier.run(...line);
    expect({ line, exit, out }).toEqual({ line, exit: 1, out: [] });
    expect(err.slice(-2)).toEqual([
      `Cannot use this library: the withdrawal of ${made.release.slice(0, 12)} was seen before, and this library no longer lists it`,
      'A withdrawal is never taken back. Do not use this library; tell the operator and the Panel',
    ]);
  }
  expect(JSON.parse((await supplier.run('list', '--json')).out.join())).toMatchObject({
    format: 'cfl/error/1',
    code: 'WITHDRAWAL_VANISHED',
    found: 'nothing',
  });
  // Whoever has never seen it cannot know
  expect((await (await Supplier.of(place)).run('list')).exit).toBe(0);
});

test('a withdrawal that says something else now is refused', async () => {
  const { library, made, place, supplier } = await seen();
  library.withdraw(made.release, { reason: 'nothing to worry about' });
  await library.write(place.folder);
  const { exit, err } = await supplier.run('list');
  expect(exit).toBe(1);
  expect(err.at(-2)).toMatch(/was seen before, and it says something else now$/);
});

test('what was seen is kept outside of the cache, and a damaged memory stops the reader', async () => {
  const { library, place, supplier } = await seen();
  const home = await mkdtemp(join(tmpdir(), 'cfl-home-'));
  for (const file of ['library.json', 'root.json', 'withdrawn.json'])
    await cp(join(supplier.home, file), join(home, file));
  await forgetting(library);
  await library.write(place.folder);
  expect((await supplier.run('list', '--home', home)).err.at(-2)).toMatch(/was seen before/);

  await writeFile(join(home, 'withdrawn.json'), '{}');
  const { exit, err } = await supplier.run('list', '--home', home);
  expect(exit).toBe(1);
  expect(err.at(-2)).toMatch(/^Cannot read "withdrawn.json", the withdrawals seen so far/);
});

test('several withdrawals are remembered, each once', async () => {
  const { library, place, supplier } = await seen();
  const other = await library.add({ body: 'other' });
  library.withdraw(other.release, { kind: 'panel', by: 'the Panel' });
  await library.write(place.folder);
  await supplier.run('list');
  await supplier.run('list');
  const kept = JSON.parse(await readFile(join(supplier.home, 'withdrawn.json'), 'utf8'));
  expect(kept.withdrawals).toHaveLength(2);
});

test('a release that the registrar repeated is withdrawn, where the file of the gate is hidden', async () => {
  const library = await TestLibrary.make();
  const made = await library.add();
  const other = await library.add({ body: 'other' });
  library.put(
    WITHDRAWN_PATH,
    withdrawnFile.encode({
      format: 'cfl/withdrawn/1',
      withdrawals: [
        {
          release: made.release,
          by: 'the Panel',
          kind: 'panel',
          reason: 'battery drain',
          date: '2026-10-14T09:00:00Z',
        },
      ],
    }),
  );
  const supplier = await Supplier.of(await library.write());
  expect((await supplier.fetch(other.release)).exit).toBe(0);
  const { exit, err } = await supplier.fetch(made.release);
  expect([exit, err.at(-2)]).toEqual([
    1,
    `Cannot fetch ${made.release.slice(0, 12)}: withdrawn on 2026-10-14 by the Panel, "battery drain"`,
  ]);
});
