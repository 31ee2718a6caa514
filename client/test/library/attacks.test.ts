// Attacks on one release by whoever holds every key but the ones that matter: the library is signed again
// after each change, so TUF has nothing to say, and what is left must refuse. Each first fetches the honest twin.

import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import {
  decisionPath,
  encodeImage,
  encodeStatement,
  imagePath,
  notesPath,
  parsePartyId,
  parseReleaseId,
  type Statement,
  statementPath,
} from '../../src/firmware/index.ts';
import {
  folder,
  folderRepository,
  Library,
  memoryCache,
  openAccess,
  readRelease,
} from '../../src/library/index.ts';
import { makePki } from '../evidence/pki.ts';
import { ENERGY } from './access.ts';
import {
  digestOf,
  FFF1,
  FFF2,
  type MadeRelease,
  NOW,
  registered,
  TestLibrary,
  type Written,
} from './fixture.ts';
import { type Outcome, Supplier } from './reader.ts';
import { serve } from './server.ts';

interface Scene {
  readonly library: TestLibrary;
  readonly honest: MadeRelease;
}

type Change = (scene: Scene) => unknown;

/**
 * Fetches, lets the change happen, fetches again into another folder; over a web server, so that what streams and asks
 * again is attacked, too. A change may name another release to fetch.
 */
async function afterHonest(
  change: Change,
): Promise<{ outcome: Outcome; written: readonly string[]; supplier: Supplier; place: Written }> {
  const library = await TestLibrary.make();
  const honest = await library.add();
  const place = await library.write();
  const server = await serve(place.folder);
  const supplier = await Supplier.of(place, place.credential, server.url);
  expect(await supplier.fetch(honest.release)).toMatchObject({ exit: 0 });

  const renamed = await change({ library, honest });
  const name = typeof renamed === 'string' ? renamed : honest.release;
  await library.write(place.folder);
  const to = await mkdtemp(join(tmpdir(), 'cfl-refused-'));
  const outcome = await supplier.run('fetch', name, '--to', to, '--json');
  await server.close();
  // A refusal is never tried again
  expect(outcome.waits).toEqual([]);
  return { outcome, written: await readdir(to), supplier, place };
}

async function refused(
  change: Change,
): Promise<{ readonly code: string; readonly message: string; readonly hint: string }> {
  const { outcome, written } = await afterHonest(change);
  expect(outcome.exit).toBe(1);
  expect(written).toEqual([]);
  const document = JSON.parse(outcome.out.join('\n'));
  expect(document).toMatchObject({ format: 'cfl/error/1', kind: 'refused' });
  expect(document.hint).not.toBe(null);
  return document;
}

async function opened(library: TestLibrary): Promise<Library> {
  const { folder: base, rootFile } = await library.write();
  const repository = folderRepository(folder(join(base, 'metadata')), folder(join(base, 'targets')));
  return new Library({ root: await readFile(rootFile), repository, cache: memoryCache(), now: NOW });
}

function stating(change: Partial<Statement['predicate']>): (statement: Statement) => Statement {
  return (statement) => ({ ...statement, predicate: { ...statement.predicate, ...change } });
}

/** The same release, signed by its manufacturer in other words. */
async function restated(
  { library, honest }: Scene,
  predicate: Partial<Statement['predicate']>,
): Promise<void> {
  const statement = stating(predicate)(honest.statement);
  library.put(statementPath(FFF1, honest.release, 1), await library.sign(encodeStatement(statement)));
}

