// Does the submitted bundle hold, and what does it prove? As facts: whether that suffices is for the rules.
//
// A dry run has no bundle yet: it takes the stamp for one of now, and the certificate for the one that will
// sign, or for one that the register gives the originator where nobody says which.
//
// Of the revocation lists the gate reads the newest of each authority, however many there are, and those that
// a reader takes for the authorities' own certificates. Nothing is missed by that: a list that leaves out an
// entry of the one before is published only where register/revocations.json holds the entry (ceremony/crl.ts),
// and nothing is ever taken out of that file.

import type { EvidenceFact } from '@cfl/client/admission';
import { encodeDate } from '@cfl/client/encoding';
import {
  EvidenceError,
  type EvidenceTrust,
  type SigningCertificate,
  verifyBundle,
} from '@cfl/client/evidence';
import {
  ANCHORS_PATH,
  FormatError,
  findParty,
  isOpenAt,
  parseStatement,
  REVOCATIONS_PATH,
  type Register,
  type Statement,
  TRUSTED_ROOT_PATH,
} from '@cfl/client/firmware';
import { loadTrust } from '@cfl/client/library';
import { parseRoleName } from '@cfl/client/tuf';
import type { Published } from '../deploy/state.ts';
import { payloadOf, SubmissionError } from './submission.ts';

export interface StatementFacts {
  readonly statement: Statement;
  readonly evidence: EvidenceFact;
}

/** `received`: when the bundle first came. Undefined trust: the register names no authority yet. */
export async function statementFacts(
  bundle: Uint8Array,
  trust: EvidenceTrust | undefined,
  received: Date,
): Promise<StatementFacts> {
  try {
    if (trust === undefined) return { statement: readPayload(bundle), evidence: NO_TRUST };
    const proven = await verifyBundle(bundle, trust, { at: 'intake', now: received });
    const { certificate, stampedAt, authority } = proven;
    return {
      statement: readStatement(() => proven.statement),
      evidence: provenFact(certificate, stampedAt, authority),
    };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    const { code, message, hint } = error;
    return {
      statement: readPayload(bundle),
      evidence: { ok: false, code, message: message.replace(/^Cannot/, 'cannot'), hint },
    };
  }
}

const NO_TRUST: EvidenceFact = {
  ok: false,
  code: 'UNKNOWN_ISSUER',
  message: 'the register names no authority whose certificates count',
  hint: 'Nothing can be submitted before the registrar has entered one',
};

/** The statement itself stands where its bundle will. */
export function draftFacts(
  octets: Uint8Array,
  register: Register,
  { now, certificate }: { readonly now: Date; readonly certificate: SigningCertificate | undefined },
): StatementFacts {
  const statement = readStatement(() => octets);
  const party = findParty(register, statement.predicate.originator);
  const at = encodeDate(now);
  const registered = party?.certificates.find((one) => one.purposes.includes('release') && isOpenAt(one, at));
  const by = certificate ?? {
    sha256: registered?.sha256 ?? 'none',
    serial: 'none',
    issuer: 'nobody',
    subject: party?.name ?? 'nobody',
  };
  return { statement, evidence: provenFact(by, now, 'a time authority') };
}

function provenFact(
  {
    sha256,
    serial,
    issuer,
    subject,
  }: Pick<SigningCertificate, 'serial' | 'issuer' | 'subject'> & {
    readonly sha256: string;
  },
  stampedAt: Date,
  authority: string,
): EvidenceFact {
  return {
    ok: true,
    certificate: sha256,
    serial,
    issuer,
    subject,
    stampedAt: encodeDate(stampedAt),
    authority,
  };
}

/** Of a bundle that may not hold. */
function readPayload(bundle: Uint8Array): Statement {
  return readStatement(() => payloadOf(bundle));
}

function readStatement(octets: () => Uint8Array): Statement {
  try {
    return parseStatement(octets());
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new SubmissionError(
      `its statement cannot be read: ${cause.message}`,
      'Make the statement with cfl-publish submit',
      cause,
    );
  }
}

const CATALOGUE = parseRoleName('catalogue');

/** Undefined where the register has no anchors yet. Throws EvidenceError where what it has is not usable. */
export async function evidenceTrust(published: Published): Promise<EvidenceTrust | undefined> {
  for (const path of [TRUSTED_ROOT_PATH, ANCHORS_PATH, REVOCATIONS_PATH])
    if ((await published.read(path)) === undefined) return undefined;
  return loadTrust({
    read: (path) => published.read(path),
    catalogued: async () => (await published.role(CATALOGUE))?.signed.targets.keys() ?? [],
  });
}
