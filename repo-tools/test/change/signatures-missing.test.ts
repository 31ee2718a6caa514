// Attack: a role file with fewer good signatures than its delegator asks for.

import { type JsonObject, parseJson, toHex } from '@cfl/client/encoding';
import { encodeDocument, parseTargets, type Signature, TARGETS } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../src/change/change.ts';
import { needsOf, signDocument } from '../../src/change/sign.ts';
import { presentOf } from '../../src/deploy/index.ts';
import { listing, octets } from '../deploy/scene.ts';
import { signersOf } from '../fixture.ts';
import { accept, expectRefused, type Honest, honest, M_FFF1, nextOf, REGISTRAR, withRole } from './honest.ts';

let scene: Honest;
beforeAll(async () => {
  scene = await honest();
});

const NOTE = new Map([['register/note.json', octets('{}')]]);
const missing = (what: string) => ({
  code: 'SIGNATURES_MISSING',
  message: new RegExp(`^Cannot apply ".*": signatures are missing for ${what}$`),
});
const asIs = (signed: JsonObject) => signed;

async function withSignatures(change: Change, make: (found: readonly Signature[]) => readonly Signature[]) {
  const document = change.metadata.get(M_FFF1);
  if (document === undefined) throw new TypeError('no m-fff1');
  const { signed } = parseJson(document.octets) as { signed: JsonObject };
  const file = encodeDocument(signed, make(document.signatures));
  return { ...change, metadata: new Map([[M_FFF1, await parseTargets(file, M_FFF1)]]) };
}

it('with as many as are needed it is published', async () => {
  expect(await accept(scene, scene.change)).toBeDefined();
  const { published, held } = scene;
  expect(
    await accept(scene, await listing(published, 'registrar', NOTE, held.registrar.slice(1))),
  ).toBeDefined();
});

it('further signatures, even wrong ones, do no harm', async () => {
  const change = await withSignatures(scene.change, (found) => [
    ...found,
    { keyId: 'ab'.repeat(32), sig: 'ab'.repeat(70) },
    { keyId: scene.own[1]?.key.id ?? '', sig: '' },
  ]);
  expect(await accept(scene, change)).toBeDefined();
});

describe('refused', () => {
  it('none at all', async () => {
    await expectRefused(scene, await withSignatures(scene.change, () => []), missing('m-fff1 \\(1 of 2\\)'));
  });

  it('one of the two that the registrar needs', async () => {
    const change = await listing(scene.published, 'registrar', NOTE, scene.held.registrar.slice(0, 1));
    await expectRefused(scene, change, missing('registrar \\(2 of 3\\)'));
  });

  it('one of the two that targets needs', async () => {
    const change = await nextOf(scene, TARGETS, asIs, scene.held.targets.slice(0, 1));
    await expectRefused(scene, change, missing('targets \\(2 of 3\\)'));
  });

  it('one role signed, the other not: both are named where both lack some', async () => {
    const registrar = await listing(scene.published, 'registrar', NOTE, []);
    const unsigned = await withSignatures(scene.change, () => []);
    const change = {
      ...registrar,
      upon: new Map([...registrar.upon, ...unsigned.upon]),
      metadata: new Map([...registrar.metadata, ...unsigned.metadata]),
      targets: new Map([...registrar.targets, ...unsigned.targets]),
    };
    await expectRefused(scene, change, missing('registrar \\(2 of 3\\); m-fff1 \\(1 of 2\\)'));
  });

  it('signed by keys of another role', async () => {
    const { held } = scene;
    for (const signers of [held.registrar, held.targets, held.root, held.gate, held.snapshot]) {
      const change = await withRole(scene.change, M_FFF1, asIs, signers);
      await expectRefused(scene, change, missing('m-fff1 \\(1 of 2\\)'));
    }
  });

  it("signed by the manufacturer, where it is the registrar's", async () => {
    const change = await nextOf(scene, REGISTRAR, asIs, scene.own);
    await expectRefused(scene, change, missing('registrar \\(2 of 3\\)'));
  });

  it('signed by a stranger', async () => {
    const change = await withRole(scene.change, M_FFF1, asIs, await signersOf(3));
    await expectRefused(scene, change, missing('m-fff1 \\(1 of 2\\)'));
  });

  it("a stranger's signature under the key id of the right one", async () => {
    const [stranger] = await signersOf(1);
    const document = scene.change.metadata.get(M_FFF1);
    const sig = toHex((await stranger?.sign(document?.signedOctets ?? octets(''))) ?? octets(''));
    const change = await withSignatures(scene.change, () => [{ keyId: scene.own[0]?.key.id ?? '', sig }]);
    await expectRefused(scene, change, missing('m-fff1 \\(1 of 2\\)'));
  });

  it('changed after it was signed, by a second', async () => {
    const document = scene.change.metadata.get(M_FFF1);
    if (document === undefined) throw new TypeError('no m-fff1');
    const { signed } = parseJson(document.octets) as { signed: JsonObject };
    const later = encodeDocument({ ...signed, expires: '2029-11-20T09:00:00Z' }, document.signatures);
    const change = { ...scene.change, metadata: new Map([[M_FFF1, await parseTargets(later, M_FFF1)]]) };
    await expectRefused(scene, change, missing('m-fff1 \\(1 of 2\\)'));
  });
});

describe('one key counts once', () => {
  it('signing again with the same key replaces its signature', async () => {
    const [first, second] = scene.held.registrar;
    if (first === undefined || second === undefined) throw new TypeError('no registrar');
    const unsigned = await listing(scene.published, 'registrar', NOTE, []);
    let document = unsigned.metadata.get(REGISTRAR);
    if (document === undefined) throw new TypeError('no registrar');
    for (const signer of [first, first, first]) document = await signDocument(REGISTRAR, document, signer);
    const twice = { ...unsigned, metadata: new Map([[REGISTRAR, document]]) };
    expect(document.signatures).toHaveLength(1);
    expect(await needsOf(twice, presentOf(scene.published))).toMatchObject([
      { have: 1, threshold: 2, of: 3 },
    ]);
    await expectRefused(scene, twice, missing('registrar \\(2 of 3\\)'));
    document = await signDocument(REGISTRAR, document, second);
    expect(await accept(scene, { ...twice, metadata: new Map([[REGISTRAR, document]]) })).toBeDefined();
  });

  it('a file that has the same key twice is not read at all', async () => {
    const change = await listing(scene.published, 'registrar', NOTE, scene.held.registrar.slice(0, 1));
    const document = change.metadata.get(REGISTRAR);
    if (document === undefined) throw new TypeError('no registrar');
    const { signed } = parseJson(document.octets) as { signed: JsonObject };
    const file = encodeDocument(signed, [...document.signatures, ...document.signatures]);
    await expect(parseTargets(file, REGISTRAR)).rejects.toMatchObject({ code: 'NOT_METADATA' });
  });
});
