// Which public key is this? Between Node's key objects, TUF's form of a key, and the `.pub` file.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fromHex, isObject, type Json, type JsonObject, parseJson, toHex } from '../encoding/index.ts';
import { publicKey } from '../tuf/key.ts';
import type { PublicKey } from '../tuf/types.ts';
import { fileError, KeyError } from './errors.ts';

export type Scheme = 'ecdsa-sha2-nistp256' | 'ed25519' | 'rsassa-pss-sha256';

const KEY_TYPES: Readonly<Record<Scheme, string>> = {
  'ecdsa-sha2-nistp256': 'ecdsa',
  ed25519: 'ed25519',
  'rsassa-pss-sha256': 'rsa',
};

/** Of a private or a public key. Throws KeyError UNSUPPORTED_KEY. */
export function schemeOf(key: KeyObject): Scheme {
  const details = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  if (key.asymmetricKeyType === 'ec' && details.namedCurve === 'prime256v1') return 'ecdsa-sha2-nistp256';
  if (key.asymmetricKeyType === 'rsa' && (details.modulusLength ?? 0) >= 2048) return 'rsassa-pss-sha256';
  const kind = [key.asymmetricKeyType, details.namedCurve ?? details.modulusLength].filter(Boolean).join(' ');
  throw new KeyError(
    'UNSUPPORTED_KEY',
    `Cannot use a key of the kind "${kind}": expected ECDSA P-256, Ed25519 or RSA`,
    {
      hint: 'Make a key with ECDSA P-256; an RSA key needs 2048 bits or more',
    },
  );
}

/** The public part of a private key, in TUF's form and with its id. */
export function publicKeyOf(privateKey: KeyObject): Promise<PublicKey> {
  const scheme = schemeOf(privateKey);
  return publicKey(KEY_TYPES[scheme], scheme, publicText(createPublicKey(privateKey), scheme));
}

function publicText(key: KeyObject, scheme: Scheme): string {
  if (scheme !== 'ed25519') return key.export({ type: 'spki', format: 'pem' }).toString();
  return toHex(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'));
}

/** Throws KeyError UNSUPPORTED_KEY where the text is no key, or a key of another scheme than it says. */
export function toKeyObject(key: PublicKey): KeyObject {
  const found = readText(key);
  const scheme = found && schemeOf(found);
  if (found !== undefined && scheme === key.scheme && KEY_TYPES[scheme] === key.keytype) return found;
  throw new KeyError(
    'UNSUPPORTED_KEY',
    `Cannot use the key "${key.id}": its public part is not a key of the scheme "${key.keytype}/${key.scheme}"`,
    { hint: 'Ask the owner of the key for its .pub file again' },
  );
}

/** The key of any kind that a Signer has, those for evidence included. Throws as toKeyObject does. */
export function toPublicKeyObject(key: PublicKey): KeyObject {
  return key.scheme === 'rsa-pkcs1v15-sha256' ? createPublicKey(key.public) : toKeyObject(key);
}

function readText(key: PublicKey): KeyObject | undefined {
  try {
    if (key.scheme === 'ed25519') return ed25519Key(key.public);
    // createPublicKey would take a private key or a certificate too, and derive the public part
    return /^-----BEGIN PUBLIC KEY-----\s/.test(key.public) ? createPublicKey(key.public) : undefined;
  } catch {
    return undefined;
  }
}

function ed25519Key(text: string): KeyObject {
  const x = Buffer.from(fromHex(text)).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** Reads a `.pub` file: the TUF key as JSON, and nothing else in it. */
export async function readPublicKey(path: string): Promise<PublicKey> {
  const action = `Cannot read the public key "${path}"`;
  const octets = await readFile(path).catch((cause: unknown) => {
    throw fileError(action, cause);
  });
  if (octets.includes('PRIVATE KEY-----')) {
    throw new KeyError('NOT_A_KEY', `${action}: it holds a private key, expected its public part`, {
      hint: 'Give the .pub file beside it; a private key goes to nobody',
    });
  }
  const key = await parsePublicKey(octets, action);
  toKeyObject(key);
  return key;
}

async function parsePublicKey(octets: Uint8Array, action: string): Promise<PublicKey> {
  try {
    const file = exactly(parseJson(octets), ['keytype', 'keyval', 'scheme']);
    const keyval = exactly(file.keyval, ['public']);
    return await publicKey(text(file.keytype), text(file.scheme), text(keyval.public));
  } catch (cause) {
    const hint = 'give the .pub file that was written when the key was made';
    throw new KeyError('NOT_A_KEY', `${action}: it is not the JSON of a public key`, { hint, cause });
  }
}

function exactly(value: Json | undefined, names: readonly string[]): JsonObject {
  if (!isObject(value)) throw new TypeError('expected an object');
  if (Object.keys(value).sort().join() !== names.join())
    throw new TypeError(`expected the members ${names.join(', ')}`);
  return value;
}

function text(value: Json | undefined): string {
  if (typeof value !== 'string') throw new TypeError('expected a text');
  return value;
}
