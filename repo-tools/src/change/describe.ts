// What becomes different, as the role files of a change themselves say it.
//
// The words of `change.json` are the planner's; nobody signs them and they may lie. These lines are worked
// out from what a signature will cover, so that a holder knows what it signs, whoever planned it.

import { sha256 } from '@cfl/client/encoding';
import {
  ANCHORS_PATH,
  type Anchor,
  anchorsFile,
  type Format,
  PARTIES_PATH,
  type Party,
  partyRegister,
  REVOCATIONS_PATH,
  type RepeatedWithdrawal,
  type Revocation,
  revocationsFile,
  WITHDRAWN_PATH,
  withdrawnFile,
} from '@cfl/client/firmware';
import {
  type DelegatedRole,
  type Document,
  ROOT,
  type RoleKeys,
  type RoleName,
  type Root,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import { accessInWords } from '../access/words.ts';
import type { Change } from './change.ts';
import { differenceOf } from './difference.ts';

/** What is published already, as far as the signer has it at hand. */
export interface Before {
  readonly root: Document<Root> | undefined;
  role(name: RoleName): Promise<Document<Targets> | undefined>;
  read(path: string): Promise<Uint8Array | undefined>;
}

export const NOTHING_AT_HAND: Before = {
  root: undefined,
  role: async () => undefined,
  read: async () => undefined,
};

/** One line for each thing that becomes different. */
export async function describeChange(change: Change, before: Before): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [role, document] of change.metadata) {
    const said =
      role === ROOT
        ? rootLines(document.signed as Root, before.root?.signed)
        : await roleLines(change, document.signed as Targets, await before.role(role), before);
    const label = `${role} ${document.signed.version}`;
    lines.push(
      ...(said.length === 0 ? ['signs the same again'] : said).map((line) => `${label.padEnd(14)}${line}`),
    );
  }
  return lines;
}

function rootLines(after: Root, before: Root | undefined): readonly string[] {
  const lines = (['root', 'targets', 'snapshot', 'timestamp'] as const).flatMap((role) => {
    const keys = inWords(after.roles[role]);
    return before !== undefined && inWords(before.roles[role]) === keys
      ? []
      : [`${role} is signed by ${keys}`];
  });
  const moved = before !== undefined && before.consistentSnapshot !== after.consistentSnapshot;
  return moved ? [...lines, `consistent snapshots: ${after.consistentSnapshot}`] : lines;
}

async function roleLines(
  change: Change,
  after: Targets,
  before: Document<Targets> | undefined,
  published: Before,
): Promise<readonly string[]> {
  const { added, changed, gone } = differenceOf(before?.signed, after);
  return [
    ...delegationLines(after, before?.signed),
    ...(before === undefined && after.targets.size === 0 && after.delegations === undefined
      ? ['begins, empty']
      : []),
    ...added.map((path) => `adds ${path}${digestOfTool(path, after)}`),
    ...changed.map((path) => `replaces ${path}${digestOfTool(path, after)}`),
    ...gone.map((path) => `TAKES AWAY ${path}`),
    ...(await registerLines(change, after, published)),
    ...(await accessLines(change, after, published)),
  ];
}

/** A holder can make the file anew, and compare. */
function digestOfTool(path: TargetPath, { targets }: Targets): string {
  return path.startsWith('tools/')
    ? `, SHA-256 ${targets.get(path)?.hashes.get('sha256') ?? 'NOT GIVEN'}`
    : '';
}

function delegationLines(after: Targets, before: Targets | undefined): readonly string[] {
  const known = new Map(before?.delegations?.roles.map((role) => [role.name, delegationInWords(role)]));
  const now = after.delegations?.roles ?? [];
  const names = new Set<string>(now.map(({ name }) => name));
  return [
    ...now.map(delegationInWords).filter((words, i) => known.get((now[i] as DelegatedRole).name) !== words),
    ...[...known.keys()].filter((name) => !names.has(name)).map((name) => `NO LONGER DELEGATES to ${name}`),
  ];
}

function delegationInWords({ name, covers, ...keys }: DelegatedRole): string {
  const paths =
    'paths' in covers ? covers.paths.join(', ') : `hashes that begin ${covers.hashPrefixes.join(', ')}`;
  return `${paths} is signed by ${name}, ${inWords(keys)}`;
}

