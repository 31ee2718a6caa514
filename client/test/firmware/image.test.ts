// Which octets of an OTA file are the manufacturer image, at every boundary, and what cannot be known.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256, toHex } from '../../src/encoding/index.ts';
import {
  decodeImage,
  encodeImage,
  libraryForm,
  likelyReading,
  manufacturerImage,
  manufacturerImageHash,
  OtaError,
  parseImageHash,
  referenceFileName,
  releaseIdOf,
} from '../../src/firmware/index.ts';
import { headerOf, imageOf, octets, SIGNATURE, withTrailer } from './synthetic.ts';

function refusalOf(file: Uint8Array): OtaError {
  try {
    decodeImage(file);
  } catch (error) {
    if (error instanceof OtaError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the length of a file', () => {
  const body = octets(241_880);

  it('is what its header says', () => {
    const image = decodeImage(imageOf(body));
    expect(image).toMatchObject({ awaitsTrailer: false, possibleTrailer: undefined });
    expect(image.body).toEqual(body);
  });

  it("is 66 octets less where the header already counts the supplier's trailer", () => {
    const image = decodeImage(imageOf(body, { totalImageSize: 241_940 + 66 }));
    expect(image).toMatchObject({ awaitsTrailer: true, possibleTrailer: undefined });
    expect(image.body).toEqual(body);
  });

  it.each([-66, -1, 1, 65, 67])('is refused where the header says %i octets more', (more) => {
    expect(refusalOf(imageOf(body, { totalImageSize: 241_940 + more })).offset).toBe(52);
  });

  it('is named with both accepted lengths when it is refused', () => {
    const error = refusalOf(imageOf(body).subarray(0, -1));
    expect(error.message).toBe(
      "it has 241,939 octets, its header says 241,940 (or 241,874 before the supplier's 66)",
    );
    expect(error).toMatchObject({
      found: '241,939 octets',
      expected: "241,940 (or 241,874 before the supplier's 66)",
    });
  });

  it.each([0, 65, 66])('is refused with a size field of %i, and no length is made up', (totalImageSize) => {
    expect(refusalOf(imageOf(body, { totalImageSize })).message).toBe(
      `it has 241,940 octets, its header says ${totalImageSize}`,
    );
  });

  it('is refused where nothing follows the header, and accepted with one octet', () => {
    expect(refusalOf(imageOf(octets(0))).message).toBe(
      'offset 60 is the end of the file, expected an upgrade image',
    );
    expect(refusalOf(imageOf(octets(0), { totalImageSize: 126 })).offset).toBe(60);
    expect(decodeImage(imageOf(octets(1))).body.length).toBe(1);
  });
});

describe("a supplier's trailer", () => {
  it('is possible where 0x40 stands 65 octets before the end', async () => {
    const body = octets(500);
    const image = decodeImage(imageOf(withTrailer(body, 1)));
    expect(image.possibleTrailer).toEqual({ forceReplace: 1, signatureHex: toHex(SIGNATURE) });
    expect(likelyReading(image)).toBe('without-trailer');
    expect(manufacturerImage(image, 'without-trailer')).toEqual(body);
    expect(await manufacturerImageHash(image, 'without-trailer')).toBe(await sha256(body));
  });

  it('is not proven by that: the whole body may be the manufacturer image, and can be read so', async () => {
    const image = decodeImage(imageOf(withTrailer(octets(500))));
    expect(manufacturerImage(image, 'whole').length).toBe(566);
    expect(await manufacturerImageHash(image, 'whole')).toBe(await sha256(withTrailer(octets(500))));
  });

  it.each([0x3f, 0x41, 0x00])('is not possible with octet %i in that place', (octet) => {
    const body = withTrailer(octets(500));
    body[501] = octet;
    const image = decodeImage(imageOf(body));
    expect(image.possibleTrailer).toBeUndefined();
    expect(likelyReading(image)).toBe('whole');
    expect(() => manufacturerImage(image, 'without-trailer')).toThrow(TypeError);
  });

  it('leaves at least one octet of manufacturer image', () => {
    expect(decodeImage(imageOf(withTrailer(octets(0)))).possibleTrailer).toBeUndefined();
    expect(decodeImage(imageOf(withTrailer(octets(1)))).possibleTrailer).toBeDefined();
  });

  it('is not looked for where the header says that it is still to come', () => {
    const file = imageOf(withTrailer(octets(500)), { totalImageSize: 60 + 566 + 66 });
    expect(decodeImage(file)).toMatchObject({ awaitsTrailer: true, possibleTrailer: undefined });
  });
});

describe('the library form', () => {
  it('of an image without trailer is the image, octet for octet', () => {
    const file = imageOf(octets(300));
    expect(encodeImage(libraryForm(decodeImage(file), 'whole'))).toEqual(file);
  });

  it('of a signed image is its octets without trailer, and the size field set', () => {
    const signed = imageOf(withTrailer(octets(300)));
    const form = encodeImage(libraryForm(decodeImage(signed), 'without-trailer'));
    expect(form).toEqual(imageOf(octets(300)));
    expect(form.subarray(56)).toEqual(signed.subarray(56, -66));
  });

  it('of an image that awaits its trailer has its own length as size', () => {
    const early = imageOf(octets(300), { totalImageSize: 426 });
    expect(encodeImage(libraryForm(decodeImage(early), 'whole'))).toEqual(imageOf(octets(300)));
  });

  it('names the release by its own digest, so that two headers over one body are two releases', async () => {
    const [one, other] = [imageOf(octets(300)), imageOf(octets(300), { maxHardwareVersion: 0x0200 })];
    expect(await releaseIdOf(one)).toBe(await sha256(one));
    expect(await releaseIdOf(one)).not.toBe(await releaseIdOf(other));
  });

  it('is reached in one step, and encoding undoes decoding, for every body', () => {
    const anyBody = fc.uint8Array({ minLength: 1, maxLength: 400 });
    const anyFile = fc
      .tuple(anyBody, fc.boolean(), fc.nat(7))
      .map(([body, signed, fieldControl]) => imageOf(signed ? withTrailer(body) : body, { fieldControl }));
    fc.assert(
      fc.property(anyFile, (file) => {
        const image = decodeImage(file);
        expect(encodeImage(image)).toEqual(file);
        const form = libraryForm(image, likelyReading(image));
        expect(decodeImage(encodeImage(form))).toEqual(form);
        expect(encodeImage(libraryForm(form, 'whole'))).toEqual(encodeImage(form));
      }),
    );
  });
});

it('the reference file name is made from the header and the hash', () => {
  const hash = parseImageHash('AB'.repeat(32));
  expect(referenceFileName(headerOf({ imageType: 0x84 }), hash)).toBe(
    `FFF1-0084-01000203-${'ab'.repeat(32)}.zigbee`,
  );
});
