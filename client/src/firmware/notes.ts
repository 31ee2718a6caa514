// Are these release notes finished? Markdown, with the sections that a supplier reads before it deploys.
//
// Rules
// - Every section below is there, and says something.
// - What a person must still write is marked `…`. That, and the words that people leave for later
//   (TODO, TBC, TBD, FIXME, XXX, lorem ipsum), may stand nowhere.

export const NOTES_SECTIONS = ['Before you deploy', 'What is new', 'How to go back'] as const;

const PLACEHOLDER = /…|\b(?:TODO|TBC|TBD|FIXME|XXX)\b|\blorem ipsum\b/;

interface Section {
  readonly heading: string;
  readonly lines: readonly string[];
}

/** Each fault as `"Before you deploy" still holds "…"`; none where the notes are finished. */
export function notesFaults(text: string): string[] {
  if (text.trim() === '') return ['it is empty'];
  const sections = sectionsOf(text);
  const open = sections.flatMap(({ heading, lines }) =>
    placeholdersIn([heading, ...lines]).map((word) => `"${heading}" still holds "${word}"`),
  );
  const missing = NOTES_SECTIONS.flatMap((heading) => {
    const found = sections.filter((section) => section.heading === heading);
    if (found.length === 0) return [`the section "${heading}" is missing`];
    const says = found.some(({ lines }) => lines.some((line) => /\p{L}/u.test(line)));
    return says || placeholdersIn(found.flatMap(({ lines }) => lines)).length > 0
      ? []
      : [`"${heading}" says nothing`];
  });
  return [...open, ...missing];
}

function sectionsOf(text: string): readonly Section[] {
  const sections: { heading: string; lines: string[] }[] = [{ heading: 'the beginning', lines: [] }];
  for (const line of text.split('\n')) {
    const heading = /^#+\s/.test(line) ? line.replace(/^#+/, '').trim() : '';
    if (heading === '') sections.at(-1)?.lines.push(line);
    else sections.push({ heading, lines: [] });
  }
  return sections;
}

function placeholdersIn(lines: readonly string[]): string[] {
  return [...new Set(lines.flatMap((line) => PLACEHOLDER.exec(line)?.[0] ?? []))];
}
