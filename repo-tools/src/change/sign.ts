// Signing: a holder's key adds its signature to every role file of a change that it may sign.
//
// Who may sign what is read from the delegations themselves: those of the change where it brings new
// ones, else those of the library. What was signed before stays; a key signs one file once.

import { fromHex, type JsonObject, parseJson, toHex } from '@cfl/client/encoding';
import type { Signer } from '@cfl/client/keys';
import {
  type Authority,
  type Document,
  encodeDocument,
  parseRoot,
  parseTargets,
  ROOT,
  type RoleName,
  type Root,
  type Signature,
  TARGETS,
  type Targets,
  verifySignature,
  verifyThreshold,
} from '@cfl/client/tuf';
import { familyOf } from './bins.ts';
import type { Change } from './change.ts';
import { ChangeError } from './errors.ts';

/** What the library says already; undefined before the first root. */
export interface Present {
  readonly root: Document<Root> | undefined;
  readonly targets: Document<Targets> | undefined;
}

/** As it is from the publication of the change on, which new keys of snapshot and timestamp sign already. */
export function presentAfter({ metadata }: Change, present: Present): Present {
  return {
    root: (metadata.get(ROOT) as Document<Root> | undefined) ?? present.root,
    targets: (metadata.get(TARGETS) as Document<Targets> | undefined) ?? present.targets,
  };
}

/** Every authority that must approve a role file: for a new root the one before it and its own. */
export function authoritiesOf(role: RoleName, change: Change, present: Present): readonly Authority[] {
  const newRoot = change.metadata.get(ROOT) as Document<Root> | undefined;
  if (role === ROOT)
    return [present.root, newRoot].flatMap((root) =>
      root === undefined ? [] : [rootAuthority(root.signed, 'root')],
    );
  const root = newRoot ?? present.root;
  if (role === TARGETS) return root === undefined ? [] : [rootAuthority(root.signed, 'targets')];
  const targets = (change.metadata.get(TARGETS) as Document<Targets> | undefined) ?? present.targets;
  // A bin is signed by the keys of its role
  const family = familyOf(role);
  const delegation = targets?.signed.delegations?.roles.find(({ name }) => name === family);
  return delegation === undefined
    ? []
    : [{ role: delegation, keys: targets?.signed.delegations?.keys ?? new Map() }];
}

function rootAuthority(root: Root, role: 'root' | 'targets'): Authority {
  return { role: root.roles[role], keys: root.keys };
}

/** The change with this key's signatures, and the roles that it signed now. Throws where it may sign none of them. */
export async function signChange(
  change: Change,
  signer: Signer,
  present: Present,
): Promise<{ readonly change: Change; readonly signed: readonly RoleName[] }> {
  const metadata = new Map(change.metadata);
  const signed: RoleName[] = [];
  for (const [role, document] of change.metadata) {
    const may = authoritiesOf(role, change, present).some((authority) =>
      authority.role.keyIds.includes(signer.key.id),
    );
    if (!may) continue;
    metadata.set(role, await signDocument(role, document, signer));
    signed.push(role);
  }
  if (signed.length > 0) return { change: { ...change, metadata }, signed };
  throw new ChangeError(
    'NOT_A_SIGNER',
    `Cannot sign "${change.title}": the key ${signer.key.id.slice(0, 12)} may sign none of ${[...change.metadata.keys()].join(', ')}`,
    'Use a key that one of these roles names, or ask the operator which keys those are',
  );
}

export async function signDocument<T extends Root | Targets>(
  role: RoleName,
  document: Document<T>,
  signer: Signer,
): Promise<Document<T>> {
  const sig = toHex(await signer.sign(document.signedOctets));
  const others = document.signatures.filter(({ keyId }) => keyId !== signer.key.id);
  return withSignatures(role, document, [...others, { keyId: signer.key.id, sig }]);
}

export async function withSignatures<T extends Root | Targets>(
  role: RoleName,
  document: Document<T>,
  signatures: readonly Signature[],
): Promise<Document<T>> {
  const { signed } = parseJson(document.octets) as { signed: JsonObject };
  const octets = encodeDocument(signed, signatures);
  return (role === ROOT ? await parseRoot(octets, role) : await parseTargets(octets, role)) as Document<T>;
}

