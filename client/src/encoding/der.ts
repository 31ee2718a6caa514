// ASN.1 in DER (X.690): certificates, revocation lists and time stamps, as elements that are read and written.
//
// Rules
// - One octet of tag; a length that is definite and in its shortest form; nothing after the last element.
// - A number, a truth value and a date have one form each.
// What an element means is for its reader to know: this file knows no certificate.

import * as TAG from './der-tags.ts';
import { toHex } from './hex.ts';

export { TAG };

export class DerError extends Error {
  override name = 'DerError';
}

export interface Der {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content, as they stand in the file. */
  readonly octets: Uint8Array;
}

/** The tag of `[n]` around other elements. */
export const explicitTag = (n: number): number => 0xa0 | n;

/** The one element that the octets are. Throws DerError. */
export function readDer(octets: Uint8Array, tag?: number): Der {
  const [first, ...others] = readElements(octets);
  if (first === undefined || others.length > 0)
    throw new DerError(`found ${others.length + (first === undefined ? 0 : 1)} elements, expected one`);
  if (tag !== undefined) expectTag(first, tag);
  return first;
}

export function readElements(octets: Uint8Array): Der[] {
  const elements: Der[] = [];
  for (let at = 0; at < octets.length; ) {
    const element = elementAt(octets, at);
    elements.push(element);
    at += element.octets.length;
  }
  return elements;
}

function elementAt(octets: Uint8Array, start: number): Der {
  const tag = octets[start] ?? 0;
  if ((tag & 0x1f) === 0x1f) throw new DerError('found a tag of several octets, expected one');
  const first = octets[start + 1];
  if (first === undefined) throw new DerError('it ends inside an element');
  let length = first;
  let at = start + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count < 1 || count > 4) throw new DerError('found a length of another form than DER has');
    length = 0;
    for (const octet of octets.subarray(at, at + count)) length = length * 256 + octet;
    at += count;
    if (length < 0x80 || length < 256 ** (count - 1))
      throw new DerError('found a length that is not in its shortest form');
  }
  if (at + length > octets.length) throw new DerError('it ends inside an element');
  return { tag, content: octets.subarray(at, at + length), octets: octets.subarray(start, at + length) };
}

export function expectTag(element: Der | undefined, tag: number): Der {
  if (element?.tag === tag) return element;
  const found = element === undefined ? 'nothing' : `the tag ${hex(element.tag)}`;
  throw new DerError(`found ${found}, expected the tag ${hex(tag)}`);
}

/** The elements inside one of this tag. */
export function inside(element: Der | undefined, tag: number = TAG.sequence): Der[] {
  return readElements(expectTag(element, tag).content);
}

export function readInteger(element: Der | undefined, tag: number = TAG.integer): bigint {
  const { content } = expectTag(element, tag);
  const [first = 0, second = 0] = content;
  const padded = content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (content.length === 0 || padded) throw new DerError('found a number that is not in its shortest form');
  // By its digits: octet for octet, a number of a million octets would take minutes
  const value = BigInt(`0x${toHex(content)}`);
  return first >= 0x80 ? BigInt.asIntN(8 * content.length, value) : value;
}

export function readBoolean(element: Der | undefined): boolean {
  const { content } = expectTag(element, TAG.boolean);
  const [value] = content;
  if (content.length !== 1 || (value !== 0 && value !== 0xff))
    throw new DerError('found a truth value that is neither 00 nor FF');
  return value === 0xff;
}

/** `2.5.29.15` */
export function readOid(element: Der | undefined): string {
  const { content } = expectTag(element, TAG.oid);
  if (content.length === 0 || (content.at(-1) ?? 0) >= 0x80)
    throw new DerError('found an unfinished object identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    if (arc === 0 && octet === 0x80)
      throw new DerError('found an object identifier that is not in its shortest form');
    arc = arc * 128 + (octet & 0x7f);
    if (!Number.isSafeInteger(arc)) throw new DerError('found an object identifier that is too large');
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - 40 * top, ...rest].join('.');
}

/** The numbers of the bits that are set, from 0. */
export function readBits(element: Der | undefined): number[] {
  const [unused = 0, ...octets] = expectTag(element, TAG.bitString).content;
  const count = octets.length * 8 - unused;
  if (unused > 7 || count < 0) throw new DerError('found a bit string with wrong padding');
  const set = octets.flatMap((octet, i) =>
    BITS.filter((bit) => octet & (0x80 >> bit)).map((bit) => 8 * i + bit),
  );
  if (set.some((bit) => bit >= count)) throw new DerError('found a bit string with wrong padding');
  return set;
}
const BITS = [0, 1, 2, 3, 4, 5, 6, 7];