function inWords({ keyIds, threshold }: RoleKeys): string {
  return `${threshold} of ${keyIds.length} keys: ${keyIds.map((id) => id.slice(0, 12)).join(' ')}`;
}

/** What the registrar's files say anew: out of the very octets that the role lists. */
async function registerLines(change: Change, after: Targets, published: Before): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [path, linesOf] of SPELLED_OUT) {
    const listed = after.targets.get(path as TargetPath);
    const octets = change.targets.get(path as TargetPath);
    if (listed === undefined || octets === undefined) continue;
    if ((await sha256(octets)) !== listed.hashes.get('sha256')) continue;
    lines.push(...linesOf(octets, await published.read(path)));
  }
  return lines;
}

type Lines = (after: Uint8Array, before: Uint8Array | undefined) => readonly string[];

const SPELLED_OUT: ReadonlyMap<string, Lines> = new Map([
  [
    PARTIES_PATH,
    entries(
      partyRegister,
      ({ parties }) => parties,
      ({ id }) => id,
      partyLine,
    ),
  ],
  [
    ANCHORS_PATH,
    entries(
      anchorsFile,
      ({ authorities }) => authorities,
      ({ sha256: name }) => name,
      anchorLine,
    ),
  ],
  [
    REVOCATIONS_PATH,
    entries(revocationsFile, ({ revocations }) => revocations, revocationName, revocationLine),
  ],
  [
    WITHDRAWN_PATH,
    entries(
      withdrawnFile,
      ({ withdrawals }) => withdrawals,
      ({ release }) => release,
      withdrawalLine,
    ),
  ],
]);

/** A line for each entry that is new or written anew. */
function entries<F, T>(
  { parse }: Format<F>,
  listIn: (file: F) => readonly T[],
  nameOf: (one: T) => string,
  lineOf: (one: T, before: T | undefined) => string,
): Lines {
  return (after, before) => {
    const known = new Map(
      (before === undefined ? [] : listIn(parse(before))).map((one) => [nameOf(one), one]),
    );
    return listIn(parse(after)).flatMap((one) => {
      const former = known.get(nameOf(one));
      return JSON.stringify(former) === JSON.stringify(one) ? [] : [lineOf(one, former)];
    });
  };
}

function partyLine({ name, kinds, codes }: Party, before: Party | undefined): string {
  const what = before === undefined ? 'new party' : 'party written anew';
  return `${what}: ${name}, ${kinds.join(' and ')}${codes.length === 0 ? '' : ` of ${codes.join(', ')}`}`;
}

function anchorLine(anchor: Anchor, before: Anchor | undefined): string {
  const { kind, sha256: name, from, until, leaf } = anchor;
  const who = `the ${kind} authority ${name.slice(0, 12)}`;
  if (before !== undefined)
    return until === undefined || until === before.until
      ? `WRITES ANEW ${who}`
      : `closes ${who} at ${until}${before.until === undefined ? '' : `, it was closed at ${before.until}`}`;
  const demands = [...leaf.keyUsage, ...leaf.extendedKeyUsage].join(', ');
  return `trusts ${who} from ${from}${until === undefined ? '' : ` until ${until}`}; its certificates need ${demands}`;
}

function revocationName({ issuer, serial, recorded }: Revocation): string {
  return `${issuer} ${serial} ${recorded}`;
}

function revocationLine({ issuer, serial, revoked, invalidFrom, reason }: Revocation): string {
  const since = invalidFrom !== undefined && invalidFrom < revoked ? invalidFrom : revoked;
  return `revokes the certificate ${serial} of ${issuer.slice(0, 12)} from ${since}: ${reason ?? 'no reason given'}`;
}

function withdrawalLine(
  { release, by, reason, date }: RepeatedWithdrawal,
  before: RepeatedWithdrawal | undefined,
): string {
  const what = before === undefined ? 'repeats' : 'WRITES ANEW';
  return `${what} the withdrawal of ${release.slice(0, 12)} on ${date.slice(0, 10)} by ${by}: "${reason}"`;
}

/** Who reads what from now on, as the files that the role lists say it. */
async function accessLines(change: Change, after: Targets, published: Before): Promise<readonly string[]> {
  const isListed = async (path: string) => {
    const octets = change.targets.get(path as TargetPath);
    const listed = after.targets.get(path as TargetPath)?.hashes.get('sha256');
    return octets !== undefined && listed === (await sha256(octets)) ? octets : undefined;
  };
  return accessInWords({ before: published.read, after: isListed });
}
