// When are release notes finished? One fault at a time, each against notes that are.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOTES_SECTIONS, notesFaults } from '../../src/firmware/index.ts';
import { NOTES_LINES as LINES } from '../admission/honest.ts';

const faultsOf = (lines: readonly string[]) => notesFaults(lines.join('\n'));
const at = (start: string) => LINES.findIndex((line) => line.startsWith(start));
const withLine = (start: string, ...lines: string[]) => LINES.toSpliced(at(start), 1, ...lines);

const SALT = '"salt" holds "%", expected 64 random hex digits, as "cfl-publish new" writes them';
const FIXES = '"fixes" holds "%", expected "none", or references with ", " between them, each once';
const NAMES = '"salt", "fixes", "severity", "embargo"';

it('finished notes have no fault, whatever the ends of their lines', () => {
  expect(faultsOf(LINES)).toEqual([]);
  expect(notesFaults(LINES.join('\r\n'))).toEqual([]);
});

describe('the front matter', () => {
  it.each([
    'fixes: none',
    'fixes: CVE-2026-10001, EXM-7, https://meters.example/advisory/7#fix',
    'severity: none',
    'severity: critical',
    'embargo: 2027-02-28',
  ])('takes %s', (line) => {
    expect(faultsOf(withLine(line.slice(0, line.indexOf(':')), line))).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['a salt of 31 octets', `salt: ${'0123456789abcdef'.repeat(4).slice(2)}`, SALT],
    ['a salt in upper case', `salt: ${'0123456789ABCDEF'.repeat(4)}`, SALT],
    ['a salt that somebody typed', `salt: ${'01'.repeat(32)}`, SALT],
    ['no reference', 'fixes: ', FIXES],
    ['a reference twice', 'fixes: EXM-7, EXM-7', FIXES],
    ['none among references', 'fixes: EXM-7, none', FIXES],
    ['references with another sign between them', 'fixes: EXM-7;EXM-8', FIXES],
    [
      'a severity of its own',
      'severity: High',
      '"severity" holds "%", expected one of none, low, medium, high, critical',
    ],
    [
      'a day that does not exist',
      'embargo: 2027-02-30',
      '"embargo" holds "%", expected "none", or a day such as 2026-11-20',
    ],
    [
      'a day in words',
      'embargo: until Easter',
      '"embargo" holds "%", expected "none", or a day such as 2026-11-20',
    ],
    [
      'two spaces',
      'severity:  low',
      '"severity" holds "%", expected one of none, low, medium, high, critical',
    ],
  ])('refuses %s', (_, line, fault) => {
    const [name = '', value = ''] = line.split(/: (.*)/);
    expect(faultsOf(withLine(name, line))).toEqual([fault.replace('%', value)]);
  });

  it.each<[string, readonly string[], string]>([
    ['a line is missing', LINES.toSpliced(at('severity'), 1), '"salt", "fixes", "embargo"'],
    [
      'a line stands twice',
      withLine('fixes', 'fixes: none', 'fixes: none'),
      '"salt", "fixes", "fixes", "severity", "embargo"',
    ],
    [
      'there is another order',
      LINES.with(1, 'fixes: none').with(2, LINES[1] ?? ''),
      '"fixes", "salt", "severity", "embargo"',
    ],
    ['a line is unknown', withLine('embargo', 'embargo: none', 'tag: x'), `${NAMES}, "tag"`],
    ['a line has no value', withLine('embargo', 'embargo:'), '"salt", "fixes", "severity", "embargo:"'],
    [
      'there is a comment of YAML',
      withLine('embargo', '# why', 'embargo: none'),
      '"salt", "fixes", "severity", "# why", "embargo"',
    ],
    ['it is empty', ['---', '---', ...LINES.slice(6)], 'none'],
  ])('is refused where %s', (_, lines, found) => {
    expect(faultsOf(lines)).toEqual([`the front matter has the lines ${found}, expected ${NAMES}`]);
  });

  it.each<[string, readonly string[]]>([
    ['not there', LINES.slice(6)],
    ['not at the beginning', ['', ...LINES]],
    ['never closed', LINES.toSpliced(5, 1)],
  ])('is asked for where it is %s', (_, lines) => {
    expect(faultsOf(lines)).toEqual(['it does not begin with a front matter between two lines "---"']);
  });

  it('is not finished while something is left to be written', () => {
    expect(faultsOf(withLine('fixes', 'fixes: …'))).toEqual(['"fixes" still holds "…"']);
    expect(faultsOf(withLine('fixes', 'fixes: TBC'))).toEqual(['"fixes" still holds "TBC"']);
  });
});

describe('the sections', () => {
  it.each(NOTES_SECTIONS)('"%s" must be there, and say something', (section) => {
    const heading = at(`## ${section}`);
    expect(faultsOf(LINES.toSpliced(heading, 2))).toEqual([`the section "${section}" is missing`]);
    expect(faultsOf(LINES.toSpliced(heading + 1, 1))).toEqual([`"${section}" says nothing`]);
    expect(faultsOf(LINES.with(heading + 1, '- ...'))).toEqual([`"${section}" says nothing`]);
  });

  it.each<[string, string, string]>([
    ['a mark that is left', 'fine … not', '…'],
    ['a word for later', 'TODO: ask', 'TODO'],
    ['filler text', 'lorem ipsum dolor', 'lorem ipsum'],
  ])('hold no %s', (_, line, word) => {
    expect(faultsOf(withLine('None is known', line))).toEqual([`"Known issues" still holds "${word}"`]);
  });

  it('may hold a word that only contains one for later', () => {
    expect(faultsOf(withLine('None is known', 'TODOROV knows of none'))).toEqual([]);
  });

  it('hold no mark above the first of them', () => {
    expect(faultsOf(LINES.toSpliced(6, 0, '…'))).toEqual(['"the beginning" still holds "…"']);
    expect(faultsOf(LINES.toSpliced(7, 0, '…'))).toEqual(['"ESME 0A01 firmware 01000203" still holds "…"']);
  });

  it('say something where only their subheadings do', () => {
    expect(faultsOf(withLine('None is known', '### The clock', 'is late'))).toEqual([]);
    expect(faultsOf(withLine('None is known', '### The clock'))).toEqual(['"Known issues" says nothing']);
    expect(faultsOf(withLine('None is known', '## The clock', 'is late'))).toEqual([
      '"Known issues" says nothing',
    ]);
  });
});

it('notes of nothing are empty', () => {
  expect(notesFaults(' \n')).toEqual(['it is empty']);
});

it('whatever is written, an answer is given, and no line of it is longer than a person reads', () => {
  const lines = fc.array(fc.oneof(fc.string({ maxLength: 300 }), fc.constantFrom('---', ...LINES)));
  fc.assert(
    fc.property(lines, (given) => {
      for (const fault of faultsOf(given)) expect(fault.length).toBeLessThan(1_000);
    }),
  );
});
