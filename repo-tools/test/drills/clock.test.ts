// Drill: the clock is wrong, at the operator's or at a reader's. Ahead, behind, and put right again.

import { memoryCache } from '@cfl/client/library';
import { expect, test } from 'vitest';
import type { Standing } from '../../src/renewal/standing.ts';
import { later, people } from '../ceremony/people.ts';

const TWO = ['root-1', 'root-2'];

test("the operator's clock is behind: nothing is signed, and the library stays as it is", async () => {
  const all = await people();
  expect((await all.repo('renew', later(5))).out).toHaveLength(1);
  const before = await all.place.metadata.read('timestamp.json');
  expect((await all.repo('renew root', later(2))).exit).toBe(4);
  const refused = await all.signedAndApplied(TWO, later(2));
  expect(refused).toMatchObject({ exit: 1 });
  expect(refused.err[0]).toBe(
    'Cannot sign a timestamp at 2026-11-22 09:00 UTC: version 2 is good until 2026-12-02 09:00 UTC, so it was signed later',
  );
  expect(await all.place.metadata.read('timestamp.json')).toEqual(before);
  expect((await all.repo('apply LIBRARY/private/changes/1', later(6))).exit).toBe(0);
  await all.reads(undefined, later(6));
});

test("the operator's clock was a year ahead: status says so, and a new key of the timestamp mends it", async () => {
  const all = await people();
  const cache = memoryCache();
  await all.reads(cache);
  expect((await all.repo('renew', later(365))).exit).toBe(0);
  // Put right: what was signed is good for a year, so a thief of the day could freeze readers for a year
  await all.reads(cache, later(1));
  const status = await all.repo('status', later(1));
  expect(status.exit).toBe(4);
  expect(status.out[0]).toMatch(/signed by a clock that was ahead.*; run: cfl-repo rotate timestamp --here$/);
  expect((await all.repo('renew root', later(1))).exit).toBe(4);
  const refused = await all.signedAndApplied(TWO, later(1));
  expect(refused.err.at(-1)).toContain('cfl-repo rotate timestamp --here');

  expect((await all.repo('rotate timestamp --here', later(1))).exit).toBe(4);
  expect((await all.signedAndApplied(TWO, later(1))).exit).toBe(0);
  expect((await all.reads(cache, later(1))).timestamp.signed.expires).toEqual(later(8));
  const calm = JSON.parse((await all.repo('status --json', later(1))).out.join(''));
  // Of read access alone, which these people never began
  expect(calm.lines.filter(({ act }: Standing) => act)).toMatchObject([{ kind: 'access' }]);
  expect((await all.repo('renew', later(2.5))).exit).toBe(0);
  await all.reads(cache, later(9));
});

test("a reader's clock is ahead: the library seems to have ended; behind: it reads what is there", async () => {
  const all = await people();
  const cache = memoryCache();
  await all.reads(cache);
  await expect(all.reads(cache, later(8))).rejects.toMatchObject({ code: 'EXPIRED' });
  await all.reads(cache);
  expect((await all.repo('renew', later(3))).exit).toBe(0);
  expect((await all.reads(cache, later(-300))).timestamp.signed.version).toBe(2);
});
