// How does a part of the file hand over what it can do? By an event that the page waits for.

export type PartName = 'checking' | 'opening';

export function offer(name: PartName, part: unknown): void {
  dispatchEvent(new CustomEvent(`cfl-${name}`, { detail: part }));
}
