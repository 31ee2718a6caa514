// Attack: a role that two others delegate to, with different keys. Who verified it for the one has not
// verified it for the other (TUF 4.5, 5.6.3: the keys are those of the delegating role).

import { describe, expect, it } from 'vitest';
import { Client } from '../../src/tuf/index.ts';
import { MemoryCache } from './memory-cache.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, NOW, Reader, reads } from './reader.ts';
import { makeKey } from './test-keys.ts';

const LEFT = 'left/one';
const RIGHT = 'right/one';

function diamond() {
  const [keyLeft, keyRight] = [makeKey(), makeKey()];
  const repository = new MemoryRepository({ lists: 'versions' })
    .delegate('targets', { name: 'left', paths: ['left/*'] })
    .delegate('targets', { name: 'right', paths: ['right/*'] })
    .delegate('left', { name: 'shared', keys: [keyLeft], paths: ['left/*'] })
    .delegate('right', { name: 'shared', keys: [keyRight], paths: ['right/*'] })
    .addTarget(LEFT, 'left', 'shared')
    .addTarget(RIGHT, 'right', 'shared')
    .publish();
  return { repository, keyLeft, keyRight };
}

describe('a role under two delegators', () => {
  it('that both of their keys signed is used on both ways, and fetched once', async () => {
    const { repository } = diamond();
    const reader = new Reader(repository);
    const both = await reader.accepts(async (client) => [
      await reads(LEFT)(client),
      await reads(RIGHT)(client),
    ]);
    expect(both).toEqual(['left', 'right']);
    expect(repository.asked().filter((file) => file === '1.shared.json')).toHaveLength(1);
  });

  it('that only the left one signed is used on the left way alone, in one session and over two', async () => {
    const { repository, keyLeft } = diamond();
    const reader = new Reader(repository);
    await reader.accepts(reads(RIGHT));
    repository.publish({ shared: { signedBy: [keyLeft] } });
    const client = reader.session();
    expect(await reads(LEFT)(client)).toBe('left');
    const kept = reader.cache.content();
    await expect(finds(RIGHT)(client)).rejects.toMatchObject({ name: 'RefusedError', code: 'UNSIGNED' });
    // It is in the cache now, rightly: from there too it is verified for the way on which it is used
    await expect(reader.accepts(finds(RIGHT))).rejects.toMatchObject({
      name: 'RefusedError',
      code: 'UNSIGNED',
    });
    expect(await reader.accepts(reads(LEFT))).toBe('left');
    expect(reader.cache.content()['shared.json']).toBe(kept['shared.json']);
  });

  it('is verified again in the other order as well', async () => {
    const { repository, keyRight } = diamond();
    repository.publish({ shared: { signedBy: [keyRight] } });
    const client = new Reader(repository).session();
    expect(await reads(RIGHT)(client)).toBe('right');
    await expect(finds(LEFT)(client)).rejects.toMatchObject({ name: 'RefusedError', code: 'UNSIGNED' });
    expect(await reads(RIGHT)(client)).toBe('right');
  });

  it('that comes in two files at once is used on each way as that way verified it', async () => {
    const { repository, keyLeft, keyRight } = diamond();
    const reader = new Reader(repository);
    expect(await reader.accepts(reads(LEFT))).toBe('left');
    repository.publish({ shared: { signedBy: [keyLeft] } });
    const forLeft = repository.file('2.shared.json');
    repository.versions.set('shared', 1);
    repository.publish({ shared: { signedBy: [keyRight] } });
    const forRight = repository.file('2.shared.json');
    let asked = 0;
    const twoFaced = {
      target: repository.target.bind(repository),
      metadata: async (file: string, limit: number) =>
        file !== '2.shared.json' ? repository.metadata(file, limit) : asked++ === 0 ? forLeft : forRight,
    };
    const client = new Client({
      root: reader.root,
      repository: twoFaced,
      cache: new MemoryCache(),
      now: NOW,
    });
    await client.refresh();
    await Promise.all([finds(LEFT)(client), finds(RIGHT)(client).catch(() => undefined)]);
    const [left, right] = await Promise.all(
      [finds(LEFT), finds(RIGHT)].map((look) => look(client).catch(() => undefined)),
    );
    for (const [found, key] of [
      [left, keyLeft],
      [right, keyRight],
    ] as const) {
      const signers = found?.document.signatures.map(({ keyId }) => keyId) ?? [key.id];
      expect(signers).toContain(key.id);
    }
  });

  it('has to meet the threshold of the way, not the lower one of the other', async () => {
    const [one, two] = [makeKey(), makeKey()];
    const repository = new MemoryRepository({ lists: 'versions' })
      .delegate('targets', { name: 'left', paths: ['left/*'] })
      .delegate('targets', { name: 'right', paths: ['right/*'] })
      .delegate('left', { name: 'shared', keys: [one, two], threshold: 1, paths: ['left/*'] })
      .delegate('right', { name: 'shared', keys: [one, two], threshold: 2, paths: ['right/*'] })
      .addTarget(LEFT, 'left', 'shared')
      .addTarget(RIGHT, 'right', 'shared')
      .publish();
    const reader = new Reader(repository);
    expect(await reader.accepts(reads(RIGHT))).toBe('right');
    repository.publish({ shared: { signedBy: [one] } });
    const client = reader.session();
    expect(await reads(LEFT)(client)).toBe('left');
    await expect(finds(RIGHT)(client)).rejects.toMatchObject({ code: 'UNSIGNED' });
  });

  it('cannot speak on the left way of what only the right way covers', async () => {
    const { repository } = diamond();
    repository.delegate('targets', { name: 'right', paths: ['elsewhere/*'] }).publish();
    const reader = new Reader(repository);
    expect(await reader.accepts(reads(LEFT))).toBe('left');
    expect(await reader.accepts(finds(RIGHT))).toBeUndefined();
  });
});
