// What of the check in the browser does the verifier file use? One script of it, run when it is first asked for.
//
// The root is not fetched: it stands in the file. What is behind it is what the pages run.

import { sha256 } from '@cfl/client/encoding';
import {
  CATALOGUE_INDEX_PATH,
  type CatalogueRelease,
  catalogueIndex,
  catalogueShard,
  catalogueShardPath,
  type ManufacturerCode,
  ownerOf,
  parseStatement,
  type ReleaseId,
  statedDigests,
  statementPath,
} from '@cfl/client/firmware';
import { PathClient, parseTargetPath } from '@cfl/client/tuf';
import { checkStatement, expectRegistered, expectSame, refused } from '../check/check.ts';
import { openEnvelope } from '../check/envelope.ts';
import type { SignedRelease } from '../check/facts.ts';
import { pageMemory } from '../check/memory.ts';
import { webRepository } from '../check/repository.ts';
import { SignedFiles } from '../check/signed-files.ts';
import type { Telling } from '../check/steps.ts';
import { offer } from './offer.ts';

export interface OpenRequest extends Telling {
  /** Above `metadata/` and `targets/`. */
  readonly library: URL;
  /** The pinned first root. */
  readonly root: Uint8Array;
  readonly now: Date;
}

export interface Row extends CatalogueRelease {
  readonly code: ManufacturerCode;
}

/** A library from the pinned root on, at one moment. */
async function open({ library, root, now, say, onRole, onFile }: OpenRequest) {
  const digest = await sha256(root);
  const client = new PathClient({
    root,
    repository: webRepository(library, onFile),
    // A file that lies on a disk knows of no version that was published since
    cache: pageMemory(digest, { root: 1, timestamp: 0, snapshot: 0, keys: [] }),
    now,
    onStep: onRole,
  });
  await client.refresh();
  const ofCode = (code: ManufacturerCode) => new SignedFiles(client, code);
  const find = (path: string) => client.find(parseTargetPath(path));

  async function read(path: string): Promise<Uint8Array> {
    const found = await find(path);
    if (found === undefined) throw refused(path, 'nothing', 'it in the library');
    return client.read(found);
  }

  /** Nothing rests on these rows: each release is checked from its statement. */
  async function* rows(): AsyncGenerator<Row> {
    const { shards } = catalogueIndex.parse(await read(CATALOGUE_INDEX_PATH));
    for (const { code, shard } of shards) {
      const { releases } = catalogueShard.parse(await read(catalogueShardPath(code, shard)));
      for (const release of releases) yield { ...release, code };
    }
    say('list', 'as the catalogue has it; nothing rests on it');
  }

  function check(code: ManufacturerCode, release: ReleaseId): Promise<SignedRelease> {
    return checkStatement(ofCode(code), release, say);
  }

  /** A statement's bundle from elsewhere: signed under a registered certificate, and the one that is published? */
  async function checkBundle(octets: Uint8Array): Promise<SignedRelease> {
    const { payload, certificate } = await openEnvelope(octets, 'the dropped statement');
    const statement = parseStatement(payload);
    const { code, number } = statement.predicate;
    const release = statedDigests(statement).otaImage;
    const files = ofCode(code);
    const party = ownerOf(await files.register(), code);
    if (party === undefined) throw refused('the register', `nobody for ${code}`, 'the owner of the code');
    const { received } = await files.acceptance(release, number);
    expectRegistered(certificate, { party, purpose: 'release', at: received });
    say(
      'dropped statement',
      `number ${number}, good signature under certificate ${certificate}, registered for ${party.name}`,
    );
    const path = statementPath(code, release, number);
    const published = (await find(path))?.file.hashes.get('sha256');
    expectSame('SHA-256 of the dropped statement', await sha256(octets), published ?? 'nothing');
    say('published', `the same octets as ${path}`);
    return check(code, release);
  }

  return {
    digest,
    find,
    read,
    rows,
    check,
    checkBundle,
    register: () => ofCode('' as ManufacturerCode).register(),
  };
}

export type OpenLibrary = Awaited<ReturnType<typeof open>>;

const checking = { open };
export type Checking = typeof checking;

offer('checking', checking);
