// What does a passphrase open? The stanza `scrypt` of the age format (age-encryption.org/v1), by Node's own scrypt
// and ChaCha20-Poly1305, in a fraction of the time of JavaScript. The work asked for is judged before (credential.ts).

import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import type { Stanza } from 'age-encryption';
import type { PassphraseStanza } from '../access/index.ts';

const TYPE = 'scrypt';
const LABEL = 'age-encryption.org/v1/scrypt';
const CIPHER = 'chacha20-poly1305';
const SALT = 16;
const TAG = 16;
/** A file key is wrapped once, under a key of its own. */
const NONCE = Buffer.alloc(12);

export const nativeStanza: PassphraseStanza = {
  identity: (passphrase) => ({
    async unwrapFileKey([stanza, ...more]) {
      const [type, salt = '', work = ''] = stanza?.args ?? [];
      if (stanza === undefined || type !== TYPE || more.length > 0) return null;
      return unwrapped(stanza.body, await derive(passphrase, Buffer.from(salt, 'base64'), Number(work)));
    },
  }),
  recipient: (passphrase, work) => ({
    async wrapFileKey(fileKey): Promise<Stanza[]> {
      const salt = randomBytes(SALT);
      const key = await derive(passphrase, salt, work);
      const cipher = createCipheriv(CIPHER, key, NONCE, { authTagLength: TAG });
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      const unpadded = salt.toString('base64').replace(/=+$/, '');
      return [{ args: [TYPE, unpadded, String(work)], body: new Uint8Array(body) }];
    },
  }),
};

/** Null for another passphrase. */
function unwrapped(body: Uint8Array, key: Buffer): Uint8Array | null {
  const decipher = createDecipheriv(CIPHER, key, NONCE, { authTagLength: TAG });
  try {
    decipher.setAuthTag(body.subarray(-TAG));
    return new Uint8Array(Buffer.concat([decipher.update(body.subarray(0, -TAG)), decipher.final()]));
  } catch {
    return null;
  }
}

/** `work`: logarithm of N. */
function derive(passphrase: string, salt: Buffer, work: number): Promise<Buffer> {
  const cost = { N: 2 ** work, r: 8, p: 1 };
  // 128 N r octets, and a little
  const maxmem = 128 * cost.r * (cost.N + 64);
  const labelled = Buffer.concat([Buffer.from(LABEL), salt]);
  return new Promise((resolve, reject) => {
    scrypt(passphrase, labelled, 32, { ...cost, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
