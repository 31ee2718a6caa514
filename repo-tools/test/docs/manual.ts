// A page of the manual as it is followed: its command lines in order, and what each needs around it.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const DOCS = resolve(import.meta.dirname, '../../../docs');

export interface Line {
  /** The heading above it. */
  readonly section: string;
  readonly program: string;
  readonly words: readonly string[];
}

/** The lines of all blocks marked as a console. */
export function manual(page: string): readonly Line[] {
  const text = readFileSync(resolve(DOCS, page), 'utf8');
  return text.split(/^## /m).flatMap((section) =>
    [...section.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
      block
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [program = '', ...words] = wordsOf(line);
          return { section: section.slice(0, section.indexOf('\n')), program, words };
        }),
    ),
  );
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
}

/** Names of the page stand for something of the test, whole or as the beginning of a path: `release` for a folder. */
export function filled(words: readonly string[], names: ReadonlyMap<string, string>): readonly string[] {
  return words.map((word) => {
    const [, scheme = '', path = ''] = /^((?:folder:)?)(.*)$/s.exec(word) ?? [];
    const exact = names.get(path);
    if (exact !== undefined) return scheme + exact;
    const start = [...names.keys()].find((name) => path.startsWith(`${name}/`));
    return start === undefined ? word : scheme + (names.get(start) ?? '') + path.slice(start.length);
  });
}
