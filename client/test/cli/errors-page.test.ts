// Does docs/errors.md explain every code, each under its own folder, and no other?

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The members of a union of texts, as the source lists them. */
function union(path: string, name: string): string[] {
  const body = new RegExp(`export type ${name} =([^;]+);`).exec(read(path))?.[1] ?? '';
  return [...body.matchAll(/'([A-Z][A-Z0-9_]+)'/g)].map((match) => match[1] ?? '');
}

/** Codes that a source gives without a union. */
function literals(path: string): string[] {
  return [...read(path).matchAll(/\bcode(?: =|:) '([A-Z_]+)'/g)].map((match) => match[1] ?? '');
}

const sections = new Map(
  read('docs/errors.md')
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
);

/** The rows of a section, by code: what it means, and what to do. */
function rowsOf(section: string): Map<string, readonly string[]> {
  const rows = [...(sections.get(section) ?? '').matchAll(/^\| `([A-Z_]+)` \| (.+) \| (.+) \|$/gm)];
  return new Map(rows.map(([, code = '', means = '', act = '']) => [code, [means, act]]));
}

const CHECKED: readonly (readonly [section: string, codes: readonly string[]])[] = [
  ['Metadata', union('client/src/tuf/errors.ts', 'RefusalCode')],
  ['The way to the library', union('client/src/tuf/errors.ts', 'UnreachableCode')],
  ['The library and its releases', union('client/src/library/errors.ts', 'LibraryCode')],
  ['Signed statements', union('client/src/evidence/errors.ts', 'EvidenceCode')],
  ['Read access', union('client/src/access/errors.ts', 'AccessCode')],
  ['Key files', union('client/src/keys/errors.ts', 'KeyErrorCode')],
  ['Work that travels', union('repo-tools/src/change/errors.ts', 'ChangeCode')],
  [
    'Estates and campaigns',
    [
      ...union('client/src/estate/errors.ts', 'EstateCode'),
      ...union('client/src/campaign/errors.ts', 'CampaignCode'),
    ],
  ],
  ['Sending', union('repo-tools/src/submission/send-errors.ts', 'SendCode')],
  ['The programs themselves', literals('client/src/cli/refusal.ts')],
  ['Findings of a check from outside', literals('repo-tools/src/check/checks.ts')],
];

test.each(CHECKED)('"%s" explains each of its codes, and says what to do', (section, codes) => {
  expect(codes.length).toBeGreaterThan(2);
  const rows = rowsOf(section);
  expect([...rows.keys()].sort()).toEqual([...codes].sort());
  for (const [code, sentences] of rows) {
    for (const sentence of sentences) expect(sentence, code).toMatch(/^[A-Z`].{5,}\.$/);
  }
});

test('no section is left without its check', () => {
  expect([...sections.keys()]).toEqual(CHECKED.map(([section]) => section));
});
