// A new epoch begins while a submission lies on the engineer's desk: check, sign and seal at the command line.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openAccess, planRenewal } from '../../src/access/index.ts';
import { intake } from '../../src/intake/intake.ts';
import { custodian, gateway } from '../credentials.ts';
import { applyAll, NOW, state } from '../fixture.ts';
import { imageOf, rowFor } from '../intake/scene.ts';
import { fillIn, octetsOf, registeredDesk } from './desk.ts';

const NEXT_YEAR = new Date('2027-11-20T09:00:00Z');

test('a submission from before a new epoch is not signed again, but sealed again, and then accepted', async () => {
  const image = imageOf('one');
  const desk = await registeredDesk([await rowFor('CPL-000412', image)]);
  const { library } = desk;
  const file = await desk.write('meter.ota', octetsOf(image));
  await desk.run(['new', file, '--to', desk.base]);
  await fillIn(desk, { acknowledged: ['NO_ENDORSEMENT'] });
  const sent = await desk.run(['submit', desk.base, '--to', desk.base]);
  const name = /(fff1-[0-9a-f]{12}-1)\//.exec(sent.out[0] ?? '')?.[1] ?? '';
  const submission = join(desk.base, name);

  const renewal = await planRenewal(await openAccess(await state(library), await custodian()), NEXT_YEAR);
  await applyAll(library, renewal);
  expect((await desk.run(['sign', submission])).err).toEqual([
    `Cannot sign "${name}": it is sealed to epoch 1 of images, epoch 2 is current`,
    `Seal it again from image and notes: cfl-publish seal ${name} DIR`,
  ]);
  const inbox = join(library.base, 'private/inbox');
  const sealed = await desk.run(['seal', submission, desk.base, '--to', inbox]);
  expect(sealed).toMatchObject({
    exit: 0,
    err: [
      'Sealed     to epoch 2 of images, epoch 2 of notes, as the library names them',
      'Signed     role m-fff1 version 2, upon version 1',
    ],
    out: [expect.stringMatching(/^LIBRARY\/private\/inbox\/fff1-[0-9a-f]{12}-1\/ {2}5 files/)],
  });
  const { place, online } = library;
  const { results } = await intake({ place, online, gateway, now: NOW });
  expect(results.map(({ outcome }) => outcome)).toEqual(['accepted']);
});
