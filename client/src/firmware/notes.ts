// Are these release notes finished? Markdown, with what a supplier needs before it deploys.
//
// Rules
// - They begin with a front matter: a line `---`, the four lines below in this order, each `name: value`, and
//   a line `---`. It is no YAML: there is nothing else to write, and no second way to write it.
//   - `salt`: 64 lower-case hex digits, drawn at random by `cfl-publish new`. The digest of the notes is public;
//     without the salt whoever guesses what they say could compare. So a salt is never copied.
//   - `fixes`: references with ", " between them, each once; or `none`.
//   - `severity`: of the worst that is fixed; `none` where nothing of it is a matter of security.
//   - `embargo`: the day until which a reader keeps to itself what is fixed; or `none`.
// - Every section below is there, and says something. What stands under its subheadings is its own.
// - What a person must still write is marked `…`. That, and the words that people leave for later
//   (TODO, TBC, TBD, FIXME, XXX, lorem ipsum), may stand nowhere.
//
// Each line is looked at once, so that long notes cost no more than their length.

import { parseDate } from '../encoding/index.ts';

export const NOTES_SECTIONS = [
  'During activation',
  'Order and prerequisites',
  'How to go back',
  'What is new',
  'Known issues',
  'Test evidence',
] as const;

const MARK = '---';
const PLACEHOLDER = /…|\b(?:TODO|TBC|TBD|FIXME|XXX)\b|\blorem ipsum\b/;
const REFERENCE = /^[A-Za-z0-9][\w.:/#-]{0,63}$/;
/** Of 32 random octets, fewer differ once in 10^15 times: then somebody typed them. */
const LEAST_DIFFERENT = 16;

interface Line {
  readonly expected: string;
  readonly isGood: (value: string) => boolean;
}

const FRONT: Readonly<Record<string, Line>> = {
  salt: {
    expected: '64 random hex digits, as "cfl-publish new" writes them',
    isGood: (value) => /^[0-9a-f]{64}$/.test(value) && new Set(value.match(/../g)).size >= LEAST_DIFFERENT,
  },
  fixes: {
    expected: '"none", or references with ", " between them, each once',
    isGood: (value) => value === 'none' || areReferences(value.split(', ')),
  },
  severity: {
    expected: 'one of none, low, medium, high, critical',
    isGood: (value) => ['none', 'low', 'medium', 'high', 'critical'].includes(value),
  },
  embargo: {
    expected: '"none", or a day such as 2026-11-20',
    isGood: (value) => value === 'none' || isDay(value),
  },
};

function areReferences(given: readonly string[]): boolean {
  const good = given.every((one) => REFERENCE.test(one) && one !== 'none');
  return good && new Set(given).size === given.length;
}

function isDay(text: string): boolean {
  try {
    parseDate(`${text}T00:00:00Z`);
    return true;
  } catch {
    return false;
  }
}

interface Section {
  readonly heading: string;
  /** How many `#`; 0 for what stands above the first heading. */
  readonly level: number;
  readonly lines: readonly string[];
}

/** Each fault as `"Known issues" still holds "…"`; none where the notes are finished. */
export function notesFaults(text: string): string[] {
  if (text.trim() === '') return ['it is empty'];
  const lines = text.split(/\r?\n/);
  const end = lines[0] === MARK ? lines.indexOf(MARK, 1) : -1;
  const body = sectionsOf(lines.slice(end + 1));
  return [
    ...(end === -1 ? [`it does not begin with a front matter between two lines "${MARK}"`] : []),
    ...(end === -1 ? [] : frontFaults(lines.slice(1, end))),
    ...body.flatMap(({ heading, lines: below }) => openFaults(heading, [heading, ...below])),
    ...missingFaults(body),
  ];
}

function frontFaults(lines: readonly string[]): string[] {
  const names = Object.keys(FRONT);
  const found = lines.map((line) => /^([^:]+): /.exec(line)?.[1] ?? line);
  if (found.join() !== names.join())
    return [`the front matter has the lines ${namesInWords(found)}, expected ${namesInWords(names)}`];
  return Object.entries(FRONT).flatMap(([name, { expected, isGood }], i) => {
    const value = (lines[i] ?? '').slice(name.length + 2);
    const open = openFaults(name, [value]);
    if (open.length > 0 || isGood(value)) return open;
    return [`"${name}" holds "${shortened(value)}", expected ${expected}`];
  });
}

function namesInWords(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const more = names.length > 8 ? `, and ${names.length - 8} more` : '';
  return `${names
    .slice(0, 8)
    .map((name) => `"${shortened(name)}"`)
    .join(', ')}${more}`;
}

/** What stands in notes may be as long as the notes. */
function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function sectionsOf(lines: readonly string[]): readonly Section[] {
  const sections: (Section & { lines: string[] })[] = [{ heading: 'the beginning', level: 0, lines: [] }];
  for (const line of lines) {
    const level = /^#+(?=\s)/.exec(line)?.[0].length ?? 0;
    const heading = line.slice(level).trim();
    if (level === 0 || heading === '') sections.at(-1)?.lines.push(line);
    else sections.push({ heading, level, lines: [] });
  }
  return sections;
}

function missingFaults(sections: readonly Section[]): string[] {
  return NOTES_SECTIONS.flatMap((heading) => {
    const at = sections.findIndex((section) => section.heading === heading);
    if (at === -1) return [`the section "${heading}" is missing`];
    const lines = linesBelow(sections, at);
    return lines.some((line) => /\p{L}/u.test(line)) || placeholdersIn(lines).length > 0
      ? []
      : [`"${heading}" says nothing`];
  });
}

/** With those of its subheadings. */
function linesBelow(sections: readonly Section[], at: number): readonly string[] {
  const [first, ...others] = sections.slice(at);
  const next = others.findIndex(({ level }) => level <= (first?.level ?? 0));
  const own = next === -1 ? others : others.slice(0, next);
  return [...(first?.lines ?? []), ...own.flatMap(({ lines }) => lines)];
}

function openFaults(where: string, lines: readonly string[]): string[] {
  return placeholdersIn(lines).map((word) => `"${shortened(where)}" still holds "${word}"`);
}

function placeholdersIn(lines: readonly string[]): string[] {
  return [...new Set(lines.flatMap((line) => PLACEHOLDER.exec(line)?.[0] ?? []))];
}
