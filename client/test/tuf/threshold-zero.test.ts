// Attack: a role that needs no signature at all (TUF 4.3, 4.5: a threshold is an integer of 1 or more).

import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/encoding/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader } from './reader.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';
const THRESHOLDS: readonly Json[] = [0, -1, '1', null, true, [1], {}];

function library() {
  return new MemoryRepository({ lists: 'versions' })
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] })
    .addTarget(IMAGE, 'image', 'm-fff1')
    .publish();
}

describe.each(THRESHOLDS.map((threshold) => [JSON.stringify(threshold), threshold] as const))(
  'a threshold of %s',
  (_, threshold) => {
    it.each(['root', 'timestamp', 'snapshot', 'targets'])('for %s is not metadata', async (role) => {
      const reader = new Reader(library());
      await reader.accepts();
      reader.repository.publishRoot({ says: (signed) => withThreshold(signed, role, threshold) });
      await reader.refuses('NOT_METADATA', { asking: ['2.root.json'] });
    });

    it('for a delegated role is not metadata', async () => {
      const reader = new Reader(library());
      expect(await reader.accepts(finds(IMAGE))).toBeDefined();
      const says = (signed: JsonObject) => {
        const delegations = signed.delegations as { keys: JsonObject; roles: readonly JsonObject[] };
        return {
          ...signed,
          delegations: { ...delegations, roles: delegations.roles.map((role) => ({ ...role, threshold })) },
        };
      };
      reader.repository.publish({ targets: { says }, 'm-fff1': { signedBy: [] } });
      await expect(reader.accepts(finds(IMAGE))).rejects.toMatchObject({
        name: 'RefusedError',
        code: 'NOT_METADATA',
      });
      expect(reader.repository.asked()).toEqual([
        '2.root.json',
        'timestamp.json',
        '2.snapshot.json',
        '2.targets.json',
      ]);
    });
  },
);

it('no keys at all, with a threshold of 1, is a role that nobody can sign', async () => {
  const reader = new Reader(library());
  await reader.accepts();
  reader.repository.rotate('timestamp', { keys: [], threshold: 1 }).publish();
  await expect(reader.accepts()).rejects.toMatchObject({ name: 'RefusedError', code: 'UNSIGNED' });
});

it('a file without signatures is unsigned', async () => {
  const reader = new Reader(library());
  await reader.accepts();
  reader.repository.publish({ timestamp: { signatures: () => [] } });
  await reader.refuses('UNSIGNED', { asking: ['2.root.json', 'timestamp.json'] });
});

function withThreshold(signed: JsonObject, role: string, threshold: Json): JsonObject {
  const roles = signed.roles as Record<string, JsonObject>;
  return { ...signed, roles: { ...roles, [role]: { ...roles[role], threshold } } };
}
