// A role is split before a file of it is too long, and every reader goes on finding everything.

import { binOf } from '@cfl/client/firmware';
import { folderRepository, memoryCache } from '@cfl/client/library';
import { Client, type RoleName, type TargetPath } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { binsIn, filesOf } from '../../src/change/bins.ts';
import type { Published } from '../../src/deploy/index.ts';
import { after, type Honest, honest, M_FFF1 } from '../change/honest.ts';
import { NOW } from '../fixture.ts';
import { adding, manyReleases } from './library.ts';

let scene: Honest;
beforeAll(async () => {
  scene = await honest();
});

/** Published, and so read by tuf-js: each file of it, and the way to each role. */
async function withReleases(count: number, upon = scene, text = 'image'): Promise<Honest> {
  return after(upon, await adding(upon.published, await manyReleases(count, text), upon.own.slice(0, 1)));
}

async function binCount(published: Published): Promise<number> {
  return binsIn((await published.role(M_FFF1))?.signed);
}

async function lengths(published: Published): Promise<readonly number[]> {
  const names = filesOf(M_FFF1, await binCount(published));
  const documents = await Promise.all(names.map((name) => published.role(name)));
  return documents.map((document) => document?.octets.length ?? Number.NaN);
}

describe.each([
  [64, 1],
  [500, 8],
  [1500, 32],
])('%i releases of one code', (count, bins) => {
  it(`stand in ${bins} bins, no file longer than 60,000 octets, and are found by every reader`, async () => {
    const { place, published } = await withReleases(count);
    expect(await binCount(published)).toBe(bins);
    for (const length of await lengths(published)) expect(length).toBeLessThanOrEqual(60_000);

    const root = place.metadata.content.get('1.root.json') ?? new Uint8Array();
    const repository = folderRepository(place.metadata, place.targets);
    const loaded: RoleName[] = [];
    const onStep = ({ role }: { role: RoleName }) => loaded.push(role);
    const reader = new Client({ root, repository, cache: memoryCache(), now: NOW, onStep });
    const [path] = (await manyReleases(1)).keys();
    const found = await reader.find(path as TargetPath);
    const release = path?.split('/')[2] ?? '';
    const own = bins === 1 ? 'm-fff1' : `m-fff1-${binOf(release, bins)}`;
    expect(found?.role).toBe(own);
    // One release takes one bin
    expect(loaded.filter((role) => role.startsWith('m-fff1'))).toEqual(
      bins === 1 ? ['m-fff1'] : ['m-fff1', own],
    );
    for (const one of (await manyReleases(count)).keys()) expect(await reader.find(one)).toBeDefined();
  });
});

describe('a role that is split', () => {
  it('keeps every entry as it was, and no role leaves the snapshot', async () => {
    const two = await withReleases(100);
    const four = await withReleases(100, two, 'another');
    expect([await binCount(scene.published), await binCount(two.published)]).toEqual([1, 2]);
    expect(await binCount(four.published)).toBe(4);
    const listed = async (published: Published) => {
      const names = filesOf(M_FFF1, await binCount(published));
      const roles = await Promise.all(names.map((name) => published.role(name)));
      return roles.flatMap((role) =>
        [...(role?.signed.targets ?? [])].map(([path, { length }]) => [path, length]),
      );
    };
    expect(await listed(four.published)).toEqual(expect.arrayContaining(await listed(two.published)));
    expect(await listed(four.published)).toHaveLength(3 * 201);
    const roles = ({ trusted }: Published) => [...trusted.snapshot.signed.meta.keys()];
    expect(roles(four.published)).toEqual(expect.arrayContaining(roles(two.published)));
  });

  it('is changed in one bin for one release more', async () => {
    const { published, own } = await withReleases(500);
    const change = await adding(published, await manyReleases(1, 'next'), own);
    expect(change.metadata.size).toBe(1);
  });

  it('is read by whoever knew it whole', async () => {
    const cache = memoryCache();
    const read = async ({ place }: Honest) => {
      const root = place.metadata.content.get('1.root.json') ?? new Uint8Array();
      const repository = folderRepository(place.metadata, place.targets);
      const [path] = (await manyReleases(1)).keys();
      return new Client({ root, repository, cache, now: NOW }).find(path as TargetPath);
    };
    const whole = await withReleases(64);
    expect((await read(whole))?.role).toBe('m-fff1');
    expect((await read(await withReleases(100, whole, 'another')))?.role).toMatch(/^m-fff1-[01]$/);
  });
});
