// What we write, we read back whole; and another TUF implementation reads ours as we read its.

import { canonicalize } from '@tufjs/canonical-json';
import {
  Key,
  Metadata,
  MetadataKind,
  MetaFile as TheirMetaFile,
  Signature as TheirSignature,
  Snapshot as TheirSnapshot,
  TargetFile as TheirTargetFile,
  Targets as TheirTargets,
  Timestamp as TheirTimestamp,
} from '@tufjs/models';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonObject, parseSha256 } from '../../../src/encoding/index.ts';
import {
  encodeDocument,
  encodeSigned,
  isTargetPath,
  type KeyRing,
  type MetaFile,
  parseRoleName,
  parseRoot,
  parseSnapshot,
  parseTargetPath,
  parseTargets,
  parseTimestamp,
  ROOT,
  type Root,
  type SignedPart,
  SNAPSHOT,
  type Snapshot,
  signedOctets,
  TARGETS,
  type TargetPath,
  type Targets,
  TIMESTAMP,
  type Timestamp,
  verifyThreshold,
} from '../../../src/tuf/index.ts';
import { anyText, jsonOf, shortInteger, textOf } from '../../encoding/values.ts';
import { makeKeys, type TestKey } from '../test-keys.ts';
import { ringOf, roleKeys } from './files.ts';

const [a, b] = makeKeys(2) as [TestKey, TestKey];
const ring = await ringOf([a, b]);
const role = roleKeys([a, b], 2);
const top = roleKeys([a], 1);
const COMMON = { specVersion: '1.0.34', version: 1, expires: new Date('2036-01-01T00:00:00Z') };
const digest = parseSha256('ab'.repeat(32));
const listed: MetaFile = { version: 7, length: 3, hashes: new Map([['sha256', digest]]) };

const root: Root = {
  type: 'root',
  ...COMMON,
  consistentSnapshot: true,
  keys: ring,
  roles: { root: role, timestamp: top, snapshot: top, targets: role },
};
const timestamp: Timestamp = { type: 'timestamp', ...COMMON, snapshot: listed };
const snapshot: Snapshot = {
  type: 'snapshot',
  ...COMMON,
  meta: new Map([
    [TARGETS, listed],
    [parseRoleName('m-fff1'), { version: 1, length: undefined, hashes: new Map() }],
  ]),
};
const targets: Targets = {
  type: 'targets',
  ...COMMON,
  targets: new Map([
    [
      parseTargetPath('register/Zähler "1" 字.json'),
      { length: 3, hashes: new Map([['sha256', digest]]), custom: { note: 'a\\b' } },
    ],
  ]),
  delegations: {
    keys: ring,
    roles: [
      { name: parseRoleName('m-fff1'), terminating: true, covers: { paths: ['firmware/FFF1/*/*'] }, ...role },
      { name: parseRoleName('m-fff2'), terminating: false, covers: { hashPrefixes: ['0', 'ab'] }, ...top },
    ],
  },
};

const PARTS: Record<string, SignedPart> = { root, timestamp, snapshot, targets };
const PARSERS = {
  root: parseRoot,
  timestamp: parseTimestamp,
  snapshot: parseSnapshot,
  targets: parseTargets,
};

function signatures(signed: JsonObject, keys: readonly TestKey[]) {
  return keys.map((key) => ({
    keyId: key.id,
    sig: Buffer.from(key.sign(signedOctets(signed))).toString('hex'),
  }));
}

function publish(part: SignedPart, keys: readonly TestKey[] = [b, a]): Uint8Array {
  const signed = encodeSigned(part);
  return encodeDocument(signed, signatures(signed, keys));
}

