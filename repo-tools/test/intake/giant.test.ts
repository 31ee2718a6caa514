// What is too large to hold is refused before it is read; links and pipes in the inbox are never followed.

import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { placeAt } from '../../src/deploy/index.ts';
import { draftOf, imageOf, outcomes, rowFor, runIntake, scene, submitTo } from './scene.ts';

/** The library of a scene, with a real folder as its private one and one honest submission in it. */
async function onDisk() {
  const base = await mkdtemp(join(tmpdir(), 'cfl-giant-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const image = imageOf('one');
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row]);
  const at = { ...library.place, private: placeAt(base).private };
  const draft = await draftOf(library.meters, image, [row]);
  const { name } = await submitTo({ ...library, place: at as never }, library.meters, draft);
  const evil = join(base, 'private', 'inbox', 'aaa');
  await mkdir(join(evil, 'targets'), { recursive: true });
  const head = await at.private.read(`inbox/${name}/change.json`);
  const finish = () => writeFile(join(evil, 'change.json'), head ?? '');
  return { base, library, at, evil, finish };
}

test('a file of 20 GiB is refused unread, and is gone from the inbox', async () => {
  const { library, at, evil, finish } = await onDisk();
  await writeFile(join(evil, 'targets', 'giant'), '');
  await truncate(join(evil, 'targets', 'giant'), 20 * 1024 ** 3);
  await finish();
  const report = await runIntake(library, at);
  expect(outcomes(report)).toEqual(['refused NOT_A_SUBMISSION', 'accepted']);
  expect(report.results[0]?.answer?.findings[0]?.message).toMatch(
    /^Cannot read "inbox\/aaa\/targets\/giant": it has 21474836480 octets, expected at most 16777216$/,
  );
  expect(await at.private.list('inbox')).toEqual([]);
  expect(await at.private.list('refused')).toEqual(['aaa/answer.json', 'aaa/change.json']);
});

test('more files than anybody submits are refused', async () => {
  const { library, at, evil, finish } = await onDisk();
  for (let i = 0; i < 1001; i++) await writeFile(join(evil, 'targets', String(i)), '');
  await finish();
  expect(outcomes(await runIntake(library, at))).toEqual(['refused NOT_A_SUBMISSION', 'accepted']);
});

test('a link and a pipe are not read', async () => {
  const { base, library, at, evil, finish } = await onDisk();
  await writeFile(join(base, 'secret.pem'), 'a secret');
  await symlink(join(base, 'secret.pem'), join(evil, 'targets', 'link'));
  await symlink(base, join(evil, 'folder'));
  execFileSync('mkfifo', [join(evil, 'targets', 'pipe')]);
  await finish();
  expect(outcomes(await runIntake(library, at))).toEqual(['refused NOT_A_SUBMISSION', 'accepted']);
  expect(await at.private.list('refused')).toEqual(['aaa/answer.json', 'aaa/change.json']);
});

test('a name with a line break does not pass for a line of the report', async () => {
  const { library, at, evil, finish } = await onDisk();
  await finish();
  await writeFile(join(evil, 'x\nfff1-000000000000-1  accepted'), '');
  const [answer] = (await runIntake(library, at)).results.map((one) => one.answer);
  expect(answer?.findings[0]?.message).toContain('holds "x\\nfff1-');
});
