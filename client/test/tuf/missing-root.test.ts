// Attack: the walk along the roots is ended early. Only "there is none" (403, 404) ends it; any other fault is
// a fault, or an attacker who breaks connections would hold the reader at an old root (TUF 5.3.3).

import { describe, expect, it } from 'vitest';
import { RefusedError, UnreachableError } from '../../src/tuf/index.ts';
import { type Lie, MemoryRepository } from './memory-repository.ts';
import { Reader } from './reader.ts';

const octets = (text: string) => new TextEncoder().encode(text);

const FAULTS: Record<string, Lie> = {
  'a connection that breaks': new UnreachableError('UNREACHABLE', 'Cannot reach the test: connection reset'),
  'a server that fails': new UnreachableError('HTTP_STATUS', 'Cannot get 2.root.json: status 500'),
  'an answer that is too slow': new UnreachableError(
    'TOO_SLOW',
    'Cannot get 2.root.json: nothing came for a minute',
  ),
  'a fault that nobody foresaw': new Error('something else'),
  'a page instead of a root': octets('<!doctype html><title>Welcome</title>'),
  'an empty file': octets(''),
  'an empty object': octets('{}'),
  'a root without end': 'endless',
};

async function rotated() {
  const repository = new MemoryRepository().publish();
  const reader = new Reader(repository);
  await reader.accepts();
  repository.rotate('timestamp').publish();
  return { repository, reader };
}

it('no next root ends the walk, and the session goes on', async () => {
  const { repository, reader } = await rotated();
  await reader.accepts();
  expect(repository.asked().slice(0, 3)).toEqual(['2.root.json', '3.root.json', 'timestamp.json']);
});

describe.each(Object.keys(FAULTS))('%s', (name) => {
  it('in the place of the next root stops the session: no request follows, nothing moves', async () => {
    const { repository, reader } = await rotated();
    const before = reader.cache.content();
    repository.lie({ '2.root.json': FAULTS[name] ?? 'missing' });
    const error = await reader.accepts().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error instanceof RefusedError).toBe(
      typeof FAULTS[name] === 'string' || FAULTS[name] instanceof Uint8Array,
    );
    expect(repository.asked()).toEqual(['2.root.json']);
    expect(reader.cache.content()).toEqual(before);
    repository.tellTheTruth();
    await reader.accepts();
  });

  it('in the place of a root after the last stops it as well', async () => {
    const { repository, reader } = await rotated();
    await reader.accepts();
    const before = reader.cache.content();
    repository.lie({ '3.root.json': FAULTS[name] ?? 'missing' });
    await expect(reader.accepts()).rejects.toBeInstanceOf(Error);
    expect(repository.asked()).toEqual(['3.root.json']);
    expect(reader.cache.content()).toEqual(before);
  });
});

describe('a file other than a root that is not there', () => {
  it.each(['timestamp.json', '2.snapshot.json', '2.targets.json'])(
    '%s: could not be had, and the old one does not do instead',
    async (file) => {
      const repository = new MemoryRepository().addTarget('a', '1').publish();
      const reader = new Reader(repository);
      await reader.accepts();
      repository
        .addTarget('a', '2')
        .publish()
        .lie({ [file]: 'missing' });
      await expect(reader.accepts()).rejects.toMatchObject({ name: 'UnreachableError', code: 'MISSING' });
      repository.tellTheTruth();
      await reader.accepts();
    },
  );
});
