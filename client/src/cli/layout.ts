// How do lines stand under each other? Columns as wide as what is in them, two spaces apart.

/** `right` for numbers. */
export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

/**
 * A line of titles, then the rows; no line at all where there are no rows. `width`, of a terminal, breaks the last
 * cell of a row into several lines where it would not fit.
 */
export function table(
  rows: readonly (readonly string[])[],
  heads: readonly Column[],
  width?: number,
): string[] {
  if (rows.length === 0) return [];
  const whole = [heads.map(({ title }) => title), ...rows];
  return columns(
    width === undefined ? whole : fitted(whole, width),
    heads.map(({ align }) => align),
  );
}

/** Narrower than this nobody reads: then lines are too long. */
const NARROWEST = 16;

function fitted(rows: readonly (readonly string[])[], width: number): (readonly string[])[] {
  const others = Math.max(...rows.map((row) => row.length)) - 1;
  const before = Array.from({ length: others }, (_, i) =>
    rows.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), 0),
  ).reduce((sum, one) => sum + one + 2, 0);
  const room = width - before;
  if (room < NARROWEST) return [...rows];
  return rows.flatMap((row) =>
    broken(row[others] ?? '', room).map((piece, i) => [
      ...row.slice(0, others).map((cell) => (i === 0 ? cell : '')),
      piece,
    ]),
  );
}

/** At spaces where there are any. */
function broken(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
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

/** `Fetching the image  ########----------------  33 %` */
export function progressBar(what: string, done: number, of: number): string {
  const share = of <= 0 ? 1 : Math.min(1, done / of);
  const full = Math.round(share * BAR);
  return `${what}  ${'#'.repeat(full)}${'-'.repeat(BAR - full)}  ${Math.floor(share * 100)} %`;
}

const BAR = 24;

/** `412,006` */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}
