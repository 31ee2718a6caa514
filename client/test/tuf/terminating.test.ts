// Attack: a later role speaks of what an earlier one was given alone (TUF 4.5 terminating, 5.6.7.2).

import { describe, expect, it } from 'vitest';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';

const TOP = ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json'];
const IMAGE = 'firmware/FFF1/a';

function library(terminating: boolean, paths: readonly string[] = ['firmware/FFF1/*']) {
  return new MemoryRepository()
    .delegate('targets', { name: 'first', paths, terminating })
    .delegate('targets', { name: 'second', paths: ['firmware/*/*'] })
    .addTarget('firmware/FFF1/b', 'from the first', 'first')
    .addTarget(IMAGE, 'from the second', 'second')
    .publish();
}

describe('a search', () => {
  it('goes on to the next role after one that does not end it', async () => {
    const reader = new Reader(library(false));
    expect(await reader.accepts(reads(IMAGE))).toBe('from the second');
    expect(reader.repository.asked()).toEqual([...TOP, '1.first.json', '1.second.json', IMAGE]);
  });

  it('ends at a terminating role, found or not, and asks no further', async () => {
    const reader = new Reader(library(true));
    expect(await reader.accepts(reads('firmware/FFF1/b'))).toBe('from the first');
    expect(await reader.accepts(finds(IMAGE))).toBeUndefined();
    expect(reader.repository.asked()).toEqual(['2.root.json', 'timestamp.json']);
    const fresh = new Reader(reader.repository);
    expect(await fresh.accepts(finds(IMAGE))).toBeUndefined();
    expect(reader.repository.asked()).toEqual([...TOP, '1.first.json']);
  });

  it('is not ended by a terminating role whose paths do not cover the target', async () => {
    const reader = new Reader(library(true, ['firmware/FFF2/*']));
    expect(await reader.accepts(reads(IMAGE))).toBe('from the second');
    expect(reader.repository.asked()).toEqual([...TOP, '1.second.json', IMAGE]);
  });

  it('takes the first in order where two roles list the target', async () => {
    const repository = library(false).addTarget(IMAGE, 'from the first!', 'first').publish();
    const found = await new Reader(repository).accepts(finds(IMAGE));
    expect(found?.role).toBe('first');
  });

  it('goes into depth before it goes on: a child of the first comes before the second', async () => {
    const repository = library(false)
      .delegate('first', { name: 'child' })
      .delegate('first', { name: 'child', paths: ['firmware/*/*'] });
    repository.addTarget(IMAGE, 'from the child', 'child').publish();
    const found = await new Reader(repository).accepts(finds(IMAGE));
    expect(found?.role).toBe('child');
    expect(found?.by).toEqual(['targets', 'first']);
  });

  it('looks into the children of a terminating role, then ends', async () => {
    const repository = library(true).delegate('first', { name: 'child', paths: ['firmware/*/*'] });
    repository
      .addTarget('firmware/FFF1/c', 'from the child', 'child')
      .addTarget('firmware/FFF1/d', 'from the second', 'second')
      .publish();
    const reader = new Reader(repository);
    expect(await reader.accepts(reads('firmware/FFF1/c'))).toBe('from the child');
    expect(await reader.accepts(finds('firmware/FFF1/d'))).toBeUndefined();
  });

  it('is ended by a terminating role at any depth', async () => {
    const repository = library(false)
      .delegate('first', { name: 'child', paths: ['firmware/FFF1/*'], terminating: true })
      .publish();
    const reader = new Reader(repository);
    expect(await reader.accepts(finds(IMAGE))).toBeUndefined();
    expect(repository.asked().at(-1)).toBe('1.child.json');
  });

  it('believes targets itself before any delegation', async () => {
    const repository = library(true).addTarget('firmware/FFF1/b', 'from targets', 'targets').publish();
    expect((await new Reader(repository).accepts(finds('firmware/FFF1/b')))?.role).toBe('targets');
  });

  it('ends with a refusal, not with the next role, where a role on the way cannot be verified', async () => {
    const repository = library(false);
    const reader = new Reader(repository);
    await reader.accepts(reads(IMAGE));
    repository.lists = 'versions';
    repository.publish({ first: { signedBy: [] } });
    await expect(reader.accepts(finds(IMAGE))).rejects.toMatchObject({
      name: 'RefusedError',
      code: 'UNSIGNED',
    });
  });
});
