// How do many files lie in one? As a tar archive of plain files (POSIX 1003.1, ustar), which every system can
// look into and unpack; a name too long for ustar goes into a pax record before it.
//
// What is written is the same for the same files: no dates, no owners. What is read is strict: plain files with
// relative names, each once, whole headers, an end. Folders are passed over; links and devices are refused.

import type { FileHandle } from 'node:fs/promises';

const BLOCK = 512;
/** Octets. A name in a pax record, with what stands around it. */
const LONGEST_RECORD = 8_192;
const MOST_ENTRIES = 2_000_000;

export class TarError extends Error {
  override name = 'TarError';
}

export interface TarEntry {
  readonly path: string;
  /** Of the content, in the archive. */
  readonly offset: number;
  readonly length: number;
}

const encoder = new TextEncoder();

/** Header and content, to the next block. */
export function tarFile(path: string, octets: Uint8Array): Uint8Array {
  const fields = ustarName(path);
  const before = fields === undefined ? [block('x', { name: 'pax' }, paxRecord(path))] : [];
  return Buffer.concat([...before, block('0', fields ?? { name: 'long-name' }, octets)]);
}

export const TAR_END = new Uint8Array(2 * BLOCK);

/** Undefined where it does not fit: at most 100 octets, or 155 before a slash and 100 after it. */
function ustarName(path: string): { name: string; prefix?: string } | undefined {
  if (encoder.encode(path).length !== path.length) return undefined;
  if (path.length <= 100) return { name: path };
  const slash = path.lastIndexOf('/', 155);
  const name = path.slice(slash + 1);
  return slash > 0 && name.length <= 100 && name !== '' ? { name, prefix: path.slice(0, slash) } : undefined;
}

/** `27 path=…`: the length counts itself. */
function paxRecord(path: string): Uint8Array {
  const rest = encoder.encode(` path=${path}\n`).length;
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return encoder.encode(`${length} path=${path}\n`);
}

function block(type: '0' | 'x', name: { name: string; prefix?: string }, octets: Uint8Array): Uint8Array {
  const padded = Math.ceil(octets.length / BLOCK) * BLOCK;
  const whole = new Uint8Array(BLOCK + padded);
  const put = (text: string, at: number) => whole.set(encoder.encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  put(name.name, 0);
  put(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100);
  put(`${octal(octets.length, 11)}\0${octal(0, 11)}\0`, 124);
  put(`        ${type}`, 148);
  put('ustar\u000000', 257);
  put(name.prefix ?? '', 345);
  put(`${octal(sum(whole), 6)}\0 `, 148);
  whole.set(octets, BLOCK);
  return whole;
}

function sum(header: Uint8Array): number {
  return header.subarray(0, BLOCK).reduce((total, octet) => total + octet, 0);
}

/** Where each file lies. Throws TarError. */
export async function readTar(file: FileHandle): Promise<ReadonlyMap<string, TarEntry>> {
  const { size } = await file.stat();
  const entries = new Map<string, TarEntry>();
  let name: string | undefined;
  for (let at = 0; ; ) {
    const header = await exactly(file, at, BLOCK);
    if (header.every((octet) => octet === 0)) return entries;
    const { path, length, type } = headerOf(header, at);
    const offset = at + BLOCK;
    at = offset + Math.ceil(length / BLOCK) * BLOCK;
    if (at + BLOCK > size) throw new TarError(`it ends inside of "${path}"`);
    if (type === 'x') {
      name = paxPath(await exactly(file, offset, Math.min(length, LONGEST_RECORD)), length);
      continue;
    }
    const own = name ?? path;
    name = undefined;
    if (type === '5') continue;
    if (type !== '0') throw new TarError(`"${own}" is no plain file`);
    if (!isPlainPath(own)) throw new TarError(`"${own}" is no name of a file below it`);
    if (entries.has(own)) throw new TarError(`"${own}" stands in it twice`);
    if (entries.size === MOST_ENTRIES) throw new TarError(`it holds more than ${MOST_ENTRIES} files`);
    entries.set(own, { path: own, offset, length });
  }
}

export async function exactly(file: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const octets = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(octets, done, length - done, at + done);
    if (bytesRead === 0) throw new TarError('it ends too early');
    done += bytesRead;
  }
  return octets;
}

function headerOf(header: Uint8Array, at: number): { path: string; length: number; type: string } {
  const field = (start: number, length: number) => {
    const octets = header.subarray(start, start + length);
    const end = octets.indexOf(0);
    return Buffer.from(end === -1 ? octets : octets.subarray(0, end)).toString('utf8');
  };
  const blank = Uint8Array.from(header).fill(0x20, 148, 156);
  if (Number.parseInt(field(148, 8).trim(), 8) !== sum(blank) || field(257, 5) !== 'ustar')
    throw new TarError(`offset ${at} holds no header of a tar archive`);
  const size = field(124, 12).trim();
  if (!/^[0-7]{1,11}$/.test(size)) throw new TarError(`offset ${at} holds no length`);
  const prefix = field(345, 155);
  const path = prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`;
  return { path, length: Number.parseInt(size, 8), type: field(156, 1) || '0' };
}

function paxPath(octets: Uint8Array, length: number): string | undefined {
  if (length > LONGEST_RECORD) throw new TarError('a record of it is too long');
  const text = Buffer.from(octets).toString('utf8');
  const found = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text);
  return found?.[1];
}

function isPlainPath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(path)) return false;
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}
