// Attack: the next version of a role no longer lists what was published, or lists something else in its place.

import { sha256 } from '@cfl/client/encoding';
import { PARTIES_PATH } from '@cfl/client/firmware';
import { beforeAll, describe, expect, it } from 'vitest';
import { listing, octets } from '../deploy/scene.ts';
import {
  accept,
  after,
  expectRefused,
  type Honest,
  honest,
  M_FFF1,
  nextOf,
  object,
  REGISTRAR,
  target,
  withRole,
} from './honest.ts';

let scene: Honest;
let path: string;
beforeAll(async () => {
  scene = await honest();
  path = [...((await scene.published.role(M_FFF1))?.signed.targets.keys() ?? [])][0] ?? '';
});

it('a version that lists all that was there, and more, is published', async () => {
  const read = await accept(scene, scene.change);
  expect(read?.files.has(target(path))).toBe(true);
});

it('a file removed is refused', async () => {
  const change = await withRole(
    scene.change,
    M_FFF1,
    (signed) => {
      const { [path]: gone, ...left } = object(signed['targets']);
      expect(gone).toBeDefined();
      return { ...signed, targets: left };
    },
    scene.own,
  );
  await expectRefused(scene, change, {
    code: 'NOT_A_CHANGE',
    message: `Cannot apply "files of m-fff1": m-fff1 no longer lists ${path}`,
  });
});

describe('a published file', () => {
  const cases: Record<string, (entry: Record<string, unknown>) => object> = {
    'with other octets': (entry) => ({ ...entry, hashes: { sha256: 'ab'.repeat(32) } }),
    'with another length, which no reader could fetch': (entry) => ({ ...entry, length: 1 }),
    'with a second hash, which no reader could match': ({ hashes, ...entry }) => ({
      ...entry,
      hashes: { ...object(hashes), sha512: 'ab'.repeat(64) },
    }),
    'with another hash alone': (entry) => ({ ...entry, hashes: { sha512: 'ab'.repeat(64) } }),
    'with other words beside it': (entry) => ({ ...entry, custom: { note: 'changed' } }),
  };

  it.each(Object.entries(cases))('%s is refused', async (_name, replace) => {
    const change = await withRole(
      scene.change,
      M_FFF1,
      (signed) => {
        const targets = object(signed['targets']);
        return { ...signed, targets: { ...targets, [path]: object(replace(object(targets[path]))) } };
      },
      scene.own,
    );
    await expectRefused(scene, change, {
      code: 'NOT_A_CHANGE',
      message: `Cannot apply "files of m-fff1": m-fff1 replaces ${path}`,
    });
  });

  it('replaced together with its octets is refused', async () => {
    const change = await listing(
      scene.published,
      'm-fff1',
      new Map([[path, octets('another image')]]),
      scene.own,
    );
    await expectRefused(scene, change, { code: 'NOT_A_CHANGE', message: /m-fff1 replaces firmware\/FFF1\// });
  });
});

it('the register may be replaced, and a reader then finds the new one', async () => {
  const present = new TextDecoder().decode(await scene.published.read(PARTIES_PATH));
  const parties = octets(present.replace('"Example Meters"', '"Example Meters and Sons"'));
  const change = await listing(
    scene.published,
    'registrar',
    new Map([[PARTIES_PATH, parties]]),
    scene.held.registrar,
  );
  const read = await accept(scene, change);
  expect(read?.files.get(target(PARTIES_PATH))).toEqual(parties);
});

it('what is replaceable may be replaced, not removed', async () => {
  const change = await nextOf(
    scene,
    REGISTRAR,
    (signed) => ({ ...signed, targets: {} }),
    scene.held.registrar,
  );
  await expectRefused(scene, change, {
    code: 'NOT_A_CHANGE',
    message: /registrar no longer lists register\//,
  });
});

it('a decision of the gate is never replaced', async () => {
  const release = `intake/${await sha256(octets('first image'))}/decision-1.json`;
  const decided = (scene: Honest, text: string) =>
    listing(scene.published, 'gate', new Map([[release, octets(text)]]), scene.held.gate);
  const later = await after(scene, await decided(scene, '1'));
  await expectRefused(later, await decided(later, '2'), {
    code: 'NOT_A_CHANGE',
    message: `Cannot apply "files of gate": gate replaces ${release}`,
  });
});
