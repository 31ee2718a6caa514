// Whoever may not endorse, or endorses something else than lies here, is refused by a code of its own.

import { encodeDate, sha256 } from '@cfl/client/encoding';
import { endorsementOf, endorsementPath, type Party, parsePartyId } from '@cfl/client/firmware';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadState } from '../../src/deploy/index.ts';
import { type EndorsementFacts, judgeEndorsement } from '../../src/endorsement/judge.ts';
import { intake } from '../../src/intake/intake.ts';
import { gateway } from '../access.ts';
import {
  type Bending,
  crls,
  endorse,
  imageOf,
  type Member,
  NOW,
  outcomes,
  rowFor,
  type Sent,
  submit,
  type World,
  world,
} from '../association/scene.ts';
import { memoryPlace } from '../deploy/memory-files.ts';

let honest: { readonly all: World; readonly sent: Sent; readonly other: Sent };

beforeAll(async () => {
  const [image, other] = [imageOf('one'), imageOf('other', { firmware: 0x01000204 })];
  const rows = [await rowFor('CPL-000412', image), await rowFor('CPL-000413', other)];
  const all = await world(rows);
  honest = {
    all,
    sent: await submit(all, all.meters, image, rows.slice(0, 1)),
    other: await submit(all, all.meters, other, rows.slice(1)),
  };
  await intake({ place: all.place, online: all.online, gateway, now: NOW });
});

/** A copy of the library, in which a test may change anything. */
function copy(): World {
  return { ...honest.all, place: memoryPlace(honest.all.place) };
}

async function verdict(all: World, endorser: Member, bending: Bending = {}): Promise<string> {
  const before = await all.place.metadata.read('timestamp.json');
  const { path } = await endorse(all, endorser, honest.sent, bending);
  const report = await intake({ place: all.place, online: all.online, gateway, now: NOW });
  const [outcome = ''] = outcomes({
    ...report,
    results: report.results.filter(({ name }) => /endorsed/.test(name)),
  });
  if (outcome.startsWith('refused')) {
    expect(await all.place.metadata.read('timestamp.json')).toEqual(before);
    expect(await (await loadState(all.place)).read(path)).toBeUndefined();
  }
  return outcome;
}

const digestOf = async (of: Sent) => sha256(of.bundle);

