// What does a bundle say? Octets of a Sigstore bundle → its parts, or a refusal. Nothing is verified here.
//
// Rules, stricter than the reader of @sigstore/bundle
// - At most 500,000 octets, looked at before anything is read: a statement of a thousand claims has less.
// - JSON without a key twice; no field beside the ones below; base64 in its one exact form.
// - Media type version 0.3; a DSSE envelope whose payload is an in-toto statement; exactly one signature.
// - The verification material is one certificate and exactly one time stamp (RFC 3161). No public key, chain
//   or log entry: nobody here would check it, so it must not look as if somebody had.
// - Certificate and stamp can be read in good time (effort.ts).

import type { SerializedBundle } from '@sigstore/bundle';
import { isObject, type Json, type JsonObject, parseJson } from '../encoding/index.ts';
import { isReadInGoodTime } from './effort.ts';
import { EvidenceError } from './errors.ts';

export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const LARGEST_BUNDLE = 500_000;
const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

export interface ParsedBundle {
  readonly statement: Uint8Array;
  /** The certificate of the signer, DER. */
  readonly certificate: Uint8Array;
  /** The same bundle in the form that @sigstore/bundle reads. */
  readonly json: SerializedBundle;
}

export function parseBundle(octets: Uint8Array): ParsedBundle {
  if (octets.length > LARGEST_BUNDLE)
    throw new EvidenceError(
      'BUNDLE_TOO_LARGE',
      `Cannot read the bundle: it has ${octets.length} octets, expected ${LARGEST_BUNDLE} at most`,
      {
        hint: 'ask its signer for the file again; a statement that is too long is split over several releases',
      },
    );
  const json = readJson(octets);
  const bundle = fields(json, 'the bundle', ['mediaType', 'verificationMaterial', 'dsseEnvelope']);
  if (bundle.mediaType !== MEDIA_TYPE)
    throw notABundle(`found the media type ${shown(bundle.mediaType)}, expected "${MEDIA_TYPE}"`);
  const certificate = parseMaterial(bundle.verificationMaterial);
  const statement = parseEnvelope(bundle.dsseEnvelope);
  return { statement, certificate, json: json as unknown as SerializedBundle };
}

function readJson(octets: Uint8Array): Json {
  try {
    return parseJson(octets);
  } catch (cause) {
    throw notABundle(cause instanceof Error ? cause.message : 'it is not JSON', cause);
  }
}

function parseMaterial(value: Json | undefined): Uint8Array {
  const where = 'its verification material';
  const material = object(value, where);
  for (const kind of ['publicKey', 'x509CertificateChain']) {
    if (material[kind] !== undefined) throw wrongMaterial(`found "${kind}", expected one certificate`);
  }
  fields(material, where, ['certificate', 'timestampVerificationData'], ['tlogEntries']);
  if (list(material.tlogEntries).length > 0) throw wrongMaterial('found a log entry, expected none');
  const { rawBytes } = fields(material.certificate, 'its certificate', ['rawBytes']);
  const stamps = fields(material.timestampVerificationData, 'its time stamps', [], ['rfc3161Timestamps']);
  const all = list(stamps.rfc3161Timestamps);
  if (all.length !== 1) throw wrongCount('STAMP_COUNT', all.length, 'time stamps');
  der(fields(all[0], 'its time stamp', ['signedTimestamp']).signedTimestamp, 'its time stamp');
  return der(rawBytes, 'its certificate');
}

/** Writers of bundles leave out empty lists, or not. */
function list(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value as readonly Json[];
  throw notABundle('it has something else where a list belongs');
}

function parseEnvelope(value: Json | undefined): Uint8Array {
  const envelope = fields(value, 'its envelope', ['payload', 'payloadType', 'signatures']);
  if (envelope.payloadType !== PAYLOAD_TYPE) {
    throw new EvidenceError(
      'PAYLOAD_TYPE',
      `Cannot accept the bundle: found the payload type ${shown(envelope.payloadType)}, expected "${PAYLOAD_TYPE}"`,
      { hint: 'make the bundle again with cfl-publish' },
    );
  }
  const signatures = list(envelope.signatures);
  if (signatures.length !== 1) throw wrongCount('SIGNATURE_COUNT', signatures.length, 'signatures');
  const signature = fields(signatures[0], 'its signature', ['sig'], ['keyid']);
  base64(signature.sig, 'its signature');
  // The certificate names the key; a second name could only differ
  if (signature.keyid !== undefined && signature.keyid !== '')
    throw wrongMaterial(`found the key id ${shown(signature.keyid)} beside the signature, expected none`);
  return base64(envelope.payload, 'its payload');
}

function wrongCount(code: 'STAMP_COUNT' | 'SIGNATURE_COUNT', found: number, what: string): EvidenceError {
  return new EvidenceError(code, `Cannot accept the bundle: found ${found} ${what}, expected exactly 1`, {
    hint: 'a second signature is a second bundle, each with one time stamp',
  });
}

function der(value: Json | undefined, where: string): Uint8Array {
  const octets = base64(value, where);
  if (isReadInGoodTime(octets)) return octets;
  throw notABundle(`${where} is made so that nobody can read it in good time`);
}

function base64(value: Json | undefined, where: string): Uint8Array {
  const octets = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  if (octets.length === 0 || octets.toString('base64') !== value)
    throw notABundle(`${where} is not base64 of at least one octet`);
  return new Uint8Array(octets);
}

function fields(
  value: Json | undefined,
  where: string,
  required: readonly string[],
  optional: readonly string[] = [],
): JsonObject {
  const found = object(value, where);
  const missing = required.find((name) => !Object.hasOwn(found, name));
  if (missing !== undefined) throw notABundle(`${where} has no "${missing}"`);
  const unknown = Object.keys(found).find((name) => !required.includes(name) && !optional.includes(name));
  if (unknown !== undefined) throw notABundle(`${where} has the unknown field ${shown(unknown)}`);
  return found;
}

function object(value: Json | undefined, where: string): JsonObject {
  if (isObject(value)) return value;
  throw notABundle(`${where} is not an object`);
}

/** What came from outside, quoted and cut: it may be of any kind and length. */
function shown(value: Json | undefined): string {
  const text = JSON.stringify(value ?? null);
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

function notABundle(found: string, cause?: unknown): EvidenceError {
  return new EvidenceError('NOT_A_BUNDLE', `Cannot read the bundle: ${found}`, {
    hint: 'ask its signer for the file again',
    cause,
  });
}

function wrongMaterial(found: string, cause?: unknown): EvidenceError {
  return new EvidenceError('WRONG_MATERIAL', `Cannot accept the bundle: ${found}`, {
    hint: 'sign under a certificate that is registered for the party: cfl-publish submit',
    cause,
  });
}
