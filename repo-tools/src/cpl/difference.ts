// What is different between two snapshots of the Central Products List, in numbers and in words?

import type { CplEntry, EntryId } from '@cfl/client/firmware';

/** Each entry of either snapshot is in exactly one of the six lists. */
export interface CplDifference {
  readonly unchanged: readonly EntryId[];
  readonly added: readonly EntryId[];
  readonly noLongerActive: readonly EntryId[];
  readonly activeAgain: readonly EntryId[];
  readonly changed: readonly EntryId[];
  readonly gone: readonly EntryId[];
  /** `CPL-000377: imageHash is now 31be07d5c890, was absent`, for each field of an entry that stays. */
  readonly details: readonly string[];
}

type Entries = ReadonlyMap<EntryId, CplEntry>;

export function differenceOf(before: Entries, after: Entries): CplDifference {
  const groups = Map.groupBy(after.keys(), (id) => kindOf(before.get(id), after.get(id)));
  return {
    unchanged: groups.get('unchanged') ?? [],
    added: groups.get('added') ?? [],
    noLongerActive: groups.get('noLongerActive') ?? [],
    activeAgain: groups.get('activeAgain') ?? [],
    changed: groups.get('changed') ?? [],
    gone: [...before.keys()].filter((id) => !after.has(id)),
    details: [...after].flatMap(([id, entry]) => fieldsOf(id, before.get(id), entry)),
  };
}

type Kind = Exclude<keyof CplDifference, 'gone' | 'details'>;

function kindOf(before: CplEntry | undefined, after: CplEntry | undefined): Kind {
  if (before === undefined) return 'added';
  if (equal(before, after)) return 'unchanged';
  if (before.status === 'Active' && after?.status !== 'Active') return 'noLongerActive';
  return before.status !== 'Active' && after?.status === 'Active' ? 'activeAgain' : 'changed';
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function fieldsOf(id: EntryId, before: CplEntry | undefined, after: CplEntry): string[] {
  if (before === undefined) return [];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof CplEntry)[];
  return names
    .filter((name) => !equal(before[name], after[name]))
    .map((name) => `${id}: ${name} is now ${shown(after[name])}, was ${shown(before[name])}`);
}

function shown(value: CplEntry[keyof CplEntry]): string {
  if (value === undefined) return 'absent';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[0-9a-f]{64}$/.test(text) ? text.slice(0, 12) : text;
}

/** `36 rows: 33 unchanged, 2 new, 1 no longer Active (CPL-000298)` */
export function countsInWords(difference: CplDifference): string {
  const { unchanged, added, noLongerActive, activeAgain, changed, gone } = difference;
  const rows = unchanged.length + added.length + noLongerActive.length + activeAgain.length + changed.length;
  const parts = [
    counted(unchanged, 'unchanged'),
    counted(added, 'new'),
    counted(noLongerActive, 'no longer Active', 'named'),
    counted(activeAgain, 'Active again', 'named'),
    counted(changed, 'otherwise changed', 'named'),
    counted(gone, 'no longer on the list', 'named'),
  ];
  return `${rows} ${rows === 1 ? 'row' : 'rows'}: ${parts.filter((part) => part !== '').join(', ')}`;
}

function counted(ids: readonly EntryId[], words: string, names?: 'named'): string {
  if (ids.length === 0) return '';
  return `${ids.length} ${words}${names === undefined ? '' : ` (${someOf(ids).join(', ')})`}`;
}

/** A long list is cut, and says so. */
export function someOf(words: readonly string[], most = 5): string[] {
  return words.length <= most ? [...words] : [...words.slice(0, most), `and ${words.length - most} more`];
}