describe('refused is an endorsement', () => {
  const by = (name: keyof World['suppliers']) => () => honest.all.suppliers[name];
  const ATTACKS: Readonly<
    Record<string, readonly [code: string, by: () => Member, bending?: () => Promise<Bending> | Bending]>
  > = {
    'by a manufacturer': ['ENDORSER_NOT_SUPPLIER', () => honest.all.other],
    'by a network operator': ['ENDORSER_NOT_SUPPLIER', by('grid')],
    'by an export supplier, which is neither IS nor GS': ['ENDORSER_ROLE', by('export')],
    'by a supplier whose role has lapsed': ['ENDORSER_ROLE', by('former')],
    'under a certificate that is not for endorsements': ['ENDORSER_CERTIFICATE', by('strange')],
    'under the certificate of another supplier': [
      'ENDORSER_CERTIFICATE',
      by('energy'),
      () => ({ signer: honest.all.suppliers.gas }),
    ],
    'of another bundle': [
      'ENDORSES_OTHER_BUNDLE',
      by('energy'),
      async () => {
        const digest = await digestOf(honest.other);
        return {
          bend: (one) => ({
            ...one,
            subject: one.subject.map((each) =>
              each.name === 'manufacturer-bundle' ? { ...each, digest: { sha256: digest } } : each,
            ),
          }),
        };
      },
    ],
    'of another image': [
      'ENDORSES_OTHER_IMAGE',
      by('energy'),
      () => ({
        bend: (one) => ({
          ...one,
          subject: one.subject.map((each) =>
            each.name === 'manufacturer-image'
              ? { ...each, digest: { sha256: '99'.repeat(32) as never } }
              : each,
          ),
        }),
      }),
    ],
    'of other entries': [
      'ENDORSES_OTHER_ENTRIES',
      by('energy'),
      () => ({
        bend: (one) => ({ ...one, predicate: { ...one.predicate, entries: ['CPL-000999' as never] } }),
      }),
    ],
    'of a release that nobody has': [
      'ENDORSES_UNKNOWN',
      by('energy'),
      () => {
        const release = 'ab'.repeat(32) as never;
        const path = endorsementPath({ release, number: 1, party: parsePartyId('example-energy') });
        return { path, bend: (one) => ({ ...one, predicate: { ...one.predicate, release } }) };
      },
    ],
    "under another party's name": [
      'ENDORSEMENT_NAME',
      by('energy'),
      () => ({
        path: endorsementPath({
          release: honest.sent.draft.release,
          number: 1,
          party: parsePartyId('example-gas'),
        }),
      }),
    ],
    'that names somebody who is not in the register': [
      'ENDORSER_UNKNOWN',
      by('energy'),
      () => ({
        bend: (one) => ({ ...one, predicate: { ...one.predicate, endorser: parsePartyId('nobody') } }),
        path: endorsementPath({
          release: honest.sent.draft.release,
          number: 1,
          party: parsePartyId('nobody'),
        }),
      }),
    ],
  };

  it.each(Object.entries(ATTACKS))('%s', async (_, [code, member, bending]) => {
    expect(await verdict(copy(), honest.all.suppliers.energy)).toBe('accepted');
    expect(await verdict(copy(), member(), await bending?.())).toBe(`refused ${code}`);
  });

  it('of a release of its own', async () => {
    expect(await verdict(copy(), honest.all.suppliers.energy)).toBe('accepted');
    // A code never leaves its party, so the register of such a supplier is not made here but said
    const { bundle, draft } = honest.sent;
    const { statement } = draft;
    const { party } = honest.all.suppliers.energy;
    const digest = await sha256(bundle);
    const [release] = statement.subject.map((one) => one.digest.sha256);
    const facts = {
      place: { release, number: 1, party: party.id },
      endorsement: endorsementOf({ statement, bundle: digest, endorser: party.id, created: encodeDate(NOW) }),
      evidence: { certificate: party.certificates[0], stampedAt: NOW },
      endorser: party,
      received: undefined,
      statements: [{ where: 'published', statement, bundle: digest }],
      published: 'nothing',
    } as unknown as EndorsementFacts;
    const codes = (endorser: Party) => judgeEndorsement({ ...facts, endorser }).map(({ code }) => code);
    expect(codes(party)).toEqual([]);
    expect(codes({ ...party, codes: honest.all.meters.party.codes })).toEqual(['ENDORSES_OWN']);
  });

  it('of what the same supplier has endorsed already', async () => {
    const all = copy();
    expect(await verdict(all, all.suppliers.energy)).toBe('accepted');
    const again = {
      bend: (one: Parameters<NonNullable<Bending['bend']>>[0]) => ({
        ...one,
        predicate: { ...one.predicate, created: encodeDate(NOW) },
      }),
    };
    const { path } = await endorse(all, all.suppliers.energy, honest.sent, again);
    const before = await (await loadState(all.place)).read(path);
    const report = await intake({ place: all.place, online: all.online, gateway, now: NOW });
    expect(outcomes(report)).toContain('refused ENDORSED_ALREADY');
    expect(await (await loadState(all.place)).read(path)).toEqual(before);
  });

  it('under a certificate that was revoked', async () => {
    expect(await verdict(copy(), honest.all.suppliers.energy)).toBe('accepted');
    const all = copy();
    const { pki } = all.trust;
    const { serial } = all.suppliers.energy.issued;
    const revoked = pki.crl({ number: 2, entries: [{ serial, revoked: new Date('2026-11-10T00:00:00Z') }] });
    await crls({ ...all, trust: Object.assign(Object.create(all.trust), { pki, crls: [revoked] }) }, 2);
    expect(await verdict(all, all.suppliers.energy)).toBe('refused REVOKED');
  });

  it('that was changed after it was signed', async () => {
    const all = copy();
    const { name, path } = await endorse(all, all.suppliers.energy, honest.sent);
    const file = `inbox/${name}/targets/${path}`;
    const text = new TextDecoder().decode(await all.place.private.read(file));
    const { dsseEnvelope, ...rest } = JSON.parse(text);
    const payload = Buffer.from(dsseEnvelope.payload, 'base64')
      .toString()
      .replace('CPL-000412', 'CPL-000413');
    const changed = {
      ...rest,
      dsseEnvelope: { ...dsseEnvelope, payload: Buffer.from(payload).toString('base64') },
    };
    await all.place.private.replace(file, new TextEncoder().encode(JSON.stringify(changed)));
    const report = await intake({ place: all.place, online: all.online, gateway, now: NOW });
    expect(outcomes(report)).toContain('refused BAD_SIGNATURE');
  });
});
