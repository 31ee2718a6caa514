// Real images: 300 headers of Zigbee images and the two GB samples, where the sample data is present.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { itWithSharedData } from '../../../test/shared-data.ts';
import { fromHex } from '../../src/encoding/index.ts';
import {
  decodeHeader,
  decodeImage,
  encodeHeader,
  encodeImage,
  inspectFields,
  libraryForm,
  likelyReading,
  manufacturerImage,
  manufacturerImageHash,
  referenceFileName,
  releaseIdOf,
} from '../../src/firmware/index.ts';

const GB_HASH = '7542f475e3f12eae887d81e32c46d313741d67076b13caec2f82e00ba5e1bb36';
const GB_SUPPLIER_KEY =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMMKrWg0TFyb/vagOeSlMw3U0Qyo+QkQFuXo6ug/8edznKbJRdWPLfZWCfkxQtIy6PYfViTxRuW2Hw0XjcX+MHg==';

function gbImage(data: string, name: string) {
  return decodeImage(new Uint8Array(readFileSync(join(data, 'gb-samples', name))));
}

describe('real headers', () => {
  itWithSharedData('are decoded as expected, all 300, and encoded back to their octets', (data) => {
    const lines = readFileSync(join(data, 'zigbee-ota-headers.jsonl'), 'utf8').trim().split('\n');
    expect(lines.length).toBe(300);
    for (const line of lines) {
      const { headerHex, expect: fields } = JSON.parse(line);
      const { minHw, maxHw, ...same } = fields;
      const octets = fromHex(headerHex);
      const optional = { securityCredentialVersion: null, upgradeFileDestination: null };
      const expected = {
        ...same,
        ...optional,
        minHardwareVersion: minHw ?? null,
        maxHardwareVersion: maxHw ?? null,
      };
      expect(inspectFields(decodeHeader(octets))).toEqual(expected);
      expect(encodeHeader(decodeHeader(octets))).toEqual(octets);
    }
  });
});

describe('the GB samples', () => {
  itWithSharedData('share one manufacturer image, read as inspect reads them', async (data) => {
    for (const name of ['gfi-esme-signed.ota', 'gfi-ppmid-unsigned.ota']) {
      const image = gbImage(data, name);
      expect(await manufacturerImageHash(image, likelyReading(image))).toBe(GB_HASH);
      expect(image.header).toMatchObject({
        manufacturerCode: 0x121d,
        fileVersion: 0xacdcacdc,
        minHardwareVersion: 0x1111,
        maxHardwareVersion: 0x1211,
      });
    }
  });

  itWithSharedData('carry a trailer that verifies with the key of the supplier, or none', async (data) => {
    expect(gbImage(data, 'gfi-ppmid-unsigned.ota').possibleTrailer).toBeUndefined();
    const image = gbImage(data, 'gfi-esme-signed.ota');
    const trailer = image.possibleTrailer;
    expect(trailer?.forceReplace).toBe(0);
    const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const spki = Uint8Array.from(atob(GB_SUPPLIER_KEY), (character) => character.charCodeAt(0));
    const key = await crypto.subtle.importKey('spki', spki, ecdsa, false, ['verify']);
    const message = Uint8Array.from(manufacturerImage(image, 'without-trailer'));
    expect(await crypto.subtle.verify(ecdsa, key, fromHex(trailer?.signatureHex ?? ''), message)).toBe(true);
  });

  itWithSharedData(
    'are two releases in library form, the signed one without trailer and with its size set',
    async (data) => {
      const signed = readFileSync(join(data, 'gb-samples', 'gfi-esme-signed.ota'));
      const esme = encodeImage(libraryForm(gbImage(data, 'gfi-esme-signed.ota'), 'without-trailer'));
      const ppmid = encodeImage(libraryForm(gbImage(data, 'gfi-ppmid-unsigned.ota'), 'whole'));
      const expected = Uint8Array.from(signed.subarray(0, -66));
      new DataView(expected.buffer).setUint32(52, 295, true);
      expect(esme).toEqual(expected);
      expect(ppmid).toEqual(new Uint8Array(readFileSync(join(data, 'gb-samples', 'gfi-ppmid-unsigned.ota'))));
      expect(await releaseIdOf(esme)).not.toBe(await releaseIdOf(ppmid));
    },
  );

  itWithSharedData('have their reference file names', async (data) => {
    const image = gbImage(data, 'gfi-ppmid-unsigned.ota');
    const hash = await manufacturerImageHash(image, 'whole');
    expect(referenceFileName(image.header, hash)).toBe(`121D-0084-ACDCACDC-${GB_HASH}.zigbee`);
  });
});
