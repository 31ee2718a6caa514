// The one form of a date in signed files: UTC, whole seconds, `2026-11-20T09:00:00Z` (TUF 4.2.1).

const EXACT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** Throws a TypeError unless the text is the exact form of a date that exists. */
export function parseDate(text: unknown): Date {
  if (typeof text === 'string' && EXACT.test(text)) {
    const date = new Date(text);
    // A day that does not exist (30 February) is rolled over by Date, so it does not come back the same
    if (!Number.isNaN(date.getTime()) && encodeDate(date) === text) return date;
  }
  throw new TypeError(
    `Cannot read ${JSON.stringify(text)} as a date: expected the form 2026-11-20T09:00:00Z`,
  );
}

/** Fractions of a second are cut off, never rounded up: nothing lives longer than was asked for. */
export function encodeDate(date: Date): string {
  const text = `${date.toISOString().slice(0, 19)}Z`;
  if (EXACT.test(text)) return text;
  throw new TypeError(`Cannot write ${date.toISOString()} as a date: expected a year from 0000 to 9999`);
}
