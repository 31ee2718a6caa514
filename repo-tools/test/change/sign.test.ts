// Who may sign: a key that a role names, one after the other, each once; a key that none names is told so.

import { beforeAll, describe, expect, it } from 'vitest';
import { planParty } from '../../src/ceremony/party.ts';
import type { Change } from '../../src/change/change.ts';
import { readChange, writeChange } from '../../src/change/change.ts';
import { keysToSign, needsOf, signChange } from '../../src/change/sign.ts';
import { presentOf } from '../../src/deploy/index.ts';
import { MemoryFiles } from '../deploy/memory-files.ts';
import { founding, listing, octets, signed } from '../deploy/scene.ts';
import { signersOf } from '../fixture.ts';
import { accept, expectRefused, type Honest, honest, M_FFF1, REGISTRAR } from './honest.ts';

let scene: Honest;
let unsigned: Change;
beforeAll(async () => {
  scene = await honest();
  unsigned = await listing(scene.published, 'registrar', new Map([['register/note.json', octets('{}')]]), []);
});

/** Carried as a folder from one place to the next. */
async function carried(change: Change): Promise<Change> {
  const files = new MemoryFiles();
  await writeChange(files, 'change', change);
  return readChange(files, 'change');
}

const present = () => presentOf(scene.published);

describe('where several keys lie on one machine', () => {
  it('as many are used as signatures are missing, and no more', async () => {
    const ids = scene.held.registrar.map(({ key }) => key.id);
    const among = (change: Change, atHand: readonly string[]) =>
      keysToSign(change, present(), new Set(atHand));
    expect((await among(unsigned, ids)).size).toBe(2);
    expect(await among(unsigned, ids.slice(2))).toEqual(new Set(ids.slice(2)));
    const [first] = scene.held.registrar;
    if (first === undefined) throw new TypeError('no registrar');
    const { change } = await signChange(unsigned, first, present());
    const wanted = await among(change, ids);
    expect(wanted.size).toBe(1);
    expect(wanted.has(first.key.id)).toBe(false);
    const whole = await signed(unsigned, scene.held.registrar, scene.published);
    expect((await among(whole, ids)).size).toBe(0);
    expect((await among(unsigned, ['stranger'])).size).toBe(0);
  });
});

describe('two holders', () => {
  it('sign one after the other, each where it is, in either order', async () => {
    const [a, b] = scene.held.registrar;
    if (a === undefined || b === undefined) throw new TypeError('no registrar');
    const results: Change[] = [];
    for (const order of [
      [a, b],
      [b, a],
    ]) {
      let change = unsigned;
      for (const signer of order) {
        const { change: after, signed: roles } = await signChange(await carried(change), signer, present());
        expect(roles).toEqual([REGISTRAR]);
        change = after;
      }
      results.push(change);
      expect(await accept(scene, change)).toBeDefined();
    }
    const ids = results.map(({ metadata }) => metadata.get(REGISTRAR)?.signatures.map(({ keyId }) => keyId));
    expect(ids[0]).toEqual(ids[1]);
  });

  it('that sign two copies have one signature in each: neither copy is enough', async () => {
    for (const signer of scene.held.registrar.slice(0, 2)) {
      const { change } = await signChange(await carried(unsigned), signer, present());
      expect(await needsOf(change, present())).toMatchObject([
        { role: 'registrar', have: 1, threshold: 2, of: 3 },
      ]);
      await expectRefused(scene, change, { code: 'SIGNATURES_MISSING', message: /registrar \(2 of 3\)$/ });
    }
  });
});

it('signing twice with one key counts once', async () => {
  const [a] = scene.held.registrar;
  if (a === undefined) throw new TypeError('no registrar');
  const once = await signChange(unsigned, a, present());
  const twice = await signChange(await carried(once.change), a, present());
  expect(twice.change.metadata.get(REGISTRAR)?.signatures).toHaveLength(1);
  expect(await needsOf(twice.change, present())).toMatchObject([{ have: 1 }]);
});

describe('NOT_A_SIGNER', () => {
  it('a stranger, the holder of another role, and an online key', async () => {
    const [stranger] = await signersOf(1);
    for (const signer of [
      stranger,
      scene.own[0],
      scene.held.root[0],
      scene.held.snapshot[0],
      scene.held.cpl[0],
    ]) {
      if (signer === undefined) throw new TypeError('no signer');
      await expect(signChange(unsigned, signer, present())).rejects.toMatchObject({
        code: 'NOT_A_SIGNER',
        message: `Cannot sign "files of registrar": the key ${signer.key.id.slice(0, 12)} may sign none of registrar`,
      });
    }
  });

  it('a manufacturer signs of a change no more than its own role', async () => {
    const [first] = scene.own;
    if (first === undefined) throw new TypeError('no key');
    const both: Change = {
      ...unsigned,
      metadata: new Map([...unsigned.metadata, ...scene.change.metadata]),
    };
    const result = await signChange(both, first, present());
    expect(result.signed).toEqual([M_FFF1]);
    expect(result.change.metadata.get(REGISTRAR)).toBe(unsigned.metadata.get(REGISTRAR));
  });

  it('the holder of a key that the change itself would bring in, for roles that it brings', async () => {
    const own = await signersOf(1);
    const change = await planParty(
      {
        id: 'sample-gas' as never,
        name: 'Sample Gas',
        kinds: ['manufacturer'],
        codes: ['FFF2' as never],
        role: { keys: own.map(({ key }) => key), threshold: 1 },
        userRoles: [],
        certificates: [],
        eui64: undefined,
        mailbox: undefined,
      },
      scene.published,
      new Date('2026-11-20T09:00:00Z'),
    );
    const [mine] = own;
    if (mine === undefined) throw new TypeError('no key');
    expect((await signChange(change, mine, present())).signed).toEqual(['m-fff2']);
    // Its own signature on its own role does not bring it in
    await expectRefused(scene, await signed(change, own, scene.published), {
      code: 'SIGNATURES_MISSING',
      message: /for registrar \(2 of 3\); targets \(2 of 3\)$/,
    });
    const all = [...Object.values(scene.held).flat(), ...own];
    expect(await accept(scene, await signed(change, all, scene.published))).toBeDefined();
  });

  it('a first root is signed by the keys that it names itself', async () => {
    const first = await founding(scene.held);
    const needs = await needsOf(first, presentOf(undefined));
    expect(needs.map(({ role, have, threshold, of }) => `${role} ${have}/${threshold}/${of}`)).toEqual([
      'root 3/2/3',
      'targets 3/2/3',
      'registrar 3/2/3',
      'cpl 1/1/1',
      'gate 1/1/1',
      'catalogue 1/1/1',
    ]);
    const [stranger] = await signersOf(1);
    if (stranger === undefined) throw new TypeError('no key');
    await expect(signChange(first, stranger, presentOf(undefined))).rejects.toMatchObject({
      code: 'NOT_A_SIGNER',
    });
  });
});
