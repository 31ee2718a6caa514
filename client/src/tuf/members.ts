// How are 100,000 members of a JSON object a Map without the cost of one?
//
// A Map with a typed value for each of them takes half of the time of the whole reading, and a reader asks
// for one or two. So the JSON stays, and a value is read when it is asked for, by the function that read
// each of them once already when the file was checked: here it cannot fail any more.

import type { Json, JsonObject } from '../encoding/index.ts';

export class Members<K extends string, V> implements ReadonlyMap<K, V> {
  readonly #json: JsonObject;
  readonly #read: (value: Json | undefined, key: string) => V;

  /** Every key must be a K, and `read` must have accepted every value. */
  constructor(json: JsonObject, read: (value: Json | undefined, key: string) => V) {
    this.#json = json;
    this.#read = read;
  }

  get size(): number {
    return this.#keys().length;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#json, key);
  }

  get(key: string): V | undefined {
    return this.has(key) ? this.#read(this.#json[key], key) : undefined;
  }

  *keys(): Generator<K, undefined> {
    yield* this.#keys();
  }

  *values(): Generator<V, undefined> {
    for (const [, value] of this) yield value;
  }

  *entries(): Generator<[K, V], undefined> {
    for (const key of this.#keys()) yield [key, this.#read(this.#json[key], key)];
  }

  [Symbol.iterator](): Generator<[K, V], undefined> {
    return this.entries();
  }

  forEach(act: (value: V, key: K, members: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) act(value, key, this);
  }

  #keys(): readonly K[] {
    return Object.keys(this.#json) as K[];
  }
}
