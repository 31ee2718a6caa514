// A key file: what is written, what is never overwritten, and what is said when it does not open.

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyFile, KeyError, openSigner, publicPath, readPublicKey } from '../../src/keys/index.ts';
import { verifySignature } from '../../src/tuf/key.ts';

const MESSAGE = new TextEncoder().encode('a message');
const PASSPHRASE = 'correct horse – bätteri';
let folder = '';
let gate = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cfl-keys-'));
  gate = join(folder, 'gate.pem');
  await createKeyFile(gate, PASSPHRASE);
});
afterAll(() => rm(folder, { recursive: true }));

const open = (uri: string, passphrase = PASSPHRASE) =>
  openSigner(uri, { passphrase: async () => passphrase });
const neverAsked = async (): Promise<string> => {
  throw new Error('was asked for a passphrase');
};

async function refusal(promise: Promise<unknown>): Promise<KeyError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof KeyError)) throw new Error(`expected a KeyError, found ${String(error)}`);
  return error;
}

describe('a new key file', () => {
  test('signs, once opened, as the key that its .pub file shows', async () => {
    const signer = await open(gate);
    const key = await readPublicKey(publicPath(gate));
    expect(signer.key).toEqual(key);
    expect(key).toMatchObject({ keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256' });
    expect(await verifySignature(key, MESSAGE, await signer.sign(MESSAGE))).toBe(true);
    expect(await verifySignature(key, new Uint8Array([1]), await signer.sign(MESSAGE))).toBe(false);
  });

  test.skipIf(process.platform === 'win32')(
    'is readable by its owner alone; its public part by anybody',
    async () => {
      expect((await stat(gate)).mode & 0o777).toBe(0o600);
      expect((await stat(publicPath(gate))).mode & 0o400).toBe(0o400);
    },
  );

  test('is encrypted by scrypt with 2^14, 8, 5', async () => {
    const pem = await readFile(gate, 'utf8');
    const der = Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64').toString('hex');
    expect(der).toContain('06092b06010401da47040b'); // scrypt
    expect(der).toContain('02024000020108020105'); // N, r, p
    expect(der).toContain('060960864801650304012a0410'); // aes-256-cbc
  });

  test.skipIf(!hasOpenssl() && process.env.CFL_REQUIRE_ALL !== '1')('is read by openssl too', async () => {
    const read = execFileSync('openssl', ['pkey', '-in', gate, '-passin', 'env:PASSPHRASE', '-pubout'], {
      env: { ...process.env, PASSPHRASE },
    });
    expect(read.toString()).toBe((await open(gate)).key.public);
  });

  test('opens by plain path, file: and file://', async () => {
    const { id } = (await open(gate)).key;
    expect((await open(`file:${gate}`)).key.id).toBe(id);
    expect((await open(pathToFileURL(gate).href)).key.id).toBe(id);
  });

  test.each(['ed25519', 'rsassa-pss-sha256'] as const)('may be of the scheme %s', async (scheme) => {
    const path = join(folder, `${scheme}.pem`);
    const key = await createKeyFile(path, PASSPHRASE, { scheme });
    const signer = await open(path);
    expect(signer.key).toEqual(key);
    expect(await verifySignature(key, MESSAGE, await signer.sign(MESSAGE))).toBe(true);
  });

  test('lies in the clear only where that was asked for by name, and opens without a question', async () => {
    const path = join(folder, 'trial.pem');
    const key = await createKeyFile(path, '', { unencrypted: 'trial' });
    expect((await openSigner(path, { passphrase: neverAsked })).key).toEqual(key);
    await expect(
      createKeyFile(join(folder, 'both.pem'), PASSPHRASE, { unencrypted: 'trial' }),
    ).rejects.toThrow(TypeError);
  });
});

describe('a key file is not made', () => {
  test('over another one', async () => {
    const before = await readFile(gate);
    const error = await refusal(createKeyFile(gate, PASSPHRASE));
    expect(error.code).toBe('EXISTS');
    expect(error.message).toBe(
      `Cannot write the key "${gate}": it exists already, and a key is never overwritten`,
    );
    expect(await readFile(gate)).toEqual(before);
  });

  test('beside the public part of another one', async () => {
    const path = join(folder, 'half.pem');
    await writeFile(publicPath(path), 'of another key');
    expect((await refusal(createKeyFile(path, PASSPHRASE))).code).toBe('EXISTS');
    await expect(stat(path)).rejects.toThrow('ENOENT');
    expect(await readFile(publicPath(path), 'utf8')).toBe('of another key');
  });

  test('in a folder that does not exist', async () => {
    expect((await refusal(createKeyFile(join(folder, 'no', 'gate.pem'), PASSPHRASE))).code).toBe(
      'UNWRITABLE',
    );
  });

  test.each([
    ['an empty passphrase', ''],
    ['a passphrase that no reader takes whole', 'x'.repeat(1025)],
  ])('with %s', async (_name, passphrase) => {
    const path = join(folder, 'weak.pem');
    expect((await refusal(createKeyFile(path, passphrase))).code).toBe('NO_PASSPHRASE');
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });
});

describe('a key does not open', () => {
  test('with a wrong passphrase', async () => {
    const error = await refusal(open(gate, 'wrong'));
    expect(error.code).toBe('WRONG_PASSPHRASE');
    expect(error.message).toMatch(`Cannot open the key "${gate}": the passphrase is wrong`);
    expect(error.hint).toBe('try again; a forgotten passphrase cannot be recovered, then make a new key');
  });

  test('when it is encrypted and nobody can be asked', async () => {
    expect((await refusal(openSigner(gate))).code).toBe('NO_PASSPHRASE');
  });

  test('when there is no file', async () => {
    expect((await refusal(open(join(folder, 'none.pem')))).code).toBe('NOT_FOUND');
  });

  test('when its file is cut short', async () => {
    const path = join(folder, 'cut.pem');
    await writeFile(path, (await readFile(gate, 'utf8')).slice(0, 200));
    expect((await refusal(open(path))).message).toContain('or the file is damaged');
  });

  test.each([
    ['is no PEM', 'hello', 'NOT_A_KEY'],
    ['is the public part', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', 'NOT_A_KEY'],
    ['is damaged', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', 'NOT_A_KEY'],
    [
      'has an older form',
      pem(
        generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }),
      ),
      'NOT_A_KEY',
    ],
    [
      'has another curve',
      pem(
        generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }),
      ),
      'UNSUPPORTED_KEY',
    ],
    [
      'is a short RSA key',
      pem(
        generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }),
      ),
      'UNSUPPORTED_KEY',
    ],
  ])('when its file %s', async (name, text, code) => {
    const path = join(folder, `${name.replaceAll(' ', '-')}.pem`);
    await writeFile(path, text);
    expect((await refusal(openSigner(path, { passphrase: neverAsked }))).code).toBe(code);
  });

  test('from a place that is not known, whose secrets are not repeated', async () => {
    const error = await refusal(open('vault:gate?token=123456'));
    expect(error.code).toBe('UNKNOWN_SCHEME');
    expect(`${error.message} ${error.hint}`).not.toContain('123456');
    expect(error.message).toContain('expected "file", "pkcs11" or "cmd"');
  });
});

