// What do the next versions of a role and its bins say when files are added to it? Nothing is signed here.
//
// One file is revised for each bin that the files belong to. Where one would be too long, the role is split
// whole: every bin gets a next version or its first, and no entry is lost or changed.

import {
  type Authority,
  type Delegations,
  type Document,
  parseTargetPath,
  type RoleName,
  type TargetFile,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import { binDelegations, binsIn, binsNeeded, filesOf, placeOf, sameDelegations } from './bins.ts';
import { describeFile, revise } from './plan.ts';

/** Of a published library, or of a planned one. */
export interface RolesAsTheyAre {
  role(name: RoleName): Promise<Document<Targets> | undefined>;
}

export interface Addition {
  /** The role, not a bin of it. */
  readonly family: RoleName;
  /** Its keys and threshold, as `targets` names them. */
  readonly authority: Authority;
  /** New files by target path. */
  readonly add: ReadonlyMap<string, Uint8Array>;
}

/** By name, every file of the role that changes. */
export async function reviseFamily(
  present: RolesAsTheyAre,
  { family, authority, add }: Addition,
  now: Date,
): Promise<ReadonlyMap<RoleName, Document<Targets>>> {
  const head = await present.role(family);
  const bins = binsIn(head?.signed);
  const added = new Map<TargetPath, TargetFile>();
  for (const [path, octets] of add) added.set(parseTargetPath(path), await describeFile(octets));
  const touched = new Set([...added.keys()].map((path) => placeOf(path, family, bins)));
  const needed = binsNeeded(family, (await entriesOf(present, touched, added)).entries(), bins);
  const delegations = binDelegations(family, authority, needed);
  const isSplit = needed !== bins || !sameDelegations(head?.signed.delegations, delegations);
  const all = isSplit ? [...filesOf(family, bins), ...filesOf(family, needed)] : [...touched];
  const entries = await entriesOf(present, all, added);
  const total = isSplit ? binsNeeded(family, entries, bins) : needed;
  const lists = new Map<RoleName, Map<TargetPath, TargetFile>>();
  for (const name of isSplit ? filesOf(family, total) : touched) lists.set(name, new Map());
  for (const [path, file] of entries) lists.get(placeOf(path, family, total))?.set(path, file);
  const revised = new Map<RoleName, Document<Targets>>();
  for (const [name, list] of lists) {
    const own: { delegations?: Delegations } = {};
    const split = name === family ? binDelegations(family, authority, total) : undefined;
    if (split !== undefined) own.delegations = split;
    revised.set(name, await revise(name, await present.role(name), { list, ...own }, now));
  }
  return revised;
}

/** What these files list, and what comes to them. */
async function entriesOf(
  present: RolesAsTheyAre,
  names: Iterable<RoleName>,
  added: ReadonlyMap<TargetPath, TargetFile>,
): Promise<ReadonlyMap<TargetPath, TargetFile>> {
  const entries = new Map<TargetPath, TargetFile>();
  for (const name of new Set(names))
    for (const [path, file] of (await present.role(name))?.signed.targets ?? []) entries.set(path, file);
  for (const [path, file] of added) entries.set(path, file);
  return entries;
}

/** The file of the role that lists this path, if any does: itself or a bin. */
export async function fileFor(
  present: RolesAsTheyAre,
  family: RoleName,
  path: string,
): Promise<Document<Targets> | undefined> {
  const head = await present.role(family);
  const place = placeOf(path, family, binsIn(head?.signed));
  return place === family ? head : present.role(place);
}

export async function isListed(present: RolesAsTheyAre, family: RoleName, path: string): Promise<boolean> {
  const document = await fileFor(present, family, path);
  return document?.signed.targets.has(parseTargetPath(path)) === true;
}
