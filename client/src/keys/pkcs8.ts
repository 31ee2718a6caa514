// How is a private key encrypted in its file? PKCS#8 with PBES2: scrypt and AES-256-CBC (RFC 8018, RFC 7914).
//
// Node's own export stops at PBKDF2 with 2,048 rounds, so the envelope is written here. Node and openssl read it
// back. Why these costs: docs/decisions/0004-key-files.md.

import { createCipheriv, randomBytes, type ScryptOptions, scrypt } from 'node:crypto';

/** The largest memory that OpenSSL accepts when it reads (32 MiB at most), made up for by five passes. */
const COST = { N: 2 ** 14, r: 8, p: 5 } as const;

const PBES2 = '2a864886f70d01050d';
const SCRYPT = '2b06010401da47040b';
const AES_256_CBC = '60864801650304012a';

/** The PEM of an encrypted private key, from the DER of the plain one. */
export async function encryptPkcs8(plain: Uint8Array, passphrase: string): Promise<string> {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', await derive(passphrase, salt), iv);
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  const cost = sequence(octetString(salt), integer(COST.N), integer(COST.r), integer(COST.p));
  const kdf = sequence(identifier(SCRYPT), cost);
  const encryption = sequence(identifier(AES_256_CBC), octetString(iv));
  return pem(sequence(sequence(identifier(PBES2), sequence(kdf, encryption)), octetString(encrypted)));
}

function derive(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  const options: ScryptOptions = { ...COST, maxmem: 64 * 2 ** 20 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, 32, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN ENCRYPTED PRIVATE KEY-----', ...lines, '-----END ENCRYPTED PRIVATE KEY-----', ''].join(
    '\n',
  );
}

const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, Buffer.concat(parts));
const octetString = (octets: Buffer): Buffer => element(0x04, octets);
const identifier = (hex: string): Buffer => element(0x06, Buffer.from(hex, 'hex'));

function integer(value: number): Buffer {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  // A first octet of 80 or more would make the number negative
  return element(0x02, Buffer.from(even >= '80' ? `00${even}` : even, 'hex'));
}

function element(tag: number, content: Buffer): Buffer {
  const n = content.length;
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
