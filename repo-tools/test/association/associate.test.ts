// The Panel associates a hash by Appendix Z 4.3, and one communication serves the CPL and the library.

import { type CplEntry, parseImageHash } from '@cfl/client/firmware';
import { describe, expect, it } from 'vitest';
import { type Association, AssociationError, associate } from '../../src/association/index.ts';
import { readPresentCpl } from '../../src/cpl/index.ts';
import { loadState } from '../../src/deploy/index.ts';
import { readWaiting } from '../../src/endorsement/index.ts';
import { intake } from '../../src/intake/intake.ts';
import { gateway } from '../access.ts';
import {
  applyCpl,
  crls,
  endorse,
  imageOf,
  type Maker,
  NOW,
  outcomes,
  rowFor,
  type Sent,
  submit,
  type World,
  world,
} from './scene.ts';

const OTHER = parseImageHash('a9'.repeat(32));

async function atPanel(all: World, { submission }: Pick<Sent, 'submission'>): Promise<Association> {
  const { endorsements } = await readWaiting(all.place.private);
  const published = await loadState(all.place);
  return associate(submission.releases, { published, files: all.place.private, endorsements, now: NOW });
}

const codesOf = (one: Association) =>
  one.outcome === 'refused' ? [...new Set(one.faults.map(({ code }) => code))] : [one.outcome];

async function hashOf({ place }: World, entry: string): Promise<string | undefined> {
  return (await readPresentCpl(await loadState(place))).entries.get(entry as never)?.imageHash;
}

interface Case {
  readonly maker?: 'meters' | 'other' | 'dcc';
  readonly row?: Partial<CplEntry>;
  readonly endorsed?: false;
}

/** A submission that waits for the CPL, endorsed, at the gateway. */
async function waiting({
  maker = 'meters',
  row = {},
  endorsed,
}: Case = {}): Promise<{ all: World; sent: Sent }> {
  const code = { meters: 'FFF1', other: 'FFF2', dcc: 'FFF3' }[maker];
  const image = imageOf('asked', { code });
  const entry = await rowFor('CPL-000377', image, { waits: true, ...row });
  const all = await world([entry]);
  const sent = await submit(all, all[maker] satisfies Maker, image, [entry]);
  if (endorsed !== false) await endorse(all, all.suppliers.energy, sent);
  return { all, sent };
}

describe('one communication', () => {
  it('gives the entry its hash once the Panel has signed, and the release that waited is published', async () => {
    const { all, sent } = await waiting();
    expect(outcomes(await intake({ ...all, gateway, now: NOW }))).toEqual([
      'held WAITS_FOR_CPL',
      'held WAITS_FOR_RELEASE',
    ]);
    const found = await atPanel(all, sent);
    if (found.outcome !== 'planned') throw new Error(JSON.stringify(found));
    const [release, hash] = [sent.draft.release, found.change.words.join('\n')];
    expect(found.lines).toEqual([
      '4.3(a)  signed by Example Meters, certificate ' +
        `${hex(all.meters.issued.serial)}, not revoked on 2026-11-20; endorsed by Example Energy`,
      '        stamped on 2026-11-18; the image is the one that it states',
      '4.3(b)  CPL-000377 has no hash yet',
      '4.3(c)  not SMETS1',
    ]);
    expect(found.change.title).toBe('CPL snapshot 2: hash of CPL-000377');
    expect(hash).toMatch(/CPL-000377: imageHash is now [0-9a-f]{12}, was absent/);
    expect([...found.change.targets.keys()].sort()).toEqual(['cpl/2/FFF1.json', 'cpl/index.json']);
    // Nothing is different before the Panel's key has signed
    expect(await hashOf(all, 'CPL-000377')).toBeUndefined();

    await applyCpl(all, found.change);
    expect(await hashOf(all, 'CPL-000377')).toBe(sent.draft.statement.subject[1]?.digest.sha256);
    const present = await readPresentCpl(await loadState(all.place));
    expect(present.index).toMatchObject({ snapshot: 2, date: '2026-11-18T00:00:00Z' });
    expect(present.index?.source.name).toBe(
      `hash of CPL-000377, statement 1 about release ${release.slice(0, 12)}`,
    );
    expect(outcomes(await intake({ ...all, gateway, now: NOW }))).toEqual(['accepted', 'accepted']);
    expect(codesOf(await atPanel(all, sent))).toEqual(['associated already']);
  });
});

