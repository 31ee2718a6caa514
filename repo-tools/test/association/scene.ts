// A library with real authorities: two manufacturers, the DCC, suppliers of every kind, a CPL. What they sign is
// verified as in the field.

import { encodeDate, sha256 } from '@cfl/client/encoding';
import { signStatement } from '@cfl/client/evidence';
import {
  ANCHORS_PATH,
  type CplEntry,
  type Endorsement,
  encodeImage,
  encodeStatement,
  endorsementOf,
  endorsementPath,
  endorsementStatement,
  entriesOf,
  type ManufacturerCode,
  PARTIES_PATH,
  type Party,
  type Purpose,
  parseManufacturerCode,
  parsePartyId,
  partyRegister,
  REVOCATIONS_PATH,
  type RegisteredRole,
  TRUSTED_ROOT_PATH,
  type UserRole,
} from '@cfl/client/firmware';
import type { Signer } from '@cfl/client/keys';
import {
  type Document,
  parseTargetPath,
  type RoleName,
  type Root,
  TARGETS,
  type Targets,
} from '@cfl/client/tuf';
import { type Issued, json, witnessOf } from '../../../client/test/evidence/pki.ts';
import { NOW, pkiOf, STAMPED, Trust } from '../../../client/test/evidence/scene.ts';
import { delegate, manufacturerRole, withDelegation } from '../../src/ceremony/roles.ts';
import { type Change, writeChange } from '../../src/change/change.ts';
import { revise } from '../../src/change/plan.ts';
import { planCplImport } from '../../src/cpl/index.ts';
import { loadState } from '../../src/deploy/index.ts';
import { endorsementName } from '../../src/endorsement/index.ts';
import type { IntakeSigners } from '../../src/intake/planned.ts';
import { readSubmission, type Submission } from '../../src/intake/submission.ts';
import { type Draft, draftChange, sealDrafts } from '../../src/submission/draft.ts';
import { reading } from '../access.ts';
import { type MemoryPlace, memoryPlace } from '../deploy/memory-files.ts';
import { apply, founding, type Keys, keys, listing, onlineOf, signed } from '../deploy/scene.ts';
import { signersOf } from '../fixture.ts';
import { draftOf, type Maker as IntakeMaker, inbox } from '../intake/scene.ts';

export { imageOf, outcomes, rowFor } from '../intake/scene.ts';
export { NOW };

/** A party with a certificate of its own; a manufacturer also has a role. */
export interface Member {
  readonly party: Party;
  readonly issued: Issued;
}

export interface Maker extends Member {
  readonly code: ManufacturerCode;
  readonly role: RoleName;
  readonly signers: readonly Signer[];
}

const SUPPLIERS = ['energy', 'gas', 'export', 'grid', 'former', 'strange'] as const;

export interface World {
  readonly place: MemoryPlace;
  readonly held: Keys;
  readonly online: IntakeSigners;
  readonly trust: Trust;
  readonly meters: Maker;
  readonly other: Maker;
  readonly dcc: Maker;
  /** Suppliers, and what looks like one. */
  readonly suppliers: Readonly<Record<(typeof SUPPLIERS)[number], Member>>;
}

interface Described {
  readonly name: string;
  readonly kinds: Party['kinds'];
  readonly roles?: readonly RegisteredRole[];
  readonly purposes: readonly Purpose[];
  readonly code?: string;
}

function role(name: UserRole, until?: string): RegisteredRole {
  const from = '2025-01-01T00:00:00Z';
  const evidence = 'SEC Party list of 2025-01-01, entry 114';
  return { role: name, from, evidence, ...(until === undefined ? {} : { until }) };
}

const RELEASE: readonly Purpose[] = ['release', 'association', 'withdrawal'];
const ENDORSE: readonly Purpose[] = ['endorsement'];

const MAKERS: Readonly<Record<string, Described & { readonly code: string }>> = {
  meters: { name: 'Example Meters', kinds: ['manufacturer'], purposes: RELEASE, code: 'FFF1' },
  other: { name: 'Sample Gas', kinds: ['manufacturer'], purposes: ['release', 'endorsement'], code: 'FFF2' },
  dcc: { name: 'Example DCC', kinds: ['dcc'], purposes: RELEASE, code: 'FFF3' },
};

