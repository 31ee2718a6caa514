// A JSON object that is read like a Map is one to every reader.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Json } from '../../../src/encoding/index.ts';
import { Members } from '../../../src/tuf/members.ts';
import { objectOf, plainJson, plainText } from '../../encoding/values.ts';

const read = (value: Json | undefined, key: string) => `${key} is ${JSON.stringify(value)}`;

it('has the size, the members and the order that a Map of them has', () => {
  fc.assert(
    fc.property(objectOf(plainText, plainJson), plainText, (json, other) => {
      const members = new Members(json, read);
      const map = new Map(Object.entries(json).map(([key, value]) => [key, read(value, key)]));
      expect(members.size).toBe(map.size);
      expect([...members]).toEqual([...map]);
      expect([...members.entries()]).toEqual([...map.entries()]);
      expect([...members.keys()]).toEqual([...map.keys()]);
      expect([...members.values()]).toEqual([...map.values()]);
      for (const key of [...map.keys(), other, '__proto__', 'constructor', 'toString']) {
        expect([members.has(key), members.get(key)]).toEqual([map.has(key), map.get(key)]);
      }
      const told: unknown[] = [];
      members.forEach((value, key, all) => {
        told.push([key, value, all === members]);
      });
      expect(told).toEqual([...map].map(([key, value]) => [key, value, true]));
    }),
  );
});
