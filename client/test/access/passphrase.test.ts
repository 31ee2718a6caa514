// A credential under a passphrase: what Node opens is what the pure code opens, and the `age` program.

import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { armor } from 'age-encryption';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Credential, encodeCredential, makeReadKey, openCredential } from '../../src/access/index.ts';
import { createCredentialFile } from '../../src/library/index.ts';
import { nativeStanza } from '../../src/library/passphrase-stanza.ts';

const PASSPHRASE = 'four short plain wörds';
const ask = async () => PASSPHRASE;
const PATHS = [
  ['Node', nativeStanza],
  ['the pure code', undefined],
] as const;

let credential: Credential;
beforeAll(async () => {
  credential = await makeReadKey();
});

describe.each(PATHS)('sealed by %s', (_, sealing) => {
  it.each(PATHS)('is opened by %s, and by no other passphrase', async (_name, stanza) => {
    const sealed = await encodeCredential(credential, { passphrase: PASSPHRASE, work: 10, stanza: sealing });
    expect(await openCredential(sealed, ask, { stanza })).toEqual(credential);
    await expect(openCredential(sealed, async () => 'another', { stanza })).rejects.toMatchObject({
      code: 'WRONG_PASSPHRASE',
    });
  });
});

/** The credential with a line of its header exchanged, in armour again. */
async function withHeader(edit: (header: string) => string): Promise<Uint8Array> {
  const sealed = await encodeCredential(credential, { passphrase: PASSPHRASE, work: 10 });
  const octets = Buffer.from(armor.decode(new TextDecoder().decode(sealed)));
  return new TextEncoder().encode(armor.encode(Buffer.from(edit(octets.toString('latin1')), 'latin1')));
}

describe.each(PATHS)('opened by %s', (_, stanza) => {
  it.each<[string, RegExp, (header: string) => string]>([
    [
      'that takes a reader 2^21',
      /takes the work "21", expected 1 to 20$/,
      (text) => text.replace(' 10\n', ' 21\n'),
    ],
    ['of no number', /takes the work "0x10", expected 1 to 20$/, (text) => text.replace(' 10\n', ' 0x10\n')],
    ['with a leading zero', /takes the work "010", expected/, (text) => text.replace(' 10\n', ' 010\n')],
    [
      'that stands twice',
      /sealed by "scrypt", expected a passphrase alone$/,
      (text) => {
        const [first = '', one = '', body = '', ...rest] = text.split('\n');
        return [first, one, body, one, body, ...rest].join('\n');
      },
    ],
    [
      'of another kind',
      /sealed by "X25519", expected a passphrase alone$/,
      (text) => text.replace('scrypt', 'X25519'),
    ],
  ])('a passphrase is refused, unasked, %s', async (_name, message, edit) => {
    let asked = 0;
    const octets = await withHeader(edit);
    const opened = openCredential(octets, async () => `${++asked}`, { stanza });
    await expect(opened).rejects.toMatchObject({
      code: 'NOT_A_CREDENTIAL',
      message: expect.stringMatching(message),
    });
    expect(asked).toBe(0);
  });

  it('a changed body, salt or work is refused', async () => {
    for (const edit of [
      (text: string) => text.replace(' 10\n', ' 11\n'),
      (text: string) => text.replace(/scrypt (.)/, (_all, one) => `scrypt ${one === 'A' ? 'B' : 'A'}`),
    ])
      await expect(openCredential(await withHeader(edit), ask, { stanza })).rejects.toMatchObject({
        code: 'WRONG_PASSPHRASE',
      });
  });
});

it('a secret that is damaged stands in no error, nor in its causes', async () => {
  const damaged = credential.secret.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q'));
  const failed: unknown = await openCredential(new TextEncoder().encode(damaged), ask).catch(
    (error) => error,
  );
  expect(failed).toMatchObject({ code: 'NOT_A_CREDENTIAL' });
  for (let error = failed; error instanceof Error; error = error.cause)
    expect(`${error.message} ${error.stack}`).not.toContain(damaged.slice(20, 60));
});

function hasPrograms(): boolean {
  try {
    execFileSync('age', ['--version'], { stdio: 'ignore' });
    execFileSync('script', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const skips = !hasPrograms() && process.env['CFL_REQUIRE_ALL'] !== '1';

it.skipIf(skips)('is opened by the age program, which asks at a terminal', async () => {
  const base = await mkdtemp(join(tmpdir(), 'cfl-passphrase-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const path = join(base, 'credential.age');
  const { secret, recipient } = await createCredentialFile(path, ask, { work: 10 });
  const clear = join(base, 'clear');
  await writeFile(clear, '', { mode: 0o600 });
  execFileSync('script', ['-qec', `age --decrypt --output ${clear} ${path}`, '/dev/null'], {
    input: `${PASSPHRASE}\n`,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  expect(await readFile(clear, 'utf8')).toBe(`# public key: ${recipient}\n${secret}\n`);
});
