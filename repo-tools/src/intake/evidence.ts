// Does the submitted bundle hold, and what does it prove? As facts: whether that suffices is for the rules.
//
// A dry run has no bundle yet: it takes the stamp for one of now, and the certificate for the one that will
// sign, or for one that the register gives the originator where nobody says which.

import type { EvidenceFact } from '@cfl/client/admission';
import { encodeDate } from '@cfl/client/encoding';
import {
  EvidenceError,
  type EvidenceTrust,
  readTrust,
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

/** Undefined where the register has no anchors yet. Throws EvidenceError where what it has is not usable. */
export async function evidenceTrust(published: Published): Promise<EvidenceTrust | undefined> {
  const trustedRoot = await published.read(TRUSTED_ROOT_PATH);
  const anchors = await published.read(ANCHORS_PATH);
  const revocations = await published.read(REVOCATIONS_PATH);
  if (trustedRoot === undefined || anchors === undefined || revocations === undefined) return undefined;
  return readTrust({ trustedRoot, anchors, revocations, crls: await publishedCrls(published) });
}

const CATALOGUE = parseRoleName('catalogue');

async function publishedCrls(published: Published): Promise<readonly Uint8Array[]> {
  const catalogue = await published.role(CATALOGUE);
  const paths = [...(catalogue?.signed.targets.keys() ?? [])].filter((path) => path.startsWith('crl/'));
  const crls = await Promise.all(paths.map((path) => published.read(path)));
  return crls.flatMap((octets) => octets ?? []);
}
