// Who reads what, since when and until when: what the registrar plans, and what the rings then hold.

import { GATEWAY, makeReadKey, parsePublicCredential } from '@cfl/client/access';
import { parsePartyId } from '@cfl/client/firmware';
import { beforeAll, describe, expect, it } from 'vitest';
import { planCustody, planGrant, planRenewal, planRevoke, readAccessBegun } from '../../src/access/index.ts';
import { describeChange } from '../../src/change/describe.ts';
import { loadState } from '../../src/deploy/index.ts';
import { adding, manyReleases } from '../bins/library.ts';
import { honest } from '../change/honest.ts';
import { credentialOf } from '../credentials.ts';
import { memoryPlace } from '../deploy/memory-files.ts';
import { apply } from '../deploy/scene.ts';
import { NOW } from '../fixture.ts';
import {
  begin,
  ED,
  ENERGY,
  endingOn,
  FORMER,
  GAS,
  GS,
  grant,
  IS,
  join,
  type Library,
  NETWORKS,
  opened,
  publish,
  ringOf,
} from './scene.ts';

const LATER = new Date('2027-01-15T09:00:00Z');

let founded: Library;
/** Two suppliers, one whose role ends on New Year's Day, and a network operator. */
beforeAll(async () => {
  const { place, held, online } = await honest();
  founded = { place, held, online };
  await begin(founded);
  await join(founded, ENERGY, IS);
  await join(founded, GAS, GS);
  await join(founded, FORMER, endingOn('2027-01-01T00:00:00Z'));
  await join(founded, NETWORKS, ED, 'operator');
});

/** The same library, to go on with. */
const library = (): Library => ({ ...founded, place: memoryPlace(founded.place) });

const epochs = async ({ place }: Library) => {
  const { recipients } = await readAccessBegun(await loadState(place));
  return recipients.keys.map(
    ({ use, epoch, until }) => `${use} ${epoch}${until === undefined ? '' : ' ended'}`,
  );
};

