// What a killed process leaves half-written in the folders is nobody's: it is not read, not listed, and in
// nobody's way.

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { foundLibrary, state } from '../fixture.ts';
import { apply, listing, octets, readWhole } from './scene.ts';

it('temporary files of a crash do not disturb the next publication, nor a reader', async () => {
  const { base, place, signers, online } = await foundLibrary();
  const half = ['metadata/.tmp-a', 'targets/register/.tmp-b', 'private/.tmp-c', 'private/changes/1/.tmp-d'];
  await mkdir(join(base, 'private/changes/1'), { recursive: true });
  for (const path of half) await writeFile(join(base, path), '{"signed":{');

  const note = new Map([['register/note.json', octets('{}')]]);
  const change = await listing(await state({ base, place, signers, online }), 'registrar', note, [
    ...(signers.get('registrar') ?? []),
  ]);
  expect(await apply(change, place, online)).toBe(2);
  const root = (await place.metadata.read('1.root.json')) ?? octets('');
  expect((await readWhole(place, root))?.version).toBe(2);

  for (const folder of [place.metadata, place.targets, place.private])
    expect((await folder.list('')).filter((path) => path.includes('.tmp-'))).toEqual([]);
  const left = (await readdir(base, { recursive: true })).filter((path) => path.includes('.tmp-'));
  expect(left.toSorted()).toEqual(half.toSorted());
});
