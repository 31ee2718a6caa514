// What is held waits for a person, who lets it pass or rejects it, with a reason. Nothing is ever lost.

import { expect, test } from 'vitest';
import { readAudit } from '../../src/audit/log.ts';
import { loadState, type Place } from '../../src/deploy/index.ts';
import { readDecision } from '../../src/intake/decision.ts';
import { heldNames, holdsOf, readHeld, reject, release } from '../../src/intake/held.ts';
import { publishedReleases } from '../../src/intake/library.ts';
import { submissionOf } from '../../src/intake/submission.ts';
import { signAgain } from '../../src/submission/submit.ts';
import {
  below,
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
} from '../intake/scene.ts';
import { answerIn, heldTwin, judging } from './scene.ts';

test('a hold that a person lifts passes at the next intake, and the public decision says who and why', async () => {
  const { library, name, submitted } = await heldTwin();
  const { place } = library;
  expect(await heldNames(place)).toEqual([name]);
  expect(holdsOf(await readHeld(place, name, NOW)).map(({ code }) => code)).toEqual(['SAME_IDENTITY']);
  expect(await release(name, [], judging(place))).toEqual(['SAME_IDENTITY']);
  // Still held until the gate decides again, by every rule
  expect(holdsOf(await readHeld(place, name, NOW))).toEqual([]);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);

  const published = await loadState(place);
  const { releases } = await submissionOf(submitted.change);
  const decision = await readDecision(published, (releases[0] ?? { release: '' }).release as never, 1);
  expect(decision?.released).toEqual([
    { code: 'SAME_IDENTITY', by: 'the operator', reason: 'the older image was never deployed' },
  ]);
  const lifted = decision?.findings.find(({ code }) => code === 'SAME_IDENTITY');
  expect(lifted?.severity).toBe('record');
  expect(await heldNames(place)).toEqual([]);
});

test('a release outlasts a signature, and ends with other files', async () => {
  const { library, name } = await heldTwin();
  const { place, meters } = library;
  await release(name, ['SAME_IDENTITY'], judging(place));
  // Signed again: the same image, statement and notes upon a new role file
  const options = { published: await loadState(place), ring: meters.ring, now: NOW };
  await signAgain({ files: below(place, 'held'), base: name }, { files: inbox(place), base: name }, options);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
});

test('what nobody may lift is not lifted: a wait, a moved base, a duplicate', async () => {
  const image = imageOf('waits');
  const row = await rowFor('CPL-000412', image, { waits: true });
  const library = await scene([row]);
  const { name } = await submitTo(library, library.meters, await draftOf(library.meters, image, [row]));
  await runIntake(library);
  const options = judging(library.place);
  await expect(release(name, [], options)).rejects.toMatchObject({
    code: 'NOT_RELEASABLE',
    message: `Cannot release "${name}": no rule holds it that a person may lift`,
    hint: expect.stringMatching(/^WAITS_FOR_CPL: /),
  });
  await expect(release(name, ['WAITS_FOR_CPL'], options)).rejects.toMatchObject({
    message: `Cannot release "${name}": nobody may lift WAITS_FOR_CPL`,
  });
  await expect(release(name, ['SAME_IDENTITY'], options)).rejects.toMatchObject({
    message: `Cannot release "${name}": the rule "SAME_IDENTITY" does not hold it`,
  });
  expect(outcomes(await runIntake(library))).toEqual(['held WAITS_FOR_CPL']);
  // Refused attempts are no acts
  expect((await readAudit(library.place.private)).map(({ record }) => record.act)).toEqual(['held']);
});

test('a release lets no refusal pass', async () => {
  const { library, name } = await heldTwin();
  const { place } = library;
  await release(name, [], judging(place));
  // Forged by hand: a judgement about a rule that refuses
  const [path = ''] = (await place.private.list('judged')).map((file) => `judged/${file}`);
  const judgement = JSON.parse(new TextDecoder().decode(await place.private.read(path)));
  judgement.released.push({ code: 'IMAGE_HASH', by: 'the operator', reason: 'never mind' });
  await place.private.replace(path, new TextEncoder().encode(JSON.stringify(judgement)));
  await importRows(
    library,
    [await rowFor('CPL-000412', imageOf('one')), await rowFor('CPL-000413', imageOf('a third'))],
    '2026-11-19',
  );
  expect(outcomes(await runIntake(library))).toEqual(['refused IMAGE_HASH']);
});

test('a rejection is final: refused with its reason, and refused again if the same files come', async () => {
  const { library, name, submitted } = await heldTwin();
  const { place, online } = library;
  await reject(name, { ...judging(place, 'replaced before it was used'), gate: online.gate });
  expect(await heldNames(place)).toEqual([]);
  expect(await answerIn(place, `refused/${name}`)).toMatchObject({
    outcome: 'refused',
    findings: [{ code: 'REJECTED', message: 'rejected by the operator: "replaced before it was used"' }],
  });
  for (const [path, octets] of (await filesOf(place, `refused/${name}`)).filter(
    ([file]) => file !== 'answer.json',
  ))
    await place.private.replace(`inbox/again/${path}`, octets);
  expect(outcomes(await runIntake(library))).toEqual(['refused REJECTED']);
  expect(submitted.change.targets.size).toBeGreaterThan(0);
  expect((await publishedReleases(await loadState(place), library.meters.code)).length).toBe(1);
});

test('nothing is lost: refused submissions of one name lie side by side, a replaced one among them', async () => {
  const { library, name } = await heldTwin();
  const { place, meters } = library;
  const before = await filesOf(place, `held/${name}`);
  const [bad, worse] = [imageOf('bad', { firmware: 7 }), imageOf('worse', { firmware: 8 })];
  for (const image of [bad, worse]) {
    // Claims an entry that is not there
    const draft = await draftOf(meters, image, [await rowFor('CPL-009999', image)]);
    const made = await submitTo(library, meters, draft);
    for (const [path, octets] of await filesOf(place, `inbox/${made.name}`)) {
      await place.private.replace(`inbox/${name}/${path}`, octets);
      await place.private.remove(`inbox/${made.name}/${path}`);
    }
    expect(outcomes(await runIntake(library))).toEqual(['refused ENTRY_UNKNOWN']);
  }
  const boxes = [...new Set((await place.private.list('refused')).map((path) => path.split('/')[0]))];
  expect(boxes.sort()).toEqual([name, `${name}.2`, `${name}.3`]);
  // The one that was held came first, with the answer that says what happened
  const kept = await filesOf(place, `refused/${name}`);
  expect(kept.filter(([path]) => path !== 'answer.json')).toEqual(
    before.filter(([path]) => path !== 'answer.json'),
  );
  expect(await answerIn(place, `refused/${name}`)).toMatchObject({ findings: [{ code: 'REPLACED' }] });
});

test('a reason is one line', async () => {
  const { library, name } = await heldTwin();
  for (const reason of ['', 'two\nlines', 'x'.repeat(201)]) {
    await expect(release(name, [], judging(library.place, reason))).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('expected one line of 1 to 200 characters'),
    });
  }
});

async function filesOf({ private: files }: Place, base: string) {
  const paths = await files.list(base);
  return Promise.all(
    paths.map(async (path) => [path, (await files.read(`${base}/${path}`)) ?? new Uint8Array()] as const),
  );
}
