// How are octets sealed to recipients, and opened with a secret? Octets in, octets out, in memory only.
//
// Sealing the same twice gives other octets each time. Nothing in a sealed file says who sealed it, so what
// was opened is believed only once its hash is the one that a manufacturer or the registrar signed.

import type { Decrypter } from 'age-encryption';
import { AccessError } from './errors.ts';
import { checkSealed, readHeader, type SealedShape } from './header.ts';
import { age, type Recipient, type Secret } from './recipient.ts';

/** All recipients were parsed for one suite. */
export async function seal(plaintext: Uint8Array, recipients: readonly Recipient[]): Promise<Uint8Array> {
  if (recipients.length === 0) throw new TypeError('Cannot seal to nobody');
  const { Encrypter } = await age();
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(plaintext);
}

export interface Opened<K> {
  readonly plaintext: Uint8Array;
  /** The key that it was sealed to. */
  readonly key: K;
}

/**
 * Tries the keys in the order given. Throws AccessError: what checkSealed throws, WRONG_EPOCH where none of the
 * keys fits, DAMAGED_CIPHERTEXT where one does and what follows was changed.
 */
export async function open<K extends { readonly secret: Secret }>(
  octets: Uint8Array,
  keys: readonly K[],
  shape: SealedShape = {},
): Promise<Opened<K>> {
  const { what = 'the file' } = shape;
  checkSealed(octets, shape);
  const { Decrypter } = await age();
  const header = octets.slice(0, readHeader(octets, what).headerLength);
  for (const key of keys) {
    const decrypter = new Decrypter();
    decrypter.addIdentity(key.secret);
    if (await fits(decrypter, header, what))
      return { plaintext: await decrypted(decrypter, octets, what), key };
  }
  throw new AccessError(
    'WRONG_EPOCH',
    `Cannot decrypt ${what}: none of the ${keys.length} keys tried opens it`,
    {
      found: keys.length,
      hint: 'It was sealed to another key. Run: cfl refresh, and try again; if it stays so, ask the registrar',
    },
  );
}

async function fits(decrypter: Decrypter, header: Uint8Array, what: string): Promise<boolean> {
  try {
    await decrypter.decryptHeader(header);
    return true;
  } catch (cause) {
    // The one thing that the package says where no stanza is for this key
    if (cause instanceof Error && /no identity matched/.test(cause.message)) return false;
    throw damaged(what, cause);
  }
}

async function decrypted(decrypter: Decrypter, octets: Uint8Array, what: string): Promise<Uint8Array> {
  try {
    return await decrypter.decrypt(octets);
  } catch (cause) {
    throw damaged(what, cause);
  }
}

function damaged(what: string, cause: unknown): AccessError {
  return new AccessError(
    'DAMAGED_CIPHERTEXT',
    `Cannot decrypt ${what}: it was changed or cut short after it was sealed`,
    {
      hint: 'Get it again; if it stays so, tell the operator',
      cause,
    },
  );
}
