// How much metadata does a first fetch of one release transfer, in a library of the size that the trade needs?
// 20,000 releases of 20 manufacturer codes, every role signed; read by our client with an empty cache.

import {
  CREDENTIALS_PATH,
  ESCROW,
  GATEWAY,
  GRANTS_PATH,
  keyringPath,
  RECIPIENTS_PATH,
} from '@cfl/client/access';
import { sha256, toHex } from '@cfl/client/encoding';
import {
  ANCHORS_PATH,
  binOf,
  LIBRARY_PATH,
  PARTIES_PATH,
  parsePartyId,
  REVOCATIONS_PATH,
  TRUSTED_ROOT_PATH,
} from '@cfl/client/firmware';
import type { Signer } from '@cfl/client/keys';
import { memoryCache } from '@cfl/client/library';
import {
  Client,
  type Document,
  encodeDocument,
  encodeSnapshot,
  encodeTimestamp,
  type MetaFile,
  metadataFile,
  parseRoleName,
  parseTargetPath,
  type Repository,
  type RoleName,
  type Root,
  SNAPSHOT,
  SPEC_VERSION,
  signedOctets,
  TARGETS,
  type Targets,
  TIMESTAMP,
} from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { delegate, manufacturerRole, withDelegation } from '../../src/ceremony/roles.ts';
import { authorityOf, binsIn } from '../../src/change/bins.ts';
import { expiry, revise } from '../../src/change/plan.ts';
import { signDocument } from '../../src/change/sign.ts';
import { reviseFamily } from '../../src/change/split.ts';
import { founding, type Keys, keys } from '../deploy/scene.ts';
import { NOW, signersOf } from '../fixture.ts';

const CODES = Array.from({ length: 20 }, (_, i) => (0xff00 + i).toString(16).toUpperCase());
const RELEASES = 1000;
/** What a file holds does not count here; how long it is stands in its entry. */
const FILE = new Uint8Array(1000);
const NOTHING = new Uint8Array();

class Written {
  readonly roles = new Map<RoleName, Document<Targets>>();
  readonly files = new Map<string, Uint8Array>();
  readonly meta = new Map<RoleName, MetaFile>();

  async put(role: RoleName, { octets, signed }: Document<Root | Targets>): Promise<void> {
    this.files.set(metadataFile(role, signed.version), octets);
    const hashes = new Map([['sha256', await sha256(octets)]]);
    if (signed.type === 'targets') this.roles.set(role, { octets, signed } as Document<Targets>);
    if (role !== 'root') this.meta.set(role, { version: signed.version, length: octets.length, hashes });
  }
}

async function library(releases: ReadonlyMap<string, readonly string[]>): Promise<Written> {
  const held = await keys();
  const written = new Written();
  for (const [role, document] of (await founding(held)).metadata) await written.put(role, document);
  const own = new Map<string, readonly Signer[]>();
  const targets = written.roles.get(TARGETS);
  let delegations = targets?.signed.delegations;
  for (const code of CODES) {
    const signers = await signersOf(2);
    const holders = { keys: signers.map(({ key }) => key), threshold: 1 };
    const role = delegate(manufacturerRole(code), [`firmware/${code}/*/*`], holders);
    delegations = withDelegation(delegations, role, holders.keys);
    own.set(manufacturerRole(code), signers);
  }
  if (delegations === undefined) throw new Error('targets delegates');
  let next = await revise(TARGETS, undefined, { delegations }, NOW);
  for (const signer of held.targets.slice(0, 2)) next = await signDocument(TARGETS, next, signer);
  await written.put(TARGETS, next);
  const present = { role: async () => undefined };
  const roles = new Map<string, readonly string[]>([
    ['registrar', registered()],
    ...[...releases].map(([code, names]) => [manufacturerRole(code), firmwareOf(code, names)] as const),
    [
      'gate',
      [
        'intake/head/latest.json',
        ...[...releases.values()].flat().map((one) => `intake/${one}/decision-1.json`),
      ],
    ],
    ['cpl', ['cpl/index.json', ...CODES.map((code) => `cpl/52/${code}.json`)]],
  ]);
  for (const [name, paths] of roles) await add(name, paths);
  const shards = CODES.flatMap((code) => {
    const bins = binsIn(written.roles.get(manufacturerRole(code))?.signed);
    return Array.from({ length: bins }, (_, i) => `catalogue/${code}-${i}.json`);
  });
  await add('catalogue', ['catalogue/index.json', ...shards]);
  await finish(written, held);
  return written;

  async function add(name: string, paths: readonly string[]): Promise<void> {
    const family = parseRoleName(name);
    const authority = authorityOf(delegations, family);
    if (authority === undefined) throw new Error(`nothing delegates to ${name}`);
    const files = new Map(paths.map((path) => [path, FILE]));
    const signers = (own.get(name) ?? held[name as keyof Keys]).slice(0, authority.role.threshold);
    for (const [role, document] of await reviseFamily(present, { family, authority, add: files }, NOW)) {
      let done = document;
      for (const signer of signers) done = await signDocument(role, done, signer);
      await written.put(role, done);
    }
  }
}

