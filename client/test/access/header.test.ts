// To whom a file is sealed is read from its header, strictly, before anything is opened.

import fc from 'fast-check';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { checkSealed, makeReadKey, type Recipient, readHeader, seal } from '../../src/access/index.ts';

let recipient: Recipient;
let other: Recipient;
let classical: Recipient;
let honest: Uint8Array;

beforeAll(async () => {
  ({ recipient } = await makeReadKey());
  ({ recipient: other } = await makeReadKey());
  ({ recipient: classical } = await makeReadKey('classical'));
  honest = await seal(new Uint8Array(1000), [recipient]);
});

const octets = (text: string) => new TextEncoder().encode(text);
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** The text of the header, and what follows it. */
function parts(sealed: Uint8Array): { readonly header: string; readonly payload: Uint8Array } {
  const { headerLength } = readHeader(sealed);
  return {
    header: new TextDecoder().decode(sealed.subarray(0, headerLength)),
    payload: sealed.subarray(headerLength),
  };
}

function withHeader(change: (header: string) => string): Uint8Array {
  const { header, payload } = parts(honest);
  const changed = change(header);
  if (changed === header) throw new TypeError('nothing was changed');
  return join(octets(changed), payload);
}

describe('an honest header', () => {
  it('has one stanza, and 1,627 octets', () => {
    const { stanzas, headerLength } = readHeader(honest);
    expect(headerLength).toBe(1627);
    expect(stanzas).toEqual([
      { type: 'mlkem768x25519', args: [expect.stringMatching(/^.{1494}$/)], bodyLength: 32 },
    ]);
  });

  it.each([0, 1, 1000, 65_535, 65_536, 65_537, 131_072, 131_073, 750_000])(
    'tells that %i octets are in it',
    async (length) => {
      expect(checkSealed(await seal(new Uint8Array(length), [recipient]))).toEqual({
        plaintextLength: length,
      });
    },
  );

  it('of several recipients is taken where several are asked for', async () => {
    const both = await seal(new Uint8Array(10), [recipient, other]);
    expect(checkSealed(both, { stanzas: 'several' })).toEqual({ plaintextLength: 10 });
  });

  it('of the classical suite is taken where that is asked for', async () => {
    const sealed = await seal(new Uint8Array(10), [classical]);
    expect(checkSealed(sealed, { suite: 'classical' })).toEqual({ plaintextLength: 10 });
  });
});

const spoiled: Readonly<Record<string, readonly [string, () => Uint8Array | Promise<Uint8Array>]>> = {
  'a second stanza': ['SEALED_TWICE', () => seal(new Uint8Array(10), [recipient, other])],
  'the same stanza twice': [
    'SEALED_TWICE',
    () => withHeader((header) => header.replace(/(-> [^-]+\n)(---)/, '$1$1$2')),
  ],
  'no stanza': ['SEALED_TWICE', () => withHeader((header) => header.replace(/-> [^-]+\n---/, '---'))],
  'a classical stanza': ['WRONG_SUITE', () => seal(new Uint8Array(10), [classical])],
  'a classical stanza behind the right one': [
    'SEALED_TWICE',
    () => seal(new Uint8Array(10), [recipient, classical]),
  ],
  'a stanza of another name': [
    'WRONG_SUITE',
    () => withHeader((header) => header.replace('mlkem768x25519', 'mlkem768p256tag')),
  ],
  'one word more in the stanza': [
    'WRONG_SUITE',
    () => withHeader((header) => header.replace(/(-> .*)\n/, '$1 more\n')),
  ],
  'a shorter share': ['WRONG_SUITE', () => withHeader((header) => header.replace(/(-> \S+ )..../, '$1'))],
  'a body of another length': [
    'WRONG_SUITE',
    () => withHeader((header) => header.replace(/\n.*\n--- /, '\nAAAA\n--- ')),
  ],
  'two spaces in the stanza': ['NOT_SEALED', () => withHeader((header) => header.replace('-> ', '->  '))],
  'padded base64': [
    'NOT_SEALED',
    () => withHeader((header) => header.replace(/\n--- (.*)\n$/, '\n--- $1=\n')),
  ],
  'base64 with bits to spare': [
    'NOT_SEALED',
    () => withHeader((header) => header.replace(/\n--- (.*).\n$/, '\n--- $1B\n')),
  ],
  'line ends of another system': [
    'NOT_SEALED',
    () => withHeader((header) => header.replaceAll('\n', '\r\n')),
  ],
  'a later version of the format': ['NOT_SEALED', () => withHeader((header) => header.replace('/v1', '/v2'))],
  'armour around it': ['NOT_SEALED', () => octets(`-----BEGIN AGE ENCRYPTED FILE-----\n${btoa('x')}\n`)],
  plaintext: ['NOT_SEALED', () => octets('# Notes\n## During activation\n')],
  nothing: ['NOT_SEALED', () => new Uint8Array()],
  'a header that does not end': [
    'NOT_SEALED',
    () => octets(`age-encryption.org/v1\n-> mlkem768x25519 A\n${`${'A'.repeat(64)}\n`.repeat(100_000)}`),
  ],
  'a header alone': ['DAMAGED_CIPHERTEXT', () => octets(parts(honest).header)],
  'a last chunk that cannot be one': [
    'DAMAGED_CIPHERTEXT',
    () => join(octets(parts(honest).header), new Uint8Array(31)),
  ],
  'an empty chunk behind a full one': [
    'DAMAGED_CIPHERTEXT',
    () => join(octets(parts(honest).header), new Uint8Array(16 + 65_552 + 16)),
  ],
};

test.each(Object.entries(spoiled))('refuses %s', async (_name, [code, make]) => {
  checkSealed(honest);
  const sealed = await make();
  expect(() => checkSealed(sealed)).toThrow(expect.objectContaining({ name: 'AccessError', code }));
});

test('whatever stands there, it is read or refused with a reason', () => {
  const { header } = parts(honest);
  const words = fc.constantFrom(
    'age-encryption.org/v1\n',
    '-> ',
    'X25519 ',
    'AAAA',
    '\n',
    '--- ',
    header,
    ' ',
    'é',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), (some) => {
      try {
        checkSealed(octets(some.join('')));
      } catch (error) {
        expect(error).toMatchObject({ name: 'AccessError' });
      }
    }),
  );
});
