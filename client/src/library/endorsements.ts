// Which suppliers stand behind a statement, and do they really?
//
// - An endorsement lies beside the gate's record of the statement, in the same role file.
// - It is signed under a certificate that the register gave that party for endorsements, at the time of its
//   stamp, by a supplier.
// - Its subjects are this image and this very bundle of the manufacturer.
// - One whose certificate was revoked with effect up to its stamp counts no longer. It is published for good, so
//   it is told, and the release is shown all the same; any other that does not hold was never to be published.

import { sha256 } from '../encoding/index.ts';
import { certificateOfBundle, EvidenceError, verifyBundle } from '../evidence/index.ts';
import {
  decisionPath,
  type Endorsement,
  endorsedDigests,
  endorsementPath,
  endorsementStatement,
  findParty,
  type Party,
  parseEndorsementPath,
} from '../firmware/index.ts';
import { LibraryError } from './errors.ts';
import { type Library, parseSigned } from './library.ts';
import { verifyRegistered } from './parties.ts';
import { short, type VerifiedStatement } from './read-statement.ts';
import { loadTrust, trustSource } from './trust.ts';

export interface VerifiedEndorsement {
  readonly party: Party;
  readonly stampedAt: Date;
}

export interface Endorsements {
  readonly standing: readonly VerifiedEndorsement[];
  /** Whose certificate was revoked. */
  readonly revoked: readonly Party[];
}

/** In the order of the parties' ids. Throws where one of them does not hold, and was not revoked. */
export async function readEndorsements(library: Library, about: VerifiedStatement): Promise<Endorsements> {
  const { release, statement } = about;
  const { number } = statement.predicate;
  const record = await library.find(decisionPath(release, number));
  const places = [...(record?.document.signed.targets.keys() ?? [])]
    .filter((path) => path.includes(release))
    .flatMap((path) => parseEndorsementPath(path) ?? [])
    .filter((place) => place.release === release && place.number === number);
  const read = await Promise.all(
    places.map((place) => readOne(library, about, endorsementPath(place), place.party)),
  );
  return {
    standing: read.flatMap((one) => ('stampedAt' in one ? [one] : [])),
    revoked: read.flatMap((one) => ('stampedAt' in one ? [] : [one.party])),
  };
}

async function readOne(
  library: Library,
  about: VerifiedStatement,
  path: string,
  id: Party['id'],
): Promise<VerifiedEndorsement | { readonly party: Party }> {
  const found = await library.find(path);
  const party = findParty(await library.register(), id);
  if (found === undefined || party === undefined || !party.kinds.includes('supplier'))
    throw bad(path, about, `${id} is no supplier of the register`);
  const octets = await library.read(found);
  const trust = await loadTrust(trustSource(library), certificateOfBundle(octets));
  const proven = await verifyBundle(octets, trust, { at: 'reader' }).catch(undefinedIfRevoked);
  if (proven === undefined) return { party };
  verifyRegistered(party, proven, { purpose: 'endorsement' });
  const endorsement = parseSigned(path, proven.statement, endorsementStatement.parse);
  await expectAbout(endorsement, about, path);
  return { party, stampedAt: proven.stampedAt };
}

function undefinedIfRevoked(error: unknown): undefined {
  if (error instanceof EvidenceError && error.code === 'REVOKED') return undefined;
  throw error;
}

async function expectAbout(endorsement: Endorsement, about: VerifiedStatement, path: string): Promise<void> {
  const { otaImage, manufacturerImage, bundle } = endorsedDigests(endorsement);
  const endorsed: readonly string[] = [otaImage, manufacturerImage, bundle];
  const { digests } = about;
  const own: readonly string[] = [
    digests.otaImage,
    digests.manufacturerImage,
    await sha256(about.bundle.octets),
  ];
  const isSame = endorsed.every((digest, i) => digest === own[i]);
  if (!isSame) throw bad(path, about, 'it is about another image or another bundle');
}

function bad(path: string, { release }: VerifiedStatement, why: string): LibraryError {
  return new LibraryError(
    'WRONG_STATEMENT',
    `Cannot accept ${path} as an endorsement of ${short(release)}: ${why}`,
    {
      found: path,
      expected: "a supplier's endorsement of this very bundle",
      hint: 'Do not use it; tell the operator',
    },
  );
}
