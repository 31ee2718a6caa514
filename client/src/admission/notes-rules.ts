// Are there release notes, and can a supplier work with them?
//
// Whoever cannot read the notes checks that they are there, their form and their size. Whether they are
// finished is checked where they are in the clear: on the manufacturer's machine.

import type { Rule } from './rule.ts';

/** Octets, in the clear. */
export const LONGEST_NOTES = 1_000_000;

const SOURCE = 'SECMP0009: release notes always accompany an image';

const notesMissing: Rule = {
  code: 'NOTES_MISSING',
  severity: 'refuse',
  sealed: false,
  demand: 'Release notes come with the image',
  source: SOURCE,
  remedy: 'Write notes.md and submit it with the image',
  says: ({ notes }) =>
    notes === undefined
      ? [
          {
            at: 'notes',
            expected: 'release notes',
            found: 'none',
            message: 'no release notes came with the image',
          },
        ]
      : [],
};

const notesForm: Rule = {
  code: 'NOTES_FORM',
  severity: 'refuse',
  sealed: true,
  demand: 'The release notes are text in UTF-8',
  source: SOURCE,
  remedy: 'Write the notes as Markdown in UTF-8, not as a document of a word processor',
  says: ({ notes }) =>
    notes?.form === 'other'
      ? [
          {
            at: 'notes',
            expected: 'text in UTF-8',
            found: 'other octets',
            message: 'the release notes are not text in UTF-8',
          },
        ]
      : [],
};

const notesSize: Rule = {
  code: 'NOTES_SIZE',
  severity: 'refuse',
  sealed: false,
  demand: `The release notes have 1 to ${LONGEST_NOTES} octets`,
  source: SOURCE,
  remedy: 'Leave images out of the notes; say where the long documents are',
  says({ notes }) {
    if (notes === undefined || (notes.length > 0 && notes.length <= LONGEST_NOTES)) return [];
    const message = `the release notes have ${notes.length} octets, expected 1 to ${LONGEST_NOTES}`;
    return [{ at: 'notes', expected: `1 to ${LONGEST_NOTES}`, found: String(notes.length), message }];
  },
};

const notesIncomplete: Rule = {
  code: 'NOTES_INCOMPLETE',
  severity: 'refuse',
  sealed: true,
  demand:
    'The release notes have their front matter and every section, each says something, and nothing is left to be written',
  source: SOURCE,
  remedy: 'Finish notes.md: the lines between "---" at its head, and every section',
  says: ({ notes }) =>
    (notes?.text?.faults ?? []).map((fault) => ({
      at: 'notes',
      expected: 'finished notes',
      found: fault,
      message: `notes.md: ${fault}`,
    })),
};

export const notesRules: readonly Rule[] = [notesMissing, notesForm, notesSize, notesIncomplete];
