// May this endorsement stand beside the release? Facts → findings; nothing is read here.
//
// Rules
// - The endorser is a registered supplier (ENDORSER_UNKNOWN, ENDORSER_NOT_SUPPLIER), in the User Role IS or GS when
//   it signed and when that was first received (ENDORSER_ROLE).
// - The bundle is signed under a certificate that the register gives exactly this party for endorsements, at
//   both times (ENDORSER_CERTIFICATE). That the signature holds was verified before.
// - It lies under the names that it states (ENDORSEMENT_NAME).
// - It is about a statement that is published or waits (ENDORSES_UNKNOWN), about exactly that bundle
//   (ENDORSES_OTHER_BUNDLE), that image (ENDORSES_OTHER_IMAGE) and those entries (ENDORSES_OTHER_ENTRIES).
// - Nobody endorses a release of its own (ENDORSES_OWN), or one statement twice (ENDORSED_ALREADY).
// - While the release itself waits, so does the endorsement (WAITS_FOR_RELEASE); it counts for the Panel already.

import { encodeDate, type Sha256 } from '@cfl/client/encoding';
import type { Evidence } from '@cfl/client/evidence';
import {
  certificateAt,
  type Endorsement,
  type EndorsementPlace,
  endorsedDigests,
  entriesOf,
  type Party,
  type Statement,
  statedDigests,
  userRolesAt,
} from '@cfl/client/firmware';

export type EndorsementCode =
  | 'NOT_AN_ENDORSEMENT'
  | 'ENDORSEMENT_NAME'
  | 'ENDORSER_UNKNOWN'
  | 'ENDORSER_NOT_SUPPLIER'
  | 'ENDORSER_ROLE'
  | 'ENDORSER_CERTIFICATE'
  | 'ENDORSES_UNKNOWN'
  | 'ENDORSES_OTHER_BUNDLE'
  | 'ENDORSES_OTHER_IMAGE'
  | 'ENDORSES_OTHER_ENTRIES'
  | 'ENDORSES_OWN'
  | 'ENDORSED_ALREADY'
  | 'WAITS_FOR_RELEASE';

/** A manufacturer's statement that an endorsement may be about. */
export interface Endorsable {
  readonly where: 'published' | 'waiting';
  readonly statement: Statement;
  /** Of its bundle. */
  readonly bundle: Sha256;
}

export interface EndorsementFacts {
  /** As the target path says. */
  readonly place: EndorsementPlace;
  readonly endorsement: Endorsement;
  readonly evidence: Pick<Evidence, 'certificate' | 'stampedAt'>;
  /** The register's entry for the endorser that the endorsement names. */
  readonly endorser: Party | undefined;
  /** When it was first received; undefined for a reader, who finds it published. */
  readonly received: Date | undefined;
  /** Every statement of that number about that release: of those that wait there may be several. */
  readonly statements: readonly Endorsable[];
  /** What lies at its place already. */
  readonly published: 'nothing' | 'this' | 'another';
}

export interface EndorsementFinding {
  readonly code: EndorsementCode;
  readonly severity: 'refuse' | 'hold';
  readonly at: string;
  readonly expected: string;
  readonly found: string;
  readonly message: string;
  readonly hint: string;
}

type Says = Omit<EndorsementFinding, 'code' | 'severity'>;

const AGAIN = 'Endorse the submission again, as it lies at the library: cfl-publish endorse';

/** Empty where it may stand. */
export function judgeEndorsement(facts: EndorsementFacts): readonly EndorsementFinding[] {
  return [
    ...endorserFindings(facts),
    ...certificateFindings(facts),
    ...nameFindings(facts),
    ...subjectFindings(facts),
  ];
}

function endorserFindings({ endorsement, endorser, evidence, received }: EndorsementFacts) {
  const named = endorsement.predicate.endorser;
  if (endorser === undefined)
    return refused('ENDORSER_UNKNOWN', {
      at: 'endorser',
      expected: 'a registered party',
      found: named,
      message: `${named} is not in the register`,
      hint: 'Ask the registrar to register you',
    });
  if (!endorser.kinds.includes('supplier'))
    return refused('ENDORSER_NOT_SUPPLIER', {
      at: 'endorser',
      expected: 'a supplier',
      found: endorser.kinds.join(', '),
      message: `${endorser.name} is registered as ${endorser.kinds.join(', ')}, and a supplier endorses`,
      hint: 'Have a supplier endorse it',
    });
  const lacking = timesOf(evidence, received).find((at) => !mayEndorse(endorser, at));
  if (lacking === undefined) return [];
  const found = userRolesAt(endorser, lacking).join(', ') || 'none';
  return refused('ENDORSER_ROLE', {
    at: 'endorser',
    expected: 'IS or GS',
    found,
    message: `${endorser.name} has the User Role ${found} on ${lacking.slice(0, 10)}, expected IS or GS`,
    hint: 'Have a supplier in such a role endorse it, or send the registrar the evidence of the role',
  });
}

function mayEndorse(party: Party, at: string): boolean {
  return userRolesAt(party, at).some((role) => role === 'IS' || role === 'GS');
}

