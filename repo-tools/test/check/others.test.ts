// Is a repository of another project checked, and is it said where it cannot be read? @tufjs/models made one, with
// bins by hash prefixes; another is in the style of the test data of python-tuf.

import { memoryCache } from '@cfl/client/library';
import { Client, type Repository } from '@cfl/client/tuf';
import { Metadata, MetaFile, Root, Signature, Snapshot, TargetFile, Targets, Timestamp } from '@tufjs/models';
import { expect, test } from 'vitest';
import { MemoryRepository } from '../../../client/test/tuf/memory-repository.ts';
import {
  disguised,
  type KeyKind,
  makeKey,
  sha256Hex,
  type TestKey,
} from '../../../client/test/tuf/test-keys.ts';
import { judge, type Verdict } from '../../src/check/judge.ts';
import { readRepository } from '../../src/check/read.ts';
import { codesOf, findingsOf, NOW } from './scene.ts';

const COMMON = { version: 1, specVersion: '1.0.31', expires: '2028-01-01T00:00:00Z' };
const JSON_COMMON = { version: 1, spec_version: COMMON.specVersion, expires: COMMON.expires };
const FILES = ['readme.txt', 'dist/one.tar', 'dist/two.tar', 'dist/three.tar'];

type JSONObject = Parameters<typeof Root.fromJSON>[0];

interface Made {
  readonly root: Uint8Array;
  readonly repository: Repository;
  readonly metadata: Map<string, Uint8Array>;
}

interface Making {
  readonly bins: 'by prefix' | 'succinct';
  readonly expires?: string;
}

/** Four bins below `targets`, and a file in one of them. */
function madeByModels({ bins, expires = COMMON.expires }: Making): Made {
  const metadata = new Map<string, Uint8Array>();
  const keys = {
    root: makeKey(),
    timestamp: makeKey(),
    snapshot: makeKey(),
    targets: makeKey(),
    bins: makeKey(),
  };
  const publish = (file: string, signed: Root | Timestamp | Snapshot | Targets, key: TestKey) => {
    const made = new Metadata(signed);
    made.sign(
      (octets) => new Signature({ keyID: key.id, sig: Buffer.from(key.sign(octets)).toString('hex') }),
    );
    const octets = new TextEncoder().encode(JSON.stringify(made.toJSON(), undefined, 1));
    metadata.set(file, octets);
    return octets;
  };
  const { bins: binKey, ...tops } = keys;
  const root = Root.fromJSON({
    ...JSON_COMMON,
    _type: 'root',
    consistent_snapshot: true,
    keys: keysOf(Object.values(tops)),
    roles: Object.fromEntries(Object.entries(tops).map(([name, key]) => [name, heldBy(key)])),
  });
  const meta: Record<string, MetaFile> = {};
  const prefixes = [...'0123456789abcdef'];
  for (let bin = 0; bin < 4; bin++) {
    const own = prefixes.slice(4 * bin, 4 * bin + 4);
    const listed = FILES.filter((path) => own.some((prefix) => digestOf(path).startsWith(prefix)));
    const targets = Object.fromEntries(listed.map((path) => [path, fileOf(path)]));
    publish(`1.bin-${bin}.json`, new Targets({ ...COMMON, expires, targets }), binKey);
    meta[`bin-${bin}.json`] = new MetaFile({ version: 1 });
  }
  const held = heldBy(binKey);
  const roles = Array.from({ length: 4 }, (_, bin) => {
    const hashPrefixes = prefixes.slice(4 * bin, 4 * bin + 4);
    return { ...held, name: `bin-${bin}`, terminating: true, path_hash_prefixes: hashPrefixes };
  });
  const division =
    bins === 'succinct' ? { succinct_roles: { ...held, bit_length: 2, name_prefix: 'bin' } } : { roles };
  const delegations = { keys: keysOf([binKey]), ...division };
  const targets = Targets.fromJSON({ ...JSON_COMMON, _type: 'targets', targets: {}, delegations });
  publish('1.root.json', root, keys.root);
  publish('1.targets.json', targets, keys.targets);
  meta['targets.json'] = new MetaFile({ version: 1 });
  publish('1.snapshot.json', new Snapshot({ ...COMMON, meta }), keys.snapshot);
  publish(
    'timestamp.json',
    new Timestamp({ ...COMMON, snapshotMeta: new MetaFile({ version: 1 }) }),
    keys.timestamp,
  );
  const repository: Repository = {
    metadata: async (file) => metadata.get(file),
    target: async (path) => new TextEncoder().encode(path),
  };
  return { root: metadata.get('1.root.json') ?? new Uint8Array(), repository, metadata };
}

