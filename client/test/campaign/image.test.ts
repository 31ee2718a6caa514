// The image that a meter receives: the real one is rebuilt octet for octet, and no signature is believed unseen.

import { createPublicKey, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { itWithSharedData } from '../../../test/shared-data.ts';
import { serviceFor, signManufacturerImage, slicesOfImage, upgradeImage } from '../../src/campaign/index.ts';
import {
  decodeImage,
  encodeImage,
  libraryForm,
  manufacturerImage,
  slicesOf,
} from '../../src/firmware/index.ts';
import { derSignature, memorySigner, rawSignature, type Signer } from '../../src/keys/index.ts';
import { imageOf } from '../firmware/synthetic.ts';

const PUBLISHED_KEY =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMMKrWg0TFyb/vagOeSlMw3U0Qyo+QkQFuXo6ug/8edznKbJRdWPLfZWCfkxQtIy6PYfViTxRuW2Hw0XjcX+MHg==';

const syntheticImage = (text: string) => decodeImage(imageOf(new TextEncoder().encode(text)));

describe('the real image of an ESME', () => {
  itWithSharedData('is rebuilt from its library form and its published signature', async (data) => {
    const octets = new Uint8Array(await readFile(join(data, 'gb-samples/gfi-esme-signed.ota')));
    const published = decodeImage(octets);
    const trailer = published.possibleTrailer;
    if (trailer === undefined) throw new Error('the sample has a trailer');
    const library = libraryForm(published, 'without-trailer');
    const signature = Buffer.from(trailer.signatureHex, 'hex');
    expect(encodeImage(library)).toHaveLength(octets.length - 66);
    expect(upgradeImage(library, { forceReplace: trailer.forceReplace, signature })).toEqual(octets);
    const key = createPublicKey({ key: Buffer.from(PUBLISHED_KEY, 'base64'), type: 'spki', format: 'der' });
    const message = manufacturerImage(library, 'whole');
    expect(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  itWithSharedData('and that of a PPMID is the library form itself', async (data) => {
    const octets = new Uint8Array(await readFile(join(data, 'gb-samples/gfi-ppmid-unsigned.ota')));
    expect(upgradeImage(libraryForm(decodeImage(octets), 'whole'), undefined)).toEqual(octets);
  });
});

describe('an image with a trailer', () => {
  test.each([0, 1, 255])('says its new size, forceReplace %i and the signature', async (forceReplace) => {
    const image = syntheticImage('a manufacturer image');
    const signer = await memorySigner();
    const signature = await signManufacturerImage(image, signer);
    const octets = upgradeImage(image, { forceReplace, signature });
    const read = decodeImage(octets);
    expect(read.header).toEqual({ ...image.header, totalImageSize: octets.length });
    expect(read.possibleTrailer).toEqual({
      forceReplace,
      signatureHex: Buffer.from(signature).toString('hex'),
    });
    expect(libraryForm(read, 'without-trailer')).toMatchObject({ header: image.header, body: image.body });
    const key = createPublicKey(signer.key.public);
    expect(verify('sha256', image.body, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  test.each([-1, 256, 0.5])('is not made with forceReplace %d', (forceReplace) => {
    const trailer = { forceReplace, signature: new Uint8Array(64) };
    expect(() => upgradeImage(syntheticImage('a'), trailer)).toThrow(TypeError);
  });

  const image = syntheticImage('a manufacturer image');
  const answering = async (
    answer: (message: Uint8Array, signer: Signer) => Promise<Uint8Array>,
  ): Promise<Signer> => {
    const signer = await memorySigner();
    return { key: signer.key, sign: (message) => answer(message, signer) };
  };

  test.each<[string, () => Promise<Signer>, string]>([
    [
      'of other octets',
      () => answering((_message, { sign }) => sign(new Uint8Array([1]))),
      'it is not of this key',
    ],
    [
      'of another key',
      () => answering(async (message) => (await memorySigner()).sign(message)),
      'it is not of this key',
    ],
    [
      'that is r‖s already',
      () => answering(async (message, { sign }) => rawSignature(await sign(message))),
      'it is no ECDSA signature in DER',
    ],
    ['of nothing', () => answering(async () => new Uint8Array()), 'it is no ECDSA signature in DER'],
    ['of an Ed25519 key', () => memorySigner('ed25519'), 'the key is "ed25519"'],
  ])('is not made with a signature %s', async (_what, signer, reason) => {
    expect(await signManufacturerImage(image, await memorySigner())).toHaveLength(64);
    await expect(signManufacturerImage(image, await signer())).rejects.toMatchObject({
      code: 'WRONG_SIGNATURE',
      message: expect.stringContaining(reason),
    });
  });

  test('its signature may have any of the lengths of DER', () => {
    const short = new Uint8Array(64);
    short[31] = 1;
    short[63] = 0x80;
    for (const raw of [short, new Uint8Array(64).fill(0xff), new Uint8Array(64).fill(0x7f)])
      expect(rawSignature(derSignature(raw))).toEqual(raw);
    expect(() => rawSignature(derSignature(new Uint8Array(64)))).toThrow('outside of P-256');
    expect(() => derSignature(new Uint8Array(63))).toThrow('found 63 octets');
  });
});

test.each([
  ['ESME', '11.1'],
  ['GSME', '11.1'],
  ['HCALCS', '11.1'],
  ['PPMID', '11.4'],
] as const)('an image for a %s goes by service request %s', (type, service) => {
  expect(serviceFor(type)).toBe(service);
});

test.each(['CHF', 'GPF', 'IHD'] as const)('no supplier sends an image to a %s', (type) => {
  expect(() => serviceFor(type)).toThrow(expect.objectContaining({ code: 'NOT_FOR_SUPPLIERS' }));
});

describe('slices', () => {
  const octets = encodeImage(syntheticImage('x'.repeat(1000)));

  test('are the runs that the manufacturer signed, one after the other', async () => {
    const slices = await slicesOfImage(octets, await slicesOf(octets, 300));
    expect(slices.map(({ length }) => length)).toEqual([300, 300, 300, octets.length - 900]);
    expect(new Uint8Array(Buffer.concat(slices))).toEqual(octets);
  });

  test.each([
    [
      'in another order',
      (all: readonly object[]) => all.toReversed(),
      'slice 1 is not as the manufacturer signed it',
    ],
    ['without the last', (all: readonly object[]) => all.slice(0, -1), 'they have 900 octets together'],
    [
      'with one too many',
      (all: readonly object[]) => [...all, all[0]],
      'slice 5 is not as the manufacturer signed it',
    ],
  ])('%s are refused', async (_what, spoil, reason) => {
    const stated = spoil(await slicesOf(octets, 300)) as Awaited<ReturnType<typeof slicesOf>>;
    await expect(slicesOfImage(octets, stated)).rejects.toMatchObject({
      code: 'WRONG_SLICES',
      message: expect.stringContaining(reason),
    });
  });
});
