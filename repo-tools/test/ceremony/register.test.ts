// Attacks on what the register says for good: a change that is signed in full, and takes something away.

import { encodeDate, parseSha256 } from '@cfl/client/encoding';
import {
  ANCHORS_PATH,
  anchorsFile,
  PARTIES_PATH,
  REVOCATIONS_PATH,
  revocationsFile,
  TRUSTED_ROOT_PATH,
  trustedRootFile,
} from '@cfl/client/firmware';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestOf, type Pki } from '../../../client/test/evidence/pki.ts';
import { pkiOf } from '../../../client/test/evidence/scene.ts';
import { planCrl } from '../../src/ceremony/crl.ts';
import { planRevocation, planTrust } from '../../src/ceremony/trust.ts';
import { describeChange } from '../../src/change/describe.ts';
import { revise } from '../../src/change/plan.ts';
import type { Published } from '../../src/deploy/index.ts';
import { evidenceTrust } from '../../src/intake/evidence.ts';
import { CATALOGUE } from '../../src/intake/planned.ts';
import { trusting } from '../authorities.ts';
import { accept, after, expectRefused, type Honest, honest } from '../change/honest.ts';
import { listing, octets, signed } from '../deploy/scene.ts';
import { NOW } from '../fixture.ts';

const later = (days: number) => encodeDate(new Date(NOW.getTime() + days * 86_400_000));

let pki: Pki;
let scene: Honest;
/** The library trusts the authorities, has closed the time authority, and revoked one certificate. */
beforeAll(async () => {
  pki = await pkiOf('Example');
  const begun = await honest();
  const sign = async (of: Honest, change: Parameters<typeof signed>[0]) =>
    after(of, await signed(change, of.held.registrar, of.published));
  const trusted = await sign(begun, await trusting(begun.published));
  const closed = await sign(
    trusted,
    await planTrust(await closing(trusted.published), trusted.published, NOW),
  );
  scene = await sign(closed, await planRevocation(revocation(), closed.published, NOW));
});

async function closing(published: Published) {
  const anchors = anchorsFile.parse(await read(published, ANCHORS_PATH));
  const authorities = anchors.authorities.map((one) =>
    one.kind === 'timestamp' ? { ...one, until: later(10) } : one,
  );
  const root = trustedRootFile.parse(await read(published, TRUSTED_ROOT_PATH));
  const [first, ...others] = root.timestampAuthorities;
  if (first === undefined) throw new TypeError('there is a time authority');
  const ended = { ...first, validFor: { ...first.validFor, end: later(20) } };
  return {
    anchors: anchorsFile.encode({ ...anchors, authorities }),
    trustedRoot: trustedRootFile.encode({ ...root, timestampAuthorities: [ended, ...others] }),
  };
}

function revocation(issuer = digestOf(pki.issuing.certificate)) {
  return {
    issuer: parseSha256(issuer),
    serial: '021F',
    revoked: encodeDate(NOW),
    reason: 'keyCompromise' as const,
  };
}

async function read(published: Published, path: string): Promise<Uint8Array> {
  const found = await published.read(path);
  if (found === undefined) throw new TypeError(`there is no ${path}`);
  return found;
}

/** The registrar's next version with one file written anew, signed by enough holders. */
const rewriting = (path: string, content: Uint8Array) =>
  listing(scene.published, 'registrar', new Map([[path, content]]), scene.held.registrar);

type Edit = (text: string) => string;

async function edited(path: string, edit: Edit) {
  const text = new TextDecoder().decode(await read(scene.published, path));
  const changed = edit(text);
  expect(changed).not.toBe(text);
  return rewriting(path, octets(changed));
}

