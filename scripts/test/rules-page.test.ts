// Is docs/rules.md what the rules say today?
import { readFileSync } from 'node:fs';
import { rules } from '@cfl/client/admission';
import { expect, it } from 'vitest';
import { RULES_PAGE, rulesPage } from '../rules-page.ts';

it('docs/rules.md is as node scripts/rules-page.ts writes it', () => {
  expect(readFileSync(RULES_PAGE, 'utf8')).toBe(rulesPage());
});

it.each(rules)(
  '$code says in one sentence what it demands, whence, and what to do',
  ({ demand, source, remedy }) => {
    for (const words of [demand, source, remedy]) {
      expect(words.length).toBeGreaterThan(3);
      expect(words).toMatch(/^[A-Z].*[^.\s]$/);
      expect(words).not.toContain('\n');
    }
  },
);
