// Is every command of the Panel's page one that works there? They are run in the order of the page; those about an
// association run in test/association/command-line.test.ts, among suppliers and manufacturers.

import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryIo, runProgram } from '@cfl/client/cli';
import { createKeyFile } from '@cfl/client/keys';
import { expect, onTestFinished, test } from 'vitest';
import { repoProgram } from '../../src/cli/index.ts';
import { csv } from '../cpl/stub.ts';
import { NOW } from '../fixture.ts';
import { filled, manual } from './manual.ts';

const ASSOCIATION = ['A hash association', 'An investigation'];
const PASSPHRASE = 'correct horse';
const HOLDERS = ['root', 'holder', 'registrar'].flatMap((name) => [1, 2, 3].map((n) => `${name}-${n}`));
const TWO_EACH = HOLDERS.filter((name) => !name.endsWith('-3'));

test('the page of the Panel is followed from top to bottom', async () => {
  const base = await mkdtemp(join(tmpdir(), 'cfl-panel-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const at = (...path: string[]) => join(base, ...path);
  const library = at('library');
  await mkdir(library);
  for (const holder of HOLDERS) await createKeyFile(at(`${holder}.pem`), '', { unencrypted: 'trial' });
  await writeFile(at('cpl-2026-11-18.csv'), csv([{}]));
  const names = new Map(
    ['first-root', 'renewal', 'new-key', 'panel.pem', 'panel-2.pem', 'cpl-2026-11-18.csv'].map((name) => [
      name,
      at(name),
    ]),
  );

  const repo = async (expected: readonly number[], ...words: readonly string[]): Promise<string> => {
    const io = memoryIo({ now: NOW, passphrase: async () => PASSPHRASE });
    const desk = words[0] === 'keygen' ? [] : ['--at', library];
    const exit = await runProgram(repoProgram, [...words, ...desk], io);
    const said = [...io.stdout, ...io.stderr].join('\n');
    expect([words, expected.includes(exit), said]).toEqual([words, true, said]);
    return join(library, /private\/changes\/\d+/.exec(said)?.[0] ?? '');
  };
  const signAlso = (change: string, holders: readonly string[]) =>
    repo([0, 4], 'sign', change, ...holders.flatMap((holder) => ['--key', at(`${holder}.pem`)]));
  const handOver = (change: string, name: string) => cp(change, at(name), { recursive: true });

  /** What other people do before and after a line. */
  const around: Readonly<
    Record<string, { before?: () => Promise<unknown>; after?: () => Promise<unknown> }>
  > = {
    'The first day 2': {
      async before() {
        const roles = Object.fromEntries(
          Object.entries({ root: 'root', targets: 'holder', registrar: 'registrar' }).map(([role, name]) => [
            role,
            { threshold: 2, keys: [1, 2, 3].map((n) => `${name}-${n}.pub`) },
          ]),
        );
        const all = { ...roles, cpl: { threshold: 1, keys: ['panel.pub'] } };
        const ceremony = { format: 'cfl/ceremony/1', name: 'Example', trial: true, roles: all };
        await writeFile(at('ceremony.json'), JSON.stringify(ceremony));
        const change = await repo([4], 'init', at('ceremony.json'));
        await signAlso(change, TWO_EACH);
        await handOver(change, 'first-root');
      },
      after: () => repo([0], 'apply', at('first-root')),
    },
    'The list 2': { after: () => repo([0], 'apply', names.get('private/changes/5') ?? '') },
    'Every half year 1': {
      before: async () => handOver(await repo([4], 'renew', 'cpl'), 'renewal'),
      after: () => repo([0], 'apply', at('renewal')),
    },
    'The key is lost, stolen, or old 2': {
      async before() {
        const keys = ['--remove', at('panel.pub'), '--add', at('panel-2.pub')];
        const change = await repo([4], 'rotate', 'cpl', ...keys);
        await signAlso(change, ['holder-1', 'holder-2']);
        await handOver(change, 'new-key');
      },
      after: () => repo([0], 'apply', at('new-key')),
    },
  };

  const unused = new Set(Object.keys(around));
  const counts = new Map<string, number>();
  for (const { section, program, words } of manual('panel.md')) {
    if (ASSOCIATION.includes(section)) continue;
    const turn = `${section} ${(counts.get(section) ?? 0) + 1}`;
    counts.set(section, (counts.get(section) ?? 0) + 1);
    unused.delete(turn);
    expect(program).toBe('cfl-repo');
    await around[turn]?.before?.();
    const change = await repo([0, 4], ...filled(words, names));
    if (turn === 'The list 1') names.set('private/changes/5', change);
    await around[turn]?.after?.();
  }
  expect([...unused]).toEqual([]);
});
