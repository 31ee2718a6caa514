// Attack: the files of a change are not those that its role files list.

import { createHash } from 'node:crypto';
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
  object,
  target,
  together,
  withRole,
} from './honest.ts';

let scene: Honest;
let image: string;
beforeAll(async () => {
  scene = await honest();
  image = [...scene.change.targets.keys()].find((path) => path.endsWith('image.ota')) ?? '';
});

const edited = (entries: Record<string, unknown>) =>
  withRole(
    scene.change,
    M_FFF1,
    (signed) => ({ ...signed, targets: object({ ...object(signed['targets']), ...entries }) }),
    scene.own,
  );

describe('accepted', () => {
  it('every file that is listed, and no other', async () => {
    const read = await accept(scene, scene.change);
    expect(read?.files.get(target(image))).toEqual(octets('second image'));
  });

  it('a file that was published before, brought once more', async () => {
    const [path, file] = [...((await scene.published.role(M_FFF1))?.signed.targets ?? [])][0] ?? [];
    if (path === undefined || file === undefined) throw new TypeError('nothing is published');
    const again = (await scene.published.read(path)) ?? octets('');
    expect(
      await accept(scene, { ...scene.change, targets: new Map([...scene.change.targets, [path, again]]) }),
    ).toBeDefined();
  });

  it('a listed file that lies in the library already, since a run died after writing it', async () => {
    const { place, change } = scene;
    const content = octets('second image');
    const { dir, base } = { dir: image.slice(0, image.lastIndexOf('/')), base: 'image.ota' };
    await place.targets.writeNew(`${dir}/${await sha256(content)}.${base}`, content);
    const without = new Map([...change.targets].filter(([path]) => path !== image));
    expect((await accept(scene, { ...change, targets: without }))?.files.get(target(image))).toEqual(content);
    await place.targets.remove(`${dir}/${await sha256(content)}.${base}`);
  });
});

describe('refused', () => {
  it('a file that no role lists', async () => {
    const path = target('firmware/FFF1/extra/image.ota');
    const targets = new Map([...scene.change.targets, [path, octets('more')]]);
    await expectRefused(
      scene,
      { ...scene.change, targets },
      { code: 'NOT_A_CHANGE', message: `Cannot publish ${path}: no role of this change lists it` },
    );
  });

  it('a file that a role lists which is not in the change', async () => {
    const content = (await scene.published.read(PARTIES_PATH)) ?? octets('');
    const targets = new Map([...scene.change.targets, [target(PARTIES_PATH), content]]);
    await expectRefused(
      scene,
      { ...scene.change, targets },
      { code: 'NOT_A_CHANGE', message: `Cannot publish ${PARTIES_PATH}: no role of this change lists it` },
    );
  });

  it('a listed file that is missing', async () => {
    const targets = new Map([...scene.change.targets].filter(([path]) => path !== image));
    await expectRefused(
      scene,
      { ...scene.change, targets },
      {
        code: 'NOT_A_CHANGE',
        message: `Cannot publish ${image}: m-fff1 lists it, and the file is neither in the change nor in the library`,
      },
    );
  });

  it('a listed file, while the change brings none', async () => {
    await expectRefused(
      scene,
      { ...scene.change, targets: new Map() },
      { code: 'NOT_A_CHANGE', message: /m-fff1 lists it, and the file is neither in the change nor/ },
    );
  });

  it.each([
    ['other octets', 'other'],
    ['no octets', ''],
    ['one octet more', 'second image\n'],
  ])('a listed file with %s', async (_name, text) => {
    const targets = new Map([...scene.change.targets, [target(image), octets(text)]]);
    await expectRefused(
      scene,
      { ...scene.change, targets },
      {
        code: 'NOT_A_CHANGE',
        message: `Cannot publish ${image}: its octets are not those that m-fff1 lists`,
      },
    );
  });

  it('a published file brought once more with other octets', async () => {
    const [path] = [...((await scene.published.role(M_FFF1))?.signed.targets.keys() ?? [])];
    if (path === undefined) throw new TypeError('nothing is published');
    const targets = new Map([...scene.change.targets, [path, octets('other')]]);
    await expectRefused(
      scene,
      { ...scene.change, targets },
      { code: 'NOT_A_CHANGE', message: `Cannot publish ${path}: its octets are not those that m-fff1 lists` },
    );
  });

  it('a register that is older octets under the newest signature', async () => {
    const parties = octets('{"format":"cfl/register/1","parties":[]}');
    const before = (await scene.published.read(PARTIES_PATH)) ?? octets('');
    const change = await listing(
      scene.published,
      'registrar',
      new Map([[PARTIES_PATH, parties]]),
      scene.held.registrar,
    );
    await expectRefused(
      scene,
      { ...change, targets: new Map([[target(PARTIES_PATH), before]]) },
      {
        code: 'NOT_A_CHANGE',
        message: `Cannot publish ${PARTIES_PATH}: its octets are not those that registrar lists`,
      },
    );
  });

  it.each([
    ['length', { length: 13 }, {}, 'WRONG_LENGTH'],
    ['second hash', {}, { sha512: 'ab'.repeat(64) }, 'WRONG_HASH'],
  ])('a new file listed with a wrong %s', async (_name, length, hash, code) => {
    const hashes = { sha256: await sha256(octets('second image')), ...hash };
    await expectRefused(scene, await edited({ [image]: { length: 12, ...length, hashes } }), {
      code,
      message: /^Cannot accept firmware\/FFF1\//,
    });
  });

  it('a new file listed without a sha256', async () => {
    const sha512 = createHash('sha512').update('second image').digest('hex');
    await expectRefused(scene, await edited({ [image]: { length: 12, hashes: { sha512 } } }), {
      code: 'NOT_A_CHANGE',
      message: `Cannot publish ${image}: its octets are not those that m-fff1 lists`,
    });
  });
});

describe('a role that lists what it may not', () => {
  it.each([
    ["another manufacturer's", 'firmware/FFF2/ab/image.ota', 'no reader finds it'],
    ['one folder deeper', 'firmware/FFF1/ab/cd/image.ota', 'no reader finds it'],
    ['of a new register', 'register/evil.json', 'no reader finds it'],
    ['that the registrar has', PARTIES_PATH, 'a reader finds the one of registrar'],
  ])('a file %s is refused', async (_name, path, found) => {
    const content = octets('evil');
    const entry = { length: content.length, hashes: { sha256: await sha256(content) } };
    const change = await edited({ [path]: entry });
    await expectRefused(scene, change, {
      code: 'NOT_A_CHANGE',
      message: `Cannot publish ${path}: m-fff1 lists it, and ${found}`,
    });
    await expectRefused(
      scene,
      { ...change, targets: new Map([...change.targets, [target(path), content]]) },
      { code: 'NOT_A_CHANGE', message: /^Cannot publish / },
    );
  });

  it('two roles in one change, of which each lists its own, are published', async () => {
    const note = new Map([['register/note.json', octets('{}')]]);
    const registrar = await listing(scene.published, 'registrar', note, scene.held.registrar);
    const later = await after(scene, together(scene.change, registrar));
    expect(await later.published.read('register/note.json')).toEqual(octets('{}'));
    expect(await later.published.read(image)).toEqual(octets('second image'));
  });
});
