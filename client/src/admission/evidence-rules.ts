// Did the manufacturer sign this, with a certificate that was good, and when?
//
// The verification of the bundle is done before; each rule here speaks for some of its codes, and
// STATEMENT_SIGNATURE for all that no other rule speaks for, so none is passed over.

import type { Facts, PartyFact } from './facts.ts';
import type { Observation, Rule, RuleCode } from './rule.ts';

/** The codes of `client/src/evidence` that a rule other than STATEMENT_SIGNATURE speaks for. */
const SPOKEN_FOR: ReadonlyMap<string, RuleCode> = new Map([
  ['UNKNOWN_ISSUER', 'CERTIFICATE_UNTRUSTED'],
  ['WRONG_USAGE', 'CERTIFICATE_PURPOSE'],
  ['UNSUPPORTED_KEY', 'CERTIFICATE_PURPOSE'],
  ['OUTSIDE_VALIDITY', 'CERTIFICATE_EXPIRED'],
  ['REVOKED', 'CERTIFICATE_REVOKED'],
  ['STALE_CRL', 'CRL_STALE'],
  ['UNREGISTERED', 'CERTIFICATE_NOT_YOURS'],
  ['STAMP_COUNT', 'STAMP_UNTRUSTED'],
  ['BAD_STAMP', 'STAMP_UNTRUSTED'],
  ['UNKNOWN_TIME_AUTHORITY', 'STAMP_UNTRUSTED'],
  ['STAMP_TIME', 'STAMP_AGE'],
]);

type Demand = Pick<Rule, 'demand' | 'source' | 'remedy'>;

/** What the verification found, where it is this rule's to say. */
function failure(code: RuleCode, { evidence }: Facts, demand: string): readonly Observation[] {
  if (evidence.ok || (SPOKEN_FOR.get(evidence.code) ?? 'STATEMENT_SIGNATURE') !== code) return [];
  const { message, hint, expected = demand, found = evidence.code } = evidence;
  return [{ at: 'evidence', expected, found, message, hint }];
}

/** A rule that repeats what the verification found. */
function evidenceRule(code: RuleCode, severity: 'refuse' | 'hold', words: Demand): Rule {
  return { code, severity, sealed: false, ...words, says: (facts) => failure(code, facts, words.demand) };
}

const statementSignature = evidenceRule('STATEMENT_SIGNATURE', 'refuse', {
  demand: 'The statement is a bundle that can be read, signed by the key of its certificate',
  source: 'BR03; SEC Appendix Z 4.1',
  remedy: 'Sign the statement again: cfl-publish submit',
});

const certificateUntrusted = evidenceRule('CERTIFICATE_UNTRUSTED', 'refuse', {
  demand: "The certificate was issued under an authority among the register's anchors",
  source: 'SEC Appendix Z 4.3(a); RFC 5280',
  remedy: 'Sign with a certificate of an authority that the registrar has entered',
});

const certificatePurpose = evidenceRule('CERTIFICATE_PURPOSE', 'refuse', {
  demand: 'The certificate has the key, the key usage and the extended key usage that are asked for',
  source: 'RFC 5280 4.2.1',
  remedy: 'Sign with a certificate that is issued for signing releases',
});

const certificateExpired = evidenceRule('CERTIFICATE_EXPIRED', 'refuse', {
  demand: 'The certificate was good when the statement was stamped and when it was first received',
  source: 'SEC Appendix Z 4.3(a); RFC 5280 4.1.2.5',
  remedy: 'Sign again with a certificate that is good today: cfl-publish submit',
});

const certificateRevoked = evidenceRule('CERTIFICATE_REVOKED', 'refuse', {
  demand: 'The certificate was not revoked, nor its key known to be unsafe, when it was stamped or received',
  source: 'SEC Appendix Z 4.3(a); RFC 5280 5',
  remedy: 'Sign again with another certificate, and tell the registrar',
});

const crlStale = evidenceRule('CRL_STALE', 'hold', {
  demand: "The revocation list of the certificate's authority is there and is not overdue",
  source: 'RFC 5280 5.1.2.5',
  remedy: 'Nothing to do: the gateway decides again when the library has the next revocation list',
});

const stampUntrusted = evidenceRule('STAMP_UNTRUSTED', 'refuse', {
  demand: 'The statement carries a time stamp of an authority that the register names',
  source: 'RFC 3161',
  remedy: 'Have it stamped by an authority that the registrar has entered: cfl-publish submit',
});

