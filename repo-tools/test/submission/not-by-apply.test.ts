// A submission is a change, signed in full. Only the intake publishes it: `cfl-repo apply` asks no rule.

import { join } from 'node:path';
import { memoryIo, runProgram } from '@cfl/client/cli';
import { expect, test } from 'vitest';
import { program } from '../../src/cli/repo.ts';
import { intake } from '../../src/intake/intake.ts';
import { gateway } from '../access.ts';
import { NOW } from '../fixture.ts';
import { imageOf, rowFor } from '../intake/scene.ts';
import { fillIn, octetsOf, registeredDesk } from './desk.ts';

test('a submission given to apply is refused, and published by the intake', async () => {
  const image = imageOf('meter');
  const { library, ...desk } = await registeredDesk([await rowFor('CPL-000412', image)]);
  const file = await desk.write('meter.ota', octetsOf(image));
  await desk.run(['new', file, '--to', desk.base]);
  await fillIn({ library, ...desk }, {});
  const inbox = join(library.base, 'private', 'inbox');
  const { out } = await desk.run(['submit', desk.base, '--to', inbox]);
  const name = /fff1-[0-9a-f]{12}-1/.exec(out[0] ?? '')?.[0] ?? '';

  const io = memoryIo({ now: NOW });
  expect(await runProgram(program, ['apply', join(inbox, name), '--at', library.base], io)).toBe(1);
  expect(io.stderr).toEqual([
    expect.stringMatching(
      /^Cannot apply "FFF1 firmware .*": it brings firmware\/FFF1\/.*, and releases are published by the intake alone$/,
    ),
    'With its folder in private/inbox, run: cfl-repo intake',
  ]);

  const report = await intake({ place: library.place, online: library.online, gateway, now: NOW });
  expect(report.results.map(({ outcome }) => outcome)).toEqual(['accepted']);
});