describe('a public key file is refused', () => {
  const good = {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a' },
  };

  test('though its honest twin is read', async () => {
    const path = join(folder, 'good.pub');
    await writeFile(path, JSON.stringify(good));
    expect((await readPublicKey(path)).public).toBe(good.keyval.public);
  });

  test.each([
    ['no JSON', 'hello', 'NOT_A_KEY'],
    ['an unknown field', JSON.stringify({ ...good, comment: 'mine' }), 'NOT_A_KEY'],
    ['a field twice', JSON.stringify(good).replace('{', '{"keytype":"rsa",'), 'NOT_A_KEY'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\n', 'NOT_A_KEY'],
    [
      'another scheme than the key has',
      JSON.stringify({ ...good, scheme: 'ecdsa-sha2-nistp256' }),
      'UNSUPPORTED_KEY',
    ],
    ['another type than the scheme has', JSON.stringify({ ...good, keytype: 'ecdsa' }), 'UNSUPPORTED_KEY'],
    ['a key too short', JSON.stringify({ ...good, keyval: { public: 'd75a' } }), 'UNSUPPORTED_KEY'],
  ])('with %s', async (name, text, code) => {
    const path = join(folder, `${name.replaceAll(' ', '-')}.pub`);
    await writeFile(path, text);
    expect((await refusal(readPublicKey(path))).code).toBe(code);
  });
});

function pem(text: string | Buffer): string {
  return text.toString();
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
