// Keys for the tests: real ones, made on the spot, and the disguises an attacker would put on them.

import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { encodeCanonical, type JsonObject } from '../../src/encoding/index.ts';

export type KeyKind = 'ecdsa' | 'ed25519' | 'rsa';

export interface TestKey {
  /** The id that files use for it: the hash of `json`, unless a test says otherwise. */
  readonly id: string;
  readonly json: JsonObject;
  sign(message: Uint8Array): Uint8Array;
}

export function makeKey(kind: KeyKind = 'ecdsa'): TestKey {
  const { publicKey, privateKey } = keyPair(kind);
  const json = keyJson(kind, publicKey);
  return { id: idOf(json), json, sign: (message) => signature(kind, message, privateKey) };
}

export function makeKeys(count: number): readonly TestKey[] {
  return Array.from({ length: count }, () => makeKey());
}

/** The same private key, described by other JSON; the id follows, as an honest hash of the new description. */
export function disguised(key: TestKey, json: JsonObject): TestKey {
  return { id: idOf(json), json, sign: key.sign };
}

/** The same key under an id that is not its hash. */
export function misnamed(key: TestKey, id: string): TestKey {
  return { id, json: key.json, sign: key.sign };
}

export function publicText(key: TestKey): string {
  return (key.json as { keyval: { public: string } }).keyval.public;
}

export function withPublicText(key: TestKey, text: string): JsonObject {
  return { ...key.json, keyval: { public: text } };
}

/** The same P-256 key, its point written in the short form: other octets, other id, one private key. */
export function compressedPoint(key: TestKey): JsonObject {
  const { x, parity } = pointOf(key);
  return withPoint(key, Buffer.concat([Buffer.from([2 + parity]), x]));
}

/** The same P-256 key, its point written whole and its parity beside it (X9.62's hybrid form). */
export function hybridPoint(key: TestKey): JsonObject {
  const { x, y, parity } = pointOf(key);
  return withPoint(key, Buffer.concat([Buffer.from([6 + parity]), x, y]));
}

function pointOf(key: TestKey): { x: Buffer; y: Buffer; parity: number } {
  const base64 = publicText(key).replace(/-----[^-]*-----|\s/g, '');
  const point = Buffer.from(base64, 'base64').subarray(-64);
  return { x: point.subarray(0, 32), y: point.subarray(32), parity: (point[63] ?? 0) % 2 };
}

function withPoint(key: TestKey, point: Buffer): JsonObject {
  const algorithm = Buffer.from('301306072a8648ce3d020106082a8648ce3d030107', 'hex');
  const bits = Buffer.concat([Buffer.from([0x03, point.length + 1, 0]), point]);
  const spki = Buffer.concat([Buffer.from([0x30, algorithm.length + bits.length]), algorithm, bits]);
  const pem = spki.toString('base64').match(/.{1,64}/g) ?? [];
  return withPublicText(key, `-----BEGIN PUBLIC KEY-----\n${pem.join('\n')}\n-----END PUBLIC KEY-----\n`);
}

export function sha256Hex(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

function idOf(json: JsonObject): string {
  return sha256Hex(encodeCanonical(json));
}

function keyPair(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function keyJson(kind: KeyKind, key: KeyObject): JsonObject {
  if (kind === 'ed25519') {
    const raw = key.export({ type: 'spki', format: 'der' }).subarray(-32);
    return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw.toString('hex') } };
  }
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  const scheme = kind === 'rsa' ? 'rsassa-pss-sha256' : 'ecdsa-sha2-nistp256';
  return { keytype: kind, scheme, keyval: { public: pem } };
}

function signature(kind: KeyKind, message: Uint8Array, key: KeyObject): Uint8Array {
  if (kind === 'ed25519') return sign(null, message, key);
  if (kind === 'ecdsa') return sign('sha256', message, key);
  return sign('sha256', message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
}
