// Files in memory: what a folder does, without the disk, so that a test can copy a state and try again.

import type { Files } from '@cfl/client/library';
import type { Place } from '../../src/deploy/index.ts';

/** What happens around each operation, which it carries out or does not. */
export type Act = <T>(operation: string, work: () => Promise<T>) => Promise<T>;

export function around(files: Files, act: Act): Files {
  return {
    read: (path) => act('read', () => files.read(path)),
    writeNew: (path, octets) => act('writeNew', () => files.writeNew(path, octets)),
    replace: (path, octets) => act('replace', () => files.replace(path, octets)),
    list: (path) => act('list', () => files.list(path)),
    remove: (path) => act('remove', () => files.remove(path)),
  };
}

export class MemoryFiles implements Files {
  readonly content: Map<string, Uint8Array>;

  constructor(content: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.content = new Map(content);
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.content.get(path);
  }

  async writeNew(path: string, octets: Uint8Array): Promise<boolean> {
    if (this.content.has(path)) return false;
    this.content.set(path, octets);
    return true;
  }

  async replace(path: string, octets: Uint8Array): Promise<void> {
    this.content.set(path, octets);
  }

  async list(folder: string): Promise<readonly string[]> {
    const base = folder === '' ? '' : `${folder}/`;
    return [...this.content.keys()]
      .filter((path) => path.startsWith(base))
      .map((path) => path.slice(base.length))
      .sort();
  }

  async remove(path: string): Promise<void> {
    this.content.delete(path);
  }
}

export interface MemoryPlace extends Place {
  readonly metadata: MemoryFiles;
  readonly targets: MemoryFiles;
  readonly private: MemoryFiles;
}

export function memoryPlace(from?: MemoryPlace): MemoryPlace {
  return {
    metadata: new MemoryFiles(from?.metadata.content),
    targets: new MemoryFiles(from?.targets.content),
    private: new MemoryFiles(from?.private.content),
  };
}
