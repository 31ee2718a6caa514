// A fetch that is interrupted at any file operation: no partial file under a final name, and no image
// without its notes and evidence. The next run completes.

import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Files, folder } from '../../src/library/files.ts';
import {
  fileCache,
  Library,
  openAccess,
  openLibrary,
  openRepository,
  readRelease,
  resolveRelease,
  saveRelease,
  type VerifiedRelease,
} from '../../src/library/index.ts';

import { type MadeRelease, NOW, TestLibrary } from './fixture.ts';
import { Supplier } from './reader.ts';

interface Ready {
  readonly made: MadeRelease;
  readonly library: Library;
  readonly verified: VerifiedRelease;
}

async function ready(): Promise<Ready> {
  const published = await TestLibrary.make();
  const made = await published.add();
  const written = await published.write();
  const supplier = await Supplier.of(written);
  const { library } = await openLibrary({ home: supplier.home, now: NOW, wait: async () => {} });
  const verified = await readRelease(library, await resolveRelease(library, made.release), {
    withdrawn: 'refuse',
    access: () => openAccess(library, written.credential),
  });
  return { made, library, verified };
}

/** Fails at the given operation, and counts them. */
function failing(files: Files, at: number): Files & { count(): number } {
  let count = 0;
  const step = <T>(act: () => Promise<T>): Promise<T> =>
    ++count === at ? Promise.reject(new Error('no space left')) : act();
  return {
    count: () => count,
    read: (path) => step(() => files.read(path)),
    writeNew: (path, octets) => step(() => files.writeNew(path, octets)),
    replace: (path, octets) => step(() => files.replace(path, octets)),
    list: (path) => step(() => files.list(path)),
    remove: (path) => step(() => files.remove(path)),
  };
}

it('a fetch killed at any operation leaves whole files, the image last, and can be run again', async () => {
  const { made, library, verified } = await ready();
  const whole = failing(folder(await mkdtemp(join(tmpdir(), 'cfl-save-'))), 0);
  await saveRelease(whole, library, verified);
  expect(whole.count()).toBeGreaterThan(2);
  for (let at = 1; at <= whole.count(); at++) {
    const place = await mkdtemp(join(tmpdir(), 'cfl-save-'));
    await expect(saveRelease(failing(folder(place), at), library, verified)).rejects.toThrow('no space left');
    const left = await readdir(place);
    expect(left.filter((name) => name.endsWith('.zigbee'))).toEqual([]);
    for (const name of left.filter((one) => one.endsWith('.notes.md')))
      expect(new Uint8Array(await readFile(join(place, name)))).toEqual(made.notes);
    const names = await saveRelease(folder(place), library, verified);
    expect(new Uint8Array(await readFile(join(place, names.image)))).toEqual(made.octets);
    expect(await readdir(place)).toHaveLength(3);
  }
  console.log(`fetch: interrupted at each of ${whole.count()} file operations`);
});

it('an image that appears in between is not replaced', async () => {
  const { library, verified } = await ready();
  const place = folder(await mkdtemp(join(tmpdir(), 'cfl-save-')));
  const racing: Files = {
    ...place,
    read: (path) => place.read(path),
    replace: (path, octets) => place.replace(path, octets),
    writeNew: async (path, octets) => {
      await place.replace(path, new TextEncoder().encode('somebody else’s'));
      return place.writeNew(path, octets);
    },
  };
  await expect(saveRelease(racing, library, verified)).rejects.toMatchObject({ code: 'OTHER_FILE_THERE' });
  expect(new TextDecoder().decode(await place.read(verified.fileName))).toBe('somebody else’s');
});

it('a file system without links, such as a memory stick, serves too', async () => {
  const { made, library, verified } = await ready();
  const place = folder(await mkdtemp(join(tmpdir(), 'cfl-save-')));
  const stick: Files = {
    ...failing(place, 0),
    writeNew: () =>
      Promise.reject(Object.assign(new Error('EPERM: link'), { code: 'EPERM', syscall: 'link' })),
  };
  const names = await saveRelease(stick, library, verified);
  expect(new Uint8Array((await place.read(names.image)) ?? [])).toEqual(made.octets);
  await place.replace(names.image, new Uint8Array([1]));
  await expect(saveRelease(stick, library, verified)).rejects.toMatchObject({ code: 'OTHER_FILE_THERE' });
});

it('killed at any operation on what it remembers, a reader goes on the next time, and forgets no version', {
  timeout: 60_000,
}, async () => {
  const published = await TestLibrary.make();
  const made = await published.add();
  const written = await published.write();
  const root = new Uint8Array(await readFile(written.rootFile));
  const repository = openRepository(written.folder, { wait: async () => {} });
  const read = async (place: string, at: number) => {
    const files = failing(folder(place), at);
    const library = new Library({ root, repository, cache: fileCache(files), now: NOW });
    try {
      await readRelease(library, await resolveRelease(library, made.release), {
        withdrawn: 'refuse',
        access: () => openAccess(library, written.credential),
      });
    } finally {
      done = files.count();
    }
  };
  let done = 0;
  await read(await mkdtemp(join(tmpdir(), 'cfl-cache-')), 0);
  const count = done;
  expect(count).toBeGreaterThan(20);
  for (let at = 1; at <= count; at++) {
    const place = await mkdtemp(join(tmpdir(), 'cfl-cache-'));
    await expect(read(place, at)).rejects.toThrow('no space left');
    await read(place, 0);
    const floors = JSON.parse(await readFile(join(place, 'state', 'floors.json'), 'utf8'));
    expect(floors.body).toMatchObject({ root: 1, timestamp: 1, snapshot: 1 });
  }
  console.log(`reading: interrupted at each of ${count} operations of its cache`);
});
