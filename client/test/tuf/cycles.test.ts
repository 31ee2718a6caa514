// Attack: delegations that lead in a circle, or on and on (TUF 5.6.7.1).

import { describe, expect, it } from 'vitest';
import { parseRoleName } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';

const TOP = ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json'];

function circle() {
  return new MemoryRepository()
    .delegate('targets', { name: 'a' })
    .delegate('a', { name: 'b' })
    .delegate('b', { name: 'c' })
    .delegate('c', { name: 'a' })
    .delegate('targets', { name: 'd' })
    .addTarget('in-c', 'c', 'c')
    .addTarget('in-d', 'd', 'd')
    .publish();
}

describe('a circle of delegations', () => {
  it('is walked once, each role asked for once, and the search goes on after it', async () => {
    const reader = new Reader(circle());
    expect(await reader.accepts(reads('in-d'))).toBe('d');
    expect(reader.repository.asked()).toEqual([
      ...TOP,
      '1.a.json',
      '1.b.json',
      '1.c.json',
      '1.d.json',
      'in-d',
    ]);
  });

  it('does not hide what lies on it', async () => {
    expect(await new Reader(circle()).accepts(reads('in-c'))).toBe('c');
  });

  it('does not make a missing target appear', async () => {
    const reader = new Reader(circle());
    expect(await reader.accepts(finds('nowhere'))).toBeUndefined();
  });

  it('does not keep the search for a role from ending', async () => {
    const reader = new Reader(circle());
    const role = await reader.accepts((client) => client.role(parseRoleName('c')));
    expect([...role.signed.targets.keys()]).toEqual(['in-c']);
    await expect(reader.accepts((client) => client.role(parseRoleName('e')))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

it('a role that delegates to itself is walked once', async () => {
  const repository = new MemoryRepository()
    .delegate('targets', { name: 'a' })
    .delegate('a', { name: 'a' })
    .delegate('targets', { name: 'b' });
  const reader = new Reader(repository.addTarget('in-b', 'b', 'b').publish());
  expect(await reader.accepts(reads('in-b'))).toBe('b');
  expect(repository.asked()).toEqual([...TOP, '1.a.json', '1.b.json', 'in-b']);
});

it.each(['root', 'timestamp', 'snapshot', 'targets'])(
  'a delegation to %s is refused: that name is taken',
  async (name) => {
    const repository = new MemoryRepository({ lists: 'versions' })
      .delegate('targets', { name: 'a' })
      .addTarget('in-a', 'a', 'a')
      .publish();
    const reader = new Reader(repository);
    expect(await reader.accepts(reads('in-a'))).toBe('a');
    const thief = { name, keys: repository.holders('targets').keys, threshold: 1, terminating: false };
    repository.delegate('a', thief);
    // The file in the repository stays what it was: only the delegation is new
    const honest = new Map(repository.files);
    repository.publish();
    for (const file of ['timestamp.json', '2.snapshot.json', '2.a.json'])
      honest.set(file, repository.file(file));
    const before = reader.cache.files.get(`${name}.json`);
    await expect(reader.accepts(finds('elsewhere'))).rejects.toMatchObject({
      name: 'RefusedError',
      code: 'NOT_METADATA',
    });
    if (name === 'root') expect(reader.cache.files.get('root.json')).toEqual(before);
  },
);

describe('a chain without end', () => {
  it('is followed to a bound, then refused or given up', async () => {
    const repository = new MemoryRepository();
    let from = 'targets';
    for (let i = 0; i < 300; i++) {
      repository.delegate(from, { name: `r${i}` });
      from = `r${i}`;
    }
    repository.addTarget('near', 'near', 'r3').addTarget('far', 'far', 'r299').publish();
    const reader = new Reader(repository);
    expect(await reader.accepts(reads('near'))).toBe('near');
    const outcome = await reader.accepts(finds('far')).catch((error: unknown) => error);
    if (outcome !== undefined) expect(outcome).toMatchObject({ name: 'RefusedError', code: 'TOO_MANY' });
    expect(repository.asked().length).toBeLessThan(100);
  });

  it('of roots is followed to a bound', async () => {
    const repository = new MemoryRepository();
    for (let i = 0; i < 300; i++) repository.publishRoot();
    repository.publish();
    const reader = new Reader(repository);
    await reader.accepts().catch((error: unknown) => expect(error).toMatchObject({ code: 'TOO_MANY' }));
    expect(repository.asked().filter((file) => file.endsWith('root.json')).length).toBeLessThanOrEqual(260);
  });
});
