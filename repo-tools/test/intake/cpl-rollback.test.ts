// An older Central Products List put in the place of the newer one: whoever has the Panel's key, or takes a
// backup for the newest, would bring back entries that the Panel has ended.

import { CPL_INDEX_PATH } from '@cfl/client/firmware';
import { parseRoleName, parseTargetPath } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import type { Change } from '../../src/change/change.ts';
import { revise } from '../../src/change/plan.ts';
import { loadState, publish } from '../../src/deploy/index.ts';
import { apply, signed } from '../deploy/scene.ts';
import {
  draftOf,
  imageOf,
  importRows,
  NOW,
  outcomes,
  rowFor,
  runIntake,
  type Scene,
  scene,
  submitTo,
} from './scene.ts';

const CPL = parseRoleName('cpl');

/** Signed by the Panel's own key, as the next version of its role. */
async function publishIndex(
  { place, held, online }: Scene,
  octets: Uint8Array,
  how: 'applied' | 'past the operator',
): Promise<void> {
  const published = await loadState(place);
  const present = await published.role(CPL);
  const change: Change = {
    title: 'the list of before',
    words: [],
    created: NOW,
    library: published.library,
    upon: new Map([[CPL, present?.signed.version ?? 0]]),
    metadata: new Map([[CPL, await revise(CPL, present, { add: new Map([[CPL_INDEX_PATH, octets]]) }, NOW)]]),
    targets: new Map([[parseTargetPath(CPL_INDEX_PATH), octets]]),
  };
  const ready = await signed(change, held.cpl, published);
  if (how === 'applied') await apply(ready, place, online);
  else
    await publish({ roles: ready.metadata, targets: ready.targets }, { place, published, online, now: NOW });
}

test('an older list is not applied, and where it was published all the same, nothing is admitted by it', async () => {
  const [one, two] = [imageOf('one'), imageOf('two', { firmware: 0x01000204 })];
  const rows = [await rowFor('CPL-000412', one), await rowFor('CPL-000413', two)];
  const library = await scene(rows);
  const index = async () => (await (await loadState(library.place)).read(CPL_INDEX_PATH)) ?? new Uint8Array();
  const before = await index();
  await importRows(library, rows, '2026-11-19');
  const after = await index();
  const submit = async (image: typeof one, claimed: typeof rows) => {
    await submitTo(library, library.meters, await draftOf(library.meters, image, claimed));
    return outcomes(await runIntake(library));
  };
  expect(await submit(one, rows.slice(0, 1))).toEqual(['accepted']);

  await expect(publishIndex(library, before, 'applied')).rejects.toMatchObject({
    code: 'NOT_A_CHANGE',
    message: expect.stringContaining('the list is snapshot 1, expected a later one than 2'),
  });
  await publishIndex(library, before, 'past the operator');
  expect(await submit(two, rows.slice(1))).toEqual(['held CPL_ROLLBACK']);

  await publishIndex(library, after, 'applied');
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
});