const LONGEST_WAY = 30;
const DAY = 86_400_000;

const stampAge: Rule = {
  code: 'STAMP_AGE',
  severity: 'refuse',
  sealed: false,
  demand: `The time stamp is younger than ${LONGEST_WAY} days at first reception, and not of the future`,
  source: 'SEC Appendix Z 4.3(a); RFC 3161',
  remedy: 'Sign and stamp it again: cfl-publish submit, and check the clock of that machine',
  says(facts) {
    const { evidence, received } = facts;
    if (!evidence.ok) return failure('STAMP_AGE', facts, `a stamp of the last ${LONGEST_WAY} days`);
    const age = (Date.parse(received) - Date.parse(evidence.stampedAt)) / DAY;
    if (age >= 0 && age < LONGEST_WAY) return [];
    const earliest = new Date(Date.parse(received) - LONGEST_WAY * DAY).toISOString().slice(0, 10);
    const message = `the statement was stamped on ${minuteOf(evidence.stampedAt)} and received on ${minuteOf(received)}, expected a stamp younger than ${LONGEST_WAY} days and not of the future`;
    const expected = `${earliest} to ${received.slice(0, 10)}`;
    return [{ at: 'evidence.stampedAt', expected, found: evidence.stampedAt, message }];
  },
};

function minuteOf(date: string): string {
  return `${date.slice(0, 16).replace('T', ' ')} UTC`;
}

const certificateNotYours: Rule = {
  code: 'CERTIFICATE_NOT_YOURS',
  severity: 'refuse',
  sealed: false,
  demand:
    'The register gives exactly this certificate to the originator, for releases, at stamp and reception',
  source: 'SEC Appendix Z 4.2, 4.3(a); BR04',
  remedy: 'Sign with a certificate that is registered for you, or ask the registrar to enter this one',
  says(facts) {
    const { evidence, party, received } = facts;
    if (!evidence.ok) return failure('CERTIFICATE_NOT_YOURS', facts, 'a certificate of the originator');
    if (party === undefined) return [];
    const fault = registrationFault(party, evidence, received);
    if (fault === undefined) return [];
    const name = `certificate ${evidence.serial} of "${evidence.issuer}"`;
    const message = `the statement is signed with ${name}, which is ${fault}`;
    return [
      {
        at: 'evidence.certificate',
        expected: `a certificate of ${party.name} for releases`,
        found: evidence.certificate,
        message,
      },
    ];
  },
};

type Proven = Extract<Facts['evidence'], { readonly ok: true }>;

function registrationFault(
  { name, certificates }: PartyFact,
  { certificate, stampedAt }: Proven,
  received: string,
): string | undefined {
  const registered = certificates.find(({ sha256 }) => sha256 === certificate);
  if (registered === undefined) return `not registered for ${name}`;
  if (!registered.purposes.includes('release'))
    return `registered for ${name}, but not for releases: ${registered.purposes.join(', ')}`;
  // The exact form of a date orders as text
  const outside = [stampedAt, received].find(
    (at) => at < registered.from || (registered.until !== undefined && at >= registered.until),
  );
  if (outside === undefined) return undefined;
  const until = registered.until === undefined ? '' : ` to ${registered.until.slice(0, 10)}`;
  return `registered for ${name} from ${registered.from.slice(0, 10)}${until}, not on ${outside.slice(0, 10)}`;
}

const noEndorsement: Rule = {
  code: 'NO_ENDORSEMENT',
  severity: 'record',
  sealed: false,
  demand: 'A supplier endorses the communication; it may come later',
  source: 'SEC Appendix Z 4.2',
  remedy: 'Nothing to do here; for the Panel: cfl-publish endorse, at a supplier',
  says: ({ endorsements }): readonly Observation[] =>
    endorsements.some(({ kind }) => kind === 'supplier')
      ? []
      : [
          {
            at: 'evidence',
            expected: 'the endorsement of a supplier',
            found: endorsements.length === 0 ? 'none' : endorsements.map(({ party }) => party).join(', '),
            message: 'no supplier has endorsed this release yet',
          },
        ],
};

export const evidenceRules: readonly Rule[] = [
  statementSignature,
  certificateUntrusted,
  certificatePurpose,
  certificateExpired,
  certificateRevoked,
  crlStale,
  certificateNotYours,
  stampUntrusted,
  stampAge,
  noEndorsement,
];