const attacks: Readonly<Record<string, readonly [string, RegExp, Change]>> = {
  'the statement of another release under this name': [
    'WRONG_STATEMENT',
    /: the release is [0-9a-f]{64}, expected/,
    async ({ library, honest }) => {
      const other = await library.make({ body: 'another' });
      library.put(statementPath(FFF1, honest.release, 1), other.bundle);
    },
  ],
  'another image under this name': [
    'WRONG_IMAGE',
    /its SHA-256 is/,
    async ({ library, honest }) => {
      await library.putSealed(
        imagePath(FFF1, honest.release),
        'images',
        (await library.make({ body: 'another' })).octets,
      );
    },
  ],
  'no image at all under this name': [
    'WRONG_IMAGE',
    /its SHA-256 is/,
    async ({ library, honest }) => {
      await library.putSealed(
        imagePath(FFF1, honest.release),
        'images',
        new TextEncoder().encode('# README'),
      );
    },
  ],
  'a header that takes other hardware, under the old name': [
    'WRONG_IMAGE',
    /its SHA-256 is/,
    async ({ library, honest }) => {
      await library.putSealed(imagePath(FFF1, honest.release), 'images', widened(honest));
    },
  ],
  'a header that takes other hardware, under its own name, with the statement kept': [
    'WRONG_STATEMENT',
    /: the release is/,
    ({ library, honest }) => {
      const release = parseReleaseId(digestOf(widened(honest)));
      library.list({ ...honest, release, octets: widened(honest), row: { ...honest.row, release } });
      return release;
    },
  ],
  'a header that its own manufacturer stated otherwise': [
    'WRONG_HEADER',
    /minHardwareVersion is 256, the manufacturer signed 0/,
    (scene) =>
      restated(scene, { header: { ...scene.honest.statement.predicate.header, minHardwareVersion: 0 } }),
  ],
  'a size that counts a trailer which is not there': [
    'WRONG_IMAGE',
    /counts a supplier's trailer/,
    async ({ library }) =>
      (await library.add({ body: 'short', header: { totalImageSize: 60 + 400 + 66 } })).release,
  ],
  'an image of another length than its header says, signed as it is': [
    'WRONG_IMAGE',
    /it has 460 octets, its header says/,
    async ({ library }) => (await library.add({ body: 'short', header: { totalImageSize: 461 } })).release,
  ],
  'a manufacturer image that has another hash than was signed': [
    'WRONG_IMAGE',
    /its manufacturer image has the SHA-256/,
    async ({ library, honest }) => {
      const hash = digestOf(new Uint8Array([1])) as MadeRelease['row']['imageHash'];
      const subject = honest.statement.subject.map((one) =>
        one.name === 'manufacturer-image' ? { ...one, digest: { sha256: hash as never } } : one,
      );
      library.put(
        statementPath(FFF1, honest.release, 1),
        await library.sign(encodeStatement({ ...honest.statement, subject })),
      );
      library.change(honest.entry.entry, { imageHash: hash });
      library.rows = [{ code: FFF1, row: { ...honest.row, imageHash: hash } }];
    },
  ],
  'other notes': [
    'WRONG_NOTES',
    /their SHA-256 is [0-9a-f]{64}, expected/,
    async ({ library, honest }) => {
      await library.putSealed(
        notesPath(FFF1, honest.release, 1),
        'notes',
        new TextEncoder().encode('# Nothing to worry about\n'),
      );
    },
  ],
  'a statement that another party signed': [
    'UNREGISTERED',
    /at 2026-11-18T10:02:11Z: it is not registered for example-meters and the purpose "release"$/,
    async ({ library, honest }) => {
      const bundle = await library.sign(encodeStatement(honest.statement), {
        by: library.certificateOf(FFF2),
      });
      library.put(statementPath(FFF1, honest.release, 1), bundle);
    },
  ],
  'a statement under a certificate that names the manufacturer, and that nobody registered': [
    'UNREGISTERED',
    /is not registered for example-meters/,
    async ({ library, honest }) => {
      const by = await library.trust.pki.issue({ subject: 'Example Meters' });
      library.put(
        statementPath(FFF1, honest.release, 1),
        await library.sign(encodeStatement(honest.statement), { by }),
      );
    },
  ],
  'a statement under a certificate of an authority that nobody knows': [
    'UNKNOWN_ISSUER',
    /no trusted authority issued it/,
    async ({ library, honest }) => {
      const by = await (await makePki({ now: NOW })).issue({ subject: 'Example Meters' });
      const bundle = await library.sign(encodeStatement(honest.statement), { by });
      library.put(statementPath(FFF1, honest.release, 1), bundle);
    },
  ],
  'a certificate that is registered for another purpose': [
    'UNREGISTERED',
    /the purpose "release"/,
    ({ library }) => certificates(library, { purposes: ['endorsement'] }),
  ],
  'a certificate that was revoked before the stamp': [
    'REVOKED',
    /was revoked with effect from 2026-11-17T00:00:00Z/,
    ({ library: { trust, certificates: all } }) => {
      const serial = all.get(FFF1)?.serial ?? 0n;
      trust.crls.push(
        trust.pki.crl({ number: 2, entries: [{ serial, revoked: new Date('2026-11-17T00:00:00Z') }] }),
      );
    },
  ],
  'trust anchors of which one has no authority': [
    'WRONG_TRUST',
    /trusted_root\.json has no such authority/,
    ({ library: { trust } }) => trust.root.timestampAuthorities.pop(),
  ],
  'a library that says nothing about revocations': [
    'INCOMPLETE',
    /anchors\.json: the library does not list it|revocations\.json: the library does not list it/,
    ({ library }) => library.leaveOut.add('register/revocations.json'),
  ],
  'a statement in the name of another party': [
    'WRONG_STATEMENT',
    /: the party is sample-gas, expected example-meters/,
    (scene) => restated(scene, { originator: parsePartyId('sample-gas') }),
  ],
  'a statement about another manufacturer code': [
    'WRONG_STATEMENT',
    /: the manufacturer code is FFF2, expected FFF1/,
    (scene) => restated(scene, { code: FFF2 }),
  ],
  'a statement under another number than its own': [
    'WRONG_STATEMENT',
    /: its number is 2, expected 1/,
    (scene) => restated(scene, { number: 2 }),
  ],
  'a statement with a field that nobody knows': [
    'WRONG_FORMAT',
    /unknown field "approved"/,
    async ({ library, honest }) => {
      const text = JSON.stringify({
        ...JSON.parse(new TextDecoder().decode(encodeStatement(honest.statement))),
        approved: true,
      });
      library.put(statementPath(FFF1, honest.release, 1), await library.sign(new TextEncoder().encode(text)));
    },
  ],
  'a statement changed after it was signed': [
    'BAD_SIGNATURE',
    /signature/,
    ({ library, honest }) => {
      const bundle = JSON.parse(new TextDecoder().decode(honest.bundle));
      bundle.dsseEnvelope.payload = Buffer.from(
        encodeStatement(stating({ class: 'fix' })(honest.statement)),
      ).toString('base64');
      library.put(statementPath(FFF1, honest.release, 1), new TextEncoder().encode(JSON.stringify(bundle)));
    },
  ],
  'a statement that was never accepted': [
    'INCOMPLETE',
    /decision-1\.json: the library does not list it/,
    ({ library, honest }) => library.listed.get('gate')?.delete(decisionPath(honest.release, 1)),
  ],
  'the record of acceptance of another party': [
    'WRONG_STATEMENT',
    /the record of acceptance of .*: the party is sample-gas, expected example-meters/,
    ({ library, honest }) => library.accept(honest, { originator: parsePartyId('sample-gas') }),
  ],
  'the record of acceptance of another statement': [
    'WRONG_STATEMENT',
    /the record of acceptance of .*: the number is 2, expected 1/,
    ({ library, honest }) => {
      library.accept(honest, { number: 2 });
      const gate = library.listed.get('gate');
      const second = gate?.get(decisionPath(honest.release, 2));
      if (second !== undefined) gate?.set(decisionPath(honest.release, 1), second);
    },
  ],
  'no statement': [
    'INCOMPLETE',
    /lists no statement about it/,
    ({ library, honest }) => {
      library.listed.get('m-fff1')?.delete(statementPath(FFF1, honest.release, 1));
    },
  ],
  'a certificate that was registered no longer when the statement was stamped': [
    'UNREGISTERED',
    /at 2026-11-18T10:02:11Z: it is not registered/,
    ({ library }) => certificates(library, { until: '2026-11-18T10:02:11Z' }),
  ],
  'a manufacturer code that nobody owns': [
    'WRONG_PARTY',
    /no party of the register owns the manufacturer code FFF1/,
    ({ library }) => {
      library.parties = library.parties.filter(({ codes }) => !codes.includes(FFF1));
    },
  ],
  'a release that another manufacturer’s role lists': [
    'WRONG_ROLE',
    /is signed by targets → m-fff2, expected targets → m-fff1/,
    ({ library }) => {
      library.extraDelegations = [{ name: 'm-fff2', paths: ['firmware/FFF2/*/*', 'firmware/FFF1/*/*'] }];
      for (const [path, octets] of library.listed.get('m-fff1') ?? [])
        library.listed.get('m-fff2')?.set(path, octets);
    },
  ],
  'a CPL entry that was cancelled': [
    'SUSPENDED',
    /no entry of it is Active: CPL-000412 is Cancelled/,
    ({ library, honest }) => library.change(honest.entry.entry, { status: 'Cancelled' }),
  ],
  'a CPL entry that has another hash': [
    'SUSPENDED',
    /CPL-000412 has another hash/,
    ({ library, honest }) =>
      library.change(honest.entry.entry, {
        imageHash: digestOf(new Uint8Array([1])) as typeof honest.row.imageHash,
      }),
  ],
  'a CPL entry that is gone': [
    'SUSPENDED',
    /CPL-000412 is not on the CPL/,
    ({ library }) => {
      library.entries = [];
    },
  ],
  'a catalogue that names an Active entry instead of the cancelled one': [
    'WRONG_CATALOGUE',
    /: the manufacturer image hash is/,
    async ({ library, honest }) => {
      const other = await library.add({ body: 'another' });
      library.change(honest.entry.entry, { status: 'Cancelled' });
      library.rows = library.rows.map(({ code, row }) => ({
        code,
        row: { ...row, entries: [other.entry.entry], imageHash: other.row.imageHash },
      }));
    },
  ],
  'a catalogue that hides the newest statement': [
    'SUSPENDED',
    /CPL-000999 is not on the CPL/,
    async ({ library, honest }) => {
      const [claim] = honest.statement.predicate.claims;
      if (claim === undefined) throw new TypeError('nothing is claimed');
      const entry = 'CPL-000999' as typeof claim.entry;
      const second = stating({ number: 2, claims: [{ ...claim, entry }] })(honest.statement);
      library.rows = [{ code: FFF1, row: { ...honest.row, entries: [entry] } }];
      library.accept(honest, { number: 2 });
      library.put(statementPath(FFF1, honest.release, 2), await library.sign(encodeStatement(second)));
    },
  ],
  'a catalogue that gives the entry asked for to another release': [
    'WRONG_CATALOGUE',
    /: the entries are CPL-000412, the manufacturer signed CPL-000413/,
    async ({ library, honest }) => {
      const other = await library.add({ body: 'another' });
      library.rows = library.rows
        .filter(({ row }) => row.release === other.release)
        .map(({ code, row }) => ({ code, row: { ...row, entries: [honest.entry.entry] } }));
      return honest.entry.entry;
    },
  ],
  'a catalogue that gives the CPL hash asked for to another release': [
    'WRONG_CATALOGUE',
    /: the manufacturer image hash is [0-9a-f]{64}, the manufacturer signed/,
    async ({ library, honest }) => {
      const other = await library.add({ body: 'another' });
      library.rows = library.rows
        .filter(({ row }) => row.release === other.release)
        .map(({ code, row }) => ({ code, row: { ...row, imageHash: honest.row.imageHash } }));
      return honest.row.imageHash;
    },
  ],
  'a role file that the snapshot lists without its hash': [
    'NOT_ACCEPTED',
    /snapshot version 2 lists m-fff1 without a SHA-256/,
    ({ library }) => {
      library.unhashed = ['m-fff1'];
    },
  ],
  'a withdrawn release': [
    'WITHDRAWN',
    /withdrawn on 2026-10-14 by Example Meters, "battery drain"/,
    ({ library, honest }) => library.withdraw(honest.release),
  ],
  'a withdrawal that is about another release': [
    'WRONG_FORMAT',
    /holds the release/,
    async ({ library, honest }) =>
      library.withdraw(honest.release, { release: (await library.make({ body: 'another' })).release }),
  ],
};

