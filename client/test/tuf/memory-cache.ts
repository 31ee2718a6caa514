// A cache in memory that remembers what was written, and that a test can damage.

import type { Cache } from '../../src/tuf/index.ts';
import { sha256Hex } from './test-keys.ts';

export class MemoryCache implements Cache {
  readonly files = new Map<string, Uint8Array>();
  readonly writes: string[] = [];
  readonly reads: string[] = [];

  async read(file: string): Promise<Uint8Array | undefined> {
    this.reads.push(file);
    return this.files.get(file)?.slice();
  }

  async write(file: string, octets: Uint8Array): Promise<void> {
    this.writes.push(file);
    this.files.set(file, octets.slice());
  }

  /** The digest of what it holds, file by file: equal where every octet is. */
  content(): Record<string, string> {
    const names = [...this.files.keys()].sort();
    return Object.fromEntries(names.map((name) => [name, sha256Hex(this.#held(name))]));
  }

  copy(): MemoryCache {
    const copy = new MemoryCache();
    for (const [file, octets] of this.files) copy.files.set(file, octets.slice());
    return copy;
  }

  remove(file: string): void {
    if (!this.files.delete(file)) throw new TypeError(`Cannot remove "${file}": the cache does not hold it`);
  }

  truncate(file: string, length: number): void {
    this.files.set(file, this.#held(file).slice(0, length));
  }

  flip(file: string, offset: number, bit = 0): void {
    const octets = this.#held(file).slice();
    octets[offset] = (octets[offset] ?? 0) ^ (1 << bit);
    this.files.set(file, octets);
  }

  length(file: string): number {
    return this.#held(file).length;
  }

  #held(file: string): Uint8Array {
    const octets = this.files.get(file);
    if (octets === undefined) throw new TypeError(`Cannot damage "${file}": the cache does not hold it`);
    return octets;
  }
}
