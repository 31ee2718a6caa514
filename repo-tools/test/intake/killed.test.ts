// An intake that dies at any operation on its files, before or after it took effect, is ended by the next
// run as if nothing had happened: one publication, no submission lost, none taken for its own duplicate.

import { expect, test } from 'vitest';
import { readAudit } from '../../src/audit/log.ts';
import { loadState } from '../../src/deploy/index.ts';
import { readHead } from '../../src/intake/decision.ts';
import { publishedReleases } from '../../src/intake/library.ts';
import { signAgain } from '../../src/submission/submit.ts';
import { type MemoryPlace, memoryPlace } from '../deploy/memory-files.ts';
import { Death, mortal, pointsOf } from '../deploy/mortal.ts';
import {
  below,
  draftOf,
  imageOf,
  inbox,
  NOW,
  rowFor,
  runIntake,
  type Scene,
  scene,
  submitTo,
} from './scene.ts';

/** An accepted one, a mended one whose older version is held, one to be refused and one to be held. */
async function fullDesk(): Promise<Scene> {
  const [one, two, three] = [
    imageOf('one'),
    imageOf('two', { firmware: 0x01000204 }),
    imageOf('three', { firmware: 0x01000205 }),
  ];
  const [gas, bad] = [imageOf('gas', { code: 'FFF2' }), imageOf('bad', { code: 'FFF2', firmware: 2 })];
  const rows = [
    await rowFor('CPL-000001', one),
    await rowFor('CPL-000002', two),
    await rowFor('CPL-000003', three, { waits: true }),
    await rowFor('CPL-000004', gas),
    await rowFor('CPL-000005', bad, { hardwareVersion: '0900' as never }),
  ] as const;
  const library = await scene(rows);
  const { meters, place } = library;
  const published = await loadState(place);
  const sent = [
    await submitTo(library, meters, await draftOf(meters, one, [rows[0]]), published),
    await submitTo(library, meters, await draftOf(meters, two, [rows[1]]), published),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  await runIntake(library);
  const name = sent[1]?.name ?? '';
  const options = { published: await loadState(place), ring: meters.ring, now: NOW };
  await signAgain({ files: below(place, 'held'), base: name }, { files: inbox(place), base: name }, options);
  await submitTo(library, meters, await draftOf(meters, three, [rows[2]]));
  await submitTo(library, library.gas, await draftOf(library.gas, gas, [rows[3]]));
  await submitTo(library, library.gas, await draftOf(library.gas, bad, [rows[4]]));
  return library;
}

async function outcomeOf(place: MemoryPlace) {
  const published = await loadState(place);
  const names = async (box: string) => [
    ...new Set((await place.private.list(box)).map((path) => path.split('/')[0])),
  ];
  // A hold that the next run explains otherwise, upon what was published meanwhile, stands there twice
  const records = await readAudit(place.private);
  return {
    version: published.trusted.snapshot.signed.version,
    sequence: (await readHead(published))?.sequence,
    meters: (await publishedReleases(published, 'FFF1' as never)).length,
    gas: (await publishedReleases(published, 'FFF2' as never)).length,
    inbox: await names('inbox'),
    held: await names('held'),
    refused: await names('refused'),
    acts: [...new Set(records.map(({ record: { act, what } }) => `${act} ${what}`))],
    left: (await place.private.list('')).filter((path) => /lock|pending|leaving/.test(path)),
  };
}

test('the next run ends what a killed one began', { timeout: 300_000 }, async () => {
  const library = await fullDesk();
  const whole = memoryPlace(library.place);
  const counted = mortal(whole);
  await runIntake(library, counted.place);
  const expected = await outcomeOf(whole);
  expect(expected).toMatchObject({ meters: 2, gas: 1, inbox: [], sequence: 3, left: [] });
  expect([expected.held.length, expected.refused.length]).toEqual([1, 1]);

  const points = pointsOf(counted.done).filter(
    ([at, moment]) => moment === 'after' || isWrite(counted.done[at - 1]),
  );
  for (const [at, moment] of points) {
    const place = memoryPlace(library.place);
    await expect(runIntake(library, mortal(place, at, moment).place)).rejects.toThrow(Death);
    await runIntake(library, place);
    expect(
      await outcomeOf(place),
      `${moment} ${counted.done[at - 1]}, ${at} of ${counted.done.length}`,
    ).toEqual(expected);
  }
  console.info(`intake was killed at ${points.length} points of ${counted.done.length} operations`);
});

/** A death before a read leaves what a death after the write before it leaves. */
function isWrite(name: string | undefined): boolean {
  return name !== undefined && !/\.(read|list)$/.test(name);
}
