// Drill: the operator is gone, with its machine and every key on it. A successor goes on from the public files and
// the keys of the offline holders.

import { cp, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryCache } from '@cfl/client/library';
import { expect, test } from 'vitest';
import type { Standing } from '../../src/renewal/standing.ts';
import { later, people } from '../ceremony/people.ts';

const HOLDERS = ['root-1', 'root-3', 'holder-1', 'holder-2'];

test('a successor with the public files alone: new online keys, and readers that were there before arrive', async () => {
  const all = await people();
  const cache = memoryCache();
  await all.reads(cache);
  // The old machine is in other hands; the successor copies what the CDN serves
  await rename(all.operator, join(all.base, 'gone'));
  await mkdir(all.operator);
  for (const part of ['metadata', 'targets'])
    await cp(join(all.base, 'gone', part), join(all.operator, part), { recursive: true });

  const now = later(20);
  await expect(all.reads(cache, now)).rejects.toMatchObject({ code: 'EXPIRED' });
  const planned = await all.repo('rotate snapshot timestamp gate catalogue --here', now);
  expect(planned).toMatchObject({ exit: 4, err: [] });
  expect((await readdir(join(all.operator, 'private/keys'))).filter((name) => name.endsWith('.pem'))).toEqual(
    ['catalogue-2.pem', 'gate-2.pem', 'snapshot-2.pem', 'timestamp-2.pem'],
  );
  // Keys of gate and catalogue lie here, so they sign what they said under their new keys
  expect((await all.repo('sign LIBRARY/private/changes/1', now)).exit).toBe(4);
  expect((await all.signedAndApplied(HOLDERS, now)).out).toEqual(['Published version 2']);
  const found = await all.reads(cache, now);
  expect(found.root.signed.version).toBe(2);
  expect((await all.repo('renew', later(21.5))).exit).toBe(0);
  const calm = JSON.parse((await all.repo('status --json', later(21.5))).out.join(''));
  // Of read access alone, which these people never began
  expect(calm.lines.filter(({ act }: Standing) => act)).toMatchObject([{ kind: 'access' }]);
  await all.reads(undefined, later(28));

  // The old machine's keys publish nothing that a reader takes
  const keys = join(all.operator, 'private/keys');
  await rename(keys, `${keys}-new`);
  await cp(join(all.base, 'gone/private/keys'), keys, { recursive: true });
  expect((await all.repo('renew', later(23))).out).toEqual([]);
});
