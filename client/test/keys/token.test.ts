// A key in a token signs without leaving it; what is named inexactly, or does not open, is refused.

import { verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeyError, openSigner } from '../../src/keys/index.ts';
import { notLoggedIn } from '../../src/keys/pkcs11.ts';
import { parsePkcs11Uri } from '../../src/keys/pkcs11-uri.ts';
import { hasToken, itWithToken, PIN, SoftToken } from './softhsm.ts';

describe('a pkcs11: URI', () => {
  test('names token, key, module and the file of the PIN', () => {
    expect(
      parsePkcs11Uri(
        'pkcs11:token=example%20energy;object=firmware;id=%01%A0b;type=private;slot-id=7?module-path=/usr/lib/p11.so&pin-source=file:/etc/pin',
      ),
    ).toEqual({
      token: 'example energy',
      object: 'firmware',
      id: Uint8Array.of(1, 0xa0, 0x62),
      slotId: 7,
      modulePath: '/usr/lib/p11.so',
      pinFile: '/etc/pin',
    });
  });

  test.each([
    ['holds a PIN', 'pkcs11:object=a?pin-value=123456', 'it holds a PIN'],
    [
      'has an attribute that nobody here knows',
      'pkcs11:object=a;colour=red',
      '"colour" is unknown, expected',
    ],
    ['names a key twice', 'pkcs11:object=a;object=b', '"object" stands twice'],
    ['names no key', 'pkcs11:token=a', 'it names no key: "object" or "id" is missing'],
    ['asks for a public key', 'pkcs11:object=a;type=public', '"type" is not "private"'],
    ['has half an octet', 'pkcs11:id=%1', '"id" is not octets such as %01%A0'],
    [
      'has a PIN from a program',
      'pkcs11:object=a?pin-source=|cat%20pin',
      '"pin-source" is a program, expected a file',
    ],
    ['names no slot', 'pkcs11:object=a;slot-id=x', '"slot-id" is no number'],
  ])('is refused where it %s, and no value of it is repeated', (_name, uri, reason) => {
    const error = refusal(() => parsePkcs11Uri(uri));
    expect(error.code).toBe('BAD_URI');
    expect(error.message).toContain(`Cannot open the key "pkcs11:…": ${reason}`);
    expect(`${error.message}${error.hint}`).not.toMatch(/123456|red|cat/);
  });

  test('without a module is refused with what to do', async () => {
    await expect(openSigner('pkcs11:object=a', { env: {} })).rejects.toMatchObject({
      code: 'BAD_URI',
      message: 'Cannot open the key "pkcs11:…": it names no module',
    });
  });
});

describe('a key in a token', () => {
  let token: SoftToken | undefined;
  const at = (): SoftToken => token as SoftToken;
  const refused = (uri: string, env: NodeJS.ProcessEnv = {}) =>
    JSON.parse(at().sign(uri, 'message', { CFL_PIN_FILE: at().pinFile, ...env }).out);

  beforeAll(async () => {
    if (hasToken) token = await SoftToken.make('supplier', 'other');
  });
  afterAll(() => token?.remove());

  itWithToken('signs in DER what its public part, read from the token, verifies', async () => {
    const publicKey = await at().addKey('supplier', { label: 'firmware' });
    for (const uri of [
      `${at().uri('supplier', 'firmware')}&pin-source=file:${at().pinFile}`,
      at().uri('supplier', 'firmware'),
    ]) {
      const { key, scheme, signature } = JSON.parse(
        at().sign(uri, 'message', { CFL_PIN_FILE: at().pinFile }).out,
      );
      expect(scheme).toBe('ecdsa-sha2-nistp256');
      expect(key).toBe(publicKey.export({ type: 'spki', format: 'pem' }));
      expect(verify('sha256', Buffer.from('message'), publicKey, Buffer.from(signature, 'hex'))).toBe(true);
    }
  });

  itWithToken('is not guessed: another token, another key, two of one name', async () => {
    await at().addKey('supplier', { label: 'twin', id: '02' });
    await at().addKey('supplier', { label: 'twin', id: '03' });
    expect(refused(at().uri('nobody', 'firmware'))).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/^Cannot find the token "nobody": found .*"supplier"/),
    });
    expect(refused(at().uri('other', 'firmware'))).toMatchObject({
      code: 'NOT_FOUND',
      message: 'Cannot find the private key "firmware" in the token "other"',
    });
    expect(refused(at().uri('supplier', 'twin'))).toMatchObject({
      code: 'AMBIGUOUS_KEY',
      message: 'Cannot choose the private key "twin" in the token "supplier": 2 match',
    });
    expect(refused(at().uri('supplier', 'twin').replace('?', ';id=%02?'))).toHaveProperty('signature');
  });

  itWithToken('of another curve is refused', async () => {
    await at().addKey('supplier', { label: 'large', id: '04', curve: 'P-384' });
    expect(refused(at().uri('supplier', 'large'))).toMatchObject({
      code: 'UNSUPPORTED_KEY',
      message: 'Cannot use the key in the token "supplier": it is not of ECDSA P-256',
    });
  });

  itWithToken('stays closed without the right PIN, which nobody repeats', async () => {
    const { code, message, hint } = refused(
      `${at().uri('supplier', 'firmware')}&pin-source=file:${at().folder}/softhsm2.conf`,
    );
    expect({ code, message }).toMatchObject({ code: 'NO_PASSPHRASE' });
    expect(`${message}${hint}`).not.toContain(PIN);
    expect(refused(at().uri('supplier', 'firmware'), { CFL_PIN_FILE: '' })).toMatchObject({
      code: 'NO_PASSPHRASE',
      hint: 'Name a file that holds the PIN in CFL_PIN_FILE',
    });
    const wrong = await at().wrongPin();
    expect(refused(at().uri('supplier', 'firmware'), { CFL_PIN_FILE: wrong })).toMatchObject({
      code: 'WRONG_PIN',
      message: 'Cannot log in to the token "supplier": CKR_PIN_INCORRECT',
    });
  });

  test.each([
    ['CKR_PIN_INCORRECT', 'WRONG_PIN', /^Check the PIN before you try again/],
    ['CKR_PIN_LOCKED', 'WRONG_PIN', /^Check the PIN before you try again/],
    ['CKR_GENERAL_ERROR', 'TOKEN_FAILED', /^It says nothing against the PIN/],
    ['CKR_USER_PIN_NOT_INITIALIZED', 'TOKEN_FAILED', /^It says nothing against the PIN/],
  ])('that is not logged in to says why: %s', (word, code, hint) => {
    expect(notLoggedIn('supplier', new Error(word))).toMatchObject({
      code,
      message: `Cannot log in to the token "supplier": ${word}`,
      hint: expect.stringMatching(hint),
    });
  });

  itWithToken('needs a module that is one', () => {
    expect(refused('pkcs11:object=a?module-path=/nowhere/p11.so')).toMatchObject({ code: 'NO_DRIVER' });
  });
});

function refusal(act: () => unknown): KeyError {
  try {
    act();
  } catch (error) {
    if (error instanceof KeyError) return error;
  }
  throw new Error('expected a KeyError');
}
