// Attack: a change made upon a state that is not the present one, or that leaves versions out.

import { beforeAll, describe, expect, it } from 'vitest';
import { accept, after, expectRefused, type Honest, honest, M_FFF1, withRole } from './honest.ts';

let scene: Honest;
beforeAll(async () => {
  scene = await honest();
});

it('the next version upon the present one is published', async () => {
  expect((await accept(scene, scene.change))?.roles.get(M_FFF1)).toBe(3);
});

const upon = (version: number) => ({ ...scene.change, upon: new Map([[M_FFF1, version]]) });

describe('refused', () => {
  it.each([
    ['upon the version before', 1],
    ['upon one that is yet to come', 3],
    ['upon none', 0],
  ])('a change made %s', async (_name, version) => {
    await expectRefused(scene, upon(version), {
      code: 'BASE_MOVED',
      message: `Cannot apply "files of m-fff1": m-fff1 is at version 2, this change was made upon version ${version} and brings 3`,
    });
  });

  it('a change that does not say upon what', async () => {
    await expectRefused(
      scene,
      { ...scene.change, upon: new Map() },
      { code: 'BASE_MOVED', message: /was made upon version none and brings 3$/ },
    );
  });

  it.each([
    ['the same version again', 2],
    ['a lower one', 1],
    ['one left out', 4],
    ['the highest there is', Number.MAX_SAFE_INTEGER],
  ])('a role file with %s', async (_name, version) => {
    const change = await withRole(scene.change, M_FFF1, (signed) => ({ ...signed, version }), scene.own);
    await expectRefused(scene, change, {
      code: 'BASE_MOVED',
      message: `Cannot apply "files of m-fff1": m-fff1 is at version 2, this change was made upon version 2 and brings ${version}`,
    });
  });

  it('a change that was applied already', async () => {
    await expectRefused(await after(scene, scene.change), scene.change, {
      code: 'ALREADY_APPLIED',
      message: /m-fff1 version 3 of it is published already/,
    });
  });
});
