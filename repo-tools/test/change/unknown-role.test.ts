// Attack: a role file to which nothing delegates, under a name of its own or one that sounds like authority.

import type { JsonObject } from '@cfl/client/encoding';
import { parseRoleName } from '@cfl/client/tuf';
import { beforeAll, expect, it } from 'vitest';
import { accept, expectRefused, type Honest, honest, M_FFF1, rewritten, together } from './honest.ts';

let scene: Honest;
beforeAll(async () => {
  scene = await honest();
});

it('a role that targets delegates to is published', async () => {
  expect(await accept(scene, scene.change)).toBeDefined();
});

it.each(['m-fff2', 'm-FFF1', 'm-fff1 ', 'snapshot', 'timestamp', 'constructor', '__proto__', '../targets'])(
  'the role "%s" is refused, alone and beside an honest one',
  async (name) => {
    const role = parseRoleName(name);
    const present = scene.change.metadata.get(M_FFF1);
    if (present === undefined) throw new TypeError('no m-fff1');
    const first = (signed: JsonObject) => ({ ...signed, version: 1, targets: {} });
    const document = await rewritten(present, first, scene.own);
    const change = {
      ...scene.change,
      upon: new Map([[role, 0]]),
      metadata: new Map([[role, document]]),
      targets: new Map(),
    };
    for (const attack of [change, together(scene.change, change)]) {
      await expectRefused(scene, attack, {
        code: 'SIGNATURES_MISSING',
        message: `Cannot apply "files of m-fff1": signatures are missing for ${name}, to which nothing delegates`,
      });
    }
  },
);

it('a change of nothing is refused', async () => {
  await expectRefused(
    scene,
    { ...scene.change, upon: new Map(), metadata: new Map(), targets: new Map() },
    { code: 'NOT_A_CHANGE', message: 'Cannot apply "files of m-fff1": it brings no role file' },
  );
});
