// What is judged at the first reception stays judged so, and what comes together is compared.

import { expect, test } from 'vitest';
import { loadState } from '../../src/deploy/index.ts';
import { intake } from '../../src/intake/intake.ts';
import { submitBatchUnchecked } from '../../src/submission/submit.ts';
import {
  draftOf,
  imageOf,
  importRows,
  inbox,
  NOW,
  outcomes,
  rowFor,
  runIntake,
  scene,
  submitTo,
} from './scene.ts';

const later = (days: number) => new Date(NOW.getTime() + days * 86_400_000);

test.each([0, 5])(
  'a submission whose stamp grew too old while it waited for the CPL is accepted, %i days after 40',
  async (more) => {
    const image = imageOf('one');
    const waiting = await rowFor('CPL-000412', image, { waits: true });
    const library = await scene([waiting]);
    await submitTo(library, library.meters, await draftOf(library.meters, image, [waiting]));
    expect(outcomes(await runIntake(library))).toEqual(['held WAITS_FOR_CPL']);
    await importRows(library, [await rowFor('CPL-000412', image)], '2026-11-19');
    const { place, online } = library;
    expect(outcomes(await intake({ place, online, now: later(40 + more) }))).toEqual(['accepted']);
  },
);

test('the same, first received when its stamp was too old, is refused', async () => {
  const image = imageOf('one');
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row]);
  await submitTo(library, library.meters, await draftOf(library.meters, image, [row]));
  const { place, online } = library;
  expect(outcomes(await intake({ place, online, now: later(40) }))).toEqual(['refused STAMP_AGE']);
});

test.each([
  ['accepted', 0x01000204],
  ['held SAME_IDENTITY', 0x01000203],
] as const)('two images of one batch are %s, the second of firmware %i', async (outcome, firmware) => {
  const images = [imageOf('one'), imageOf('two', { firmware })] as const;
  const rows = [await rowFor('CPL-000412', images[0]), await rowFor('CPL-000413', images[1])] as const;
  const library = await scene(rows);
  const { meters, place } = library;
  const drafts = [
    await draftOf(meters, images[0], rows.slice(0, 1)),
    await draftOf(meters, images[1], rows.slice(1)),
  ];
  const options = { published: await loadState(place), ring: meters.ring, now: NOW };
  await submitBatchUnchecked(drafts, inbox(place), options);
  expect(outcomes(await runIntake(library))).toEqual([outcome]);
});
