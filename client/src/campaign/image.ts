// Which octets does a meter receive? The manufacturer image under its header, with the supplier's trailer where the
// device type has one.
//
//   ESME, GSME, HCALCS   header with a total image size 66 larger ‖ manufacturer image ‖ forceReplace ‖ 0x40 ‖ r‖s
//   PPMID                as published
//
// Rules
// - The supplier's signature is over the manufacturer image alone: ECDSA P-256 over its SHA-256, as 64 octets r‖s.
// - It is verified before anything is made of it, and what was made is read again.
// - CHF and GPF belong to the DCC: no supplier sends them an image.

import { verify } from 'node:crypto';
import { equalOctets, fromHex, sha256, toHex } from '../encoding/index.ts';
import {
  carriesSupplierTrailer,
  type DeviceType,
  decodeImage,
  encodeImage,
  manufacturerImage,
  type OtaImage,
  type Slice,
  TRAILER_LENGTH,
  type Type2Device,
} from '../firmware/index.ts';
import { rawSignature, type Signer, toPublicKeyObject } from '../keys/index.ts';
import { CampaignError } from './errors.ts';

/** As in the reference image of the DCC: a meter takes the image by its version. */
export const DEFAULT_FORCE_REPLACE = 0;
const SIGNATURE_LENGTH = 64;

export interface Trailer {
  /** One octet. */
  readonly forceReplace: number;
  /** r‖s, 64 octets. */
  readonly signature: Uint8Array;
}

/** The service request of DUIS that carries an image to devices of this type. Throws CampaignError. */
export function serviceFor(type: DeviceType | Type2Device): '11.1' | '11.4' {
  if (carriesSupplierTrailer(type)) return '11.1';
  if (type === 'PPMID') return '11.4';
  throw new CampaignError(
    'NOT_FOR_SUPPLIERS',
    `Cannot assemble an image for a ${type}: no supplier sends it one`,
    {
      hint: 'Images of CHF and GPF are the business of the DCC',
    },
  );
}

/** r‖s over the manufacturer image of an image in library form. Throws CampaignError WRONG_SIGNATURE, or as the signer does. */
export async function signManufacturerImage(image: OtaImage, signer: Signer): Promise<Uint8Array> {
  const message = manufacturerImage(image, 'whole');
  if (signer.key.scheme !== 'ecdsa-sha2-nistp256')
    throw wrongSignature(`the key is "${signer.key.scheme}", expected "ecdsa-sha2-nistp256"`);
  const signature = rawOf(await signer.sign(message));
  const key = toPublicKeyObject(signer.key);
  if (verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)) return signature;
  throw wrongSignature('it is not of this key over the manufacturer image');
}

function rawOf(signature: Uint8Array): Uint8Array {
  try {
    return rawSignature(signature);
  } catch (cause) {
    throw wrongSignature('it is no ECDSA signature in DER', cause);
  }
}

function wrongSignature(reason: string, cause?: unknown): CampaignError {
  return new CampaignError('WRONG_SIGNATURE', `Cannot use the supplier's signature: ${reason}`, {
    hint: 'Nothing was written. Give the key of ECDSA P-256 whose certificate the meters know',
    cause,
  });
}

/** From the library form; without a trailer it stays as it is. */
export function upgradeImage(image: OtaImage, trailer: Trailer | undefined): Uint8Array<ArrayBuffer> {
  if (trailer === undefined) return encodeImage(image);
  if (!Number.isInteger(trailer.forceReplace) || trailer.forceReplace < 0 || trailer.forceReplace > 255)
    throw new TypeError(`Cannot write forceReplace ${trailer.forceReplace}: expected one octet`);
  if (trailer.signature.length !== SIGNATURE_LENGTH)
    throw new TypeError(
      `Cannot write a signature of ${trailer.signature.length} octets: expected ${SIGNATURE_LENGTH}`,
    );
  const body = Buffer.concat([
    image.body,
    Uint8Array.of(trailer.forceReplace, SIGNATURE_LENGTH),
    trailer.signature,
  ]);
  const header = { ...image.header, totalImageSize: image.header.totalImageSize + TRAILER_LENGTH };
  const octets = encodeImage({ header, body });
  expectWhole(octets, image, trailer);
  return octets;
}

/** What was made says what it should, read as a meter would. */
function expectWhole(octets: Uint8Array, { body }: OtaImage, { forceReplace, signature }: Trailer): void {
  const read = decodeImage(octets);
  const found = read.possibleTrailer;
  if (
    found?.forceReplace !== forceReplace ||
    !equalOctets(fromHex(found.signatureHex), signature) ||
    !equalOctets(manufacturerImage(read, 'without-trailer'), body)
  )
    throw new TypeError(
      `Cannot assemble the image: its trailer reads ${found === undefined ? 'nothing' : toHex(signature)}`,
    );
}

/** The runs of octets that are transferred one by one, each as the manufacturer signed it. Throws CampaignError. */
export async function slicesOfImage(
  octets: Uint8Array,
  stated: readonly Slice[],
): Promise<readonly Uint8Array[]> {
  const slices: Uint8Array[] = [];
  let at = 0;
  for (const [i, slice] of stated.entries()) {
    const part = octets.subarray(at, at + slice.length);
    if (part.length !== slice.length || (await sha256(part)) !== slice.sha256)
      throw wrongSlices(`slice ${i + 1} is not as the manufacturer signed it`);
    slices.push(part);
    at += slice.length;
  }
  if (at === octets.length) return slices;
  throw wrongSlices(`they have ${at} octets together, the image has ${octets.length}`);
}

function wrongSlices(reason: string): CampaignError {
  return new CampaignError('WRONG_SLICES', `Cannot cut the image into its slices: ${reason}`, {
    hint: 'Do not use this release; tell the operator and the manufacturer',
  });
}
