// A giant file in the place of one that was small before: comparing the two must not stop the gateway.

import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { placeAt } from '../../src/deploy/index.ts';
import { draftOf, imageOf, outcomes, rowFor, runIntake, scene, submitTo } from './scene.ts';

/** The library of a scene, with a real folder as its private one and one honest submission in it. */
async function onDisk(changes: { waits?: true } = {}) {
  const base = await mkdtemp(join(tmpdir(), 'cfl-giant-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const image = imageOf('one');
  const row = await rowFor('CPL-000412', image, changes);
  const library = await scene([row]);
  const at = { ...library.place, private: placeAt(base).private };
  const draft = await draftOf(library.meters, image, [row]);
  const { name } = await submitTo({ ...library, place: at as never }, library.meters, draft);
  return { base, library, at, name };
}

/** Sends once more what lies in that box, each target file as large as 64 MiB. */
async function sendGiant({ base, at, name }: Awaited<ReturnType<typeof onDisk>>, box: string) {
  const { private: files } = at;
  for (const path of await files.list(`${box}/${name}`)) {
    const to = join(base, 'private', 'inbox', name, path);
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, (await files.read(`${box}/${name}/${path}`)) ?? '');
    if (path.startsWith('targets/')) await truncate(to, 64 * 1024 ** 2);
  }
}

test('after a held submission of the same name: both are refused, and the small one is kept whole', async () => {
  const sent = await onDisk({ waits: true });
  const { library, at, name } = sent;
  expect(outcomes(await runIntake(library, at))).toEqual(['held WAITS_FOR_CPL']);
  const held = (await at.private.list(`held/${name}`)).toSorted();
  await sendGiant(sent, 'held');
  expect(outcomes(await runIntake(library, at))).toEqual(['refused NOT_A_SUBMISSION']);
  expect(await at.private.list('inbox')).toEqual([]);
  expect(await at.private.list('held')).toEqual([]);
  expect((await at.private.list(`refused/${name}`)).toSorted()).toEqual(held);
  expect(await at.private.list(`refused/${name}.2`)).toContain('change.json');
});

test('after a refused submission of the same name: it lies beside that', async () => {
  const sent = await onDisk();
  const { base, library, at, name } = sent;
  await writeFile(join(base, 'private', 'inbox', name, 'stranger'), '');
  expect(outcomes(await runIntake(library, at))).toEqual(['refused NOT_A_SUBMISSION']);
  const refused = await at.private.list(`refused/${name}`);
  await sendGiant(sent, 'refused');
  expect(outcomes(await runIntake(library, at))).toEqual(['refused NOT_A_SUBMISSION']);
  expect(await at.private.list('inbox')).toEqual([]);
  expect(await at.private.list(`refused/${name}`)).toEqual(refused);
  expect(await at.private.list(`refused/${name}.2`)).toContain('change.json');
});
