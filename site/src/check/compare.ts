// Does the page say what is signed? Its marked texts beside the facts made anew.

import type { Facts } from './facts.ts';

export interface Difference {
  /** `imageHash` */
  readonly name: string;
  readonly found: string;
  readonly expected: string;
}

/** `marked`: what the page says under each name, as often as it says it. */
export function differencesOf(marked: readonly (readonly [string, string])[], facts: Facts): Difference[] {
  const seen = new Set(marked.map(([name]) => name));
  const wrong = marked.flatMap(([name, found]) => {
    const expected = facts.get(name);
    return found === expected ? [] : { name, found, expected: expected ?? 'nothing' };
  });
  const missing = [...facts].flatMap(([name, expected]) =>
    seen.has(name) ? [] : { name, found: 'nothing', expected },
  );
  return [...wrong, ...missing];
}
