// How do lines stand under each other? Columns as wide as what is in them, two spaces apart.

/** `right` for numbers. */
export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

/** A line of titles, then the rows; no line at all where there are no rows. */
export function table(rows: readonly (readonly string[])[], heads: readonly Column[]): string[] {
  if (rows.length === 0) return [];
  return columns(
    [heads.map(({ title }) => title), ...rows],
    heads.map(({ align }) => align),
  );
}

export function columns(
  rows: readonly (readonly string[])[],
  aligns: readonly ('right' | undefined)[] = [],
): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) =>
    rows.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (aligns[i] === 'right' ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** `  ok  root          version 1, 2 of 3 signatures` */
export function checkLine(word: 'ok' | 'warn', what: string, text: string): string {
  return `  ${word}  ${what.padEnd(12)}  ${text}`;
}

/** `412,006` */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}
