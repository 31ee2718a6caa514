// `cfl show`: what the manufacturer signed about one release, and what the CPL says of it today.

import { encodeDate } from '../encoding/index.ts';
import type { Statement, StateWithReason } from '../firmware/index.ts';
import { rulesInWords } from '../library/acceptance.ts';
import type { CplView, Endorsements, ListedRelease, VerifiedStatement } from '../library/index.ts';
import { command, JSON_OPTION } from './command.ts';
import { columns, grouped } from './layout.ts';
import { EXIT } from './refusal.ts';
import { HOME_OPTION, homeOf, withLibrary } from './session.ts';

export const show = command({
  name: 'show',
  does: 'Shows one release: what its manufacturer signed, and its state',
  operands: ['RELEASE'],
  options: { ...HOME_OPTION, ...JSON_OPTION },
  examples: [
    {
      line: 'cfl show 7d1a64c20e5b',
      does: 'by the first digits of its CPL hash or of its own digest, at least 8',
    },
    { line: 'cfl show CPL-000412', does: 'by an entry of the Central Products List' },
  ],
  run: ([name], values, io) =>
    withLibrary({ io, home: homeOf(values, io) }, async ({ library }) => {
      const { readEndorsements, readStatement, resolveRelease, stateOf } = await import(
        '../library/index.ts'
      );
      const listed = await resolveRelease(library, name);
      const about = await readStatement(library, listed);
      const state = await stateOf(library, about, await library.withSuccessors(listed));
      const cpl = await library.cpl(listed.code);
      const endorsements = await readEndorsements(library, about);
      const shown = { listed, about, endorsements, state, cpl };
      if (values.json === true) io.out(JSON.stringify(documentOf(shown)));
      else for (const line of linesOf(shown)) io.out(line);
      return EXIT.done;
    }),
});

interface Shown {
  readonly listed: ListedRelease;
  readonly about: VerifiedStatement;
  readonly endorsements: Endorsements;
  readonly state: StateWithReason;
  readonly cpl: CplView;
}

function linesOf({ listed, about, endorsements, state, cpl }: Shown): string[] {
  const { predicate } = about.statement;
  const { minHardwareVersion, maxHardwareVersion, totalImageSize } = predicate.header;
  const entries = predicate.claims.map(({ entry, model, hardwareVersion }) => [
    entry,
    `model ${model}`,
    `hardware ${hardwareVersion}`,
    cpl.entries.get(entry)?.status ?? 'not on the CPL',
  ]);
  const facts: [string, string][] = [
    ['CPL hash', about.imageHash],
    ['release', about.release],
    ['hardware', `${hex4(minHardwareVersion)} to ${hex4(maxHardwareVersion)}`],
    ['upgrades', upgradesInWords(predicate)],
    ['class', predicate.class === 'fix' ? 'fix (what it fixes is in the notes)' : predicate.class],
    ...columns(entries).map((line, i): [string, string] => [i === 0 ? 'entries' : '', line]),
    ['size', `${grouped(totalImageSize)} octets`],
    ['made by', madeBy(about)],
    ['signed', signed(about)],
    ['endorsed', endorsedBy(endorsements)],
    ['admitted', `${inWords(about.acceptance.decided)}, ${rulesInWords(about.acceptance)}`],
    ['contact', predicate.contact.mailbox],
  ];
  return [titleOf({ listed, about, state }), ...columns(facts.map(([what, text]) => [`  ${what}`, text]))];
}

/** `Example Meters; certificate 021F of "Example Issuing CA", RSA 2048` */
function madeBy({ party, evidence }: VerifiedStatement): string {
  const { serial, issuer, keyType } = evidence.certificate;
  return `${party.name}; certificate ${serial} of "${issuer}", ${keyType}`;
}

/** When the signature was there, as a third party says. */
function signed({ evidence, statement }: VerifiedStatement): string {
  const at = inWords(encodeDate(evidence.stampedAt));
  return `${at}, stamped by "${evidence.authority}", statement ${statement.predicate.number}`;
}

/** `Example Energy, 2026-11-18; not by Example Gas: its certificate was revoked` */
function endorsedBy({ standing, revoked }: Endorsements): string {
  const by = standing.map(({ party, stampedAt }) => `${party.name}, ${encodeDate(stampedAt).slice(0, 10)}`);
  const not = revoked.map(({ name }) => `not by ${name}: its certificate was revoked`);
  return [...(by.length === 0 ? ['by no supplier'] : by), ...not].join('; ');
}

function titleOf({ listed, about, state }: Pick<Shown, 'listed' | 'about' | 'state'>): string {
  const { claims, deviceType } = about.statement.predicate;
  const models = [...new Set(claims.map(({ model }) => model))].join(',');
  const firmware = [...new Set(claims.map(({ firmwareVersion }) => firmwareVersion))].join(',');
  const words =
    state.state === 'current' ? `current since ${listed.published.slice(0, 10)}` : stateInWords(state);
  return `${about.party.name} ${deviceType} ${models}, firmware ${firmware}: ${words}`;
}

function stateInWords({ state, reason }: StateWithReason): string {
  return state === 'suspended' ? `suspended, ${reason}` : reason;
}

function upgradesInWords({ upgradesFrom }: Statement['predicate']): string {
  if (upgradesFrom === 'any') return 'from any version';
  if (upgradesFrom === 'none') return 'from no version';
  return `from ${upgradesFrom.join(' and ')}`;
}

/** `2026-11-18 10:02:11 UTC` */
function inWords(date: string): string {
  return date.replace('T', ' ').replace('Z', ' UTC');
}

function hex4(number: number): string {
  return number.toString(16).toUpperCase().padStart(4, '0');
}

function documentOf({ listed, about, endorsements, state, cpl }: Shown) {
  const { predicate } = about.statement;
  return {
    format: 'cfl/show/1',
    release: about.release,
    manufacturerImageHash: about.imageHash,
    notesSha256: about.digests.notes,
    published: listed.published,
    state: state.state,
    reason: state.reason,
    supersededBy: state.by,
    madeBy: { party: about.party.id, name: about.party.name, certificate: about.evidence.certificate },
    signed: { stamped: encodeDate(about.evidence.stampedAt), by: about.evidence.authority },
    endorsed: endorsements.standing.map(({ party, stampedAt }) => ({
      party: party.id,
      stamped: encodeDate(stampedAt),
    })),
    endorsementsRevoked: endorsements.revoked.map(({ id }) => id),
    cplSnapshot: cpl.index?.snapshot ?? null,
    entries: predicate.claims.map((claim) => ({
      ...claim,
      status: cpl.entries.get(claim.entry)?.status ?? null,
    })),
    acceptance: about.acceptance,
    statement: predicate,
  };
}