/** When it was signed, and when that was received. */
function timesOf({ stampedAt }: EndorsementFacts['evidence'], received: Date | undefined): readonly string[] {
  return [stampedAt, ...(received === undefined ? [] : [received])].map(encodeDate);
}

function certificateFindings({ endorser, evidence, received }: EndorsementFacts) {
  if (endorser === undefined) return [];
  const { sha256, serial, issuer } = evidence.certificate;
  const wrong = timesOf(evidence, received).find(
    (at) => certificateAt(endorser, { sha256, purpose: 'endorsement', at }) === undefined,
  );
  if (wrong === undefined) return [];
  return refused('ENDORSER_CERTIFICATE', {
    at: 'evidence.certificate',
    expected: `a certificate of ${endorser.name} for endorsements`,
    found: sha256,
    message: `it is signed with certificate ${serial} of "${issuer}", which is not registered for ${endorser.name} and endorsements on ${wrong.slice(0, 10)}`,
    hint: 'Sign with the certificate that is registered for it, or ask the registrar to enter this one',
  });
}

function nameFindings({ place, endorsement: { predicate } }: EndorsementFacts) {
  const found = `${place.release.slice(0, 12)}, ${place.number}, ${place.party}`;
  const expected = `${predicate.release.slice(0, 12)}, ${predicate.number}, ${predicate.endorser}`;
  if (place.release === predicate.release && found === expected) return [];
  return refused('ENDORSEMENT_NAME', {
    at: 'release',
    expected,
    found,
    message: `it lies under ${found}, and says ${expected}`,
    hint: AGAIN,
  });
}

function subjectFindings(facts: EndorsementFacts): readonly EndorsementFinding[] {
  const { endorsement, endorser, statements, published } = facts;
  const { predicate } = endorsement;
  const name = `statement ${predicate.number} about release ${predicate.release.slice(0, 12)}`;
  if (statements.length === 0)
    return refused('ENDORSES_UNKNOWN', {
      at: 'release',
      expected: 'a release that is published or waits here',
      found: predicate.release,
      message: `${name} is neither published nor waiting here`,
      hint: 'Send it when the submission has arrived, to the library that the submission went to',
    });
  const digests = endorsedDigests(endorsement);
  const about = statements.find(({ bundle }) => bundle === digests.bundle);
  if (about === undefined) {
    const expected = statements.map(({ bundle }) => bundle.slice(0, 12)).join(' or ');
    const found = digests.bundle.slice(0, 12);
    return refused('ENDORSES_OTHER_BUNDLE', {
      at: 'subject.manufacturer-bundle',
      expected,
      found,
      message: `it endorses the bundle ${found}; the bundle with ${name} is ${expected}`,
      hint: AGAIN,
    });
  }
  const { otaImage, manufacturerImage } = statedDigests(about.statement);
  const images = [
    ['ota-image', digests.otaImage, otaImage],
    ['manufacturer-image', digests.manufacturerImage, manufacturerImage],
    ['ota-image', predicate.release, otaImage],
  ] as const;
  const other = images.find(([, found, expected]) => found !== (expected as string));
  if (other !== undefined) {
    const [subject, found, expected] = other;
    return refused('ENDORSES_OTHER_IMAGE', {
      at: `subject.${subject}`,
      expected,
      found,
      message: `it endorses the ${subject} ${found.slice(0, 12)}; ${name} is about ${expected.slice(0, 12)}`,
      hint: AGAIN,
    });
  }
  const [found, expected] = [predicate.entries.join(', '), entriesOf(about.statement).join(', ')];
  const { originator, code } = about.statement.predicate;
  if (found !== expected || predicate.code !== code)
    return refused('ENDORSES_OTHER_ENTRIES', {
      at: 'entries',
      expected: `${code}: ${expected}`,
      found: `${predicate.code}: ${found}`,
      message: `it endorses the entries ${found} of ${predicate.code}; ${name} claims ${expected} of ${code}`,
      hint: AGAIN,
    });
  if (originator === predicate.endorser || endorser?.codes.includes(code) === true)
    return refused('ENDORSES_OWN', {
      at: 'endorser',
      expected: 'another party than its originator',
      found: predicate.endorser,
      message: `${endorser?.name ?? predicate.endorser} endorses a release of its own`,
      hint: 'Have another supplier endorse it',
    });
  if (published === 'another')
    return refused('ENDORSED_ALREADY', {
      at: 'endorser',
      expected: 'one endorsement of a statement by a party',
      found: predicate.endorser,
      message: `${endorser?.name ?? predicate.endorser} has endorsed ${name} already`,
      hint: 'Nothing to do: the published one counts',
    });
  if (about.where === 'published' || facts.received === undefined) return [];
  return [
    {
      code: 'WAITS_FOR_RELEASE',
      severity: 'hold',
      at: 'release',
      expected: 'a published release',
      found: 'one that waits',
      message: `${name} is not published yet`,
      hint: 'Nothing to do: it is published with the release, and counts for the Panel already',
    },
  ];
}

function refused(code: EndorsementCode, says: Says): readonly EndorsementFinding[] {
  return [{ code, severity: 'refuse', ...says }];
}