const OTHERS: Readonly<Record<(typeof SUPPLIERS)[number], Described>> = {
  energy: { name: 'Example Energy', kinds: ['supplier'], roles: [role('IS')], purposes: ENDORSE },
  gas: { name: 'Example Gas', kinds: ['supplier'], roles: [role('GS')], purposes: ENDORSE },
  export: { name: 'Example Export', kinds: ['supplier'], roles: [role('ES')], purposes: ENDORSE },
  grid: { name: 'Example Grid', kinds: ['operator'], roles: [role('ED')], purposes: ENDORSE },
  former: {
    name: 'Former Energy',
    kinds: ['supplier'],
    roles: [role('IS', '2026-10-01T00:00:00Z')],
    purposes: ENDORSE,
  },
  strange: { name: 'Strange Energy', kinds: ['supplier'], roles: [role('IS')], purposes: ['association'] },
};

export async function world(rows: readonly CplEntry[]): Promise<World> {
  const held = await keys();
  const online = { ...onlineOf(held), gate: held.gate[0] as Signer, catalogue: held.catalogue[0] as Signer };
  const place = memoryPlace();
  await apply(await founding(held), place, online);
  const founded = await loadState(place);
  await apply(await signed(await reading(founded), held.registrar, founded), place, online);
  const trust = new Trust(await pkiOf('Example'));
  const makers: Record<string, Maker> = {};
  for (const [key, { code, ...described }] of Object.entries(MAKERS)) {
    const member = await memberOf({ ...described, code }, trust);
    const signers = await signersOf(1);
    makers[key] = { ...member, code: parseManufacturerCode(code), role: manufacturerRole(code), signers };
  }
  const suppliers: Record<string, Member> = {};
  for (const [key, described] of Object.entries(OTHERS)) suppliers[key] = await memberOf(described, trust);
  const made = { place, held, online, trust, ...makers, suppliers } as unknown as World;
  for (const maker of Object.values(makers)) await delegateTo(made, maker);
  await register(made);
  await crls(made);
  await importRows(made, rows, '2026-11-18');
  return made;
}

async function memberOf(
  { name, kinds, roles = [], purposes, code }: Described,
  { pki }: Trust,
): Promise<Member> {
  const issued = await pki.issue({ subject: name });
  const party: Party = {
    id: parsePartyId(name.toLowerCase().replaceAll(' ', '-')),
    name,
    kinds,
    codes: code === undefined ? [] : [parseManufacturerCode(code)],
    userRoles: roles,
    certificates: [{ sha256: issued.sha256 as never, purposes, from: '2026-01-01T00:00:00Z' }],
  };
  return { party, issued };
}

async function delegateTo(
  { place, held, online }: World,
  { role: name, code, signers }: Maker,
): Promise<void> {
  const published = await loadState(place);
  const holders = { keys: signers.map(({ key }) => key), threshold: 1 };
  const { targets } = published.trusted;
  const delegations = withDelegation(
    targets.signed.delegations,
    delegate(name, [`firmware/${code}/*/*`], holders),
    holders.keys,
  );
  const metadata = new Map<RoleName, Document<Root | Targets>>([
    [TARGETS, await revise(TARGETS, targets, { delegations }, NOW)],
    [name, await revise(name, undefined, {}, NOW)],
  ]);
  const change: Change = {
    title: `the role ${name}`,
    words: [],
    created: NOW,
    library: published.library,
    upon: new Map([
      [TARGETS, targets.signed.version],
      [name, 0],
    ]),
    metadata,
    targets: new Map(),
  };
  await apply(await signed(change, [...held.targets, ...signers], published), place, online);
}

/** Writes what the registrar says of everybody, and whom it trusts. */
export async function register(
  { place, held, online, trust, meters, other, dcc, suppliers }: World,
  change: (party: Party) => Party = (party) => party,
): Promise<void> {
  const parties = [meters, other, dcc, ...Object.values(suppliers)].map(({ party }) => change(party));
  const files = new Map([
    [PARTIES_PATH, partyRegister.encode({ format: 'cfl/register/1', parties })],
    [TRUSTED_ROOT_PATH, json(trust.root)],
    [ANCHORS_PATH, json(trust.anchors)],
    [REVOCATIONS_PATH, json(trust.revocations)],
  ]);
  const published = await loadState(place);
  await apply(await listing(published, 'registrar', files, held.registrar), place, online);
}