function hex(serial: bigint): string {
  const digits = serial.toString(16).toUpperCase();
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

describe('4.3(a) refuses', () => {
  it('what no supplier endorses', async () => {
    expect(codesOf(await atPanelOf({}))).toEqual(['planned']);
    expect(codesOf(await atPanelOf({ endorsed: false }))).toEqual(['NOT_ENDORSED']);
  });

  it('what was endorsed by somebody who may not', async () => {
    const { all, sent } = await waiting({ endorsed: false });
    await endorse(all, all.suppliers.former, sent);
    await endorse(all, all.suppliers.grid, sent);
    expect(codesOf(await atPanel(all, sent))).toEqual(['NOT_ENDORSED']);
    await endorse(all, all.suppliers.gas, sent);
    expect(codesOf(await atPanel(all, sent))).toEqual(['planned']);
  });

  it('a certificate that the register does not give for hash associations', async () => {
    expect(codesOf(await atPanelOf({ maker: 'other' }))).toEqual(['NOT_FOR_ASSOCIATION']);
  });

  it("another party's certificate", async () => {
    const image = imageOf('asked');
    const entry = await rowFor('CPL-000377', image, { waits: true });
    const all = await world([entry]);
    const sent = await submit(all, all.meters, image, [entry], { signer: all.dcc });
    await endorse(all, all.suppliers.energy, sent);
    expect(codesOf(await atPanel(all, sent))).toEqual(['CERTIFICATE_NOT_YOURS']);
  });

  it('a certificate that was revoked', async () => {
    const { all, sent } = await waiting();
    expect(codesOf(await atPanel(all, sent))).toEqual(['planned']);
    const { pki } = all.trust;
    const { serial } = all.meters.issued;
    const revoked = pki.crl({ number: 2, entries: [{ serial, revoked: new Date('2026-11-10T00:00:00Z') }] });
    await crls({ ...all, trust: Object.assign(Object.create(all.trust), { pki, crls: [revoked] }) }, 2);
    expect(codesOf(await atPanel(all, sent))).toEqual(['CERTIFICATE_REVOKED']);
  });
});

async function atPanelOf(one: Case): Promise<Association> {
  const { all, sent } = await waiting(one);
  return atPanel(all, sent);
}

describe('4.3(b) refuses', () => {
  const ROWS: Readonly<Record<string, readonly [code: string, row: Partial<CplEntry>]>> = {
    'an entry that is not Active': ['ENTRY_NOT_ACTIVE', { status: 'Withdrawn' }],
    'an entry of another firmware version': ['FIRMWARE_VERSION', { firmwareVersion: '01000299' as never }],
    'an entry of another device type': ['DEVICE_TYPE', { deviceType: 'GSME' }],
    'an entry whose hardware the image does not take': [
      'HARDWARE_OUT_OF_RANGE',
      { hardwareVersion: '0201' as never },
    ],
  };

  it.each(Object.entries(ROWS))('%s', async (_, [code, row]) => {
    expect(codesOf(await atPanelOf({}))).toEqual(['planned']);
    expect(codesOf(await atPanelOf({ row }))).toEqual([code]);
  });

  it('nothing where the entry has this very hash: there is nothing to do', async () => {
    const image = imageOf('asked');
    const entry = await rowFor('CPL-000377', image);
    const all = await world([entry]);
    const sent = await submit(all, all.meters, image, [entry]);
    await endorse(all, all.suppliers.energy, sent);
    expect(codesOf(await atPanel(all, sent))).toEqual(['associated already']);
  });

  it('never by overwriting: another hash opens an investigation, once', async () => {
    const { all, sent } = await waiting({ row: { imageHash: OTHER } });
    const before = new Map(all.place.metadata.content);
    const found = await atPanel(all, sent);
    expect(found).toMatchObject({ outcome: 'investigated', numbers: [1] });
    expect(found.lines[2]).toBe(
      '4.3(b)  CPL-000377 already has the hash a9a9a9a9a9a9: investigation 1 opened, the CPL stays as it is',
    );
    expect(await hashOf(all, 'CPL-000377')).toBe(OTHER);
    expect(all.place.metadata.content).toEqual(before);
    const again = await atPanel(all, sent);
    expect(again.lines[2]).toMatch(/investigation 1 is open already/);
    expect(await all.place.private.list('investigations')).toEqual(['1.json']);
  });

  it('a folder of investigations that somebody tampered with', async () => {
    const { all, sent } = await waiting({ row: { imageHash: OTHER } });
    await atPanel(all, sent);
    await all.place.private.replace('investigations/3.json', new Uint8Array());
    await expect(atPanel(all, sent)).rejects.toThrow(AssociationError);
  });
});

describe('4.3(c)', () => {
  it('takes SMETS1 from the DCC, and from nobody else', async () => {
    const honest = await atPanelOf({ maker: 'dcc', row: { smets1: true } });
    expect(codesOf(honest)).toEqual(['planned']);
    expect(honest.lines.at(-1)).toBe('4.3(c)  SMETS1, and it comes from Example DCC, the DCC');
    expect(codesOf(await atPanelOf({ row: { smets1: true } }))).toEqual(['SMETS1_ORIGIN']);
    // Not because of its certificate either
    expect(codesOf(await atPanelOf({ maker: 'other', row: { smets1: true } }))).toEqual([
      'NOT_FOR_ASSOCIATION',
      'SMETS1_ORIGIN',
    ]);
  });
});