/** The roles of a change that a key may sign, and those of them that it has signed already. */
export async function signedBy(
  keyId: string,
  change: Change,
  present: Present,
): Promise<{ readonly may: readonly RoleName[]; readonly has: readonly RoleName[] }> {
  const may: RoleName[] = [];
  const has: RoleName[] = [];
  for (const [role, document] of change.metadata) {
    const own = authoritiesOf(role, change, present).filter((one) =>
      one.role.keyIds.some((id) => id === keyId),
    );
    if (own.length === 0) continue;
    may.push(role);
    const good = await Promise.all(own.map((authority) => goodSigners(document, authority)));
    if (good.some((ids) => ids.has(keyId))) has.push(role);
  }
  return { may, has };
}

/** Signatures of keys that may sign, which do not fit the file that they stand on. */
export async function brokenSignatures(
  change: Change,
  present: Present,
): Promise<readonly { readonly role: RoleName; readonly keyId: string }[]> {
  const broken: { role: RoleName; keyId: string }[] = [];
  for (const [role, document] of change.metadata) {
    for (const authority of authoritiesOf(role, change, present)) {
      const good = await goodSigners(document, authority);
      for (const { keyId } of document.signatures)
        if (authority.role.keyIds.some((id) => id === keyId) && !good.has(keyId))
          broken.push({ role, keyId });
    }
  }
  return broken;
}

export interface Needs {
  readonly role: RoleName;
  readonly have: number;
  readonly threshold: number;
  readonly of: number;
}

/** For each role file: how many good signatures it has, how many it needs, of how many keys. */
export async function needsOf(change: Change, present: Present): Promise<readonly Needs[]> {
  const needs: Needs[] = [];
  for (const [role, document] of change.metadata) {
    for (const authority of authoritiesOf(role, change, present)) {
      const { threshold, keyIds } = authority.role;
      const { size: have } = await goodSigners(document, authority);
      needs.push({ role, have, threshold, of: keyIds.length });
    }
  }
  return needs;
}

/** Of the keys that are at hand, as many as the signatures that are still missing. */
export async function keysToSign(
  change: Change,
  present: Present,
  atHand: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const chosen = new Set<string>();
  for (const [role, document] of change.metadata) {
    for (const authority of authoritiesOf(role, change, present)) {
      const have = new Set([...(await goodSigners(document, authority)), ...chosen]);
      const { keyIds, threshold } = authority.role;
      const lacking = threshold - keyIds.filter((id) => have.has(id)).length;
      const free = keyIds.filter((id) => atHand.has(id) && !have.has(id));
      for (const id of free.slice(0, Math.max(0, lacking))) chosen.add(id);
    }
  }
  return chosen;
}

/** The keys of this authority whose signature of the file is good. */
async function goodSigners(
  { signatures, signedOctets }: Document<Root | Targets>,
  { role, keys }: Authority,
): Promise<ReadonlySet<string>> {
  const good = new Set<string>();
  for (const { keyId, sig } of signatures) {
    const key = role.keyIds.map((id) => keys.get(id)).find((known) => known?.id === keyId);
    if (key !== undefined && (await verifySignature(key, signedOctets, octetsOf(sig)))) good.add(keyId);
  }
  return good;
}

function octetsOf(sig: string): Uint8Array {
  return /^([0-9a-f]{2})*$/i.test(sig) ? fromHex(sig) : new Uint8Array();
}

/** Throws SIGNATURES_MISSING, naming every role that still lacks some. */
export async function verifyFullySigned(change: Change, present: Present): Promise<void> {
  const lacking: string[] = [];
  for (const [role, document] of change.metadata) {
    const authorities = authoritiesOf(role, change, present);
    if (authorities.length === 0) lacking.push(`${role}, to which nothing delegates`);
    for (const { role: keys, keys: ring } of authorities) {
      await verifyThreshold(document, keys, ring, role).catch(() =>
        lacking.push(`${role} (${keys.threshold} of ${keys.keyIds.length})`),
      );
    }
  }
  if (lacking.length === 0) return;
  throw new ChangeError(
    'SIGNATURES_MISSING',
    `Cannot apply "${change.title}": signatures are missing for ${lacking.join('; ')}`,
    'Have the holders run: cfl-repo sign CHANGE --key …',
  );
}