describe('a grant', () => {
  it('adds one file, the ring; beside it only the lists of grants and credentials are others', async () => {
    const here = library();
    expect(await grant(here, ENERGY, ['images', 'notes'])).toEqual({
      added: ['access/example-energy.keyring.age'],
      changed: ['access/credentials.json', 'access/grants.json'],
      gone: [],
    });
    expect(await ringOf(here, ENERGY)).toBe('images 1, notes 1');
  });

  it('adds one file to a library of 1,000 releases, too', { timeout: 120_000 }, async () => {
    const scene = await honest();
    const many = await adding(scene.published, await manyReleases(1_000), scene.own);
    await apply(many, scene.place, scene.online);
    await begin(scene);
    await join(scene, ENERGY, IS);
    const before = new Set(scene.place.targets.content.keys());
    const { added } = await grant(scene, ENERGY);
    expect(added).toEqual(['access/example-energy.keyring.age']);
    const written = [...scene.place.targets.content.keys()].filter((path) => !before.has(path));
    expect(written.map((path) => path.replace(/[0-9a-f]{64}\./, '')).sort()).toEqual([
      'access/credentials.json',
      'access/example-energy.keyring.age',
      'access/grants.json',
    ]);
  });

  it('of images is none of notes, and each is given and taken by itself', async () => {
    const here = library();
    await grant(here, ENERGY);
    expect(await ringOf(here, ENERGY)).toBe('images 1');
    await grant(here, ENERGY, ['notes']);
    expect(await ringOf(here, ENERGY)).toBe('images 1, notes 1');
    await publish(here, await planRevoke({ party: ENERGY, uses: ['notes'] }, await opened(here), NOW));
    expect(await epochs(here)).toEqual(['images 1', 'notes 1 ended', 'notes 2']);
    expect(await ringOf(here, ENERGY)).toBe('images 1, notes 1');
  });

  it.each([
    ['a network operator', NETWORKS, /it is registered as operator, expected a supplier/],
    ['a manufacturer', parsePartyId('example-meters'), /it is registered as manufacturer/],
    ['nobody in the register', parsePartyId('nobody'), /it is not in the register/],
  ])('is refused to %s', async (_, party, message) => {
    const refused = grant(library(), party);
    await expect(refused).rejects.toMatchObject({
      code: 'NOT_GRANTABLE',
      message: expect.stringMatching(message),
    });
  });

  it('is refused to who has a User Role of suppliers, and is registered as something else', async () => {
    const here = library();
    const agent = parsePartyId('example-agent');
    await join(here, agent, IS, 'operator');
    await expect(grant(here, agent)).rejects.toMatchObject({
      code: 'NOT_GRANTABLE',
      message: expect.stringMatching(/it is registered as operator, expected a supplier/),
    });
  });

  it('is refused from the very second in which the User Role ends, and not before', async () => {
    await grant(library(), FORMER, ['images'], new Date('2026-12-31T23:59:59Z'));
    await expect(
      grant(library(), FORMER, ['images'], new Date('2027-01-01T00:00:00Z')),
    ).rejects.toMatchObject({
      code: 'NOT_GRANTABLE',
    });
  });

  it('is refused to a supplier whose User Role has ended by then', async () => {
    await grant(library(), FORMER);
    await expect(grant(library(), FORMER, ['images'], LATER)).rejects.toMatchObject({
      code: 'NOT_GRANTABLE',
      message: expect.stringMatching(
        /its User Role is IS until 2027-01-01, expected a supplier in User Role/,
      ),
    });
  });

  it('is refused for the credential of another, and for one that was put away', async () => {
    const here = library();
    await grant(here, ENERGY);
    const { recipient } = await credentialOf(ENERGY);
    const plan = async (party: typeof GAS, other = recipient) =>
      planGrant({ party, uses: ['images'], recipient: other, stolen: false }, await opened(here), NOW);
    await expect(plan(GAS)).rejects.toThrow(/it is that of example-energy/);
    await publish(here, await plan(ENERGY, (await makeReadKey()).recipient));
    await expect(plan(ENERGY)).rejects.toThrow(/it was replaced by example-energy before/);
    await expect(plan(GAS)).rejects.toThrow(/it was replaced by example-energy before/);
  });

  it('is sealed to post-quantum recipients alone', () => {
    const classical = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\n';
    expect(() => parsePublicCredential(new TextEncoder().encode(classical))).toThrow(/expected age1pq1…/);
  });

  it('is shown to a holder in words, before it signs', async () => {
    const here = library();
    const open = await opened(here);
    const { recipient } = await credentialOf(ENERGY);
    const request = { party: ENERGY, uses: ['images', 'notes'], recipient, stolen: false } as const;
    const change = await planGrant(request, open, NOW);
    expect(change.words[0]).toBe(
      'grant      example-energy reads images, as supplier in User Role IS, SEC Party list of 2026-10-30, entry 114',
    );
    const lines = await describeChange(change, { ...open.published, root: undefined });
    expect(lines.map((line) => line.slice(14))).toEqual([
      'adds access/example-energy.keyring.age',
      'replaces access/credentials.json',
      'replaces access/grants.json',
      'example-energy reads images from now on',
      'example-energy reads notes from now on',
      expect.stringMatching(
        /^example-energy has the credential [0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4}$/,
      ),
    ]);
  });
});

describe('a revocation', () => {
  it('begins epochs for what comes after; the ring of who lost access stays as it was', async () => {
    const here = library();
    await grant(here, ENERGY, ['images', 'notes']);
    await grant(here, GAS);
    const { changed, added } = await publish(
      here,
      await planRevoke({ party: ENERGY, uses: [] }, await opened(here), NOW),
    );
    expect([added, changed]).toEqual([
      [],
      [
        'access/escrow.keyring.age',
        'access/example-gas.keyring.age',
        'access/gateway.keyring.age',
        'access/grants.json',
        'access/recipients.json',
      ],
    ]);
    expect(await epochs(here)).toEqual(['images 1 ended', 'images 2', 'notes 1 ended', 'notes 2']);
    expect(await ringOf(here, ENERGY)).toBe('images 1, notes 1');
    expect(await ringOf(here, GAS)).toBe('images 1, images 2');
    expect(await ringOf(here, GATEWAY)).toBe('images 2');
  });

  it('is undone by a new grant, which opens what was sealed meanwhile', async () => {
    const here = library();
    await grant(here, ENERGY);
    await publish(here, await planRevoke({ party: ENERGY, uses: [] }, await opened(here), NOW));
    await grant(here, ENERGY, ['images'], LATER);
    expect(await ringOf(here, ENERGY)).toBe('images 1, images 2');
  });

  it('is refused where there is nothing to take, and for the gateway', async () => {
    const open = await opened(library());
    await expect(planRevoke({ party: GAS, uses: [] }, open, NOW)).rejects.toThrow(/it reads nothing/);
    await expect(planRevoke({ party: GATEWAY, uses: [] }, open, NOW)).rejects.toThrow(
      /intake needs its grant/,
    );
  });
});

