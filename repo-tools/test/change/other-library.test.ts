// Attack: a change that was made, and signed, for another library.

import { beforeAll, expect, it } from 'vitest';
import { memoryPlace } from '../deploy/memory-files.ts';
import { apply, founding } from '../deploy/scene.ts';
import { accept, expectRefused, type Honest, honest, VERSION } from './honest.ts';

let scene: Honest;
beforeAll(async () => {
  scene = await honest();
});

it('a change of this library is published', async () => {
  expect((await accept(scene, scene.change))?.version).toBe(VERSION + 1);
});

it('a change of another library is refused', async () => {
  await expectRefused(
    scene,
    { ...scene.change, library: 'ab'.repeat(32) },
    {
      code: 'OTHER_LIBRARY',
      message: `Cannot apply "files of m-fff1": it belongs to library abababababab, this is library ${scene.published.library.slice(0, 12)}`,
    },
  );
});

it('a first root is refused where a library is, even its own', async () => {
  const message = /^Cannot apply "first root": it belongs to no library yet, this is library [0-9a-f]{12}$/;
  await expectRefused(scene, await founding(scene.held), { code: 'OTHER_LIBRARY', message });
});

it('a change of a library is refused where none is', async () => {
  const empty = memoryPlace();
  await expect(apply(scene.change, empty, scene.online)).rejects.toMatchObject({
    code: 'OTHER_LIBRARY',
    message: /this is no library yet$/,
  });
  expect(empty).toEqual(memoryPlace());
});

it("a change that says it is this library's, and is signed by another's keys, is refused", async () => {
  const other = await honest();
  await expectRefused(
    scene,
    { ...other.change, library: scene.published.library },
    { code: 'SIGNATURES_MISSING', message: /m-fff1 \(1 of 2\)$/ },
  );
});
