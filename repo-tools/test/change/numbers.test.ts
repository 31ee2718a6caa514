// Each change that is kept at the operator's desk has a folder of its own, whatever else lies there.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryIo } from '@cfl/client/cli';
import { expect, onTestFinished, test } from 'vitest';
import { deskAt, keepChange } from '../../src/cli/desk.ts';
import { honest } from './honest.ts';

test('a folder that a person keeps beside the changes does not make two changes one', async () => {
  const base = await mkdtemp(join(tmpdir(), 'cfl-desk-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const desk = deskAt(base, memoryIo());
  const { change } = await honest();
  expect(await keepChange(desk, change)).toBe('private/changes/1');
  await mkdir(join(base, 'private/changes/old'));
  await writeFile(join(base, 'private/changes/old/note.txt'), 'kept');
  expect(await keepChange(desk, change)).toBe('private/changes/2');
  expect(await keepChange(desk, change)).toBe('private/changes/3');
});