describe('applied is a change of the registrar that', () => {
  it('closes earlier what is closed', async () => {
    const closed = await edited(ANCHORS_PATH, (text) => text.replace(later(10), later(9)));
    expect(await accept(scene, closed)).toBeDefined();
  });

  it('adds a revocation', async () => {
    const issuer = digestOf(pki.root.certificate);
    const change = await planRevocation(revocation(issuer), scene.published, NOW);
    expect(await accept(scene, await signed(change, scene.held.registrar, scene.published))).toBeDefined();
  });
});

describe('refused is a change of the registrar, signed in full, that', () => {
  const none = (format: string, list: string) => () => JSON.stringify({ format, [list]: [] });
  it.each<[string, string, Edit, string | RegExp]>([
    [
      'takes away a revocation',
      REVOCATIONS_PATH,
      none('cfl/revocations/1', 'revocations'),
      /the revocation of 021F of [0-9a-f]{12}, recorded .*, is gone$/,
    ],
    [
      'gives a revocation another reason',
      REVOCATIONS_PATH,
      (text) => text.replace('keyCompromise', 'superseded'),
      /was changed$/,
    ],
    [
      'takes away a party',
      PARTIES_PATH,
      none('cfl/register/1', 'parties'),
      /the party example-meters is gone$/,
    ],
    [
      'takes a code from a party',
      PARTIES_PATH,
      (text) => text.replace('"FFF1"', ''),
      /the code FFF1 of example-meters is gone$/,
    ],
    [
      'opens an anchor again',
      ANCHORS_PATH,
      (text) => text.replace(`,"until":"${later(10)}"`, ''),
      /the authority [0-9a-f]{12} was opened again$/,
    ],
    [
      'asks less of the certificates of an authority',
      ANCHORS_PATH,
      (text) => text.replace('"1.3.6.1.5.5.7.3.3"', ''),
      /the authority [0-9a-f]{12} was changed$/,
    ],
    [
      'opens an authority of the trusted root again',
      TRUSTED_ROOT_PATH,
      (text) => text.replace(later(20), later(30)),
      /"Example Time Authority" of timestampAuthorities was opened again$/,
    ],
    ['brings a register that nobody can read', PARTIES_PATH, () => '{}', /nothing can be read/],
  ])('%s', async (_name, path, edit, message) => {
    await expectRefused(scene, await edited(path, edit), { code: 'NOT_A_CHANGE', message });
  });

  it('leads back to an older file, which still lies in the library', async () => {
    const empty = revocationsFile.encode({ format: 'cfl/revocations/1', revocations: [] });
    const change = await rewriting(REVOCATIONS_PATH, empty);
    await expectRefused(
      scene,
      { ...change, targets: new Map() },
      {
        code: 'NOT_A_CHANGE',
        message: /register\/revocations\.json is replaced, and the file is not in the change$/,
      },
    );
  });
});

describe('in words', () => {
  it('planning says which authority is closed, and when', async () => {
    const { words } = await planTrust(await closing(scene.published), scene.published, NOW);
    expect(words).toEqual([]);
    const begun = await honest();
    const trusted = await after(
      begun,
      await signed(await trusting(begun.published), begun.held.registrar, begun.published),
    );
    expect((await planTrust(await closing(trusted.published), trusted.published, NOW)).words).toEqual([
      expect.stringMatching(new RegExp(`^closes {3}the timestamp authority [0-9a-f]{12} at ${later(10)}$`)),
      `closes   the authority "Example Time Authority" of trusted_root.json at ${later(20)}`,
    ]);
  });

  it('signing spells out what becomes of authorities and revocations', async () => {
    const published = { ...reading(scene.published), root: undefined };
    const said = async (change: Parameters<typeof describeChange>[0]) =>
      (await describeChange(change, published)).map((line) => line.slice(14));
    expect(await said(await edited(ANCHORS_PATH, (text) => text.replace(later(10), later(9))))).toEqual([
      'replaces register/anchors.json',
      expect.stringMatching(
        new RegExp(
          `^closes the timestamp authority [0-9a-f]{12} at ${later(9)}, it was closed at ${later(10)}$`,
        ),
      ),
    ]);
    const opened = await edited(ANCHORS_PATH, (text) => text.replace(`,"until":"${later(10)}"`, ''));
    expect((await said(opened))[1]).toMatch(/^WRITES ANEW the timestamp authority/);
    const issuer = digestOf(pki.root.certificate);
    const revoking = await planRevocation(revocation(issuer), scene.published, NOW);
    expect(await said(revoking)).toEqual([
      'replaces register/revocations.json',
      `revokes the certificate 021F of ${issuer.slice(0, 12)} from ${encodeDate(NOW)}: keyCompromise`,
    ]);
    const bare = { ...published, role: async () => undefined, read: async () => undefined };
    const anchors = await edited(ANCHORS_PATH, (text) => text.replace(later(10), later(9)));
    expect((await describeChange(anchors, bare)).join('\n')).toMatch(
      /trusts the certificate authority [0-9a-f]{12} from .*; its certificates need digitalSignature, 1\.3/,
    );
  });
});

