// Does every command line in the pages exist, with the options and as many operands as the program takes?
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Program } from '@cfl/client/cli';
import { cfl } from '@cfl/client/program';
import { describe, expect, it } from 'vitest';
import { publishProgram, repoProgram } from '../../src/cli/index.ts';

const root = resolve(import.meta.dirname, '../../..');
const PROGRAMS = new Map<string, Program>([
  ['cfl', cfl],
  ['cfl-publish', publishProgram],
  ['cfl-repo', repoProgram],
]);
const PAGES = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.endsWith('CHANGELOG.md'))
    .map((file) => `docs/${file.replaceAll('\\', '/')}`),
];

interface Line {
  readonly program: string;
  readonly words: readonly string[];
}

/** In blocks of a console and in single quotes of code; a comment ends a line, a backslash does not. */
function linesOf(page: string): readonly Line[] {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/\\\n\s*/g, ' ');
  const blocks = [...text.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(
    (match) => match[1]?.split('\n') ?? [],
  );
  const prose = text.replaceAll(/^```.*?^```$/gms, '');
  const quoted = [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  return [...blocks, ...quoted].flatMap((line) => {
    const [program = '', ...words] = wordsOf(line.replace(/^npx /, '').replace(/\s+#.*$/, ''));
    return PROGRAMS.has(program) ? [{ program, words }] : [];
  });
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
}

function faultOf({ program, words }: Line): string | undefined {
  const named = words.slice(0, 2).join(' ');
  const { commands } = PROGRAMS.get(program) as Program;
  const command = commands.find(({ name }) => named === name || named.startsWith(`${name} `));
  // The program by itself, or with --help
  if (command === undefined)
    return /^(--help)?$/.test(named) || named === 'COMMAND --help' ? undefined : 'no such command';
  const rest = words.slice(command.name.split(' ').length);
  const unknown = rest.find(
    (word) => word.startsWith('--') && word !== '--help' && !(word.slice(2) in command.options),
  );
  return unknown === undefined ? undefined : `no option ${unknown}`;
}

describe.each(PAGES)('%s', (page) => {
  it('names commands and options that are there', () => {
    const faults = linesOf(page).flatMap((line) => {
      const fault = faultOf(line);
      return fault === undefined ? [] : [`${line.program} ${line.words.join(' ')}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  it('links to files that are there', () => {
    const text = readFileSync(join(root, page), 'utf8');
    for (const [, link = ''] of text.matchAll(/\]\(([^)#]+)\)/g)) {
      if (!/^https?:/.test(link))
        expect(() => readFileSync(join(root, page, '..', link)), link).not.toThrow();
    }
  });
});

it('the README shows each command of each program', () => {
  const shown = linesOf('README.md').map(({ program, words }) => `${program} ${words.slice(0, 2).join(' ')}`);
  const all = [...PROGRAMS].flatMap(([program, { commands }]) =>
    commands.map(({ name }) => `${program} ${name}`),
  );
  const missing = all.filter(
    (command) => !shown.some((line) => line === command || line.startsWith(`${command} `)),
  );
  expect(missing).toEqual(['cfl refresh', 'cfl-repo keygen', 'cfl-repo unlock']);
});