function certificates(library: TestLibrary, change: Partial<ReturnType<typeof registered>>): void {
  library.parties = library.parties.map((party) => ({
    ...party,
    certificates: party.certificates.map((one) => ({ ...one, ...change })),
  }));
}

function widened({ image }: MadeRelease): Uint8Array {
  return encodeImage({
    ...image,
    header: { ...image.header, minHardwareVersion: 0, maxHardwareVersion: 0xffff },
  });
}

test.each(Object.entries(attacks))(
  'refuses %s, and writes nothing',
  async (_name, [code, message, change]) => {
    const document = await refused(change);
    expect(document.code).toBe(code);
    expect(document.message).toMatch(message);
  },
);

it('refuses a withdrawn release that the catalogue does not list', async () => {
  const library = await TestLibrary.make();
  const honest = await library.add();
  const withdrawn = 'refuse';
  const listed = { ...honest.row, code: FFF1 };
  const before = await opened(library);
  const { credential } = library.access.holder(ENERGY);
  const access = () => openAccess(before, credential);
  expect((await readRelease(before, listed, { withdrawn, access })).state.state).toBe('current');
  library.withdraw(honest.release);
  library.rows = [];
  await expect(readRelease(await opened(library), listed, { withdrawn, access })).rejects.toMatchObject({
    code: 'WITHDRAWN',
  });
});

