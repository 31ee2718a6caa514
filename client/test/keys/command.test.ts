// Another program signs: it gets the exact octets and no shell, and its answer is believed only once it verifies.

import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKeyFile, openSigner, publicPath } from '../../src/keys/index.ts';
import { verifySignature } from '../../src/tuf/key.ts';

const MESSAGE = new Uint8Array([0, 13, 10, 255, ...new TextEncoder().encode('a "message" $(id)')]);
let folder = '';
let key = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cfl-cmd-'));
  key = join(folder, 'firmware.pem');
  await createKeyFile(key, '', { unencrypted: 'trial' });
});
afterAll(() => rm(folder, { recursive: true }));

/** A program that does as told by its one argument; what it got is kept beside it. */
async function program(body: string): Promise<string> {
  const path = join(folder, `sign-${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(
    path,
    `import { sign } from 'node:crypto'; import { readFileSync, writeFileSync } from 'node:fs';
     const got = readFileSync(0); writeFileSync(${JSON.stringify(`${path}.got`)}, got);
     writeFileSync(${JSON.stringify(`${path}.argv`)}, JSON.stringify(process.argv.slice(2)));
     const key = readFileSync(${JSON.stringify(key)}); ${body}`,
  );
  return path;
}

function uriOf(path: string, ...more: readonly string[]): string {
  const args = [path, ...more].map((word) => `arg=${encodeURIComponent(word)}`).join('&');
  return `cmd:${encodeURIComponent(process.execPath)}?${args}&key=${encodeURIComponent(publicPath(key))}`;
}

const HONEST = "process.stdout.write(sign('sha256', got, key));";

test('signs the exact octets, with its arguments as they stand', async () => {
  const path = await program(HONEST);
  const signer = await openSigner(uriOf(path, '--slot', '$(touch pwned); a&b "c"'));
  expect(await verifySignature(signer.key, MESSAGE, await signer.sign(MESSAGE))).toBe(true);
  expect(new Uint8Array(await readFile(`${path}.got`))).toEqual(MESSAGE);
  expect(JSON.parse(await readFile(`${path}.argv`, 'utf8'))).toEqual(['--slot', '$(touch pwned); a&b "c"']);
});

test('its public part may be in PEM', async () => {
  const pem = join(folder, 'firmware.pub.pem');
  await writeFile(pem, createPublicKey(await readFile(key)).export({ type: 'spki', format: 'pem' }));
  const uri = uriOf(await program(HONEST)).replace(/key=.*/, `key=${encodeURIComponent(pem)}`);
  expect(await (await openSigner(uri)).sign(MESSAGE)).toBeInstanceOf(Uint8Array);
});

test.each([
  [
    'signs something else',
    "process.stdout.write(sign('sha256', Buffer.from('other'), key));",
    'it is not of its public key',
  ],
  [
    'answers with r‖s',
    "process.stdout.write(sign('sha256', got, { key, dsaEncoding: 'ieee-p1363' }));",
    'it is not of its public key',
  ],
  ['answers with nothing', '', 'it is not of its public key'],
  [
    'answers with more than a signature',
    "process.stdout.write('x'.repeat(100000));",
    'it answered with more than 1024 octets',
  ],
  ['fails, though it has signed', `${HONEST} process.exitCode = 7;`, 'it ended with 7'],
])('a program that %s is refused', async (_name, body, reason) => {
  const signer = await openSigner(uriOf(await program(body)));
  await expect(signer.sign(MESSAGE)).rejects.toMatchObject({
    code: 'NOT_SIGNED',
    message: expect.stringContaining(reason),
  });
});

test('a program that is not there is refused', async () => {
  const uri = uriOf('x').replace(/^cmd:[^?]*/, 'cmd:/nowhere/sign');
  await expect((await openSigner(uri)).sign(MESSAGE)).rejects.toMatchObject({
    code: 'NOT_SIGNED',
    message: 'Cannot sign with the program "/nowhere/sign": it does not start',
  });
});

test('a key of another kind is refused before anything is signed', async () => {
  const pem = join(folder, 'rsa.pem');
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(pem, publicKey.export({ type: 'spki', format: 'pem' }));
  await expect(openSigner(`cmd:sign?key=${encodeURIComponent(pem)}`)).rejects.toMatchObject({
    code: 'UNSUPPORTED_KEY',
  });
});

test.each([
  ['no program', 'cmd:?key=a.pub', 'it names no program'],
  ['no public part', 'cmd:sign?arg=secret', '"key" stands 0 times, expected once'],
  ['two public parts', 'cmd:sign?key=a&key=b', '"key" stands 2 times, expected once'],
  ['an unknown word', 'cmd:sign?key=a&shell=1', '"shell" is unknown, expected "arg" and "key"'],
  ['a broken octet', 'cmd:sign?key=a&arg=%zz', 'a "%" in it is not followed by two hex digits'],
])('a URI with %s is refused', async (_name, uri, reason) => {
  await expect(openSigner(uri)).rejects.toMatchObject({
    code: 'BAD_URI',
    message: `Cannot open the key "cmd:…": ${reason}`,
  });
});