/** `20261120090000Z` */
const LONGEST_TIME = 15;

/** UTCTime or GeneralizedTime, to the second, in UTC (RFC 5280, 4.1.2.5). */
export function readTime(element: Der | undefined): Date {
  // One digit more than any date has, for the text is shown
  const text = String.fromCharCode(...(element?.content.subarray(0, LONGEST_TIME + 1) ?? []));
  const form = element?.tag === TAG.utcTime ? /^(\d\d)(\d{10})Z$/ : /^(\d{4})(\d{10})Z$/;
  if (element?.tag !== TAG.utcTime) expectTag(element, TAG.generalizedTime);
  const [, year = '', rest = ''] = form.exec(text) ?? [];
  const full = year.length === 2 ? `${Number(year) < 50 ? '20' : '19'}${year}` : year;
  const [month, day, hour, minute, second] = rest.match(/../g) ?? [];
  const date = new Date(`${full}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(date.getTime()) || generalizedText(date) !== `${full}${rest}Z`)
    throw new DerError(`found "${text}", expected a date`);
  return date;
}

function generalizedText(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

const hex = (tag: number) => tag.toString(16).toUpperCase().padStart(2, '0');

// Writing

export type Octets = Uint8Array<ArrayBuffer>;

export function writeDer(tag: number, ...parts: readonly Uint8Array[]): Octets {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const size: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256);
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 | size.length, ...size];
  const octets = new Uint8Array(head.length + length);
  octets.set(head);
  let at = head.length;
  for (const part of parts) {
    octets.set(part, at);
    at += part.length;
  }
  return octets;
}

export const sequence = (...parts: readonly Uint8Array[]): Octets => writeDer(TAG.sequence, ...parts);
export const explicit = (n: number, ...parts: readonly Uint8Array[]): Octets =>
  writeDer(explicitTag(n), ...parts);
export const octetString = (octets: Uint8Array): Octets => writeDer(TAG.octetString, octets);
export const boolean = (value: boolean): Octets => writeDer(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
export const utf8 = (text: string): Octets => writeDer(TAG.utf8, new TextEncoder().encode(text));

/** A SET OF: the order of its members is theirs by octets. */
export function setOf(...members: readonly Uint8Array[]): Octets {
  const sorted = [...members].sort((a, b) => {
    const i = a.findIndex((octet, at) => octet !== b[at]);
    return i < 0 ? a.length - b.length : (a[i] ?? 0) - (b[i] ?? -1);
  });
  return writeDer(TAG.set, ...sorted);
}

/** Not below zero. */
export function integer(value: number | bigint): Octets {
  const digits = BigInt(value).toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  // A first octet of 80 or more would make the number negative
  const padded = Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even;
  return writeDer(
    TAG.integer,
    Uint8Array.from(padded.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16)),
  );
}

export function oid(dotted: string): Octets {
  const [top = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [40 * top + second, ...rest].flatMap((arc) => {
    const groups = [arc % 128];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128))
      groups.unshift(0x80 | (high % 128));
    return groups;
  });
  return writeDer(TAG.oid, Uint8Array.from(octets));
}

/** Whole octets. */
export const bitString = (octets: Uint8Array): Octets => writeDer(TAG.bitString, Uint8Array.of(0), octets);

/** Named bits, as KeyUsage has them: without zeros at the end. */
export function bits(...set: readonly number[]): Octets {
  if (set.length === 0) return writeDer(TAG.bitString, Uint8Array.of(0));
  const highest = Math.max(...set);
  const octets = new Uint8Array(Math.floor(highest / 8) + 1);
  for (const bit of set) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return writeDer(TAG.bitString, Uint8Array.of(7 - (highest % 8)), octets);
}

/** A date in a certificate: UTCTime until 2049 (RFC 5280, 4.1.2.5). */
export function time(date: Date): Octets {
  const text = generalizedText(date);
  return text < '1950' || text >= '2050'
    ? generalizedTime(date)
    : writeDer(TAG.utcTime, new TextEncoder().encode(text.slice(2)));
}

export function generalizedTime(date: Date): Octets {
  return writeDer(TAG.generalizedTime, new TextEncoder().encode(generalizedText(date)));
}
