// Attack: the reader is kept at an old state for ever, by files that were right once (TUF 5.3.10, 5.4.4, 5.5.6, 5.6.5).

import { describe, expect, it } from 'vitest';
import { FLOORS_FILE, parseRoleName } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';

const A = 'firmware/FFF1/a/image.ota';
const B = 'firmware/FFF2/b/image.ota';
const ENDS = '2026-11-25T12:00:00Z';
const JUST_BEFORE = new Date('2026-11-25T11:59:59Z');
const AT_THE_END = new Date(ENDS);

function library(expiring?: string) {
  const repository = new MemoryRepository();
  if (expiring !== undefined) repository.expires.set(expiring, ENDS);
  if (expiring === 'root') repository.publishRoot();
  return repository
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] })
    .delegate('targets', { name: 'm-fff2', paths: ['firmware/FFF2/*/*', 'firmware/FFF1/*/*'] })
    .addTarget(A, 'image a', 'm-fff1')
    .addTarget(A, 'image a', 'm-fff2')
    .addTarget(B, 'image b', 'm-fff2')
    .publish();
}

describe.each(['root', 'timestamp', 'snapshot', 'targets'])('%s that expires', (role) => {
  it('is accepted one second before, refused from that second on, by an old reader and a new one', async () => {
    const reader = new Reader(library(role));
    reader.now = JUST_BEFORE;
    await reader.accepts(finds(A));
    // What expired in the cache is asked for once more, in case there is a younger one
    const wanted = role === 'root' ? ['3.root.json'] : ['2.root.json', 'timestamp.json'];
    if (role === 'snapshot' || role === 'targets') wanted.push(`1.${role}.json`);
    reader.now = AT_THE_END;
    await reader.refuses('EXPIRED', { asking: wanted });

    const fresh = new Reader(reader.repository);
    fresh.now = AT_THE_END;
    await expect(fresh.accepts()).rejects.toMatchObject({ name: 'RefusedError', code: 'EXPIRED' });
    expect(fresh.cache.files.has(role === 'root' ? 'timestamp.json' : `${role}.json`)).toBe(false);
  });

  it('is mended by a new version', async () => {
    const reader = new Reader(library(role));
    reader.now = JUST_BEFORE;
    await reader.accepts();
    reader.now = AT_THE_END;
    await expect(reader.accepts()).rejects.toMatchObject({ code: 'EXPIRED' });
    reader.repository.expires.delete(role);
    if (role === 'root') reader.repository.publishRoot();
    reader.repository.addTarget('renewed.txt', 'yes').publish();
    await reader.accepts(finds(A));
  });
});

describe('a delegated role that expires', () => {
  async function frozen() {
    const reader = new Reader(library('m-fff1'));
    reader.now = JUST_BEFORE;
    expect(await reader.accepts(reads(A))).toBe('image a');
    expect(await reader.accepts(reads(B))).toBe('image b');
    reader.now = AT_THE_END;
    return reader;
  }

  it('stops its own releases, and the search does not go on to the next role', async () => {
    const reader = await frozen();
    await reader.refuses('EXPIRED', {
      act: finds(A),
      asking: ['2.root.json', 'timestamp.json', '1.m-fff1.json'],
    });
  });

  it('stops nobody else', async () => {
    const reader = await frozen();
    expect(await reader.accepts(reads(B))).toBe('image b');
  });

  it('does not stand in the way of a role that another one delegates to', async () => {
    const reader = await frozen();
    reader.repository.delegate('m-fff2', { name: 'm-fff2-0', paths: ['firmware/FFF2/b/*'] }).publish();
    const role = await reader.accepts((client) => client.role(parseRoleName('m-fff2-0')));
    expect(role.signed.version).toBe(1);
  });
});

it('a root on the way may be expired, the last may not', async () => {
  const repository = new MemoryRepository();
  repository.expires.set('root', '2020-01-01T00:00:00Z');
  repository.publishRoot();
  repository.expires.delete('root');
  repository.publishRoot().publish();
  const reader = new Reader(repository);
  await reader.accepts();
  repository.expires.set('root', '2020-01-01T00:00:00Z');
  repository.publishRoot();
  // The roots themselves are accepted and kept (TUF 5.3.8); nothing below them is touched
  await reader.refuses('EXPIRED', {
    asking: ['4.root.json', '5.root.json'],
    moved: ['root.json', 'roots/3.root.json', 'roots/4.root.json', FLOORS_FILE],
  });
});

it('a pinned root that is expired is the start of a good chain', async () => {
  const old = new MemoryRepository();
  old.expires.set('root', '2020-01-01T00:00:00Z');
  old.publishRoot();
  old.expires.delete('root');
  old.publishRoot().publish();
  const reader = new Reader(old);
  reader.root = old.file('2.root.json');
  await reader.accepts();
  expect(old.asked()).toEqual([
    '3.root.json',
    '4.root.json',
    'timestamp.json',
    '1.snapshot.json',
    '1.targets.json',
  ]);
});

it('the clock stands still in a session: the time is the one it was opened with', async () => {
  const reader = new Reader(library('timestamp'));
  reader.now = JUST_BEFORE;
  const client = reader.session();
  await client.refresh();
  reader.now = AT_THE_END;
  await finds(A)(client);
});