describe('a manufacturer that numbers without measure', () => {
  it('costs no search through all the numbers that are not there', { timeout: 20_000 }, async () => {
    const highest = 900_000_000;
    const { outcome } = await afterHonest(async ({ library, honest }) => {
      const last = stating({ number: highest })(honest.statement);
      library.accept(honest, { number: highest });
      library.put(statementPath(FFF1, honest.release, highest), await library.sign(encodeStatement(last)));
    });
    expect(outcome.exit).toBe(0);
  });
});

describe('what is no attack', () => {
  it('a later statement that leaves the notes as they were', async () => {
    const { outcome, written } = await afterHonest(async ({ library, honest }) => {
      const second = stating({ number: 2, contact: { mailbox: 'support@meters.example' } })(honest.statement);
      library.accept(honest, { number: 2 });
      library.put(statementPath(FFF1, honest.release, 2), await library.sign(encodeStatement(second)));
    });
    expect(outcome).toMatchObject({ exit: 0, err: [] });
    expect(written).toHaveLength(3);
  });

  it('a later statement under a newer certificate than the first', async () => {
    const { outcome } = await afterHonest(async ({ library, honest }) => {
      const by = await library.trust.pki.issue({ subject: 'Example Meters', key: 'RSA-2048' });
      library.parties = library.parties.map((party) =>
        party.codes.includes(FFF1)
          ? { ...party, certificates: [...party.certificates, registered(by)] }
          : party,
      );
      const second = stating({ number: 2 })(honest.statement);
      library.accept(honest, { number: 2, decided: '2026-11-19T10:00:00Z' });
      library.put(
        statementPath(FFF1, honest.release, 2),
        await library.sign(encodeStatement(second), { by, at: new Date('2026-11-19T09:59:00Z') }),
      );
    });
    expect(outcome.exit).toBe(0);
  });

  it('a superseded release: an upgrade in two steps needs it', async () => {
    const { outcome } = await afterHonest(async ({ library, honest }) => {
      await library.add({ body: 'newer', supersedes: [honest.release] });
    });
    expect(JSON.parse(outcome.out.join())).toMatchObject({ format: 'cfl/fetch/1', state: 'superseded' });
  });

  it('a certificate that was closed, and revoked, after it signed the release', async () => {
    const { outcome } = await afterHonest(({ library }) => {
      certificates(library, { until: '2026-11-19T00:00:00Z' });
      const { trust } = library;
      const serial = library.certificateOf(FFF1).serial;
      trust.crls.push(
        trust.pki.crl({ number: 2, entries: [{ serial, revoked: new Date('2026-11-19T00:00:00Z') }] }),
      );
    });
    expect(outcome.exit).toBe(0);
  });

  it('an authority that is gone, its lists with it', async () => {
    const { outcome } = await afterHonest(({ library }) => {
      library.trust.anchor('certificate').until = '2026-11-19T00:00:00Z';
      library.listed.get('catalogue')?.delete(library.trust.pki.crlPath(1));
      library.trust.crls = [];
    });
    expect(outcome.exit).toBe(0);
  });

  it('an old CPL: it is used, said, and left to a person', async () => {
    const { outcome, written } = await afterHonest(({ library }) => {
      library.cplDate = '2026-10-01T09:00:00Z';
    });
    expect(outcome.exit).toBe(4);
    expect(written).toHaveLength(3);
    const { checks } = JSON.parse(outcome.out.join());
    expect(checks).toContainEqual({
      what: 'CPL',
      warns: true,
      text: 'snapshot 2 is 50 days old, expected 30 at most; ask the operator for a newer one',
    });
  });
});
