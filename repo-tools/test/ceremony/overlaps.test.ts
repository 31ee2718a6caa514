// Attack: two roles that may list one path, so that who is asked first decides what a reader gets.

import { publicKey } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { delegate, type RoleHolders, withDelegation } from '../../src/ceremony/roles.ts';
import { signersOf } from '../fixture.ts';

let holders: RoleHolders;
beforeAll(async () => {
  const [signer] = await signersOf(1);
  if (signer === undefined) throw new TypeError('no key');
  const { keytype, scheme, public: text } = signer.key;
  holders = { threshold: 1, keys: [await publicKey(keytype, scheme, text)] };
});

/** Two roles of these patterns, delegated to one after the other. */
function both(one: string, other: string): readonly string[] {
  const first = withDelegation(undefined, delegate('one', ['crl/*', one], holders), holders.keys);
  const second = delegate('two', [other], holders);
  return withDelegation(first, second, holders.keys).roles.map(({ name }) => name);
}

describe('a role is delegated to beside another', () => {
  it.each([
    ['firmware/FFF1/*/*', 'firmware/FFF2/*/*'],
    ['cpl/*', 'cpl/*/*'],
    ['a*c', 'a*d'],
    ['*1/x', '*2/x'],
  ])('where %s and %s share no path', (one, other) => {
    expect(both(one, other)).toEqual(['one', 'two']);
  });
});

describe('a role is refused beside another', () => {
  it.each([
    ['firmware/FFF1/*/*', 'firmware/FFF1/*/*'],
    ['firmware/FFF1/*/*', 'firmware/*/0/*'],
    // Neither covers the other, and "ab" is covered by both
    ['a*', '*b'],
    ['firmware/FFF1/a*/*', 'firmware/FFF1/*a/*'],
    ['a*/b', 'a/*b'],
  ])('where %s and %s share one', (one, other) => {
    for (const [before, after] of [
      [one, other],
      [other, one],
    ] as const)
      expect(() => both(before, after)).toThrow(
        expect.objectContaining({
          code: 'BAD_INPUT',
          message: 'Cannot delegate to "two": its paths overlap those of "one"',
        }),
      );
  });
});
