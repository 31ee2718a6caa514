// What was secret in a demo, now that it is over? Collected from where it may lie: the manufacturers' own folders,
// the files of keys, and what their passphrase opens.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { type Credential, open, openCredential, parseRing } from '@cfl/client/access';
import type { Kind, Secret } from './search.ts';
import { filesBelow } from './tree.ts';

/** Magic and header version of every OTA image (Zigbee 11.4.2). */
const OTA_START = Uint8Array.of(0x1e, 0xf1, 0xee, 0x0b, 0x00, 0x01);
const PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----\n[^-]+-----END [A-Z ]*PRIVATE KEY-----/g;
/** Shorter lines stand in other texts, too. */
const SENTENCE = 20;

/** Found without knowing which one it is. */
const MARKS: readonly Secret[] = [
  { kind: 'image', name: 'the first octets of an OTA image', octets: OTA_START },
  text('key', 'the first line of a private key', 'PRIVATE KEY-----'),
  text('key', 'an age secret key', 'AGE-SECRET-KEY-'),
  text('key', 'an age secret key in lower case', 'age-secret-key-'),
];

export async function secretsOf(base: string): Promise<readonly Secret[]> {
  const passphrase = await readFile(join(base, 'private', 'passphrase'), 'utf8');
  const secrets: Secret[] = [...MARKS, text('passphrase', "the demo's passphrase", passphrase)];
  const credentials: Credential[] = [];
  for (const file of await filesBelow(join(base, 'private'), join(base, 'demo'))) {
    const name = relative(base, file);
    if (isWork(name) && file.endsWith('.ota')) secrets.push(imagePart(name, await readFile(file)));
    else if (isWork(name) && basename(file) === 'notes.md')
      secrets.push(...notesLines(name, await readFile(file, 'utf8')));
    else if (isCredential(name)) {
      const octets = await readFile(file);
      const credential = await openCredential(octets, async () => passphrase);
      credentials.push(credential);
      secrets.push(text('key', `the secret of ${name}`, credential.secret));
      secrets.push(...linesOf(name, octets.toString()));
    } else if (isKeyFile(name)) secrets.push(...keysIn(name, await readFile(file, 'utf8'), passphrase));
  }
  return different([...secrets, ...(await readKeys(base, credentials))]);
}

/** From every escrow ring that was ever published, as a custodian opens it. */
async function readKeys(base: string, credentials: readonly Credential[]): Promise<readonly Secret[]> {
  const rings = (await filesBelow(join(base, 'targets'))).filter((file) =>
    /escrow\.keyring\.age$/.test(file),
  );
  const found: Secret[] = [];
  for (const ring of rings) {
    const { plaintext } = await open(await readFile(ring), credentials, { stanzas: 'several' });
    for (const { use, epoch, secret } of parseRing(plaintext).keys)
      found.push(text('key', `the read key of ${use} ${epoch}`, secret));
  }
  return found;
}

/** The same sentence may stand in the notes of several releases. */
function different(secrets: readonly Secret[]): readonly Secret[] {
  return [...new Map(secrets.map((one) => [Buffer.from(one.octets).toString('hex'), one])).values()];
}

/** A manufacturer's own folder. */
function isWork(name: string): boolean {
  return /^demo\/[^/]+\/work\//.test(name);
}

/** What may hold private keys: nothing else in the whole demo does. */
export function isKeyFile(name: string): boolean {
  const isPem = /^(?:private|demo\/[^/]+)\/(?:[\w-]+\/)*[\w-]+\.pem$/.test(name);
  return isPem || isCredential(name) || name === 'private/demo-authorities.json';
}

function isCredential(name: string): boolean {
  return /^(?:private\/credentials\/[\w-]+|demo\/[^/]+\/(?:[\w-]+-)?credential)\.age$/.test(name);
}

/** Where a kind of secret may stand. */
export function mayHold(name: string, kind: Kind): boolean {
  if (kind === 'image' || kind === 'notes') return isWork(name) || name.startsWith('demo/firmware/');
  return kind === 'passphrase' ? name === 'private/passphrase' : isKeyFile(name);
}

/** From the middle, so that an image without its header is known, too. */
function imagePart(name: string, octets: Uint8Array): Secret {
  const middle = Math.floor(octets.length / 2);
  return { kind: 'image', name: `the middle of ${name}`, octets: octets.slice(middle, middle + 32) };
}

function notesLines(name: string, notes: string): readonly Secret[] {
  const salt = /^salt: ([0-9a-f]{64})$/m.exec(notes)?.[1] ?? '';
  const lines = notes.split('\n').filter((line) => line.length >= SENTENCE && !/^(?:#|\w+: )/.test(line));
  return [
    { kind: 'notes', name: `the salt of ${name}`, octets: Buffer.from(salt, 'hex') },
    ...lines.map((line) => text('notes', `a line of ${name}`, line)),
  ];
}

/** As they lie in the file, and as numbers. */
function keysIn(name: string, content: string, passphrase: string): readonly Secret[] {
  const keys = content.replaceAll('\\n', '\n').match(PEM);
  return (keys ?? []).flatMap((pem) => {
    const number = secretNumber(createPrivateKey({ key: pem, passphrase }));
    const [first, ...others] = linesOf(name, pem);
    // The last lines of a key in the clear are its public part, which is everywhere
    const lines = pem.includes('ENCRYPTED') ? [first, ...others] : [first];
    return [
      ...lines.filter((line) => line !== undefined),
      { kind: 'key', name: `the key in ${name}`, octets: number },
    ] satisfies Secret[];
  });
}

function linesOf(name: string, armoured: string): readonly Secret[] {
  const lines = armoured.split('\n').filter((line) => /^[\w+/=]{32,}$/.test(line));
  return lines.map((line) => text('key', `a line of ${name}`, line));
}

function secretNumber(key: KeyObject): Uint8Array {
  const { d } = key.export({ format: 'jwk' });
  if (d === undefined) throw new TypeError('A private key has a secret number');
  return Buffer.from(d, 'base64url');
}

export function text(kind: Kind, name: string, secret: string): Secret {
  return { kind, name, octets: Buffer.from(secret) };
}
