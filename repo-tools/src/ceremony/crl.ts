// May this revocation list be published? And what must the registrar write down before?
//
// Rules
// - A trusted authority signed it, and no other list of this authority has its number.
// - No entry is lost. What the list before has and this one leaves out is first recorded in
//   register/revocations.json: a certificate that expired, and a hold that was lifted. For a hold counts for
//   good, for every stamp from its date on. Until that is recorded, the list is not published.
// So the newest list of an authority, together with that file, says all that any of its lists ever said.

import { encodeDate, equalOctets } from '@cfl/client/encoding';
import {
  type Certificate,
  isSameAuthority,
  type KnownCrl,
  knownCrl,
  type RevokedCertificate,
} from '@cfl/client/evidence';
import {
  crlPath,
  parseCrlPath,
  REVOCATIONS_PATH,
  type Revocation,
  revocationsFile,
  TRUSTED_ROOT_PATH,
} from '@cfl/client/firmware';
import { parseRoleName } from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';
import { existing, issuersOf, registrarChange } from './trust.ts';

export type CrlImport =
  /** The path under which it is kept for ever. */
  | { readonly outcome: 'publish' | 'there already'; readonly path: string }
  /** For the registrar: the list can be published once this is. */
  | { readonly outcome: 'record first'; readonly change: Change };

const CATALOGUE = parseRoleName('catalogue');

/**
 * Throws EvidenceError where no trusted authority signed it, and ChangeError where another list has its
 * number: it would seem to be there already.
 */
export async function planCrl(octets: Uint8Array, published: Published, now: Date): Promise<CrlImport> {
  const issuers = issuersOf(await existing(published, TRUSTED_ROOT_PATH));
  const crl = knownCrl(octets, issuers);
  const path = crlPath({ issuer: crl.by.sha256, number: crl.number });
  const present = await published.read(path);
  if (present !== undefined && equalOctets(present, octets)) return { outcome: 'there already', path };
  if (present !== undefined) throw anotherOf(crl, path);
  const newest = await newestOf(crl.by, issuers, published);
  const file = revocationsFile.parse(await existing(published, REVOCATIONS_PATH));
  const missing = unrecorded(crl, newest, { issuers, recorded: file.revocations, now });
  if (missing.length === 0) return { outcome: 'publish', path };
  const after = revocationsFile.encode({ ...file, revocations: [...file.revocations, ...missing] });
  const words = missing.map(
    ({ serial, issuer, reason }) =>
      `records  the revocation of ${serial} of ${issuer.slice(0, 12)}, ${reason ?? 'no reason given'}: list ${crl.number} leaves it out`,
  );
  const add = new Map([[REVOCATIONS_PATH, after]]);
  return { outcome: 'record first', change: await registrarChange('record', words, add, published, now) };
}

/** The published list of the highest number; undefined where there is none. */
async function newestOf(
  by: Certificate,
  issuers: readonly Certificate[],
  published: Published,
): Promise<KnownCrl | undefined> {
  const listed = (await published.role(CATALOGUE))?.signed.targets.keys() ?? [];
  const [newest] = [...listed]
    .flatMap((path) => parseCrlPath(path) ?? [])
    .filter(({ issuer }) => issuer === by.sha256)
    .sort((a, b) => (a.number < b.number ? 1 : -1));
  return newest && knownCrl(await existing(published, crlPath(newest)), issuers);
}

interface Known {
  readonly issuers: readonly Certificate[];
  readonly recorded: readonly Revocation[];
  readonly now: Date;
}

/** Entries of the older of two lists that neither the newer one has as strictly, nor the register. */
function unrecorded(
  crl: KnownCrl,
  newest: KnownCrl | undefined,
  { issuers, recorded, now }: Known,
): readonly Revocation[] {
  if (newest === undefined) return [];
  const [older, newer] = newest.number < crl.number ? [newest, crl] : [crl, newest];
  const same = new Set(issuers.filter((one) => isSameAuthority(one, crl.by)).map(({ sha256 }) => sha256));
  const known = new Set(
    recorded.filter(({ issuer }) => same.has(issuer)).map((one) => keyOf(one.serial, inRegister(one))),
  );
  return [...older.entries].flatMap(([serial, entry]) => {
    const still = newer.entries.get(serial);
    if (still !== undefined && keyOf(serial, inRegister(still)) === keyOf(serial, inRegister(entry)))
      return [];
    if (known.has(keyOf(serial, inRegister(entry)))) return [];
    return [{ issuer: crl.by.sha256, serial, recorded: encodeDate(now), ...inRegister(entry) }];
  });
}

type Said = Pick<Revocation, 'revoked' | 'reason' | 'invalidFrom'>;

/** As the register says it. */
function inRegister({ revoked, invalidFrom, reason }: Said | RevokedCertificate): Said {
  const date = (one: Date | string) => (typeof one === 'string' ? one : encodeDate(one));
  return {
    revoked: date(revoked),
    ...(reason === undefined ? {} : { reason }),
    ...(invalidFrom === undefined ? {} : { invalidFrom: date(invalidFrom) }),
  };
}

function keyOf(serial: string, { revoked, reason, invalidFrom }: Said): string {
  return JSON.stringify([serial, revoked, reason, invalidFrom]);
}

function anotherOf({ number, by }: KnownCrl, path: string): ChangeError {
  return new ChangeError(
    'EXISTS',
    `Cannot import revocation list ${number} of "${by.subject}": another list of this number is published as ${path}`,
    'Ask the authority for a list with a number of its own; until then: cfl-repo revoke',
  );
}
