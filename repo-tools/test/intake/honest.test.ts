import { decisionPath, imagePath, notesPath, statementPath } from '@cfl/client/firmware';
import { parseTargetPath } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { loadState } from '../../src/deploy/index.ts';
import { readDecision, readHead } from '../../src/intake/decision.ts';
import { publishedReleases } from '../../src/intake/library.ts';
import { awaitsPerson, intakeLines, publicationLine } from '../../src/intake/report.ts';
import { draftOf, imageOf, importRows, outcomes, rowFor, runIntake, scene, submitTo } from './scene.ts';

test('an honest submission is accepted: its files, a decision and a row of the catalogue are published', async () => {
  const image = imageOf('one');
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row]);
  const draft = await draftOf(library.meters, image, [row]);
  const { name } = await submitTo(library, library.meters, draft);
  expect(name).toBe(`fff1-${draft.release.slice(0, 12)}-1`);

  const report = await runIntake(library);
  expect(intakeLines(report)).toEqual([`${name}  accepted`, 'Published version 8']);
  expect(report.published && publicationLine(report.published)).toBe(
    'Planned version 8: 7 files, role m-fff1 2, catalogue 3; read whole by cfl and by tuf-js before it is shown',
  );
  expect(awaitsPerson(report)).toBe(false);

  const published = await loadState(library.place);
  const { code } = library.meters;
  for (const path of [
    imagePath(code, draft.release),
    statementPath(code, draft.release, 1),
    notesPath(code, draft.release, 1),
    decisionPath(draft.release, 1),
  ]) {
    expect(await published.read(parseTargetPath(path)), path).toBeDefined();
  }
  expect(await publishedReleases(published, code)).toMatchObject([
    {
      release: draft.release,
      entries: ['CPL-000412'],
      hardware: ['0100', '01FF'],
      number: 1,
      published: '2026-11-20T09:00:00Z',
    },
  ]);
  expect(await library.place.private.list('inbox')).toEqual([]);
});

test('decisions form a chain: each names the one before it by path and digest', async () => {
  const images = [imageOf('one'), imageOf('two', { firmware: 0x01000204 })];
  const rows = await Promise.all(images.map((image, i) => rowFor(`CPL-00041${i}`, image)));
  const library = await scene(rows);
  const gasImage = imageOf('gas', { code: 'FFF2' });
  const gasRow = await rowFor('CPL-000600', gasImage);
  await importRows(library, [...rows, gasRow], '2026-11-19');
  const drafts = [
    await draftOf(library.meters, images[0] as never, rows.slice(0, 1)),
    await draftOf(library.gas, gasImage, [gasRow]),
  ] as const;
  await submitTo(library, library.meters, drafts[0]);
  await submitTo(library, library.gas, drafts[1]);
  expect(outcomes(await runIntake(library))).toEqual(['accepted', 'accepted']);
  const third = await draftOf(library.meters, images[1] as never, rows.slice(1));
  await submitTo(library, library.meters, third);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);

  const published = await loadState(library.place);
  const head = await readHead(published);
  const decisions = await Promise.all(
    [...drafts, third].map(({ release }) => readDecision(published, release, 1)),
  );
  expect(decisions.map((one) => one?.sequence)).toEqual([1, 2, 3]);
  expect(decisions[0]?.before).toBeNull();
  expect(decisions[2]?.before?.path).toBe(decisionPath(drafts[1].release, 1));
  expect(head).toMatchObject({ sequence: 3, path: decisionPath(third.release, 1) });
});

test('a submission waits for the CPL and is accepted when the hash is there, without being submitted again', async () => {
  const image = imageOf('one');
  const waiting = await rowFor('CPL-000412', image, { waits: true });
  const library = await scene([waiting]);
  const { name } = await submitTo(library, library.meters, await draftOf(library.meters, image, [waiting]));
  const first = await runIntake(library);
  expect(outcomes(first)).toEqual(['held WAITS_FOR_CPL']);
  expect(awaitsPerson(first)).toBe(true);
  expect(await library.place.private.list(`held/${name}`)).toContain('answer.json');
  expect(outcomes(await runIntake(library))).toEqual(['held WAITS_FOR_CPL']);

  await importRows(library, [await rowFor('CPL-000412', image)], '2026-11-19');
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  expect(await library.place.private.list('held')).toEqual([]);
});

test('a later statement says more about a published release, without its image', async () => {
  const image = imageOf('one');
  const rows = [
    await rowFor('CPL-000412', image),
    await rowFor('CPL-000413', image, { hardwareVersion: '0110' as never }),
  ];
  const library = await scene(rows);
  await submitTo(library, library.meters, await draftOf(library.meters, image, rows.slice(0, 1)));
  await runIntake(library);
  const second = await submitTo(
    library,
    library.meters,
    await draftOf(library.meters, image, rows, { number: 2 }),
  );
  expect(second.change.targets.size).toBe(2);
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  const published = await loadState(library.place);
  expect(await publishedReleases(published, library.meters.code)).toMatchObject([
    { number: 2, entries: ['CPL-000412', 'CPL-000413'] },
  ]);
});
