// What is this OTA image, and which octets of it does the Central Products List hash?
//
//   OTA upgrade image = OTA header ‖ upgrade image
//   upgrade image     = manufacturer image [‖ forceReplace (1) ‖ 0x40 ‖ supplier's signature r‖s (64)]
//
// Rules
// - A file has the length that its header says, or 66 octets less: then the header already counts the
//   trailer that the supplier will append. Any other length is refused, and so is an image of nothing.
// - Whether a trailer is there cannot be read off the octets: one body in 256 holds 0x40 at that place
//   by chance. So a trailer is at most *possible*, and whoever wants the manufacturer image says how to
//   read the body: `whole`, or `without-trailer`. Only a hash from elsewhere (the CPL's) settles it.
// - `cfl inspect`, which has no such hash, takes a possible trailer for one, and says so.
// - Library form: no trailer, and the total image size is the length. The supplier adds its own later.

import { type Sha256, sha256, toHex } from '../encoding/index.ts';
import { decodeHeader, encodeHeader, OtaError, type OtaHeader, TOTAL_SIZE_OFFSET } from './header.ts';
import {
  firmwareVersionOf,
  hexOf,
  type ImageHash,
  manufacturerCodeOf,
  parseImageHash,
  parseReleaseId,
  type ReleaseId,
} from './identifiers.ts';

/** forceReplace, the length of the signature, and the signature. */
export const TRAILER_LENGTH = 66;
const SIGNATURE_LENGTH = 64;

/** The last 66 octets of a body, if they have the form of a supplier's trailer. */
export interface PossibleTrailer {
  readonly forceReplace: number;
  /** ECDSA P-256 r‖s over the manufacturer image, 128 lower-case hex digits. Not verified here. */
  readonly signatureHex: string;
}

export interface OtaImage {
  readonly header: OtaHeader;
  /** Everything behind the header. */
  readonly body: Uint8Array;
  /** The header counts 66 octets that the file does not hold yet. */
  readonly awaitsTrailer: boolean;
  readonly possibleTrailer: PossibleTrailer | undefined;
}

export type BodyReading = 'whole' | 'without-trailer';

/** Throws OtaError. The body is a view of the octets, not a copy. */
export function decodeImage(octets: Uint8Array): OtaImage {
  const header = decodeHeader(octets);
  const missing = header.totalImageSize - octets.length;
  if (missing !== 0 && missing !== TRAILER_LENGTH) throw wrongLength(octets.length, header.totalImageSize);
  const body = octets.subarray(header.headerLength);
  if (body.length === 0) throw nothingBehind(header);
  const awaitsTrailer = missing === TRAILER_LENGTH;
  return { header, body, awaitsTrailer, possibleTrailer: awaitsTrailer ? undefined : trailerOf(body) };
}

function wrongLength(length: number, total: number): OtaError {
  const found = `${grouped(length)} octets`;
  const before =
    total > TRAILER_LENGTH
      ? ` (or ${grouped(total - TRAILER_LENGTH)} before the supplier's ${TRAILER_LENGTH})`
      : '';
  const expected = `${grouped(total)}${before}`;
  return new OtaError(`it has ${found}, its header says ${expected}`, {
    offset: TOTAL_SIZE_OFFSET,
    found,
    expected,
  });
}

function nothingBehind(header: OtaHeader): OtaError {
  const detail = { offset: header.headerLength, found: 'the end of the file', expected: 'an upgrade image' };
  return new OtaError(`offset ${detail.offset} is ${detail.found}, expected ${detail.expected}`, detail);
}

function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

function trailerOf(body: Uint8Array): PossibleTrailer | undefined {
  const at = body.length - TRAILER_LENGTH;
  const forceReplace = body[at];
  if (at < 1 || forceReplace === undefined || body[at + 1] !== SIGNATURE_LENGTH) return undefined;
  return { forceReplace, signatureHex: toHex(body.subarray(at + 2)) };
}

export function encodeImage(image: Pick<OtaImage, 'header' | 'body'>): Uint8Array<ArrayBuffer> {
  const header = encodeHeader(image.header);
  const octets = new Uint8Array(header.length + image.body.length);
  octets.set(header);
  octets.set(image.body, header.length);
  return octets;
}

/** How `cfl inspect` reads a body. */
export function likelyReading(image: OtaImage): BodyReading {
  return image.possibleTrailer === undefined ? 'whole' : 'without-trailer';
}

/** Throws a TypeError if it is to be read without a trailer that cannot be there. */
export function manufacturerImage(image: OtaImage, reading: BodyReading): Uint8Array {
  if (reading === 'whole') return image.body;
  if (image.possibleTrailer === undefined)
    throw new TypeError('Cannot read the body without its trailer: it has none');
  return image.body.subarray(0, -TRAILER_LENGTH);
}

export async function manufacturerImageHash(image: OtaImage, reading: BodyReading): Promise<ImageHash> {
  return parseImageHash(await sha256(manufacturerImage(image, reading)));
}

/** The form in which the library holds the image: no trailer, and the total image size as long as the file. */
export function libraryForm(image: OtaImage, reading: BodyReading): OtaImage {
  const body = manufacturerImage(image, reading);
  const header = { ...image.header, totalImageSize: image.header.headerLength + body.length };
  return { header, body, awaitsTrailer: false, possibleTrailer: trailerOf(body) };
}

/** The octets of a release are named by their own SHA-256. */
export async function releaseIdOf(octets: Uint8Array): Promise<ReleaseId> {
  const digest: Sha256 = await sha256(octets);
  return parseReleaseId(digest);
}

/** `FFF1-0000-01000203-<64 hex digits>.zigbee` */
export function referenceFileName(header: OtaHeader, hash: ImageHash): string {
  const { manufacturerCode, imageType, fileVersion } = header;
  return `${manufacturerCodeOf(manufacturerCode)}-${hexOf(imageType, 4)}-${firmwareVersionOf(fileVersion)}-${hash}.zigbee`;
}
