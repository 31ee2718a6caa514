// `cfl-publish endorse`: a supplier stands behind a manufacturer's hash association, after seeing what it says.

import { resolve } from 'node:path';
import { command, EXIT, type Io } from '@cfl/client/cli';
import { parseDate } from '@cfl/client/encoding';
import { findParty, type Party, statementPath, userRolesAt } from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import { writeChange } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';
import {
  type Communication,
  type Examined,
  endorsementName,
  examine,
  planEndorsement,
} from '../endorsement/index.ts';
import { readDecision } from '../intake/decision.ts';
import { publishedReleases, readLibrary } from '../intake/library.ts';
import { readSubmission } from '../intake/submission.ts';
import { statementSigner } from '../submission/keys.ts';
import { findRelease } from '../withdraw/withdraw.ts';
import { atDesk, folderAt, SETTINGS_OPTION } from './publish-desk.ts';

export const endorse = command({
  name: 'endorse',
  does: "Shows a manufacturer's statement, checks it, and signs that your company stands behind it",
  operands: ['SUBMISSION|RELEASE'],
  options: {
    to: { type: 'string', value: 'DIR', does: "write it there, such as the operator's inbox" },
    yes: { type: 'boolean', does: 'do not ask: for a job that has checked it otherwise' },
    ...SETTINGS_OPTION,
  },
  examples: [
    { line: 'cfl-publish endorse fff2-31be07d5c890-1', does: "a submission's folder; asks before it signs" },
    { line: 'cfl-publish endorse 31be07d5c890', does: 'a release that is published already' },
  ],
  run: ([name], { to, yes, settings: given }, io) =>
    atDesk(given, io, async ({ settings, published, ring }) => {
      const library = await readLibrary(published);
      const endorser = supplierOf(findParty(library.register, settings.party), settings.party, io.now);
      const sign = statementSigner(ring);
      const target = folder(resolve(to ?? '.'));
      for (const { communication, received } of await communicationsOf(name, published, io.now)) {
        const examined = await examine(communication, library, { now: io.now, received });
        refuseFaulty(examined, communication);
        refuseOwn(examined, endorser);
        show(examined, io);
        if (yes !== true && !(await io.confirm(`Endorse as ${endorser.name}?`))) throw notEndorsed();
        const { statement } = examined.facts;
        const { bundle, release } = communication;
        const change = await planEndorsement(
          { statement, bundle, endorser: endorser.id },
          { published, sign, now: io.now },
        );
        const submission = endorsementName(statement, release, endorser.id);
        await writeChange(target, submission, change);
        io.out(`${to === undefined ? submission : `${to}/${submission}`}/`);
      }
      return EXIT.done;
    }),
});

interface Asked {
  readonly communication: Communication;
  /** When its evidence is judged: now, or when the gateway took it. */
  readonly received: Date;
}

/** A folder where there is one of that name; else a release of the library. */
async function communicationsOf(name: string, published: Published, now: Date): Promise<readonly Asked[]> {
  const { files, base } = folderAt(name);
  if ((await files.list(base)).includes('change.json')) {
    const { change, releases } = await readSubmission(files, base);
    if (change.library === published.library)
      return releases.map((one) => ({ communication: { ...one }, received: now }));
    throw new ChangeError(
      'OTHER_LIBRARY',
      `Cannot endorse "${base}": it was made for another library`,
      'Use the publish.json of that library',
    );
  }
  return [await publishedCommunication(name, published)];
}

async function publishedCommunication(name: string, published: Published): Promise<Asked> {
  const { code, release } = await findRelease(published, name);
  const row = (await publishedReleases(published, code)).find((one) => one.release === release);
  const number = row?.number ?? 1;
  const bundle = await published.read(statementPath(code, release, number));
  const decision = await readDecision(published, release, number);
  if (bundle === undefined || decision === undefined)
    throw new ChangeError(
      'NO_LIBRARY',
      `Cannot endorse ${release.slice(0, 12)}: the library is not whole`,
      'Tell the operator',
    );
  const communication = { code, release, number, bundle };
  return { communication, received: parseDate(decision.received) };
}

function supplierOf(party: Party | undefined, id: string, now: Date): Party {
  const roles = party === undefined ? [] : userRolesAt(party, now.toISOString().replace(/\.\d+Z$/, 'Z'));
  if (party?.kinds.includes('supplier') && roles.some((role) => role === 'IS' || role === 'GS')) return party;
  const found =
    party === undefined
      ? 'it is not in the register'
      : party.kinds.includes('supplier')
        ? `its User Role is ${roles.join(', ') || 'none'}`
        : `it is registered as ${party.kinds.join(', ')}`;
  throw new ChangeError(
    'NOT_A_SIGNER',
    `Cannot endorse as ${party?.name ?? id}: ${found}, expected a supplier in the User Role IS or GS`,
    'A supplier in such a role endorses. If this is one, send the registrar the evidence of it',
  );
}

function refuseFaulty({ creator, entries, smets1 }: Examined, { release }: Communication): void {
  const [fault] = [...creator, ...entries, ...smets1];
  if (fault === undefined) return;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot endorse ${release.slice(0, 12)}: ${fault.message}`,
    `${fault.code}. Do not endorse it; tell the manufacturer`,
  );
}

function refuseOwn({ facts: { statement, submitted } }: Examined, endorser: Party): void {
  const { originator, code } = statement.predicate;
  if (originator !== endorser.id && !endorser.codes.includes(code)) return;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot endorse ${submitted.release.slice(0, 12)}: it is a release of ${endorser.name} itself`,
    'Have another supplier endorse it',
  );
}

/** What a person reads before signing. */
function show({ facts, originator }: Examined, io: Io): void {
  const { statement, evidence, submitted } = facts;
  const { deviceType, claims, originator: id } = statement.predicate;
  const entries = claims.map(({ entry, model }) => `${entry} (${deviceType} ${model})`).join(', ');
  const hash = statement.subject[1]?.digest.sha256 ?? '';
  io.err(
    `${originator?.name ?? id} asks to associate ${hash.slice(0, 12)} with ${entries}; its signature is good`,
  );
  io.err(`Release    ${submitted.release}`);
  io.err(`Hash       ${hash}`);
  for (const { entry, hardwareVersion, firmwareVersion } of claims)
    io.err(`Entry      ${entry}, hardware ${hardwareVersion}, firmware ${firmwareVersion}`);
  if (evidence.ok)
    io.err(
      `Signed     certificate ${evidence.serial} of "${evidence.issuer}", stamped on ${evidence.stampedAt.slice(0, 10)}`,
    );
  io.err('NOT READ   the image, which is sealed: the gateway compares it with the statement');
}

function notEndorsed(): ChangeError {
  return new ChangeError(
    'NOT_A_SIGNER',
    'Nothing was signed: the question was not answered with y',
    'Answer y to endorse; a job that cannot be asked gives --yes',
  );
}
