// Whoever releases or rejects, and dies at any operation, has done it or not; doing it again ends it. The audit
// log stays whole, and says each act once.

import { expect, test } from 'vitest';
import { readAudit } from '../../src/audit/log.ts';
import { heldNames, readHeld, reject, release } from '../../src/intake/held.ts';
import { type MemoryPlace, memoryPlace } from '../deploy/memory-files.ts';
import { Death, mortal, pointsOf } from '../deploy/mortal.ts';
import { NOW, runIntake } from '../intake/scene.ts';
import { heldTwin, judging } from './scene.ts';

async function acts(place: MemoryPlace): Promise<readonly string[]> {
  return (await readAudit(place.private)).map(({ record }) => record.act);
}

async function boxes(place: MemoryPlace) {
  const names = async (box: string) => [
    ...new Set((await place.private.list(box)).map((path) => path.split('/')[0])),
  ];
  return { inbox: await names('inbox'), held: await names('held'), refused: await names('refused') };
}

const writes = (done: readonly string[]) =>
  pointsOf(done).filter(([at, moment]) => moment === 'after' || !/\.(read|list)$/.test(done[at - 1] ?? ''));

test('a release that was cut off is done by doing it again', { timeout: 120_000 }, async () => {
  const { library, name } = await heldTwin();
  const whole = memoryPlace(library.place);
  const counted = mortal(whole);
  await release(name, [], { ...judging(whole), place: counted.place });
  const expected = await acts(whole);
  expect(expected.at(-1)).toBe('released');
  for (const [at, moment] of writes(counted.done)) {
    const place = memoryPlace(library.place);
    const dying = release(name, [], { ...judging(place), place: mortal(place, at, moment).place });
    await expect(dying).rejects.toThrow(Death);
    const isDone = (await readHeld(place, name, NOW)).judgement.released.length > 0;
    if (!isDone) await release(name, [], judging(place));
    expect(await acts(place), `${moment} ${counted.done[at - 1]}`).toEqual(expected);
    await runIntake(library, place);
    expect(await heldNames(place)).toEqual([]);
  }
});

test('a rejection that was cut off is ended by the next intake, or by doing it again', {
  timeout: 120_000,
}, async () => {
  const { library, name } = await heldTwin();
  const { gate } = library.online;
  const whole = memoryPlace(library.place);
  const counted = mortal(whole);
  await reject(name, { ...judging(whole), place: counted.place, gate });
  const expected = await boxes(whole);
  expect(expected).toEqual({ inbox: [], held: [], refused: [name] });
  for (const [at, moment] of writes(counted.done)) {
    const place = memoryPlace(library.place);
    await expect(
      reject(name, { ...judging(place), place: mortal(place, at, moment).place, gate }),
    ).rejects.toThrow(Death);
    await runIntake(library, place);
    if ((await heldNames(place)).includes(name)) await reject(name, { ...judging(place), gate });
    expect(await boxes(place), `${moment} ${counted.done[at - 1]}`).toEqual(expected);
    const twice = (await acts(place)).filter((act) => act === 'rejected');
    expect(twice, `${moment} ${counted.done[at - 1]}, ${at}: ${await acts(place)}`).toEqual(['rejected']);
  }
});
