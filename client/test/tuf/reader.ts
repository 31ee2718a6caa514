// A reader of the library in the tests: it keeps a cache and a clock, and opens a new session each time.

import { expect } from 'vitest';
import {
  Client,
  type FoundTarget,
  parseTargetPath,
  type RefusalCode,
  RefusedError,
} from '../../src/tuf/index.ts';
import { MemoryCache } from './memory-cache.ts';
import type { MemoryRepository } from './memory-repository.ts';

export const NOW = new Date('2026-11-20T09:00:00Z');

type Act = (client: Client) => Promise<unknown>;

export interface Refusal {
  /** Every request of the refused session, in order. */
  readonly asking: readonly string[];
  /** The cache files that may have moved before the refusal; everything else is as it was, octet for octet. */
  readonly moved?: readonly string[];
  readonly act?: Act;
}

export class Reader {
  readonly repository: MemoryRepository;
  cache = new MemoryCache();
  now = NOW;
  root: Uint8Array;

  constructor(repository: MemoryRepository) {
    this.repository = repository;
    this.root = repository.pinnedRoot;
  }

  session(): Client {
    this.repository.asked();
    return new Client({ root: this.root, repository: this.repository, cache: this.cache, now: this.now });
  }

  /** Refreshes, and does more if asked to; returns what the last step gave. */
  async accepts<T>(act: (client: Client) => Promise<T>): Promise<T>;
  async accepts(): Promise<undefined>;
  async accepts(act: Act = async () => undefined): Promise<unknown> {
    const client = this.session();
    await client.refresh();
    return act(client);
  }

  async refuses(codes: RefusalCode | readonly RefusalCode[], refusal: Refusal): Promise<RefusedError> {
    const before = this.cache.content();
    const error = await this.accepts(refusal.act ?? (async () => undefined)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error, `refused with ${String(codes)}`).toBeInstanceOf(RefusedError);
    const refused = error as RefusedError;
    expect([codes].flat(), `${refused.code}: ${refused.message}`).toContain(refused.code);
    expect(this.repository.asked()).toEqual(refusal.asking);
    this.#unmoved(before, refusal.moved ?? []);
    return refused;
  }

  #unmoved(before: Record<string, string>, moved: readonly string[]): void {
    const still = (content: Record<string, string>) =>
      Object.fromEntries(Object.entries(content).filter(([file]) => !moved.includes(file)));
    expect(still(this.cache.content()), 'the trusted state').toEqual(still(before));
  }
}

/** Looks a target up after a refresh: `act: finds('firmware/FFF1/a/image.ota')`. */
export function finds(path: string): (client: Client) => Promise<FoundTarget | undefined> {
  return (client) => client.find(parseTargetPath(path));
}

/** Downloads a target after a refresh, and gives its text. */
export function reads(path: string): (client: Client) => Promise<string> {
  return async (client) => {
    const found = await client.find(parseTargetPath(path));
    if (found === undefined) throw new TypeError(`Cannot read "${path}": no role speaks of it`);
    return new TextDecoder().decode(await client.read(found));
  };
}
