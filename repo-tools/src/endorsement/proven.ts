// What is proven about an endorsement? Its bundle is verified, its statement read, and whatever it is about is found.

import { equalOctets, sha256 } from '@cfl/client/encoding';
import { EvidenceError, type EvidenceTrust, type Judge, verifyBundle } from '@cfl/client/evidence';
import {
  type EndorsementPlace,
  endorsementStatement,
  FormatError,
  findParty,
  type Party,
  parseStatement,
  type Register,
} from '@cfl/client/firmware';
import { payloadOf } from '../intake/submission.ts';
import {
  type Endorsable,
  type EndorsementFacts,
  type EndorsementFinding,
  judgeEndorsement,
} from './judge.ts';

export interface EndorsementFile {
  readonly place: EndorsementPlace;
  readonly bundle: Uint8Array;
}

/** What an endorsement is judged by. */
export interface Against {
  readonly register: Register;
  /** Undefined where the register names no authority yet. */
  readonly trust: EvidenceTrust | undefined;
  readonly judge: Judge;
  /** Every statement of that number about that release. */
  readonly statements: readonly Endorsable[];
  /** The octets that lie at its place in the library. */
  readonly published: Uint8Array | undefined;
}

/** A refusal of the evidence carries the evidence's own code. */
export type EndorsementFault = Omit<EndorsementFinding, 'code'> & { readonly code: string };

export interface Judged {
  readonly findings: readonly EndorsementFault[];
  /** Undefined where it could not be proven who signed. */
  readonly endorser: Party | undefined;
  readonly facts: EndorsementFacts | undefined;
}

export async function judgeFile({ place, bundle }: EndorsementFile, against: Against): Promise<Judged> {
  const { register, trust, judge, statements, published } = against;
  try {
    if (trust === undefined) throw noTrust();
    const evidence = await verifyBundle(bundle, trust, judge);
    const endorsement = endorsementStatement.parse(evidence.statement);
    const endorser = findParty(register, endorsement.predicate.endorser);
    const facts: EndorsementFacts = {
      place,
      endorsement,
      evidence,
      endorser,
      received: judge.at === 'intake' ? judge.now : undefined,
      statements,
      published: published === undefined ? 'nothing' : equalOctets(published, bundle) ? 'this' : 'another',
    };
    return { findings: judgeEndorsement(facts), endorser, facts };
  } catch (error) {
    if (!(error instanceof EvidenceError || error instanceof FormatError)) throw error;
    return { findings: [unproven(error)], endorser: undefined, facts: undefined };
  }
}

function noTrust(): EvidenceError {
  return new EvidenceError(
    'UNKNOWN_ISSUER',
    'Cannot accept the endorsement: the register names no authority whose certificates count',
    { hint: 'ask the registrar to enter one' },
  );
}

function unproven(error: EvidenceError | FormatError): EndorsementFault {
  const isEvidence = error instanceof EvidenceError;
  // Lists that are overdue say nothing against it
  const severity = isEvidence && error.code === 'STALE_CRL' ? 'hold' : 'refuse';
  return {
    code: isEvidence ? error.code : 'NOT_AN_ENDORSEMENT',
    severity,
    at: 'evidence',
    expected: isEvidence ? 'evidence that holds' : error.expected,
    found: isEvidence ? error.code : error.found,
    message: isEvidence ? error.message : `what was signed is no endorsement: ${error.message}`,
    hint: isEvidence ? error.hint : 'Make it with: cfl-publish endorse',
  };
}

/** A manufacturer's bundle as something to endorse; whether its signature holds is not asked. Throws FormatError. */
export async function endorsable(bundle: Uint8Array, where: Endorsable['where']): Promise<Endorsable> {
  return { where, statement: parseStatement(payloadOf(bundle)), bundle: await sha256(bundle) };
}
