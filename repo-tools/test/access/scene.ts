// A library of suppliers who read, and of those who may not: what the registrar plans, signed and published.

import { open, openRing, type ReadKeyUse } from '@cfl/client/access';
import { type Party, type PartyId, parsePartyId } from '@cfl/client/firmware';
import type { Targets } from '@cfl/client/tuf';
import { type OpenAccess, openAccess, planGrant, readAccessBegun } from '../../src/access/index.ts';
import { planParty } from '../../src/ceremony/party.ts';
import type { Change } from '../../src/change/change.ts';
import { type Difference, differenceOf } from '../../src/change/difference.ts';
import { loadState, type Published } from '../../src/deploy/index.ts';
import { REGISTRAR } from '../change/honest.ts';
import { credentialOf, custodian, reading } from '../credentials.ts';
import type { MemoryPlace } from '../deploy/memory-files.ts';
import { apply, type Keys, type onlineOf, signed } from '../deploy/scene.ts';
import { NOW } from '../fixture.ts';

export interface Library {
  readonly place: MemoryPlace;
  readonly held: Keys;
  readonly online: ReturnType<typeof onlineOf>;
}

export const ENERGY = parsePartyId('example-energy');
export const GAS = parsePartyId('example-gas');
export const NETWORKS = parsePartyId('example-networks');
export const FORMER = parsePartyId('former-energy');

const EVIDENCE = 'SEC Party list of 2026-10-30, entry 114';
const FROM = '2025-01-01T00:00:00Z';

type Roles = Party['userRoles'];

export const IS: Roles = [{ role: 'IS', from: FROM, evidence: EVIDENCE }];
export const GS: Roles = [{ role: 'GS', from: FROM, evidence: EVIDENCE }];
export const ED: Roles = [{ role: 'ED', from: FROM, evidence: EVIDENCE }];
export const endingOn = (until: string): Roles => [{ role: 'IS', from: FROM, evidence: EVIDENCE, until }];

export async function join(
  library: Library,
  id: PartyId,
  userRoles: Roles,
  kind: Party['kinds'][number] = 'supplier',
): Promise<void> {
  const party = {
    id,
    name: id,
    kinds: [kind],
    codes: [],
    role: undefined,
    userRoles,
    certificates: [],
    eui64: undefined,
    mailbox: undefined,
  };
  await publish(library, await planParty(party, await loadState(library.place), NOW));
}

/** Signs with the registrar's keys and publishes; what became different at the registrar's role. */
export async function publish(library: Library, change: Change): Promise<Difference> {
  const { place, held, online } = library;
  const published = await loadState(place);
  const before = (await published.role(REGISTRAR))?.signed;
  await apply(await signed(change, held.registrar, published), place, online, change.created);
  const after = (await (await loadState(place)).role(REGISTRAR))?.signed as Targets;
  return differenceOf(before, after);
}

/** Read access as a custodian opens it. */
export async function opened({ place }: Pick<Library, 'place'>): Promise<OpenAccess> {
  return openAccess(await loadState(place), await custodian());
}

export async function begin(library: Library): Promise<void> {
  await publish(library, await reading(await loadState(library.place)));
}

export async function grant(
  library: Library,
  party: PartyId,
  uses: readonly ReadKeyUse[] = ['images'],
  now = NOW,
): Promise<Difference> {
  const { recipient } = await credentialOf(party);
  const request = { party, uses, recipient, stolen: false };
  return publish(library, await planGrant(request, await opened(library), now));
}

/** `images 1, notes 1`: what the ring of this party holds, as its credential opens it. */
export async function ringOf({ place }: Pick<Library, 'place'>, party: PartyId): Promise<string> {
  const { ring } = await openedRing(await loadState(place), party);
  return ring.keys.map(({ use, epoch }) => `${use} ${epoch}`).join(', ');
}

export async function openedRing(published: Published, party: PartyId) {
  const octets = (await published.read(`access/${party}.keyring.age`)) ?? new Uint8Array();
  const { recipients } = await readAccessBegun(published);
  const context = { library: published.library, holder: party, recipients };
  return { octets, ring: await openRing(octets, await credentialOf(party), context) };
}

/** With every key of the party's ring. */
export async function openAs({ place }: Pick<Library, 'place'>, party: PartyId, sealed: Uint8Array) {
  const { ring } = await openedRing(await loadState(place), party);
  return (await open(sealed, ring.keys)).plaintext;
}
