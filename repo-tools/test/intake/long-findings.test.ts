// A statement about which the rules have much to say: its decision can be written, and read by whoever comes next.

import { firmwareVersionOf } from '@cfl/client/firmware';
import { expect, test } from 'vitest';
import { draftOf, imageOf, outcomes, rowFor, runIntake, scene, submitTo } from './scene.ts';

test.each([2, 300])('a release that upgrades from %i versions, and the one after it', async (count) => {
  const image = imageOf('one');
  const next = imageOf('next', { firmware: 0x01000204 });
  const rows = [await rowFor('CPL-000412', image), await rowFor('CPL-000413', next)] as const;
  const library = await scene(rows);
  const upgradesFrom = Array.from({ length: count }, (_, i) => firmwareVersionOf(0x02000000 + i));
  const acknowledged = ['UPGRADES_UNKNOWN'];
  const draft = await draftOf(library.meters, image, rows.slice(0, 1), { upgradesFrom, acknowledged });
  await submitTo(library, library.meters, draft);
  expect(outcomes(await runIntake(library))).toEqual(['accepted UPGRADES_UNKNOWN']);
  await submitTo(library, library.meters, await draftOf(library.meters, next, rows.slice(1)));
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
});

test('a release that differs from a long list of the CPL', async () => {
  const image = imageOf('one');
  const ids = Array.from({ length: 300 }, (_, i) => `CPL-${String(1000 + i).padStart(6, '0')}`);
  const row = await rowFor('CPL-000412', image, { upgradeableFrom: ids as never });
  const library = await scene([row]);
  const draft = await draftOf(library.meters, image, [row], { acknowledged: ['UPGRADES_DIFFER'] });
  await submitTo(library, library.meters, draft);
  expect(outcomes(await runIntake(library))).toEqual(['accepted UPGRADES_DIFFER']);
});
