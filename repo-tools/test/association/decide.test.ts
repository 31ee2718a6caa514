// An investigation is decided once, with a reason, and the decision is published with the Panel's signature.

import { parseImageHash } from '@cfl/client/firmware';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  associate,
  type Choice,
  cplDecisionPath,
  decideInvestigation,
  parseCplDecision,
  readInvestigations,
} from '../../src/association/index.ts';
import { readPresentCpl } from '../../src/cpl/index.ts';
import { loadState } from '../../src/deploy/index.ts';
import { readWaiting } from '../../src/endorsement/index.ts';
import { intake } from '../../src/intake/intake.ts';
import { gateway } from '../access.ts';
import { memoryPlace } from '../deploy/memory-files.ts';
import {
  applyCpl,
  crls,
  endorse,
  imageOf,
  importRows,
  NOW,
  outcomes,
  rowFor,
  type Sent,
  submit,
  type World,
  world,
} from './scene.ts';

const OTHER = parseImageHash('a9'.repeat(32));
const LATER = new Date('2027-01-15T09:00:00Z');

let opened: { readonly all: World; readonly sent: Sent };

beforeAll(async () => {
  const image = imageOf('asked');
  const entry = await rowFor('CPL-000381', image, { imageHash: OTHER });
  const all = await world([entry]);
  const sent = await submit(all, all.meters, image, [entry]);
  await endorse(all, all.suppliers.energy, sent);
  await look(all, sent);
  opened = { all, sent };
});

async function look(all: World, { submission }: Sent) {
  const { endorsements } = await readWaiting(all.place.private);
  const published = await loadState(all.place);
  return associate(submission.releases, { published, files: all.place.private, endorsements, now: NOW });
}

function copy(): World {
  return { ...opened.all, place: memoryPlace(opened.all.place) };
}

async function decide(all: World, choice: Choice, now = NOW) {
  const published = await loadState(all.place);
  const reason = 'the manufacturer named the wrong entry';
  const decided = await decideInvestigation(1, { choice, reason, published, files: all.place.private, now });
  await decided.record();
  return decided;
}

async function hashNow({ place }: World): Promise<string | undefined> {
  return (await readPresentCpl(await loadState(place))).entries.get('CPL-000381' as never)?.imageHash;
}

async function record({ place }: World) {
  const octets = await (await loadState(place)).read(cplDecisionPath(1));
  return octets && parseCplDecision(octets);
}

describe('--keep', () => {
  it('leaves the CPL as it is, says so in public, and the same communication asks in vain', async () => {
    const all = copy();
    const { change, lines } = await decide(all, 'keep');
    expect([...change.targets.keys()]).toEqual(['cpl/decision-1.json']);
    expect(lines[0]).toMatch(
      /^Investigation 1: CPL-000381 keeps the hash a9a9a9a9a9a9, [0-9a-f]{12} is not associated; reason: "the manufacturer/,
    );
    await applyCpl(all, change);
    expect(await hashNow(all)).toBe(OTHER);
    expect(await record(all)).toMatchObject({
      number: 1,
      choice: 'keep',
      reason: 'the manufacturer named the wrong entry',
      originator: 'example-meters',
      endorsers: ['example-energy'],
      conflicts: [{ entry: 'CPL-000381', present: OTHER }],
    });
    await expect(look(all, opened.sent)).rejects.toMatchObject({
      code: 'DECIDED_ALREADY',
      message: expect.stringContaining('investigation 1 has decided that the hash is kept'),
    });
  });
});

describe('--replace', () => {
  it('plans the new hash for the Panel to sign, and then the release is admitted', async () => {
    const all = copy();
    const { change } = await decide(all, 'replace');
    expect([...change.targets.keys()].sort()).toEqual([
      'cpl/2/FFF1.json',
      'cpl/decision-1.json',
      'cpl/index.json',
    ]);
    expect(change.words.join('\n')).toMatch(/CPL-000381: imageHash is now [0-9a-f]{12}, was a9a9a9a9a9a9/);
    expect(await hashNow(all)).toBe(OTHER);
    await applyCpl(all, change);
    expect(await hashNow(all)).toBe(opened.sent.draft.statement.subject[1]?.digest.sha256);
    expect(await record(all)).toMatchObject({ choice: 'replace' });
    expect(outcomes(await intake({ ...all, gateway, now: NOW }))).toEqual(['accepted', 'accepted']);
  });

  it('may come long after: the evidence is judged as of the first look', async () => {
    const all = copy();
    expect((await decide(all, 'replace', LATER)).change.title).toMatch(/investigation 1/);
  });

  it('is refused where the certificate turned out to be revoked by then; --keep is not', async () => {
    const all = copy();
    const { pki } = all.trust;
    const { serial } = all.meters.issued;
    const revoked = pki.crl({ number: 2, entries: [{ serial, revoked: new Date('2026-11-10T00:00:00Z') }] });
    await crls({ ...all, trust: Object.assign(Object.create(all.trust), { pki, crls: [revoked] }) }, 2);
    await expect(decide(all, 'replace')).rejects.toMatchObject({ code: 'NOT_ASSOCIATED' });
    expect((await decide(all, 'keep')).change.title).toMatch(/the hash is kept/);
  });

  it('is refused where the CPL has moved meanwhile', async () => {
    const all = copy();
    const moved = await rowFor('CPL-000381', imageOf('asked'), {
      imageHash: parseImageHash('b8'.repeat(32)),
    });
    await importRows(all, [moved], '2026-11-19');
    await expect(decide(all, 'replace')).rejects.toMatchObject({ code: 'CPL_MOVED' });
  });
});

describe('a decision', () => {
  it('stands: deciding twice is refused, whatever the second says', async () => {
    for (const second of ['keep', 'replace'] as const) {
      const all = copy();
      await decide(all, 'keep');
      const before = new Map(all.place.private.content);
      await expect(decide(all, second)).rejects.toMatchObject({ code: 'DECIDED_ALREADY' });
      expect(all.place.private.content).toEqual(before);
    }
  });

  it('of a number that was never opened is refused', async () => {
    const all = copy();
    const published = await loadState(all.place);
    const options = {
      choice: 'keep',
      reason: 'none',
      published,
      files: all.place.private,
      now: NOW,
    } as const;
    await expect(decideInvestigation(2, options)).rejects.toMatchObject({ code: 'NO_INVESTIGATION' });
  });

  it('names its investigation by digest, so that neither can be exchanged', async () => {
    const all = copy();
    await decide(all, 'keep');
    const [kept] = await readInvestigations(all.place.private);
    expect(kept?.decision?.investigation).toBe(kept?.sha256);
    const octets = await all.place.private.read('investigations/1.json');
    const text = new TextDecoder().decode(octets).replace('2026-11-20T09', '2026-11-20T08');
    await all.place.private.replace('investigations/1.json', new TextEncoder().encode(text));
    await expect(readInvestigations(all.place.private)).rejects.toMatchObject({
      code: 'BROKEN_INVESTIGATIONS',
    });
  });
});
