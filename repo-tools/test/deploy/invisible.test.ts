// What does not verify is not published: neither what our own client refuses, nor what tuf-js alone does.

import { UnreachableError } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { publish } from '../../src/deploy/index.ts';
import { askTufJs } from '../../src/deploy/second-opinion.ts';
import { accept, expectRefused, type Honest, honest, M_FFF1, withRole } from '../change/honest.ts';
import { NOW, signersOf } from '../fixture.ts';
import { memoryPlace } from './memory-files.ts';
import { listing, octets } from './scene.ts';

let scene: Honest;
beforeAll(async () => {
  scene = await honest();
});

it('what both clients read is published', async () => {
  expect(await accept(scene, scene.change)).toBeDefined();
});

describe('our client refuses', () => {
  it('a role that has expired', async () => {
    const change = await withRole(
      scene.change,
      M_FFF1,
      (signed) => ({ ...signed, expires: '2026-11-20T09:00:00Z' }),
      scene.own,
    );
    await expectRefused(scene, change, {
      code: 'EXPIRED',
      message: /^Cannot accept m-fff1 version 3: it expired on 2026-11-20 09:00 UTC/,
    });
    const inTime = await withRole(
      scene.change,
      M_FFF1,
      (signed) => ({ ...signed, expires: '2026-11-20T09:00:01Z' }),
      scene.own,
    );
    expect(await accept(scene, inTime)).toBeDefined();
  });

  it('the whole library, when root has expired', async () => {
    const message = /^Cannot accept root version 1: it expired on 2028-11-19 09:00 UTC, 24 hours ago$/;
    await expectRefused(scene, scene.change, { code: 'EXPIRED', message }, new Date('2028-11-20T09:00:01Z'));
  });

  it.each(['snapshot', 'timestamp'] as const)(
    'a %s signed by a key that root does not name',
    async (role) => {
      const [stranger] = await signersOf(1);
      const online = { ...scene.online, ...(stranger && { [role]: stranger }) };
      await expectRefused({ ...scene, online }, scene.change, {
        code: 'UNSIGNED',
        message: new RegExp(`^Cannot accept ${role} version 4: it has 0 good signatures of the 1 it needs$`),
      });
    },
  );

  it('a library whose first root is gone', async () => {
    const place = memoryPlace(scene.place);
    await place.metadata.remove('1.root.json');
    const publication = { roles: scene.change.metadata, targets: scene.change.targets };
    const { published, online } = scene;
    await expect(publish(publication, { place, published, online, now: NOW })).rejects.toMatchObject({
      code: 'NO_LIBRARY',
    });
  });
});

describe('tuf-js alone refuses', () => {
  it('a file whose name begins with a dot: its patterns pass over it, ours do not', async () => {
    const files = (name: string) => new Map([[`register/${name}`, octets('{}')]]);
    const plain = await listing(scene.published, 'registrar', files('hidden.json'), scene.held.registrar);
    expect(await accept(scene, plain)).toBeDefined();
    const dotted = await listing(scene.published, 'registrar', files('.hidden.json'), scene.held.registrar);
    await expectRefused(scene, dotted, {
      code: 'SECOND_OPINION',
      message: 'Cannot publish: tuf-js refuses the planned library: it does not find register/.hidden.json',
    });
  });

  it('a library of which a role file is gone, which a reader that has it would not miss', async () => {
    const place = memoryPlace(scene.place);
    await place.metadata.remove('2.targets.json');
    const publication = { roles: scene.change.metadata, targets: scene.change.targets };
    const { published, online } = scene;
    await expect(publish(publication, { place, published, online, now: NOW })).rejects.toMatchObject({
      code: 'SECOND_OPINION',
      message: expect.stringMatching(/2\.targets\.json is not there$/),
    });
    expect(place.metadata.content.has('4.snapshot.json')).toBe(false);
  });

  it('says what it said, and leaves nothing in the temporary folder', async () => {
    const root = scene.place.metadata.content.get('1.root.json') ?? octets('');
    const asked: string[] = [];
    const repository = {
      metadata: async (file: string) => {
        asked.push(file);
        if (file === 'timestamp.json') throw new UnreachableError('MISSING', 'Cannot get timestamp.json');
        return undefined;
      },
      target: () => Promise.reject(new TypeError('not asked')),
    };
    const opinion = askTufJs({ root, repository, now: NOW, probes: ['nothing'], targets: [] });
    await expect(opinion).rejects.toMatchObject({
      code: 'SECOND_OPINION',
      hint: expect.stringMatching(/^Nothing was made visible/),
      cause: expect.any(Error),
    });
    expect(asked).toEqual(['2.root.json', 'timestamp.json']);
  });
});
