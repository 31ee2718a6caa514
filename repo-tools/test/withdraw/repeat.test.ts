// The registrar repeats what the gate withdrew, under keys of its own; and takes nothing of it back.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryIo, runProgram } from '@cfl/client/cli';
import { WITHDRAWN_PATH, type Withdrawn, withdrawnFile } from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import { expect, onTestFinished, test } from 'vitest';
import { planPublication } from '../../src/change/apply.ts';
import { readChange } from '../../src/change/change.ts';
import { describeChange } from '../../src/change/describe.ts';
import { program } from '../../src/cli/repo.ts';
import { loadState } from '../../src/deploy/index.ts';
import { planRepetition } from '../../src/withdraw/repeat.ts';
import { withdraw } from '../../src/withdraw/withdraw.ts';
import { apply, listing, signed } from '../deploy/scene.ts';
import { draftOf, imageOf, NOW, rowFor, runIntake, type Scene, scene, submitTo } from '../intake/scene.ts';

/** Two releases, of which the first is withdrawn, by two. */
async function withdrawing(): Promise<{ library: Scene; releases: readonly string[] }> {
  const images = [imageOf('one'), imageOf('two', { firmware: 0x01000204 })];
  const rows = await Promise.all(images.map((image, i) => rowFor(`CPL-${412 + i}`, image)));
  const library = await scene(rows);
  const releases: string[] = [];
  for (const [i, image] of images.entries()) {
    const draft = await draftOf(library.meters, image, rows.slice(i, i + 1));
    releases.push(draft.release);
    await submitTo(library, library.meters, draft);
    await runIntake(library);
  }
  for (const kind of ['operator', 'panel'] as const) await act(library, releases[0] ?? '', kind);
  return { library, releases };
}

function act({ place, online }: Scene, release: string, kind: 'operator' | 'panel') {
  return withdraw({ place, online, now: NOW, release, kind, reason: `asked for by ${kind}` });
}

async function repeat({ place, held, online }: Scene): Promise<void> {
  const published = await loadState(place);
  const change = await planRepetition(published, NOW);
  if (change === undefined) throw new TypeError('there is nothing to repeat');
  await apply(await signed(change, held.registrar, published), place, online);
}

async function repeated({ place }: Scene): Promise<Withdrawn['withdrawals']> {
  const octets = await (await loadState(place)).read(WITHDRAWN_PATH);
  return octets === undefined ? [] : withdrawnFile.parse(octets).withdrawals;
}

test('each withdrawn release is repeated once, as it was withdrawn first, and nothing twice', async () => {
  const { library, releases } = await withdrawing();
  await repeat(library);
  expect(await repeated(library)).toEqual([
    {
      release: releases[0],
      by: 'the operator of the library',
      kind: 'operator',
      reason: 'asked for by operator',
      date: '2026-11-20T09:00:00Z',
    },
  ]);
  expect(await planRepetition(await loadState(library.place), NOW)).toBeUndefined();
  await act(library, releases[1] ?? '', 'panel');
  await repeat(library);
  expect((await repeated(library)).map(({ release }) => release)).toEqual(releases);
});

test('it is typed, said in words, and signed by the registrar', async () => {
  const { library, releases } = await withdrawing();
  const base = await mkdtemp(join(tmpdir(), 'cfl-repeat-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  for (const box of ['metadata', 'targets'] as const)
    for (const [path, octets] of library.place[box].content)
      await folder(join(base, box)).replace(path, octets);
  const run = async (...line: string[]) => {
    const io = memoryIo({ now: NOW, passphrase: async () => '' });
    return { exit: await runProgram(program, [...line, '--at', base], io), out: io.stdout };
  };
  expect((await run('withdraw')).exit).toBe(2);
  expect((await run('withdraw', 'abababab', '--repeat')).exit).toBe(2);
  const { exit, out } = await run('withdraw', '--repeat');
  const short = releases[0]?.slice(0, 12);
  const said = `the withdrawal of ${short} on 2026-11-20 by the operator of the library: "asked for by operator"`;
  expect([exit, ...out]).toEqual([
    4,
    `repeats  ${said}`,
    'Wrote change "withdrawals" to private/changes/1; it needs: registrar 2 of 3',
  ]);
  const change = await readChange(folder(join(base, 'private'), 'secret'), 'changes/1');
  const published = await loadState(library.place);
  const lines = await describeChange(change, { ...published, root: undefined });
  expect(lines.map((line) => line.slice(14))).toEqual([`adds ${WITHDRAWN_PATH}`, `repeats ${said}`]);
});

test('what is repeated stays: a change that takes it away or softens it is refused, whoever signed', async () => {
  const { library } = await withdrawing();
  await repeat(library);
  const published = await loadState(library.place);
  const withdrawals = await repeated(library);
  const rewriting = (list: Withdrawn['withdrawals']) => {
    const octets = withdrawnFile.encode({ format: 'cfl/withdrawn/1', withdrawals: list });
    return listing(published, 'registrar', new Map([[WITHDRAWN_PATH, octets]]), library.held.registrar);
  };
  const more = withdrawals.map((one) => ({ ...one, release: 'ab'.repeat(32) as typeof one.release }));
  expect(await planPublication(await rewriting([...withdrawals, ...more]), published)).toBeDefined();
  const softer = withdrawals.map((one) => ({ ...one, reason: 'nothing to worry about' }));
  for (const [list, how] of [
    [[], 'is gone'],
    [softer, 'was changed'],
  ] as const)
    await expect(planPublication(await rewriting(list), published)).rejects.toMatchObject({
      code: 'NOT_A_CHANGE',
      message: expect.stringMatching(new RegExp(`in register/withdrawn.json, the withdrawal of .* ${how}$`)),
    });
});