const heldBy = (key: TestKey) => ({ keyids: [key.id], threshold: 1 });

function keysOf(keys: readonly TestKey[]): JSONObject {
  return Object.fromEntries(keys.map(({ id, json }) => [id, json as JSONObject]));
}

const digestOf = (text: string) => sha256Hex(new TextEncoder().encode(text));

function fileOf(path: string): TargetFile {
  return new TargetFile({ path, length: path.length, hashes: { sha256: digestOf(path) } });
}

async function verdictOn({ repository, root }: Pick<Made, 'repository' | 'root'>): Promise<Verdict> {
  const at = { address: '.', folders: { metadata: 'metadata', targets: 'targets' } };
  return judge(await readRepository({ repository, root, now: NOW, at, progress: () => {} }));
}

test('a repository with bins by hash prefixes is read whole, and nothing is found', async () => {
  const verdict = await verdictOn(madeByModels({ bins: 'by prefix' }));
  expect(findingsOf(verdict)).toEqual([]);
  expect(verdict.seen).toMatchObject({ own: false, files: { listed: 4, there: 4 } });
  expect(verdict.seen.roles.map(({ name }) => name)).toEqual(['targets', 'bin-0', 'bin-1', 'bin-2', 'bin-3']);
});

test('a defect of it is found as in a library of ours', async () => {
  const made = madeByModels({ bins: 'by prefix', expires: '2026-11-20T09:00:00Z' });
  expect(codesOf(await verdictOn(made))).toEqual(['ROLE_EXPIRED']);
  made.metadata.delete('1.bin-2.json');
  expect(codesOf(await verdictOn(made))).toEqual(['ROLE_MISSING', 'ROLE_EXPIRED']);
});

test('succinct hash bins are not read, and that is what is said', async () => {
  const made = madeByModels({ bins: 'succinct' });
  const client = new Client({ ...made, cache: memoryCache(), now: NOW });
  await expect(client.refresh()).rejects.toMatchObject({ code: 'NOT_METADATA' });
  const verdict = await verdictOn(made);
  expect(findingsOf(verdict)).toEqual([
    expect.stringMatching(/^refuse NO_ARRIVAL: .*delegations\.succinct_roles is not part of TUF 1\.0/),
  ]);
  // The past, the expiry and the keys of the roles that could be read were looked at all the same
  expect([...verdict.unasked.keys()]).toEqual(['snapshot', 'files', 'delegations', 'cache']);
});

test('one in the style of the test data of python-tuf has nothing but its missing snapshots', async () => {
  const algorithms = (key: TestKey) =>
    disguised(key, { ...key.json, keyid_hash_algorithms: ['sha256', 'sha512'] });
  const held = (kind: KeyKind) => ({ keys: [algorithms(makeKey(kind))], threshold: 1 });
  const repository = new MemoryRepository({
    holders: {
      root: held('rsa'),
      targets: held('ed25519'),
      snapshot: held('ed25519'),
      timestamp: held('ed25519'),
    },
    consistent: false,
    lists: 'versions',
    written: (text) => JSON.stringify(JSON.parse(text), undefined, 1),
  });
  repository
    .addTarget('file1.txt', 'one')
    .delegate('targets', { ...held('ed25519'), name: 'role1', paths: ['file3.txt'] })
    .delegate('role1', { ...held('ed25519'), name: 'role2', paths: [] })
    .addTarget('file3.txt', 'three', 'role1')
    .publish();
  const verdict = await verdictOn({ repository, root: repository.pinnedRoot });
  expect(codesOf(verdict)).toEqual(['NOT_CONSISTENT']);
  expect(verdict.seen).toMatchObject({ own: false, files: { listed: 2, there: 2 } });
});

test('a root that is not TUF, as its dates show, is refused in words', async () => {
  const made = madeByModels({ bins: 'by prefix' });
  const text = new TextDecoder()
    .decode(made.root)
    .replace('2028-01-01T00:00:00Z', '2028-01-01T00:00:00.000Z');
  await expect(verdictOn({ ...made, root: new TextEncoder().encode(text) })).rejects.toMatchObject({
    code: 'NOT_METADATA',
    message: expect.stringContaining('as a date'),
  });
});