describe('planning', () => {
  it('refuses to open an authority of the trusted root again', async () => {
    const trustedRoot = octets(
      new TextDecoder().decode(await read(scene.published, TRUSTED_ROOT_PATH)).replace(later(20), later(30)),
    );
    const anchors = await read(scene.published, ANCHORS_PATH);
    await expect(planTrust({ trustedRoot, anchors }, scene.published, NOW)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: /was opened again$/,
    });
  });

  it('refuses a revocation that would revoke nothing: its issuer is none of the trusted chains', async () => {
    await expect(planRevocation(revocation('ab'.repeat(32)), scene.published, NOW)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: /found no certificate with this SHA-256 in register\/trusted_root\.json$/,
    });
  });
});

describe('a revocation list', () => {
  const placed = (path: string) => ({ outcome: 'publish', path });

  it('of the authority above a time authority has its place, too', async () => {
    const alone = await timeAuthorityAlone();
    expect(await planCrl(pki.crl({ number: 3, by: pki.root }), alone, NOW)).toEqual(
      placed(`crl/${digestOf(pki.root.certificate)}-3.crl`),
    );
  });

  it('has a place under a number as long as a date and an hour', async () => {
    const number = 20_261_118_100_211_000;
    expect(await planCrl(pki.crl({ number }), scene.published, NOW)).toEqual(placed(pki.crlPath(number)));
  });

  it('is refused where another has its number, and is there where the same has it', async () => {
    const list = new Uint8Array(pki.crl({ number: 1 }));
    const holding = await holdingLists([[1, list]]);
    expect(await planCrl(list, holding, NOW)).toEqual({ outcome: 'there already', path: pki.crlPath(1) });
    const entries = [{ serial: 0x21fn, revoked: NOW, reason: 1 }];
    await expect(planCrl(pki.crl({ number: 1, entries }), holding, NOW)).rejects.toMatchObject({
      code: 'EXISTS',
      message: expect.stringContaining(`another list of this number is published as ${pki.crlPath(1)}`),
    });
  });

  const HELD = { serial: 0x31fn, revoked: new Date('2026-11-17T00:00:00Z'), reason: 6 };
  const OTHER = { serial: 0x32fn, revoked: new Date('2026-11-16T00:00:00Z') };

  it('that lifts a hold, or forgets what expired, waits until the registrar has recorded it', async () => {
    const holding = await holdingLists([[1, pki.crl({ number: 1, entries: [HELD, OTHER] })]]);
    const more = { serial: 0x33fn, revoked: NOW, reason: 4 };
    const whole = pki.crl({ number: 2, entries: [HELD, OTHER, more] });
    expect(await planCrl(whole, holding, NOW)).toEqual(placed(pki.crlPath(2)));

    const next = pki.crl({ number: 2, entries: [more] });
    const plan = await planCrl(next, holding, NOW);
    if (plan.outcome !== 'record first') throw new TypeError('it would be published');
    expect(plan.change.words).toEqual([
      expect.stringMatching(
        /^records {2}the revocation of 031F of .*, certificateHold: list 2 leaves it out$/,
      ),
      expect.stringMatching(
        /^records {2}the revocation of 032F of .*, no reason given: list 2 leaves it out$/,
      ),
    ]);
    const recorded = await after(scene, await signed(plan.change, scene.held.registrar, scene.published));
    const then = await holdingLists(
      [[1, pki.crl({ number: 1, entries: [HELD, OTHER] })]],
      recorded.published,
    );
    expect(await planCrl(next, then, NOW)).toEqual(placed(pki.crlPath(2)));
    // From the register alone, a reader knows of the hold for good
    const { crls, revocations } =
      (await evidenceTrust(await holdingLists([[2, next]], recorded.published))) ?? {};
    expect(crls?.map(({ number }) => number)).toEqual([2n]);
    expect(revocations?.slice(-2)).toMatchObject([
      { serial: '031F', revoked: '2026-11-17T00:00:00Z', reason: 'certificateHold' },
      { serial: '032F', revoked: '2026-11-16T00:00:00Z' },
    ]);
  });

  it('that says less of a certificate than the one before loses nothing either', async () => {
    const holding = await holdingLists([[1, pki.crl({ number: 1, entries: [{ ...HELD, reason: 1 }] })]]);
    const later = pki.crl({ number: 2, entries: [{ ...HELD, revoked: NOW, reason: 1 }] });
    expect((await planCrl(later, holding, NOW)).outcome).toBe('record first');
  });

  it('that comes late, after one of a higher number, brings nothing that is not recorded', async () => {
    const holding = await holdingLists([[2, pki.crl({ number: 2 })]]);
    expect((await planCrl(pki.crl({ number: 1 }), holding, NOW)).outcome).toBe('publish');
    const late = pki.crl({ number: 1, entries: [HELD] });
    expect((await planCrl(late, holding, NOW)).outcome).toBe('record first');
  });

  it('is read by the gate only if it is the newest, however many there are', async () => {
    const lists = Array.from({ length: 60 }, (_, i) => [i + 1, pki.crl({ number: i + 1 })] as const);
    const holding = await holdingLists(lists);
    const read: string[] = [];
    const counting: Published = {
      ...holding,
      role: (name) => holding.role(name),
      read: (path) => {
        read.push(path);
        return holding.read(path);
      },
    };
    const trust = await evidenceTrust(counting);
    expect(trust?.crls.map(({ number }) => number)).toEqual([60n]);
    expect(read.filter((path) => path.startsWith('crl/'))).toEqual([pki.crlPath(60)]);
  });
});

/** The library with these lists of the issuing authority, by their numbers. */
async function holdingLists(
  lists: readonly (readonly [number: number, list: Uint8Array])[],
  published = scene.published,
): Promise<Published> {
  const files = new Map(lists.map(([number, list]) => [pki.crlPath(number), new Uint8Array(list)]));
  const catalogue = await revise(CATALOGUE, await published.role(CATALOGUE), { add: files }, NOW);
  return {
    ...published,
    role: async (name) => (name === CATALOGUE ? catalogue : published.role(name)),
    read: async (path) => files.get(path) ?? published.read(path),
  };
}

const reading = (published: Published): Published => ({ ...published, role: (name) => published.role(name) });

/** A library that trusts a time authority and nobody for certificates. */
async function timeAuthorityAlone(): Promise<Published> {
  const root = trustedRootFile.parse(await read(scene.published, TRUSTED_ROOT_PATH));
  const alone = trustedRootFile.encode({ ...root, certificateAuthorities: [] });
  return {
    ...reading(scene.published),
    read: async (path) => (path === TRUSTED_ROOT_PATH ? alone : scene.published.read(path)),
  };
}
