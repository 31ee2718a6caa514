// Since when is a revoked certificate not to be believed? A day that the registrar types.

import { expect, it } from 'vitest';
import { startOfDay } from '../../src/cli/trust.ts';

it('a day of the calendar is its first moment', () => {
  expect(startOfDay('2026-02-28')).toEqual(new Date('2026-02-28T00:00:00Z'));
});

it.each(['2026-02-30', '2026-11-31', '2026-11-1', '2026-11-01T15:00:00Z', 'today', ''])(
  '"%s" is refused, not taken for another day: what was stamped between would count',
  (day) => {
    expect(() => startOfDay(day)).toThrow('--invalid-from must be a day such as 2026-11-01');
  },
);
