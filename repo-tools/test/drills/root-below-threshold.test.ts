// Drill: so many keys of root are lost that those left are fewer than must sign. Nothing repairs that: the library
// goes on until its root ends, and everybody pins the first root of a new one before.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryCache } from '@cfl/client/library';
import { expect, test } from 'vitest';
import { placeAt } from '../../src/deploy/index.ts';
import { later, people } from '../ceremony/people.ts';

const REST = ['holder-1', 'holder-2', 'registrar-1', 'registrar-3', 'panel'];

test('one key of root of three is left: no new root, but everything else goes on until root ends', async () => {
  const all = await people();
  const cache = memoryCache();
  await all.reads(cache);
  const line = 'rotate root --remove BASE/root-2/root-2.pub --remove BASE/root-3/root-3.pub --threshold 1';
  expect((await all.repo(line, later(1))).exit).toBe(4);
  const signed = await all.signedAndApplied(['root-1'], later(1));
  expect(signed).toMatchObject({ exit: 4, out: ['Signed. It still needs: root 2 of 3 (has 1)'] });
  expect((await all.repo('apply LIBRARY/private/changes/1', later(1))).err[0]).toBe(
    'Cannot apply "new keys for root": signatures are missing for root (2 of 3)',
  );

  for (const days of [360, 720]) {
    expect((await all.repo('renew', later(days))).exit).toBe(0);
    expect((await all.repo('renew targets registrar cpl', later(days))).exit).toBe(4);
    expect((await all.signedAndApplied(REST, later(days))).exit, String(days)).toBe(0);
    await all.reads(cache, later(days));
  }
  const status = await all.repo('status', later(729));
  expect(status.out.find((one) => one.startsWith('root'))).toMatch(/due since 2027-11-20: 2 of root-1/);
  expect((await all.repo('renew', later(729))).exit).toBe(0);
  await all.reads(cache, later(729));
  // Then it ends for everybody, and for the operator, too
  await expect(all.reads(cache, later(731))).rejects.toMatchObject({ code: 'EXPIRED' });
  expect((await all.repo('renew', later(731))).exit).toBe(1);
});

test('a new library is founded beside it; whoever pins its first root reads it, nobody is led there unasked', async () => {
  const all = await people();
  const cache = memoryCache();
  await all.reads(cache);
  const roles: Record<string, { threshold: number; keys: string[] }> = {};
  for (const [role, name, count] of [
    ['root', 'new-root', 3],
    ['targets', 'holder', 3],
    ['registrar', 'registrar', 3],
    ['cpl', 'panel', 1],
  ] as const) {
    const names = Array.from({ length: count }, (_, i) => (count === 1 ? name : `${name}-${i + 1}`));
    if (name === 'new-root')
      for (const one of names) {
        await mkdir(join(all.base, one));
        expect((await all.keygen(`BASE/${one}/${one}.pem`)).exit).toBe(0);
      }
    roles[role] = { threshold: count === 1 ? 1 : 2, keys: names.map((one) => `${one}/${one}.pub`) };
  }
  const ceremony = { format: 'cfl/ceremony/1', name: 'Example Firmware Library', trial: true, roles };
  await writeFile(join(all.base, 'ceremony.json'), JSON.stringify(ceremony));
  const elsewhere = all.inFolder('second');
  expect((await elsewhere.repo('init BASE/ceremony.json')).exit).toBe(4);
  const applied = await elsewhere.signedAndApplied(['new-root-1', 'new-root-2', ...REST]);
  expect(applied.out[0]).toMatch(/^Published version 1\. First root, to be printed and read out: SHA-256/);
  await elsewhere.reads();
  // A reader of the old library that is sent to the new one believes nothing of it
  await expect(all.reads(cache, undefined, placeAt(join(all.base, 'second')))).rejects.toMatchObject({
    code: 'UNSIGNED',
  });
});
