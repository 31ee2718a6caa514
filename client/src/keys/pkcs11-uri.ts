// Which key in which token does a `pkcs11:` URI name (RFC 7512)?
//
//   pkcs11:token=example-energy;object=firmware?module-path=/usr/lib/softhsm/libsofthsm2.so
//
// Rules
// - Path: token, manufacturer, model, serial and slot-id choose the token; object and id choose the key in it.
//   type may be `private`. Query: module-path and pin-source.
// - Anything else is refused, and so is an attribute that stands twice.
// - `pin-value` is refused: what stands in an argument stands in the process list.

import { fileURLToPath } from 'node:url';
import { KeyError } from './errors.ts';

export interface TokenKey {
  readonly token?: string;
  readonly manufacturer?: string;
  readonly model?: string;
  readonly serial?: string;
  readonly slotId?: number;
  readonly object?: string;
  readonly id?: Uint8Array;
  readonly modulePath?: string;
  /** A file whose one line is the PIN. */
  readonly pinFile?: string;
}

const TOKEN_WORDS = ['token', 'manufacturer', 'model', 'serial', 'object'] as const;

/** Throws KeyError BAD_URI, which repeats no value. */
export function parsePkcs11Uri(uri: string): TokenKey {
  const [, path = '', query = ''] = /^pkcs11:([^?]*)\??(.*)$/is.exec(uri) ?? [];
  const at = attributes(path, ';', [...TOKEN_WORDS, 'id', 'type', 'slot-id']);
  const asked = attributes(query, '&', ['module-path', 'pin-source', 'pin-value']);
  if (asked.has('pin-value'))
    throw notUnderstood(
      'it holds a PIN',
      'Take "pin-value" out: the PIN is asked for, or read from the file that CFL_PIN_FILE names',
    );
  if (text(at.get('type') ?? '') !== '' && text(at.get('type') ?? '') !== 'private')
    throw notUnderstood('"type" is not "private"');
  if (!at.has('object') && !at.has('id')) throw notUnderstood('it names no key: "object" or "id" is missing');
  const words = TOKEN_WORDS.flatMap((name) => (at.has(name) ? [[name, text(at.get(name) ?? '')]] : []));
  const id = at.get('id');
  const slot = at.get('slot-id');
  const modulePath = asked.get('module-path');
  const pinSource = asked.get('pin-source');
  return {
    ...Object.fromEntries(words),
    ...(id === undefined ? {} : { id: octetsOf(id) }),
    ...(slot === undefined ? {} : { slotId: slotOf(slot) }),
    ...(modulePath === undefined ? {} : { modulePath: text(modulePath) }),
    ...(pinSource === undefined ? {} : { pinFile: fileOf(text(pinSource)) }),
  };
}

function attributes(list: string, separator: string, known: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of list.split(separator).filter((one) => one !== '')) {
    const name = part.split('=', 1)[0] ?? '';
    if (!known.includes(name) || !part.includes('='))
      throw notUnderstood(
        `"${name}" is unknown, expected ${known.filter((one) => one !== 'pin-value').join(', ')}`,
      );
    if (found.has(name)) throw notUnderstood(`"${name}" stands twice`);
    found.set(name, part.slice(name.length + 1));
  }
  return found;
}

function text(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw notUnderstood(
      'a "%" in it does not stand before an octet of UTF-8 in two hex digits',
      undefined,
      cause,
    );
  }
}

/** An id is octets, not text. */
function octetsOf(encoded: string): Uint8Array {
  const octets = [...encoded.matchAll(/%([0-9A-Fa-f]{2})|([^%])/gs)];
  if (octets.reduce((length, [whole]) => length + whole.length, 0) !== encoded.length || encoded === '')
    throw notUnderstood('"id" is not octets such as %01%A0');
  return Uint8Array.from(octets, ([, hex, character = '']) =>
    hex === undefined ? character.charCodeAt(0) & 0xff : Number.parseInt(hex, 16),
  );
}

function slotOf(encoded: string): number {
  if (!/^\d{1,10}$/.test(encoded)) throw notUnderstood('"slot-id" is no number');
  return Number(encoded);
}

function fileOf(source: string): string {
  if (source.startsWith('|')) throw notUnderstood('"pin-source" is a program, expected a file');
  if (/^file:\/\//i.test(source)) return fileURLToPath(source);
  return source.replace(/^file:/i, '');
}

function notUnderstood(reason: string, hint?: string, cause?: unknown): KeyError {
  return new KeyError('BAD_URI', `Cannot open the key "pkcs11:…": ${reason}`, {
    hint: hint ?? 'Write it as pkcs11:token=LABEL;object=LABEL?module-path=FILE, see RFC 7512',
    cause,
  });
}
