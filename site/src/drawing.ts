// How are the upgrade paths of a model drawn? Versions in columns, each right of what it is installed upon.
//
// A drawing says again what the table beside it says in words. Where there are too many versions to be read,
// there is none.

import type { Release } from './data/types.ts';

const MOST_VERSIONS = 24;
const COLUMN = 190;
const ROW = 62;
const BELOW = 40;
const BOX = { width: 124, height: 38 } as const;

export interface Node {
  readonly firmware: string;
  /** Undefined for a version that the library does not hold. */
  readonly release: Release | undefined;
  readonly x: number;
  readonly y: number;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly Node[];
  /** Of the lines, from the right of one box to the left of another. */
  readonly lines: readonly string[];
  readonly box: typeof BOX;
}

/** Undefined where there is no stated path from one version to another, or too much to draw. */
export function drawUpgrades(releases: readonly Release[]): Drawing | undefined {
  const versions = new Map<string, Release | undefined>();
  const paths: (readonly [string, string])[] = [];
  for (const release of releases) {
    const { claims, upgradesFrom } = release.statement.predicate;
    const firmware = claims[0]?.firmwareVersion ?? '';
    versions.set(firmware, versions.get(firmware) ?? release);
    if (typeof upgradesFrom === 'string') continue;
    for (const from of upgradesFrom) {
      versions.set(from, versions.get(from));
      if (from !== firmware) paths.push([from, firmware]);
    }
  }
  if (paths.length === 0 || versions.size > MOST_VERSIONS) return undefined;
  const columns = columnsOf([...versions.keys()].sort(), paths);
  const placed = new Map<number, number>();
  const nodes = [...columns].map(([firmware, column]): Node => {
    const row = placed.get(column) ?? 0;
    placed.set(column, row + 1);
    return { firmware, release: versions.get(firmware), x: 1 + column * COLUMN, y: 1 + row * ROW };
  });
  const at = new Map(nodes.map((node) => [node.firmware, node]));
  const isLong = paths.some(([from, to]) => span(columns, from, to) > 1);
  return {
    width: Math.max(...columns.values()) * COLUMN + BOX.width + 2,
    height: (Math.max(...placed.values()) - 1) * ROW + BOX.height + 2 + (isLong ? BELOW : 0),
    nodes,
    lines: paths.flatMap(([from, to]) => lineBetween(at.get(from), at.get(to))),
    box: BOX,
  };
}

/** The longest way to a version decides; a circle, which nobody should state, ends after as many steps. */
function columnsOf(versions: readonly string[], paths: readonly (readonly [string, string])[]) {
  const columns = new Map(versions.map((version) => [version, 0]));
  for (let round = 0; round < versions.length; round++) {
    let moved = false;
    for (const [from, to] of paths) {
      const right = Math.min((columns.get(from) ?? 0) + 1, versions.length - 1);
      if (right <= (columns.get(to) ?? 0)) continue;
      columns.set(to, right);
      moved = true;
    }
    if (!moved) break;
  }
  return columns;
}

function span(columns: ReadonlyMap<string, number>, from: string, to: string): number {
  return (columns.get(to) ?? 0) - (columns.get(from) ?? 0);
}

/** A line over more than one column goes below the boxes between. */
function lineBetween(from: Node | undefined, to: Node | undefined): readonly string[] {
  if (from === undefined || to === undefined) return [];
  const [x1, y1] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [x2, y2] = [to.x - 7, to.y + BOX.height / 2];
  if (x2 - x1 > COLUMN) {
    const [left, right] = [x1 - 30, to.x + 30];
    const low = Math.max(from.y, to.y) + BOX.height + BELOW;
    const [start, end] = [from.y + BOX.height, to.y + BOX.height + 7];
    return [`M${left} ${start}C${left} ${low} ${right} ${low} ${right} ${end}`];
  }
  const bend = Math.max(30, (x2 - x1) / 2);
  return [`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`];
}
