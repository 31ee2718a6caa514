// To whom is a file sealed? The header of the age format (age-encryption.org/v1), read without any key.
//
// Rules
// - One form: ASCII, single spaces, unpadded base64 in lines of 64 characters, nothing after the last line.
// - An image, notes and a party's ring have exactly one stanza; a second one would be a second reader, whom
//   nobody granted anything. The escrow ring has one for each custodian.
// - Every stanza is of the one suite. Post-quantum and classical stanzas never stand in one file: the weaker
//   one would decide for both.
// - What follows is as long as some plaintext makes it: 16 octets of nonce, then chunks of 65,536 octets and
//   16 of tag. How long the plaintext is follows from the length, so anybody can compare it.

import { AccessError } from './errors.ts';

export interface Stanza {
  readonly type: string;
  readonly args: readonly string[];
  /** Octets. */
  readonly bodyLength: number;
}

export interface AgeHeader {
  readonly stanzas: readonly Stanza[];
  /** Octets, the last line end included. */
  readonly headerLength: number;
}

/** `classical` exists for tests: the `age` program of today's distributions reads it. */
export type Suite = 'hybrid' | 'classical';

export interface SealedShape {
  readonly suite?: Suite;
  /** `several`: the escrow ring. */
  readonly stanzas?: 'one' | 'several';
  /** What a message calls the file: `image.ota.age of 7d1a64c20e5b`. */
  readonly what?: string;
}

const STANZAS: Readonly<Record<Suite, { readonly type: string; readonly shareOctets: number }>> = {
  hybrid: { type: 'mlkem768x25519', shareOctets: 1120 },
  classical: { type: 'X25519', shareOctets: 32 },
};

const VERSION = 'age-encryption.org/v1';
const NONCE = 16;
const TAG = 16;
const CHUNK = 65_536;
/** A file key and its tag. */
const BODY = 32;
const MAC = 32;
/** More than any honest file has: an escrow ring of 40 custodians. */
const LONGEST_HEADER = 80_000;

/** Throws AccessError NOT_SEALED. */
export function readHeader(octets: Uint8Array, what = 'the file'): AgeHeader {
  const lines = lineReader(octets, what);
  if (lines.next() !== VERSION) throw notSealed(what, 'its first line is not the one of the age format');
  const stanzas: Stanza[] = [];
  for (let line = lines.next(); ; line = lines.next()) {
    if (line.startsWith('-> ')) stanzas.push(stanza(line, lines, what));
    else if (line.startsWith('--- ') && base64Length(line.slice(4)) === MAC)
      return { stanzas, headerLength: lines.position() };
    else throw notSealed(what, `a line of its header is "${line.slice(0, 40)}"`);
  }
}

/** Throws unless it is sealed as it must be; returns the length of what is in it. */
export function checkSealed(
  octets: Uint8Array,
  shape: SealedShape = {},
): { readonly plaintextLength: number } {
  const { suite = 'hybrid', stanzas: count = 'one', what = 'the file' } = shape;
  const { stanzas, headerLength } = readHeader(octets, what);
  if (stanzas.length === 0 || (count === 'one' && stanzas.length > 1)) {
    throw new AccessError(
      'SEALED_TWICE',
      `Cannot accept ${what}: it is sealed to ${stanzas.length} recipients, expected exactly one`,
      {
        found: stanzas.length,
        expected: 1,
        hint: 'Somebody may have added a reader whom nobody granted anything. Do not use it; tell the operator',
      },
    );
  }
  for (const one of stanzas) checkStanza(one, suite, what);
  return { plaintextLength: plaintextLength(octets.length - headerLength, what) };
}

function checkStanza({ type, args, bodyLength }: Stanza, suite: Suite, what: string): void {
  const expected = STANZAS[suite];
  const [share = '', ...more] = args;
  const isRight =
    type === expected.type &&
    more.length === 0 &&
    base64Length(share) === expected.shareOctets &&
    bodyLength === BODY;
  if (isRight) return;
  throw new AccessError(
    'WRONG_SUITE',
    `Cannot accept ${what}: it is sealed by "${type.slice(0, 40)}", expected ${expected.type}`,
    {
      found: type.slice(0, 40),
      expected: expected.type,
      hint: 'Only the post-quantum hybrid form is used here. Seal it with the programs of this library',
    },
  );
}

function plaintextLength(payload: number, what: string): number {
  const sealed = payload - NONCE;
  const last = sealed % (CHUNK + TAG);
  // An empty last chunk exists in an empty file alone
  if (sealed < TAG || (last !== 0 && last < TAG) || (last === TAG && sealed > TAG)) {
    throw new AccessError(
      'DAMAGED_CIPHERTEXT',
      `Cannot accept ${what}: no plaintext makes a file of this length`,
      {
        found: payload,
        hint: 'It was cut short or lengthened. Get it again; if it stays so, tell the operator',
      },
    );
  }
  return sealed - TAG * Math.ceil(sealed / (CHUNK + TAG));
}

interface Lines {
  next(): string;
  position(): number;
}

function lineReader(octets: Uint8Array, what: string): Lines {
  const head = octets.subarray(0, LONGEST_HEADER);
  let at = 0;
  return {
    next() {
      const end = head.indexOf(0x0a, at);
      if (end === -1) throw notSealed(what, 'its header does not end');
      const line = head.subarray(at, end);
      at = end + 1;
      if (line.some((octet) => octet < 0x20 || octet > 0x7e)) throw notSealed(what, 'its header is not text');
      return new TextDecoder().decode(line);
    },
    position: () => at,
  };
}

function stanza(line: string, lines: Lines, what: string): Stanza {
  const [type = '', ...args] = line.slice(3).split(' ');
  if ([type, ...args].includes('')) throw notSealed(what, 'a stanza of its header has an empty word');
  for (let bodyLength = 0; ; ) {
    const octets = base64Length(lines.next());
    if (octets === undefined || octets > 48) throw notSealed(what, 'a stanza of its header is not whole');
    bodyLength += octets;
    if (octets < 48) return { type, args, bodyLength };
  }
}

/** Undefined for what is not base64 without padding, in its one form. */
function base64Length(text: string): number | undefined {
  if (!/^[A-Za-z0-9+/]*$/.test(text) || text.length % 4 === 1) return undefined;
  const spare = text.length % 4 === 2 ? /[AQgw]$/ : text.length % 4 === 3 ? /[AEIMQUYcgkosw048]$/ : undefined;
  return spare?.test(text) === false ? undefined : Math.floor((text.length * 3) / 4);
}

function notSealed(what: string, reason: string): AccessError {
  return new AccessError('NOT_SEALED', `Cannot read ${what} as a sealed file: ${reason}`, {
    hint: 'It is damaged, or no file of the age format. Get it again; if it stays so, tell the operator',
  });
}
