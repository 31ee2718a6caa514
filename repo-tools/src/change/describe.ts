// What becomes different, as the role files of a change themselves say it.
//
// The words of `change.json` are the planner's; nobody signs them and they may lie. These lines are worked
// out from what a signature will cover, so that a holder knows what it signs, whoever planned it.

import { sha256 } from '@cfl/client/encoding';
import { PARTIES_PATH, type Party, partyRegister } from '@cfl/client/firmware';
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
    ...added.map((path) => `adds ${path}`),
    ...changed.map((path) => `replaces ${path}`),
    ...gone.map((path) => `TAKES AWAY ${path}`),
    ...(await registerLines(change, after, published)),
    ...(await accessLines(change, after, published)),
  ];
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

/** Who joins, who is written anew: out of the very octets that the role lists. */
async function registerLines(change: Change, after: Targets, published: Before): Promise<readonly string[]> {
  const listed = after.targets.get(PARTIES_PATH as TargetPath);
  const octets = change.targets.get(PARTIES_PATH as TargetPath);
  if (listed === undefined || octets === undefined || (await sha256(octets)) !== listed.hashes.get('sha256'))
    return [];
  const present = await published.read(PARTIES_PATH);
  const known = new Map(present && partyRegister.parse(present).parties.map((party) => [party.id, party]));
  return partyRegister.parse(octets).parties.flatMap((party) => {
    const before = known.get(party.id);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(party)) return [];
    return [`${before === undefined ? 'new party' : 'party written anew'}: ${partyInWords(party)}`];
  });
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

function partyInWords({ name, kinds, codes }: Party): string {
  return `${name}, ${kinds.join(' and ')}${codes.length === 0 ? '' : ` of ${codes.join(', ')}`}`;
}
