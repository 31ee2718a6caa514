// Does the client read a repository that somebody else's code made? @tufjs/repo-mock makes one and serves it
// over an intercepted HTTP. Two of its habits are against TUF 1.0.34 and are put right while it works: dates
// with milliseconds (4.2.1) and a key id that is the hash of something else than the key (4.2).

import http from 'node:http';
import { createRequire } from 'node:module';
import { clearMock, mockRepo } from '@tufjs/repo-mock';
import type { KeyPair } from '@tufjs/repo-mock/dist/key.js';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeCanonical } from '../../src/encoding/index.ts';
import { Client, parseTargetPath, type Repository, UnreachableError } from '../../src/tuf/index.ts';
import { MemoryCache } from './memory-cache.ts';
import { sha256Hex } from './test-keys.ts';

const BASE = 'http://library.example';
const TARGETS = [
  { name: 'firmware/FFF1/a/image.ota', content: Buffer.from('an image') },
  { name: 'notes.txt', content: 'some notes' },
];

type KeyModule = { KeyPair: new () => KeyPair };
const requireHere = createRequire(import.meta.url);
const keys = requireHere('@tufjs/repo-mock/dist/key.js') as KeyModule;
const MockKeyPair = keys.KeyPair;

// The mock intercepts HTTP from the moment it is loaded: other tests of this process talk to real servers
const interception = createRequire(requireHere.resolve('@tufjs/repo-mock'))('nock') as Record<
  'activate' | 'restore' | 'isActive',
  () => unknown
>;

beforeAll(() => {
  if (!interception.isActive()) interception.activate();
});

afterAll(() => {
  interception.restore();
});

afterEach(() => {
  clearMock();
  keys.KeyPair = MockKeyPair;
  vi.restoreAllMocks();
});

function withExactDates(): void {
  const full = Date.prototype.toISOString;
  vi.spyOn(Date.prototype, 'toISOString').mockImplementation(function (this: Date) {
    return full.call(this).replace(/\.\d{3}Z$/, 'Z');
  });
}

function withRightKeyIds(): void {
  keys.KeyPair = class extends MockKeyPair {
    constructor() {
      super();
      const { keyType: keytype, scheme, keyVal } = this.publicKey;
      const keyID = sha256Hex(encodeCanonical({ keytype, scheme, keyval: { public: keyVal.public ?? '' } }));
      Object.assign(this.publicKey, { keyID });
    }
  };
}

/** Publishes and mocks; gives a client that was started with the root of the mock. */
function reader(...corrections: readonly (() => void)[]): { client: Client; cache: MemoryCache } {
  for (const correct of corrections) correct();
  const root = new TextEncoder().encode(mockRepo(BASE, TARGETS));
  vi.restoreAllMocks();
  const cache = new MemoryCache();
  return { client: new Client({ root, repository: overHttp, cache, now: new Date() }), cache };
}

const overHttp: Repository = {
  async metadata(file) {
    const { status, octets } = await fetched(`${BASE}/metadata/${file}`);
    return status === 403 || status === 404 ? undefined : octets;
  },
  async target(path) {
    return (await fetched(`${BASE}/targets/${path}`)).octets;
  },
};

function fetched(url: string): Promise<{ status: number; octets: Uint8Array }> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown) =>
      reject(new UnreachableError('UNREACHABLE', `Cannot get ${url}`, { cause }));
    // Through the module, not a name imported from it: the interception replaces the module's member
    http
      .get(url, async (response) => {
        const parts: Uint8Array[] = [];
        for await (const part of response) parts.push(part as Uint8Array);
        resolve({ status: response.statusCode ?? 0, octets: new Uint8Array(Buffer.concat(parts)) });
      })
      .on('error', failed);
  });
}

describe('a repository made by @tufjs/repo-mock', () => {
  it('is read, and its targets are downloaded', async () => {
    const { client, cache } = reader(withExactDates, withRightKeyIds);
    for (const { name, content } of TARGETS) {
      const found = await client.find(parseTargetPath(name));
      expect(found?.role).toBe('targets');
      if (found !== undefined)
        expect(Buffer.from(await client.read(found)).toString()).toBe(content.toString());
    }
    expect([...cache.files.keys()]).toEqual(
      expect.arrayContaining(['root.json', 'timestamp.json', 'snapshot.json', 'targets.json']),
    );
  });

  it('has no target that it does not list', async () => {
    const { client } = reader(withExactDates, withRightKeyIds);
    expect(await client.find(parseTargetPath('firmware/FFF1/b/image.ota'))).toBeUndefined();
  });

  it('is refused for its dates as it comes', async () => {
    const { client } = reader(withRightKeyIds);
    await expect(client.refresh()).rejects.toMatchObject({
      code: 'NOT_METADATA',
      message: expect.stringContaining('as a date'),
    });
  });

  it('is refused for its key ids as it comes', async () => {
    const { client } = reader(withExactDates);
    await expect(client.refresh()).rejects.toMatchObject({ code: 'UNSIGNED' });
  });
});