describe.each(Object.entries(PARTS))('%s', (name, part) => {
  it('is read back as it was written', async () => {
    const document = await PARSERS[part.type](publish(part), parseRoleName(name));
    expect(encodeSigned(document.signed)).toEqual(encodeSigned(part));
    expect(document.signed.expires).toEqual(part.expires);
    expect(document.signedOctets).toEqual(signedOctets(encodeSigned(part)));
    expect(document.signatures.map(({ keyId }) => keyId)).toEqual([a.id, b.id].sort());
    expect((await verifyThreshold(document, role, ring, name)).keyIds).toHaveLength(2);
  });

  it('is written without a control character, and else in canonical form', () => {
    const text = textOf(publish(part));
    expect(text).not.toMatch(/\p{Cc}/u);
    // With control characters as they are, which JSON does not allow, it would be the canonical form
    expect(text.replaceAll('\\n', '\n')).toBe(canonicalize(JSON.parse(text)));
  });

  it('is the same file whatever the order of the signatures', () => {
    const signed = encodeSigned(part);
    const made = signatures(signed, [a, b]);
    expect(encodeDocument(signed, made)).toEqual(encodeDocument(signed, made.toReversed()));
  });

  it('is verified by @tufjs/models', () => {
    const theirRoot = Metadata.fromJSON(MetadataKind.Root, JSON.parse(textOf(publish(root))));
    const text = textOf(publish(part));
    const theirs = read(name, text);
    theirRoot.verifyDelegate(name, theirs);
    expect(canonicalize(theirs.toJSON())).toBe(canonicalize(JSON.parse(text)));
    const unsigned = read(name, textOf(publish(part, [])));
    expect(() => theirRoot.verifyDelegate(name, unsigned)).toThrow(/signed by 0\//);
  });
});

describe('what @tufjs/models write and sign is verified here', () => {
  const common = { version: 1, specVersion: '1.0.31', expires: '2036-01-01T00:00:00Z' };
  const theirs: Record<string, Metadata<TheirTargets | TheirSnapshot | TheirTimestamp>> = {
    targets: new Metadata(
      new TheirTargets({
        ...common,
        targets: { 'a/é': new TheirTargetFile({ path: 'a/é', length: 1, hashes: { sha256: digest } }) },
      }),
    ),
    snapshot: new Metadata(
      new TheirSnapshot({ ...common, meta: { 'targets.json': new TheirMetaFile({ version: 3 }) } }),
    ),
    timestamp: new Metadata(
      new TheirTimestamp({
        ...common,
        snapshotMeta: new TheirMetaFile({ version: 2, length: 9, hashes: { sha256: digest } }),
      }),
    ),
  };

  it.each(Object.entries(theirs))('%s', async (name, metadata) => {
    for (const key of [a, b]) {
      metadata.sign(
        (octets) => new TheirSignature({ keyID: key.id, sig: Buffer.from(key.sign(octets)).toString('hex') }),
        true,
      );
    }
    const octets = new TextEncoder().encode(JSON.stringify(metadata.toJSON(), undefined, 1));
    const document = await PARSERS[name as 'targets'](octets, parseRoleName(name));
    expect((await verifyThreshold(document, role, ring, name)).keyIds).toEqual([a.id, b.id]);
  });

  it('a key, under the same id', () => {
    for (const key of ring.values()) {
      const { keyid, ...json } = {
        keyid: key.id,
        ...(key.json as { keytype: string; scheme: string; keyval: { public: string } }),
      };
      expect(Key.fromJSON(keyid, json).toJSON()).toEqual(key.json);
    }
  });
});

describe('whatever a role lists', () => {
  const path = anyText.filter(isTargetPath).map(parseTargetPath);
  const name = anyText.filter((text) => text !== '' && !/\p{Cc}/u.test(text)).map(parseRoleName);
  const hashes = fc.constantFrom(
    new Map([['sha256', digest]]),
    new Map([
      ['sha512', 'cd'.repeat(64)],
      ['md5', 'x\n'],
    ]),
  );
  const custom = fc.dictionary(anyText, jsonOf({ text: anyText, number: shortInteger }), {
    noNullPrototype: true,
  });
  const length = fc.maxSafeNat();
  const version = fc.integer({ min: 1 });

  it('targets are read back', async () => {
    const file = fc.record({ length, hashes, custom: fc.option(custom, { nil: undefined }) });
    const entries = fc.array(fc.tuple(path, file), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(entries, version, async (found, number) => {
        const part: Targets = {
          ...targets,
          version: number,
          targets: new Map<TargetPath, (typeof found)[0][1]>(found),
        };
        expect(await again(part)).toEqual(encodeSigned(part));
      }),
    );
  });

  it('a snapshot is read back', async () => {
    const file = fc.record({
      version,
      length: fc.option(length, { nil: undefined }),
      hashes: fc.oneof(hashes, fc.constant(new Map<string, string>())),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, file), { maxLength: 5 }), async (found) => {
        const part: Snapshot = { ...snapshot, meta: new Map(found) };
        expect(await again(part)).toEqual(encodeSigned(part));
      }),
    );
  });

  async function again(part: SignedPart): Promise<JsonObject> {
    const document = await PARSERS[part.type](publish(part, [a]), parseRoleName(part.type));
    expect((await verifyThreshold(document, top, ring satisfies KeyRing, part.type)).keyIds).toEqual([a.id]);
    return encodeSigned(document.signed);
  }
});

function read(name: string, text: string) {
  const json = JSON.parse(text);
  if (name === ROOT) return Metadata.fromJSON(MetadataKind.Root, json);
  if (name === TIMESTAMP) return Metadata.fromJSON(MetadataKind.Timestamp, json);
  if (name === SNAPSHOT) return Metadata.fromJSON(MetadataKind.Snapshot, json);
  return Metadata.fromJSON(MetadataKind.Targets, json);
}
