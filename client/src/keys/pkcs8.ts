// How is a private key encrypted in its file? PKCS#8 with PBES2: scrypt and AES-256-CBC (RFC 8018, RFC 7914).
//
// Node's own export stops at PBKDF2 with 2,048 rounds, so the envelope is written here. Node and openssl read it
// back. Why these costs: docs/decisions/0004-key-files.md.

import { createCipheriv, randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { der } from '../encoding/index.ts';

/** The largest memory that OpenSSL accepts when it reads (32 MiB at most), made up for by five passes. */
const COST = { N: 2 ** 14, r: 8, p: 5 } as const;

const PBES2 = '1.2.840.113549.1.5.13';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';

/** The PEM of an encrypted private key, from the DER of the plain one. */
export async function encryptPkcs8(plain: Uint8Array, passphrase: string): Promise<string> {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', await derive(passphrase, salt), iv);
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  const cost = der.sequence(
    der.octetString(salt),
    der.integer(COST.N),
    der.integer(COST.r),
    der.integer(COST.p),
  );
  const kdf = der.sequence(der.oid(SCRYPT), cost);
  const encryption = der.sequence(der.oid(AES_256_CBC), der.octetString(iv));
  const algorithm = der.sequence(der.oid(PBES2), der.sequence(kdf, encryption));
  return pem(der.sequence(algorithm, der.octetString(encrypted)));
}

function derive(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  const options: ScryptOptions = { ...COST, maxmem: 64 * 2 ** 20 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, 32, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function pem(octets: Uint8Array): string {
  const lines =
    Buffer.from(octets)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN ENCRYPTED PRIVATE KEY-----', ...lines, '-----END ENCRYPTED PRIVATE KEY-----', ''].join(
    '\n',
  );
}
