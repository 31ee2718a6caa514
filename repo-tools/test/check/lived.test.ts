// Is nothing found in a library that has lived: split into bins, its keys rotated, a release withdrawn?

import type { Signer } from '@cfl/client/keys';
import { folderRepository } from '@cfl/client/library';
import { parseRoleName } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import type { Change } from '../../src/change/change.ts';
import { judge, type Verdict } from '../../src/check/judge.ts';
import { readRepository } from '../../src/check/read.ts';
import { loadState, type Published } from '../../src/deploy/index.ts';
import { planRotation } from '../../src/renewal/rotate.ts';
import { withdraw } from '../../src/withdraw/withdraw.ts';
import { adding, manyReleases } from '../bins/library.ts';
import { apply, signed } from '../deploy/scene.ts';
import { NOW, signersOf } from '../fixture.ts';
import { draftOf, imageOf, rowFor, runIntake, type Scene, scene, submitTo } from '../intake/scene.ts';
import { codesOf, findingsOf } from './scene.ts';

async function verdictOn({ place: { metadata, targets } }: Scene): Promise<Verdict> {
  const root = (await metadata.read('1.root.json')) ?? new Uint8Array();
  const at = { address: '.', folders: { metadata: 'metadata', targets: 'targets' } };
  const repository = folderRepository(metadata, targets);
  return judge(await readRepository({ repository, root, now: NOW, at, progress: () => {} }));
}

/** Signs with every key that the library ever had. */
async function applyAll(
  { place, online }: Scene,
  keys: readonly Signer[],
  plan: (published: Published) => Promise<Change>,
): Promise<void> {
  const published = await loadState(place);
  await apply(await signed(await plan(published), keys, published), place, online);
}

/** Which key of each is replaced, one after the other. */
const ROTATED = [
  ['root', 0],
  ['snapshot', 0],
  ['timestamp', 0],
  ['registrar', 0],
  ['m-fff1', 0],
  ['root', 1],
] as const;

async function lived(): Promise<Scene> {
  const image = imageOf('one');
  const rows = [await rowFor('CPL-000412', image)];
  const made = await scene(rows);
  await submitTo(made, made.meters, await draftOf(made.meters, image, rows));
  await runIntake(made);
  const { place, online, meters, held } = made;
  await apply(await adding(await loadState(place), await manyReleases(100), meters.signers), place, online);
  await withdraw({
    kind: 'operator',
    reason: 'battery drain',
    place,
    online,
    release: 'CPL-000412',
    now: NOW,
  });
  const keys = [...Object.values(held).flat(), ...meters.signers];
  const now = { ...made, online };
  for (const [role, index] of ROTATED) {
    const old = (role === 'm-fff1' ? meters.signers : held[role])[index];
    const [fresh] = await signersOf(1);
    if (old === undefined || fresh === undefined) throw new TypeError(`no key of ${role}`);
    keys.push(fresh);
    if (role === 'snapshot' || role === 'timestamp') now.online = { ...now.online, [role]: fresh };
    const rotation = { role: parseRoleName(role), add: [fresh.key], remove: [old.key.id] };
    await applyAll(now, keys, (published) => planRotation([rotation], published, NOW));
  }
  return now;
}

test('a library of many years', { timeout: 60_000 }, async () => {
  const library = await lived();
  const verdict = await verdictOn(library);
  expect(findingsOf(verdict)).toEqual([]);
  expect(verdict.seen.roots.length).toBeGreaterThan(4);
  expect(verdict.seen.roles.map(({ name }) => name)).toContain('m-fff1-1');
  expect(verdict.seen.history.snapshots).toBeGreaterThan(10);
  // Then the past of a bin is lost
  library.place.metadata.content.delete('1.m-fff1-1.json');
  expect(codesOf(await verdictOn(library))).toContain('HISTORY_FILE');
});
