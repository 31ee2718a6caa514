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
import { placeOfCrl, planRevocation, planTrust } from '../../src/ceremony/trust.ts';
import { describeChange } from '../../src/change/describe.ts';
import type { Published } from '../../src/deploy/index.ts';
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
        message: /replaces register\/revocations\.json, and the file is not in the change$/,
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
  it('of the authority above a time authority has its place, too', async () => {
    const alone = await timeAuthorityAlone();
    expect(await placeOfCrl(pki.crl({ number: 3, by: pki.root }), alone)).toBe(
      `crl/${digestOf(pki.root.certificate)}-3.crl`,
    );
  });

  it('has a place under a number as long as a date and an hour', async () => {
    const number = 20_261_118_100_211_000;
    expect(await placeOfCrl(pki.crl({ number }), scene.published)).toBe(pki.crlPath(number));
  });

  it('is refused where another has its number, and is there where the same has it', async () => {
    const list = new Uint8Array(pki.crl({ number: 1 }));
    const path = await placeOfCrl(list, scene.published);
    const holding = {
      ...reading(scene.published),
      read: async (one: string) => (one === path ? list : scene.published.read(one)),
    };
    expect(await placeOfCrl(list, holding)).toBe(path);
    const entries = [{ serial: 0x21fn, revoked: NOW, reason: 1 }];
    await expect(placeOfCrl(pki.crl({ number: 1, entries }), holding)).rejects.toMatchObject({
      code: 'EXISTS',
      message: expect.stringContaining(`another list of this number is published as ${path}`),
    });
  });
});

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
