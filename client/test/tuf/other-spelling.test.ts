// Attack: the same signed words in other JSON. The signature covers the canonical form, so spelling changes
// nothing; and no spelling may make the reader check one text and believe another (TUF 4.2).

import { describe, expect, it } from 'vitest';
import { encodeCanonical, type JsonObject } from '../../src/encoding/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { Reader, reads } from './reader.ts';
import { makeKey } from './test-keys.ts';

const ROLES = ['root', 'timestamp', 'snapshot', 'targets', 'm-fff1'] as const;

interface Whole {
  readonly signed: JsonObject;
  readonly signatures: readonly JsonObject[];
}

const SPELLINGS: Record<string, (whole: Whole, text: string) => string> = {
  'as it comes': (_, text) => text,
  indented: (whole) => JSON.stringify(whole, null, 2),
  'with white space at both ends': (_, text) => `\n ${text}\t\r\n`,
  'with its members in another order': (whole) =>
    JSON.stringify(reversed({ signed: whole.signed, signatures: whole.signatures })),
  'with every letter of its names escaped': (_, text) =>
    text.replace(/"(_type|version|meta|targets|expires)":/g, (_all, name: string) => `"${escaped(name)}":`),
  'in its canonical form, where that is JSON': (whole) => canonical(whole),
  'with capitals in the signature': (_, text) =>
    text.replace(/"sig":"[^"]*"/g, (sig) => sig.toUpperCase().replace('SIG', 'sig')),
  'with members beside signed and signatures': (_, text) =>
    text.replace('{"signatures"', '{"note":{"signed":1},"signatures"'),
};

function library() {
  const keys = () => ({ keys: [makeKey('ed25519')], threshold: 1 });
  const holders = { root: keys(), timestamp: keys(), snapshot: keys(), targets: keys() };
  return new MemoryRepository({ lists: 'versions', holders })
    .delegate('targets', { name: 'm-fff1', ...keys() })
    .addTarget('a.txt', 'honest', 'm-fff1')
    .publish();
}

describe.each(Object.entries(SPELLINGS))('a file %s', (_, spell) => {
  it.each(ROLES)('is read as %s', async (role) => {
    const reader = new Reader(library());
    expect(await reader.accepts(reads('a.txt'))).toBe('honest');
    const forgery = { written: (text: string) => spell(JSON.parse(text) as Whole, text) };
    if (role === 'root') reader.repository.publishRoot(forgery);
    else reader.repository.publish({ [role]: forgery });
    expect(await reader.accepts(reads('a.txt'))).toBe('honest');
    expect(reader.repository.asked().some((file) => file.endsWith(`${role}.json`))).toBe(true);
  });

  it.each(ROLES)('is refused as %s when one signed letter is another', async (role) => {
    const reader = new Reader(library());
    expect(await reader.accepts(reads('a.txt'))).toBe('honest');
    const written = (text: string) => {
      const changed = text.replace('2028-01-01', '2028-01-02');
      return spell(JSON.parse(changed) as Whole, changed);
    };
    if (role === 'root') reader.repository.publishRoot({ written });
    else reader.repository.publish({ [role]: { written } });
    await expect(reader.accepts(reads('a.txt'))).rejects.toMatchObject({
      name: 'RefusedError',
      code: 'UNSIGNED',
    });
  });
});

it('a signature over the octets of the file, where they are not canonical, does not count', async () => {
  const repository = library();
  const reader = new Reader(repository);
  await reader.accepts();
  const [key] = repository.holders('timestamp').keys;
  const written = (text: string) => {
    const signed = JSON.stringify((JSON.parse(text) as Whole).signed, null, 1);
    const sig = Buffer.from(key?.sign(new TextEncoder().encode(signed)) ?? []).toString('hex');
    return `{"signatures":[{"keyid":"${key?.id}","sig":"${sig}"}],"signed":${signed}}`;
  };
  repository.refreshTimestamp({ written });
  await reader.refuses('UNSIGNED', { asking: ['2.root.json', 'timestamp.json'] });
});

it('what is checked is the signed member at the top, not one further down', async () => {
  const repository = library();
  const reader = new Reader(repository);
  await reader.accepts();
  const honest = new TextDecoder().decode(repository.file('timestamp.json'));
  const { signed, signatures } = JSON.parse(honest) as Whole;
  const forged = { ...signed, version: 99 };
  for (const whole of [
    { signatures, signed: { ...forged, signed } },
    { a: { signed, signatures }, signatures, signed: forged },
    { signatures, signed: forged, zigned: { signed } },
  ]) {
    repository.lie({ 'timestamp.json': encodeCanonical(whole) });
    await reader.refuses('UNSIGNED', { asking: ['2.root.json', 'timestamp.json'] });
  }
});

function canonical(whole: Whole): string {
  return new TextDecoder().decode(encodeCanonical({ signatures: whole.signatures, signed: whole.signed }));
}

function escaped(name: string): string {
  return [...name].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, inner]) => [name, reversed(inner)] as const)
      .reverse(),
  );
}
