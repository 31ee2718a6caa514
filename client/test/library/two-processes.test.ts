// Two processes on one folder: real ones, started together, again and again, while the library moves on. What is kept is
// whole afterwards, and nothing that one of them trusted is forgotten.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, test } from 'vitest';
import { folder } from '../../src/library/files.ts';
import { memoryCache } from '../../src/library/index.ts';
import { folderRepository } from '../../src/library/repository.ts';
import { Client, FLOORS_FILE } from '../../src/tuf/index.ts';
import { NOW, TestLibrary } from './fixture.ts';
import { Supplier } from './reader.ts';

const run = promisify(execFile);
const CHILD = join(import.meta.dirname, 'child.ts');

it('processes that share a home disturb each other in nothing', { timeout: 60_000 }, async () => {
  const library = await TestLibrary.make();
  const one = await library.add();
  const place = await library.write();
  const supplier = await Supplier.of(place);
  for (let round = 0; round < 3; round++) {
    const children = Array.from({ length: 4 }, (_, i) =>
      run(process.execPath, [
        CHILD,
        supplier.home,
        NOW.toISOString(),
        one.release,
        join(supplier.to, String(i % 2)),
      ]),
    );
    const said = await Promise.all(children);
    for (const { stdout, stderr } of said) expect({ stdout, stderr }).toEqual({ stdout: '0', stderr: '' });
    await library.write(place.folder);
  }
  const { exit, out } = await supplier.run('refresh', '--json');
  expect({ exit, ...JSON.parse(out.join()) }).toMatchObject({ exit: 0, timestamp: 4, snapshot: 4 });
  for (const i of ['0', '1'])
    expect(await supplier.run('verify', join(supplier.to, i))).toMatchObject({ exit: 0 });
  expect([...(await supplier.memory()).keys()].filter((name) => name.includes('.tmp-'))).toEqual([]);
});

test('a slow process does not take back the versions that a faster one trusted', async () => {
  const library = await TestLibrary.make();
  await library.add();
  const place = await library.write();
  const root = new Uint8Array(await readFile(place.rootFile));
  const files = () =>
    folderRepository(folder(join(place.folder, 'metadata')), folder(join(place.folder, 'targets')));
  const shared = memoryCache();
  const base = { root, cache: shared, now: NOW };
  // The slow one has read timestamp 1, and is held up before it reads the snapshot
  let goOn: () => void = () => {};
  let isThere: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const there = new Promise<void>((resolve) => {
    isThere = resolve;
  });
  const slow = new Client({
    ...base,
    repository: {
      ...files(),
      async metadata(file, limit) {
        if (file === '1.snapshot.json') {
          isThere();
          await held;
        }
        return files().metadata(file, limit);
      },
    },
  });
  const slowly = slow.refresh();
  await there;
  await library.write(place.folder);
  await new Client({ ...base, repository: files() }).refresh();
  goOn();
  await slowly;
  const floors = JSON.parse(new TextDecoder().decode(await shared.read(FLOORS_FILE)));
  expect(floors.body).toMatchObject({ timestamp: 2, snapshot: 2 });
});
