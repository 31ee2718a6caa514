// May this register follow that one? What was registered stays, so that old evidence can always be verified.
//
// Rules
// - A certificate, a User Role, an anchor, a revocation and a repeated withdrawal stay as they are.
// - An open one may be closed by a date. What is closed may be closed earlier, and is never opened again.
// - A certificate's purposes and an anchor's demands do not change: a new entry says something new.
// - A party stays, and its codes and certificates stay with it.
// - An authority of trusted_root.json stays with its whole chain; its `validFor` is closed like an anchor.

import type { Anchors, TrustedAuthority, TrustedRoot } from './anchors.ts';
import type { Party, Register } from './register.ts';
import { type Revocations, revocationKey } from './revocations.ts';
import type { Withdrawn } from './withdrawn.ts';

/** What was lost between two versions, in words: `the certificate 4651ff9454d5 of example-meters is gone`. */
export function lostParties(before: Register, after: Register): readonly string[] {
  return before.parties.flatMap((party) => {
    const now = after.parties.find(({ id }) => id === party.id);
    return now === undefined ? [`the party ${party.id} is gone`] : lostOf(party, now);
  });
}

function lostOf(before: Party, after: Party): readonly string[] {
  const certificates = lost(before.certificates, after.certificates, ({ sha256 }) => sha256);
  const roles = lost(before.userRoles, after.userRoles, ({ role, from }) => `${role} from ${from}`);
  const codes = before.codes.filter((code) => !after.codes.includes(code));
  return [
    ...codes.map((code) => `the code ${code} of ${before.id} is gone`),
    ...certificates.map(({ key, how }) => `the certificate ${key.slice(0, 12)} of ${before.id} ${how}`),
    ...roles.map(({ key, how }) => `the User Role ${key} of ${before.id} ${how}`),
  ];
}

export function lostAnchors(before: Anchors, after: Anchors): readonly string[] {
  return lost(before.authorities, after.authorities, ({ sha256 }) => sha256).map(
    ({ key, how }) => `the authority ${key.slice(0, 12)} ${how}`,
  );
}

export function lostAuthorities(before: TrustedRoot, after: TrustedRoot): readonly string[] {
  return (['certificateAuthorities', 'timestampAuthorities'] as const).flatMap((list) =>
    lost(before[list].map(bare), after[list].map(bare), ({ chain }) => chain[0] ?? '').map(
      ({ key, how }) => `${nameOf(before[list], key)} of ${list} ${how}`,
    ),
  );
}

/** What is said of an authority, without the words for people. */
function bare({ certChain, validFor: { start, end } }: TrustedAuthority) {
  return { chain: certChain.certificates.map(({ rawBytes }) => rawBytes), start, until: end };
}

function nameOf(authorities: readonly TrustedAuthority[], first: string): string {
  const found = authorities.find(({ certChain }) => certChain.certificates[0]?.rawBytes === first);
  return `"${found?.subject.commonName ?? ''}"`;
}

export function lostRevocations(before: Revocations, after: Revocations): readonly string[] {
  return lost(before.revocations, after.revocations, revocationKey).map(
    ({ key, how }) => `the revocation of ${key}, ${how}`,
  );
}

export function lostWithdrawals(before: Withdrawn, after: Withdrawn): readonly string[] {
  return lost(before.withdrawals, after.withdrawals, ({ release }) => release).map(
    ({ key, how }) => `the withdrawal of ${key.slice(0, 12)} ${how}`,
  );
}

interface Lost {
  readonly key: string;
  readonly how: 'is gone' | 'was changed' | 'was opened again';
}

function lost<T extends object>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (one: T) => string,
): readonly Lost[] {
  const present = new Map(after.map((one) => [keyOf(one), one]));
  return before.flatMap((one): Lost[] => {
    const key = keyOf(one);
    const now = present.get(key);
    if (now === undefined) return [{ key, how: 'is gone' }];
    if (withoutEnd(one) !== withoutEnd(now)) return [{ key, how: 'was changed' }];
    const [was, is] = [endOf(one), endOf(now)];
    return was !== undefined && (is === undefined || is > was) ? [{ key, how: 'was opened again' }] : [];
  });
}

/** Both come from the same reader, so their fields stand in the same order. */
function withoutEnd(one: object): string {
  return JSON.stringify({ ...one, until: undefined });
}

function endOf(one: object): string | undefined {
  return 'until' in one && typeof one.until === 'string' ? one.until : undefined;
}