function firmwareOf(code: string, releases: readonly string[]): readonly string[] {
  const files = ['image.ota.age', 'statement-1.sigstore.json', 'notes-1.md.age'];
  return releases.flatMap((release) => files.map((file) => `firmware/${code}/${release}/${file}`));
}

/** With 21 suppliers who read, as recipients, grants, credentials and a ring for each. */
function registered(): readonly string[] {
  const holders = [
    GATEWAY,
    ESCROW,
    ...Array.from({ length: 21 }, (_, i) => parsePartyId(`example-energy-${i}`)),
  ];
  const register = [PARTIES_PATH, LIBRARY_PATH, TRUSTED_ROOT_PATH, ANCHORS_PATH, REVOCATIONS_PATH];
  return [...register, RECIPIENTS_PATH, GRANTS_PATH, CREDENTIALS_PATH, ...holders.map(keyringPath)];
}

async function finish({ files, meta }: Written, held: Keys): Promise<void> {
  const write = async (
    role: RoleName,
    part: ReturnType<typeof encodeSnapshot>,
    signer: Signer | undefined,
  ) => {
    if (signer === undefined) throw new Error(`no key of ${role}`);
    const sig = toHex(await signer.sign(signedOctets(part)));
    return encodeDocument(part, [{ keyId: signer.key.id, sig }]);
  };
  const common = { specVersion: SPEC_VERSION, version: 1 };
  const snapshot = await write(
    SNAPSHOT,
    encodeSnapshot({ ...common, expires: expiry(SNAPSHOT, NOW), meta }),
    held.snapshot[0],
  );
  files.set('1.snapshot.json', snapshot);
  const hashes = new Map([['sha256', await sha256(snapshot)]]);
  const timestamp = encodeTimestamp({
    ...common,
    expires: expiry(TIMESTAMP, NOW),
    snapshot: { version: 1, length: snapshot.length, hashes },
  });
  files.set('timestamp.json', await write(TIMESTAMP, timestamp, held.timestamp[0]));
}

test('a first fetch among 20,000 releases transfers at most 200 kB of metadata', {
  timeout: 120_000,
}, async () => {
  const releases = new Map<string, readonly string[]>();
  for (const code of CODES) {
    const names = Array.from({ length: RELEASES }, (_, i) =>
      sha256(new TextEncoder().encode(`${code} ${i}`)),
    );
    releases.set(code, await Promise.all(names));
  }
  const { files, roles } = await library(releases);
  const transferred = new Map<string, number>();
  const repository: Repository = {
    async metadata(file) {
      const octets = files.get(file);
      if (octets !== undefined) transferred.set(file, octets.length);
      return octets;
    },
    target: () => Promise.reject(new TypeError('no target is read here')),
  };
  const root = files.get('1.root.json') ?? NOTHING;
  const client = new Client({ root, repository, cache: memoryCache(), now: NOW });

  const [code = ''] = CODES;
  const [release = ''] = releases.get(code) ?? [];
  const bins = binsIn(roles.get(manufacturerRole(code))?.signed);
  // What `cfl fetch` asks for, given the release's full name
  const asked = [
    PARTIES_PATH,
    TRUSTED_ROOT_PATH,
    ANCHORS_PATH,
    REVOCATIONS_PATH,
    GRANTS_PATH,
    RECIPIENTS_PATH,
    keyringPath(parsePartyId('example-energy-0')),
    'cpl/index.json',
    `cpl/52/${code}.json`,
    'catalogue/index.json',
    `catalogue/${code}-${binOf(release, bins)}.json`,
    `intake/${release}/decision-1.json`,
    ...firmwareOf(code, [release]),
  ];
  for (const path of asked) expect(await client.find(parseTargetPath(path)), path).toBeDefined();
  expect(await client.find(parseTargetPath(`withdrawn/${release}-1.json`))).toBeUndefined();

  const total = [...transferred.values()].reduce((sum, octets) => sum + octets, 0);
  console.info(
    `${total} octets: ${[...transferred].map(([file, octets]) => `${file} ${octets}`).join(', ')}`,
  );
  expect(total).toBeLessThanOrEqual(200_000);
  for (const [file, octets] of files)
    if (file !== '1.snapshot.json') expect(octets, file).toSatisfy((one) => one.length <= 60_000);
});