/** Publishes the trust's revocation lists; `number` of the first. */
export async function crls({ place, held, online, trust }: World, number = 1): Promise<void> {
  const files = new Map(trust.crls.map((octets, i) => [trust.pki.crlPath(number + i), octets]));
  const published = await loadState(place);
  await apply(await listing(published, 'catalogue', files, held.catalogue), place, online);
}

export async function importRows(
  { place, held, online }: Pick<World, 'place' | 'held' | 'online'>,
  rows: readonly CplEntry[],
  date: string,
): Promise<void> {
  const published = await loadState(place);
  const source = { name: `cpl-${date}.csv`, octets: new TextEncoder().encode(date), date };
  const { change } = await planCplImport(published, rows, source, NOW);
  await apply(await signed(change, held.cpl, published), place, online);
}

export async function applyCpl({ place, held, online }: World, change: Change): Promise<number> {
  return apply(await signed(change, held.cpl, await loadState(place)), place, online);
}

/** With the member's own certificate. */
export function signAs(
  { trust: { pki } }: Pick<World, 'trust'>,
  { issued }: Member,
  statement: Uint8Array,
  at = STAMPED,
): Promise<Uint8Array> {
  const { signer, certificate } = issued;
  return signStatement(statement, { signer: signer as Signer, certificate, witness: witnessOf(pki, at) });
}

export interface Sent {
  readonly name: string;
  readonly draft: Draft;
  readonly submission: Submission;
  /** The manufacturer's. */
  readonly bundle: Uint8Array;
}

type Options = Parameters<typeof draftOf>;

/** A submission in the inbox. */
export async function submit(
  all: World,
  maker: Maker,
  image: Options[1],
  rows: readonly CplEntry[],
  { signer = maker, ...changes }: NonNullable<Options[3]> & { readonly signer?: Member } = {},
): Promise<Sent> {
  const { place } = all;
  const of = { party: maker.party.id, code: maker.code } as unknown as IntakeMaker;
  const draft = await draftOf(of, image, rows, changes);
  const bundle = await signAs(all, signer, encodeStatement(draft.statement));
  const published = await loadState(place);
  const { keys, drafts } = await sealDrafts([draft], published);
  const files = drafts.map((sealed) => ({ sealed, statementFile: bundle }));
  const change = await draftChange(files, keys, published, NOW);
  const name = `${maker.code.toLowerCase()}-${draft.release.slice(0, 12)}-${draft.statement.predicate.number}`;
  await writeChange(inbox(place), name, await signed(change, maker.signers, published));
  return { name, draft, bundle, submission: await readSubmission(place.private, `inbox/${name}`) };
}

export interface Endorsed {
  readonly name: string;
  readonly path: string;
  readonly bundle: Uint8Array;
}

export interface Bending {
  /** Signs instead of the endorser. */
  readonly signer?: Member;
  readonly bend?: (honest: Endorsement) => Endorsement;
  /** Lies there instead. */
  readonly path?: string;
  readonly at?: Date;
}

/** An endorsement in the inbox. */
export async function endorse(
  all: World,
  endorser: Member,
  { draft, bundle }: Pick<Sent, 'draft' | 'bundle'>,
  { signer = endorser, bend = (honest) => honest, path, at = STAMPED }: Bending = {},
): Promise<Endorsed> {
  const { place } = all;
  const honest = endorsementOf({
    statement: draft.statement,
    bundle: await sha256(bundle),
    endorser: endorser.party.id,
    created: encodeDate(at),
  });
  const { number } = draft.statement.predicate;
  const lies = path ?? endorsementPath({ release: draft.release, number, party: endorser.party.id });
  const signed = await signAs(all, signer, endorsementStatement.encode(bend(honest)), at);
  const change: Change = {
    title: 'an endorsement',
    words: entriesOf(draft.statement),
    created: NOW,
    library: (await loadState(place)).library,
    upon: new Map(),
    metadata: new Map(),
    targets: new Map([[parseTargetPath(lies), signed]]),
  };
  const name = endorsementName(draft.statement, draft.release, endorser.party.id);
  await writeChange(inbox(place), name, change);
  return { name, path: lies, bundle: signed };
}

export function octetsOf({ image }: Draft): Uint8Array {
  return encodeImage(image);
}
