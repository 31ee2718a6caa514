// Drill: `private/` is lost, and comes back from a backup that is a week old; with the journal of a publication
// that was under way then, and an audit log that knows nothing of the week since.

import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryCache } from '@cfl/client/library';
import { expect, test } from 'vitest';
import { readAudit, refuseCutOff } from '../../src/audit/log.ts';
import { openGatewaySigners } from '../../src/ceremony/keys.ts';
import { loadState, presentOf, publish, writing } from '../../src/deploy/index.ts';
import { publishedChain } from '../../src/replay/source.ts';
import { later, type People, people } from '../ceremony/people.ts';
import { memoryPlace } from '../deploy/memory-files.ts';
import { Death, mortal } from '../deploy/mortal.ts';
import { draftOf, imageOf, outcomes, rowFor, runIntake, scene, submitTo } from '../intake/scene.ts';

const TWO = ['root-1', 'root-2'];
const REGISTRARS = ['registrar-1', 'registrar-2'];

async function backUp({ base, operator }: People): Promise<() => Promise<void>> {
  const [own, kept] = [join(operator, 'private'), join(base, 'backup')];
  await cp(own, kept, { recursive: true });
  return async () => {
    await rm(own, { recursive: true });
    await cp(kept, own, { recursive: true });
  };
}

/** A publication that dies after its journal was written, and its lock with it. */
async function dies({ operator, place }: People, now: Date): Promise<void> {
  const keys = { path: join(operator, 'private/keys'), passphrase: async () => '' };
  const online = await openGatewaySigners(keys, presentOf(await loadState(place)));
  const nothing = { roles: new Map(), targets: new Map() };
  const run = (at?: number) => {
    const life = mortal(place, at, 'after');
    const done = writing(life.place, now, (published) =>
      publish(nothing, { place: life.place, published, online, now }),
    );
    return { life, done };
  };
  // The journal is the one file that is replaced in private before metadata is written
  for (let at = 1; ; at++) {
    const { life, done } = run(at);
    await expect(done).rejects.toThrow(Death);
    if (life.done.at(-1) === 'private.replace') return;
    await rm(join(operator, 'private/lock.json'), { force: true });
  }
}

test('the journal of last week is finished by nobody: the library went on, and readers see no step back', async () => {
  const all = await people();
  const cache = memoryCache();
  await dies(all, later(0));
  const restore = await backUp(all);
  expect((await all.repo('renew', later(2))).exit).toBe(0);
  expect((await all.repo('renew registrar', later(3))).exit).toBe(4);
  expect((await all.signedAndApplied(REGISTRARS, later(3))).exit).toBe(0);
  const before = await all.reads(cache, later(3));

  await restore();
  expect(await all.place.private.read('pending.json')).toBeDefined();
  expect((await all.repo('renew', later(7))).out).toHaveLength(1);
  expect(await all.place.private.read('pending.json')).toBeUndefined();
  const after = await all.reads(cache, later(7));
  expect(after.snapshot.signed.version).toBe(before.snapshot.signed.version);
  expect(after.timestamp.signed.version).toBe(before.timestamp.signed.version + 1);
});

test('keys that were made since the backup are lost: what they sign says so, and they are rotated again', async () => {
  const all = await people();
  const cache = memoryCache();
  const restore = await backUp(all);
  expect((await all.repo('rotate snapshot timestamp --here', later(1))).exit).toBe(4);
  expect((await all.signedAndApplied(TWO, later(1))).exit).toBe(0);
  await all.reads(cache, later(1));

  await restore();
  expect((await all.repo('renew', later(6))).out).toEqual([]);
  expect((await all.repo('status', later(6))).out[0]).toMatch(/overdue: cfl-repo renew has not run since/);
  expect((await all.repo('rotate snapshot timestamp --here', later(6))).exit).toBe(4);
  expect((await all.signedAndApplied(TWO, later(6))).exit).toBe(0);
  await all.reads(cache, later(6));
  expect((await all.repo('renew', later(7.5))).exit).toBe(0);
});

test('a change of last week is told that it is published already', async () => {
  const all = await people();
  expect((await all.repo('renew registrar', later(1))).exit).toBe(4);
  const restore = await backUp(all);
  expect((await all.signedAndApplied(REGISTRARS, later(2))).exit).toBe(0);
  await restore();
  const again = await all.signedAndApplied(REGISTRARS, later(7));
  expect(again.err[0]).toBe(
    'Cannot sign "renewal of registrar": registrar version 2 of it is published already',
  );
});

test('the audit log of last week is found out where decisions were published since, and for good', async () => {
  const [mine, next] = [imageOf('one'), imageOf('two', { firmware: 0x01000204 })];
  const third = imageOf('three', { firmware: 0x01000205 });
  const rows = [
    await rowFor('CPL-000412', mine),
    await rowFor('CPL-000413', next),
    await rowFor('CPL-000414', third),
  ];
  const library = await scene(rows);
  const { place, meters } = library;
  const admit = async (image: typeof mine, row: number) => {
    await submitTo(library, meters, await draftOf(meters, image, rows.slice(row, row + 1)));
    expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  };
  const audited = async () => {
    const { decisions } = await publishedChain(await loadState(place));
    const records = await readAudit(place.private);
    refuseCutOff(
      records,
      decisions.map(({ acceptance }) => acceptance.audit),
    );
    return records.length;
  };
  const backup = memoryPlace(place).private;
  await admit(mine, 0);
  await admit(next, 1);
  expect(await audited()).toBe(2);
  place.private.content.clear();
  for (const [path, octets] of backup.content) place.private.content.set(path, octets);
  await expect(audited()).rejects.toMatchObject({ code: 'BROKEN_LOG' });
  // The library itself goes on
  await submitTo(library, meters, await draftOf(meters, third, rows.slice(2)));
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  await expect(audited()).rejects.toMatchObject({ code: 'BROKEN_LOG' });
});

test('the audit log of last week goes on from where it was', async () => {
  const all = await people();
  const write = async (now: Date) => {
    expect((await all.repo('renew registrar', now)).exit).toBe(4);
    expect((await all.signedAndApplied(REGISTRARS, now)).exit).toBe(0);
  };
  await write(later(1));
  const restore = await backUp(all);
  await write(later(2));
  await restore();
  await write(later(7));
  const { exit, out } = await all.repo('audit', later(7));
  expect(exit).toBe(0);
  // The record of the second day is in the later copy alone: nothing published named it
  expect(out.map((line) => line.slice(0, 13))).toEqual(['1  2026-11-21', '2  2026-11-27']);
});
