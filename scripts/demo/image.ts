// An OTA image that is real in everything but its firmware: a header as the trade writes it over octets
// that come from a generator, the same at each run.

import { createHash } from 'node:crypto';
import { encodeImage, type OtaHeader, type OtaImage } from '@cfl/client/firmware';
import type { DemoRelease } from './world.ts';

const HEADER_LENGTH = 60;

export function demoImage(release: DemoRelease): Uint8Array {
  const body = octetsOf(`${release.code} ${release.model} ${release.firmware}`, release.octets);
  return encodeImage({ header: headerOf(release), body });
}

function headerOf({ code, firmware, takes, octets, model }: DemoRelease): OtaHeader {
  const name = Buffer.alloc(32);
  name.write(`Demo ${model} ${firmware}`, 'latin1');
  return {
    headerVersion: 0x0100,
    headerLength: HEADER_LENGTH,
    fieldControl: 0x0004,
    manufacturerCode: Number.parseInt(code, 16),
    imageType: Number.parseInt(model, 16),
    fileVersion: Number.parseInt(firmware, 16),
    stackVersion: 2,
    headerStringHex: name.toString('hex'),
    totalImageSize: HEADER_LENGTH + octets,
    minHardwareVersion: Number.parseInt(takes[0], 16),
    maxHardwareVersion: Number.parseInt(takes[1], 16),
    securityCredentialVersion: null,
    upgradeFileDestination: null,
  } satisfies OtaImage['header'];
}

/** SHA-256 of the seed and a counter, as many as are needed. */
function octetsOf(seed: string, length: number): Uint8Array {
  const octets = new Uint8Array(length);
  for (let at = 0; at < length; at += 32) {
    const block = createHash('sha256').update(`${seed} ${at}`).digest();
    octets.set(block.subarray(0, Math.min(32, length - at)), at);
  }
  return octets;
}
