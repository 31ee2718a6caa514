// Public keys: what they are called, and whether a signature is theirs.
//
// - A key's id is the SHA-256 of its canonical form (TUF 4.2). A key that stands under another id is
//   dropped where it is parsed: it never counts.
// - Signatures: ECDSA over P-256 with SHA-256 (DER), Ed25519, RSASSA-PSS with SHA-256, salt of 32
//   octets, modulus of at least 2048 bits. A key of any other kind stays in the file and never counts.
// - Two ids over one public key are one key: it is told apart by its numbers, since one point has several
//   encodings and an export keeps the one it was given.

import { encodeCanonical, fromHex, isObject, type JsonObject, sha256 } from '../encoding/index.ts';
import type { KeyId, PublicKey } from './types.ts';

interface Algorithm {
  readonly import: RsaHashedImportParams | EcKeyImportParams | { readonly name: string };
  readonly verify: EcdsaParams | RsaPssParams | { readonly name: string };
  readonly signature: (found: Uint8Array) => Uint8Array | undefined;
}

const ECDSA: Algorithm = {
  import: { name: 'ECDSA', namedCurve: 'P-256' },
  verify: { name: 'ECDSA', hash: 'SHA-256' },
  signature: rawFromDer,
};
const ED25519: Algorithm = {
  import: { name: 'Ed25519' },
  verify: { name: 'Ed25519' },
  signature: (found) => found,
};
const RSA_PSS: Algorithm = {
  import: { name: 'RSA-PSS', hash: 'SHA-256' },
  verify: { name: 'RSA-PSS', saltLength: 32 },
  signature: (found) => found,
};

const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ['ecdsa/ecdsa-sha2-nistp256', ECDSA],
  ['ecdsa-sha2-nistp256/ecdsa-sha2-nistp256', ECDSA],
  ['ed25519/ed25519', ED25519],
  ['rsa/rsassa-pss-sha256', RSA_PSS],
]);

/** Makes a key and its id; `material` is a PEM, or 64 hex digits for ed25519. */
export async function publicKey(keytype: string, scheme: string, material: string): Promise<PublicKey> {
  const json = { keytype, scheme, keyval: { public: material } };
  return { id: await keyId(json), keytype, scheme, public: material, json };
}

/** The key, or undefined where the id is not its hash. Throws a TypeError where it is not a key at all. */
export async function parseKey(id: string, json: JsonObject): Promise<PublicKey | undefined> {
  const { keytype, scheme, keyval } = json;
  if (typeof keytype !== 'string' || typeof scheme !== 'string')
    throw new TypeError('a key has no keytype or no scheme');
  const material = isObject(keyval) ? keyval.public : undefined;
  if (typeof material !== 'string') throw new TypeError('a key has no public part');
  if (id !== (await keyId(json))) return undefined;
  return { id: id as KeyId, keytype, scheme, public: material, json };
}

function keyId(json: JsonObject): Promise<KeyId> {
  return sha256(encodeCanonical(json));
}

interface ImportedKey {
  readonly key: CryptoKey;
  readonly algorithm: Algorithm;
  /** The same for the same public key, however its file writes it. */
  readonly material: string;
}

/** By everything that an import depends on; each role file brings its keys anew. */
const imported = new Map<string, Promise<ImportedKey | undefined>>();

/** Undefined where this code cannot use the key: another kind, or not a key. */
function importKey(key: PublicKey): Promise<ImportedKey | undefined> {
  const name = `${key.keytype}/${key.scheme}/${key.public}`;
  const known = imported.get(name);
  if (known !== undefined) return known;
  if (imported.size > 999) imported.clear();
  const started = importAnew(key).catch(() => undefined);
  imported.set(name, started);
  return started;
}

async function importAnew(key: PublicKey): Promise<ImportedKey | undefined> {
  const algorithm = ALGORITHMS.get(`${key.keytype}/${key.scheme}`);
  if (algorithm === undefined) return undefined;
  const bare = key.keytype === 'ed25519';
  const octets = bare ? fromHex(key.public) : fromPem(key.public);
  const cryptoKey = await crypto.subtle.importKey(bare ? 'raw' : 'spki', octets, algorithm.import, true, [
    'verify',
  ]);
  if (algorithm === RSA_PSS && (cryptoKey.algorithm as RsaKeyAlgorithm).modulusLength < 2048)
    return undefined;
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', cryptoKey);
  return { key: cryptoKey, algorithm, material: JSON.stringify([kty, crv, x, y, n, e]) };
}

/** What tells one public key from another, whatever its id; undefined for a key that this code cannot use. */
export async function keyMaterial(key: PublicKey): Promise<string | undefined> {
  return (await importKey(key))?.material;
}

/** Never throws: a signature that cannot be read is a wrong one. */
export async function verifySignature(
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const usable = await importKey(key);
  const exact = usable?.algorithm.signature(signature);
  if (usable === undefined || exact === undefined) return false;
  try {
    return await crypto.subtle.verify(
      usable.algorithm.verify,
      usable.key,
      exact as Uint8Array<ArrayBuffer>,
      message as Uint8Array<ArrayBuffer>,
    );
  } catch {
    return false;
  }
}

function fromPem(pem: string): Uint8Array<ArrayBuffer> {
  const body = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(pem)?.[1];
  if (body === undefined) throw new TypeError('Cannot read a public key: expected a PEM "PUBLIC KEY"');
  return Uint8Array.from(atob(body.replace(/\s/g, '')), (char) => char.charCodeAt(0));
}

/** DER `SEQUENCE { INTEGER r, INTEGER s }` as the 64 octets r‖s that Web Crypto takes; undefined where it is not exact DER. */
function rawFromDer(der: Uint8Array): Uint8Array | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const r = derInteger(der, 2);
  const s = r && derInteger(der, r.next);
  if (r === undefined || s === undefined || s.next !== der.length) return undefined;
  const raw = new Uint8Array(64);
  raw.set(r.octets, 32 - r.octets.length);
  raw.set(s.octets, 64 - s.octets.length);
  return raw;
}

function derInteger(der: Uint8Array, at: number): { octets: Uint8Array; next: number } | undefined {
  const length = der[at + 1] ?? 0;
  const next = at + 2 + length;
  if (der[at] !== 0x02 || length === 0 || next > der.length) return undefined;
  const octets = der.subarray(at + 2, next);
  const [first = 0, second = 0] = octets;
  if (first >= 0x80 || (first === 0 && length > 1 && second < 0x80)) return undefined;
  const trimmed = first === 0 ? octets.subarray(1) : octets;
  return trimmed.length > 32 ? undefined : { octets: trimmed, next };
}
