// Attack: the reader is given something that the library's signers never signed (TUF 1.5.2).

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/encoding/index.ts';
import { FLOORS_FILE, parseTargetPath, RefusedError } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';
import { makeKey, sha256Hex } from './test-keys.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';
const octets = (text: string) => new TextEncoder().encode(text);

function library(lists: 'everything' | 'versions' = 'everything') {
  return new MemoryRepository({ lists })
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] })
    .addTarget(IMAGE, 'an honest image', 'm-fff1')
    .publish();
}

describe('a target file', () => {
  it('that is what was signed is handed over', async () => {
    const reader = new Reader(library());
    expect(await reader.accepts(reads(IMAGE))).toBe('an honest image');
  });

  it.each([
    ['of the same length but other octets', 'an hOnest image', 'WRONG_HASH'],
    ['with octets after its end', 'an honest image and more', 'WRONG_LENGTH'],
    ['cut short', 'an honest', 'WRONG_LENGTH'],
    ['of no octets', '', 'WRONG_LENGTH'],
  ] as const)('%s is refused', async (_, sent, code) => {
    const reader = new Reader(library());
    expect(await reader.accepts(reads(IMAGE))).toBe('an honest image');
    reader.repository.lie({ [IMAGE]: octets(sent) });
    await reader.refuses(code, { act: reads(IMAGE), asking: ['2.root.json', 'timestamp.json', IMAGE] });
  });

  it('that no role lists is not even asked for', async () => {
    const repository = library();
    repository.content.set('firmware/FFF1/b/image.ota', octets('slipped in'));
    const reader = new Reader(repository);
    expect(await reader.accepts(finds(IMAGE))).toBeDefined();
    expect(await reader.accepts(finds('firmware/FFF1/b/image.ota'))).toBeUndefined();
    expect(repository.asked()).toEqual(['2.root.json', 'timestamp.json']);
  });

  it('outside the paths of the role that lists it is not found', async () => {
    const repository = library().addTarget('firmware/FFF2/a/image.ota', 'not yours', 'm-fff1').publish();
    const reader = new Reader(repository);
    expect(await reader.accepts(finds(IMAGE))).toBeDefined();
    expect(await reader.accepts(finds('firmware/FFF2/a/image.ota'))).toBeUndefined();
  });
});

describe('the hashes of a target', () => {
  const listing = (hashes: JsonObject) => ({
    says: (signed: JsonObject) => ({ ...signed, targets: { [IMAGE]: { length: 15, hashes } } }),
  });
  const right = sha256Hex(octets('an honest image'));

  it('may be more than one when all are right', async () => {
    const sha512 = Buffer.from(await crypto.subtle.digest('SHA-512', octets('an honest image'))).toString(
      'hex',
    );
    const reader = new Reader(library().publish({ 'm-fff1': listing({ sha256: right, sha512 }) }));
    expect(await reader.accepts(reads(IMAGE))).toBe('an honest image');
  });

  it.each([
    ['none', {}],
    ['none that anybody can check', { md9: right }],
    ['a SHA-256 that is too short', { sha256: right.slice(0, 62) }],
    ['a SHA-256 of no digits', { sha256: '' }],
    ['a SHA-256 that is no text', { sha256: 7 }],
    ['a wrong SHA-512 beside the right SHA-256', { sha256: right, sha512: 'ab'.repeat(64) }],
  ] as const)('%s: nothing is handed over', async (_, hashes) => {
    const reader = new Reader(library());
    expect(await reader.accepts(reads(IMAGE))).toBe('an honest image');
    reader.repository.publish({ 'm-fff1': listing(hashes) });
    await expect(reader.accepts(reads(IMAGE))).rejects.toBeInstanceOf(RefusedError);
  });
});

describe('metadata signed by a stranger', () => {
  // Where length and hash are listed the file above gives it away already: here only the version is
  it.each([
    ['timestamp', ['2.root.json', 'timestamp.json'], []],
    ['snapshot', ['2.root.json', 'timestamp.json', '2.snapshot.json'], ['timestamp.json', FLOORS_FILE]],
    [
      'targets',
      ['2.root.json', 'timestamp.json', '2.snapshot.json', '2.targets.json'],
      ['timestamp.json', 'snapshot.json', FLOORS_FILE],
    ],
    [
      'm-fff1',
      ['2.root.json', 'timestamp.json', '2.snapshot.json', '2.m-fff1.json'],
      ['timestamp.json', 'snapshot.json', FLOORS_FILE],
    ],
  ] as const)('as %s is refused', async (role, asking, moved) => {
    const reader = new Reader(library('versions'));
    await reader.accepts(finds(IMAGE));
    reader.repository.publish({ [role]: { signedBy: [makeKey()] } });
    await reader.refuses('UNSIGNED', { act: finds(IMAGE), asking, moved });
  });

  it('as a repository of its own, whole and consistent, is refused', async () => {
    const reader = new Reader(library());
    await reader.accepts(reads(IMAGE));
    reader.repository.replay(library().files);
    await reader.refuses('UNSIGNED', { asking: ['2.root.json', 'timestamp.json'] });
  });

  it('as the next root of another repository is refused', async () => {
    const reader = new Reader(library());
    await reader.accepts();
    const other = library().rotate('root');
    reader.repository.lie({ '2.root.json': other.file('2.root.json') });
    await reader.refuses('UNSIGNED', { asking: ['2.root.json'] });
  });
});

describe('one role in the place of another', () => {
  it('a delegated role cannot be served as targets, nor targets as a delegated role', async () => {
    const shared = makeKey();
    const repository = new MemoryRepository({
      lists: 'versions',
      holders: { targets: { keys: [shared], threshold: 1 } },
    })
      .delegate('targets', { name: 'm-fff1', keys: [shared], paths: ['firmware/*/*/*'] })
      .addTarget(IMAGE, 'an honest image', 'm-fff1')
      .publish();
    const reader = new Reader(repository);
    expect(await reader.accepts(reads(IMAGE))).toBe('an honest image');
    // The types are the same in TUF, and so is the key here: only the names of the files tell them apart
    const found = await reader.accepts((client) => client.find(parseTargetPath(IMAGE)));
    expect(found?.role).toBe('m-fff1');
    expect(found?.by).toEqual(['targets', 'm-fff1'].slice(0, found?.by.length));
  });

  it.each(['timestamp', 'snapshot', 'targets', 'root'])(
    'a file that says it is %s is not taken for another',
    async (type) => {
      const roles = ['timestamp', 'snapshot', 'targets'].filter((role) => role !== type);
      for (const role of roles) {
        const reader = new Reader(library('versions'));
        await reader.accepts();
        reader.repository.publish({ [role]: { says: (signed) => ({ ...signed, _type: type }) } });
        await expect(reader.accepts()).rejects.toMatchObject({ code: 'NOT_METADATA' });
      }
    },
  );
});
