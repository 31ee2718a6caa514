// Two submissions upon one state: the first is published, the second is mended by one signature.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StatementForm } from '@cfl/client/firmware';
import { expect, test } from 'vitest';
import { writeChange } from '../../src/change/change.ts';
import { loadState } from '../../src/deploy/index.ts';
import { publishedReleases } from '../../src/intake/library.ts';
import { type Submitted, signAgain } from '../../src/submission/submit.ts';
import {
  below,
  draftOf,
  imageOf,
  inbox,
  type Maker,
  NOW,
  outcomes,
  rowFor,
  runIntake,
  type Scene,
  scene,
  submitTo,
} from './scene.ts';

interface Two {
  readonly library: Scene;
  readonly first: Submitted;
  readonly second: Submitted;
}

/** Both releases of the same manufacturer, both made upon the same version of its role. */
async function two(changes: Partial<StatementForm> = {}): Promise<Two> {
  const [one, other] = [imageOf('one'), imageOf('two', { firmware: 0x01000204 })];
  const rows = [await rowFor('CPL-000412', one), await rowFor('CPL-000413', other)];
  const library = await scene(rows);
  const published = await loadState(library.place);
  const { meters } = library;
  const made = [
    await submitTo(library, meters, await draftOf(meters, one, rows.slice(0, 1), changes), published),
    await submitTo(library, meters, await draftOf(meters, other, rows.slice(1), changes), published),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { library, first: made[0] as Submitted, second: made[1] as Submitted };
}

async function mend({ place }: Scene, maker: Maker, name: string): Promise<Submitted> {
  const options = { published: await loadState(place), ring: maker.ring, now: NOW };
  return signAgain({ files: below(place, 'held'), base: name }, { files: inbox(place), base: name }, options);
}

test('the second of two is held as BASE_MOVED, and published after one cfl-publish sign', async () => {
  const { library, second } = await two();
  expect(outcomes(await runIntake(library))).toEqual(['accepted', 'held BASE_MOVED']);
  const mended = await mend(library, library.meters, second.name);
  // One signature, and not an octet of what was submitted
  expect(mended.change.targets).toEqual(second.change.targets);
  expect(mended.roles).toMatchObject([{ base: 2, version: 3, have: 1 }]);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  expect(await publishedReleases(await loadState(library.place), library.meters.code)).toHaveLength(2);
  for (const box of ['inbox', 'held', 'refused']) expect(await library.place.private.list(box)).toEqual([]);
});

test('a held submission stays held, with the answer and the time that it had, until it is mended', async () => {
  const { library, second } = await two();
  await runIntake(library);
  const answer = await library.place.private.read(`held/${second.name}/answer.json`);
  expect(outcomes(await runIntake(library))).toEqual(['held BASE_MOVED']);
  expect(await library.place.private.read(`held/${second.name}/answer.json`)).toEqual(answer);
});

test('two manufacturers upon one state do not stand in each other’s way', async () => {
  const [one, gas] = [imageOf('one'), imageOf('gas', { code: 'FFF2' })];
  const rows = [await rowFor('CPL-000412', one), await rowFor('CPL-000600', gas)];
  const library = await scene(rows);
  const published = await loadState(library.place);
  await submitTo(library, library.meters, await draftOf(library.meters, one, rows.slice(0, 1)), published);
  await submitTo(library, library.gas, await draftOf(library.gas, gas, rows.slice(1)), published);
  expect(outcomes(await runIntake(library))).toEqual(['accepted', 'accepted']);
});

test('the very same release again is held as DUPLICATE', async () => {
  const image = imageOf('one');
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row]);
  const published = await loadState(library.place);
  const draft = await draftOf(library.meters, image, [row]);
  const first = await submitTo(library, library.meters, draft, published);
  const again = await submitTo(library, library.meters, draft, published);
  expect([first.name.slice(-2), again.name.slice(-2)]).toEqual(['-1', '-2']);
  expect(outcomes(await runIntake(library))).toEqual(['accepted', 'held DUPLICATE BASE_MOVED']);
  // A signature does not mend that: it would replace the published statement
  await expect(mend(library, library.meters, again.name)).rejects.toMatchObject({ code: 'EXISTS' });
  expect(outcomes(await runIntake(library))).toEqual(['held DUPLICATE BASE_MOVED']);
});

test('a manufacturer that lost one of its two keys still publishes, and mends', async () => {
  const image = imageOf('one');
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row]);
  const [lost] = library.meters.ring.keys.roles.get(library.meters.role) ?? [];
  for (const end of ['.pem', '.pub'])
    await rm(join(library.meters.ring.base, `${lost}`.replace('.pem', end)));
  const { change, name } = await submitTo(
    library,
    library.meters,
    await draftOf(library.meters, image, [row]),
  );
  const [document] = [...change.metadata.values()];
  expect(document?.signatures.map(({ keyId }) => keyId)).toEqual([library.meters.signers[1]?.key.id]);
  await writeChange(below(library.place, 'held'), name, change);
  await mend(library, library.meters, name);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
});

test('a manufacturer that lost every key of its role is told so', async () => {
  const image = imageOf('one');
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row]);
  for (const uri of library.meters.ring.keys.roles.get(library.meters.role) ?? [])
    await rm(join(library.meters.ring.base, uri));
  await expect(
    submitTo(library, library.meters, await draftOf(library.meters, image, [row])),
  ).rejects.toMatchObject({
    code: 'NOT_A_SIGNER',
    message: expect.stringContaining('none of its 2 keys could be opened'),
  });
});

test('two of two keys, each on a machine of its own: refused with one signature, accepted with both', async () => {
  const image = imageOf('one');
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row], 2);
  const { meters, place } = library;
  const machine = (uri: string): Maker => ({
    ...meters,
    ring: { ...meters.ring, keys: { ...meters.ring.keys, roles: new Map([[meters.role, [uri]]]) } },
  });
  const [first, second] = meters.ring.keys.roles.get(meters.role) ?? [];
  const draft = await draftOf(meters, image, [row]);
  const { roles, name, change } = await submitTo(library, machine(`${first}`), draft);
  expect(roles).toMatchObject([{ have: 1, threshold: 2 }]);
  expect(outcomes(await runIntake(library))).toEqual(['refused ROLE_FILE']);

  await writeChange(below(place, 'held'), name, change);
  expect((await mend(library, machine(`${second}`), name)).roles).toMatchObject([
    { have: 2, base: 1, version: 2 },
  ]);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
});
