// What does a bundle say? Octets of a Sigstore bundle → its parts, or a refusal. Nothing is verified here.
//
// Rules, stricter than the reader of @sigstore/bundle
// - JSON without a key twice; no field beside the ones below; base64 in its one exact form.
// - Media type version 0.3; a DSSE envelope whose payload is an in-toto statement; exactly one signature.
// - The verification material is a registered key, named by its id; the envelope's own `keyid` is that id or absent.
// - No certificate, time stamp or log entry: nobody has checked it, so it must not look as if somebody had.

import type { SerializedBundle } from '@sigstore/bundle';
import { type Json, type JsonObject, parseJson, parseSha256 } from '../encoding/index.ts';
import type { KeyId } from '../tuf/types.ts';
import { EvidenceError } from './errors.ts';

export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

export interface ParsedBundle {
  /** The id of the key that is said to have signed. */
  readonly keyId: KeyId;
  readonly statement: Uint8Array;
  /** The same bundle in the form that @sigstore/bundle reads. */
  readonly json: SerializedBundle;
}

export function parseBundle(octets: Uint8Array): ParsedBundle {
  const json = readJson(octets);
  const bundle = fields(json, 'the bundle', ['mediaType', 'verificationMaterial', 'dsseEnvelope']);
  if (bundle.mediaType !== MEDIA_TYPE)
    throw notABundle(`found the media type ${shown(bundle.mediaType)}, expected "${MEDIA_TYPE}"`);
  const keyId = parseMaterial(bundle.verificationMaterial);
  const statement = parseEnvelope(bundle.dsseEnvelope, keyId);
  return { keyId, statement, json: json as unknown as SerializedBundle };
}

function readJson(octets: Uint8Array): Json {
  try {
    return parseJson(octets);
  } catch (cause) {
    throw notABundle(cause instanceof Error ? cause.message : 'it is not JSON', cause);
  }
}

function parseMaterial(value: Json | undefined): KeyId {
  const where = 'its verification material';
  const empty = ['tlogEntries', 'timestampVerificationData'];
  const material = object(value, where);
  for (const kind of ['certificate', 'x509CertificateChain']) {
    if (material[kind] !== undefined)
      throw wrongMaterial('found a certificate, expected the id of a registered key');
  }
  fields(material, where, ['publicKey'], empty);
  if (empty.some((name) => !isEmpty(material[name])))
    throw wrongMaterial('found a time stamp or log entry, expected none');
  const { hint } = fields(material.publicKey, 'its public key', ['hint']);
  try {
    return parseSha256(hint);
  } catch (cause) {
    throw wrongMaterial(
      `found the key hint ${shown(hint)}, expected a key id of 64 lower-case hex digits`,
      cause,
    );
  }
}

/** Writers of bundles leave out empty lists, or not. */
function isEmpty(value: Json | undefined): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  const { rfc3161Timestamps, ...rest } = object(value, 'its time stamps');
  return (
    Object.keys(rest).length === 0 &&
    (rfc3161Timestamps === undefined || (Array.isArray(rfc3161Timestamps) && rfc3161Timestamps.length === 0))
  );
}

function parseEnvelope(value: Json | undefined, keyId: KeyId): Uint8Array {
  const envelope = fields(value, 'its envelope', ['payload', 'payloadType', 'signatures']);
  if (envelope.payloadType !== PAYLOAD_TYPE) {
    throw new EvidenceError(
      'PAYLOAD_TYPE',
      `Cannot accept the bundle: found the payload type ${shown(envelope.payloadType)}, expected "${PAYLOAD_TYPE}"`,
      {
        hint: 'make the bundle with cfl-publish new',
      },
    );
  }
  const signatures = Array.isArray(envelope.signatures) ? (envelope.signatures as readonly Json[]) : [];
  if (signatures.length !== 1) {
    throw new EvidenceError(
      'SIGNATURE_COUNT',
      `Cannot accept the bundle: found ${signatures.length} signatures, expected exactly 1`,
      {
        hint: 'a second signature is a second bundle',
      },
    );
  }
  const signature = fields(signatures[0], 'its signature', ['sig'], ['keyid']);
  base64(signature.sig, 'its signature');
  if (signature.keyid !== undefined && signature.keyid !== keyId) {
    throw wrongMaterial(
      `found the key id ${shown(signature.keyid)} beside the signature, expected "${keyId}" as in the hint`,
    );
  }
  return base64(envelope.payload, 'its payload');
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
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
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
    hint: 'sign with a key that is registered for the party',
    cause,
  });
}