describe('a renewal', () => {
  it('ends the grant of a supplier whose User Role has ended', async () => {
    const here = library();
    await grant(here, FORMER);
    await grant(here, GAS);
    await expect(planRenewal(await opened(here), NOW)).rejects.toMatchObject({ code: 'EXISTS' });
    const change = await planRenewal(await opened(here), LATER);
    expect(change.words[0]).toBe('lapsed     former-energy reads images no more: its User Role has ended');
    await publish(here, change);
    expect(await epochs(here)).toEqual(['images 1 ended', 'images 2', 'notes 1']);
    expect(await ringOf(here, FORMER)).toBe('images 1');
    expect(await ringOf(here, GAS)).toBe('images 1, images 2');
    const { grants } = await readAccessBegun(await loadState(here.place));
    expect(grants.holders.find(({ holder }) => holder === FORMER)?.grants).toMatchObject([
      { reason: 'lapsed', lastEpoch: 1 },
    ]);
  });

  it('begins an epoch that is a year old', async () => {
    const here = library();
    await publish(here, await planRenewal(await opened(here), new Date('2027-11-20T09:00:00Z')));
    expect(await epochs(here)).toEqual(['images 1 ended', 'images 2', 'notes 1 ended', 'notes 2']);
  });
});

describe('another credential', () => {
  const replace = async (here: Library, stolen: boolean) => {
    const { recipient } = await credentialOf('example-energy-new');
    const request = { party: ENERGY, uses: [], recipient, stolen };
    return publish(here, await planGrant(request, await opened(here), NOW));
  };

  it('replaces a lost one: one ring is sealed anew, and no epoch begins', async () => {
    const here = library();
    await grant(here, ENERGY, ['images', 'notes']);
    expect((await replace(here, false)).changed).toEqual([
      'access/credentials.json',
      'access/example-energy.keyring.age',
      'access/grants.json',
    ]);
    await expect(ringOf(here, ENERGY)).rejects.toMatchObject({ code: 'WRONG_CREDENTIAL' });
    expect(await epochs(here)).toEqual(['images 1', 'notes 1']);
  });

  it('replaces a stolen one: what that could read begins anew, and nothing else', async () => {
    const here = library();
    await grant(here, ENERGY);
    await replace(here, true);
    expect(await epochs(here)).toEqual(['images 1 ended', 'images 2', 'notes 1']);
  });

  it("of the gateway, and other custodians, are the registrar's to name", async () => {
    const here = library();
    const [one, other, gateway] = await Promise.all(['root-8', 'root-9', 'gateway-2'].map(credentialOf));
    const escrow = [
      { holder: parsePartyId('root-8'), recipient: one?.recipient as never },
      { holder: parsePartyId('root-9'), recipient: other?.recipient as never },
    ];
    const plan = async (request: object) =>
      planCustody({ escrow, gateway: gateway?.recipient, stolen: true, ...request }, await opened(here), NOW);
    await expect(plan({ escrow: escrow.slice(1) })).rejects.toThrow(/found 1 custodian, expected 2 or more/);
    await publish(here, await plan({}));
    expect(await epochs(here)).toEqual(['images 1 ended', 'images 2', 'notes 1 ended', 'notes 2']);
    await expect(opened(here)).rejects.toMatchObject({ code: 'WRONG_CREDENTIAL' });
    await expect(ringOf(here, GATEWAY)).rejects.toMatchObject({ code: 'WRONG_CREDENTIAL' });
  });
});

it('no secret of a read key or a credential lies anywhere in the clear', async () => {
  const here = library();
  await grant(here, ENERGY, ['images', 'notes']);
  await publish(here, await planRevoke({ party: ENERGY, uses: [] }, await opened(here), NOW));
  const { place } = here;
  for (const files of [place.metadata, place.targets, place.private])
    for (const [path, octets] of files.content)
      expect(Buffer.from(octets).includes('AGE-SECRET-KEY'), path).toBe(false);
});
