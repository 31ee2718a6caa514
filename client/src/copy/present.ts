// What is the library now? Every role file that its snapshot lists and every target that these list, each role
// verified under its delegator.

import {
  type Client,
  consistentName,
  type Document,
  metadataFile,
  type RoleName,
  TARGETS,
  type TargetFile,
  type TargetPath,
  type Targets,
} from '../tuf/index.ts';

export interface PresentTarget {
  readonly path: TargetPath;
  /** Below `targets/`. */
  readonly name: string;
  readonly file: TargetFile;
}

export interface PresentState {
  /** By role, every one that is delegated to. */
  readonly roles: ReadonlyMap<RoleName, Document<Targets>>;
  readonly targets: ReadonlyMap<string, PresentTarget>;
}

/** Loads the roles of one delegator side by side; the repository bounds how many at once. */
export async function presentState(client: Client): Promise<PresentState> {
  const { targets } = await client.refresh();
  const roles = new Map<RoleName, Document<Targets>>([[TARGETS, targets]]);
  const below = async (name: RoleName, document: Document<Targets>): Promise<void> => {
    const children = document.signed.delegations?.roles ?? [];
    const loaded = await Promise.all(
      children
        .filter((child) => !roles.has(child.name))
        .map(async (child) => [child.name, await client.roleUnder(name, child.name)] as const),
    );
    for (const [role, one] of loaded) if (one !== undefined) roles.set(role, one);
    for (const [role, one] of loaded) if (one !== undefined) await below(role, one);
  };
  await below(TARGETS, targets);
  return { roles, targets: targetsOf([...roles.values()]) };
}

/** By published name: a target that two versions of a role list is one. */
export function targetsOf(documents: readonly Document<Targets>[]): ReadonlyMap<string, PresentTarget> {
  const found = new Map<string, PresentTarget>();
  for (const { signed } of documents)
    for (const [path, file] of signed.targets) {
      const name = consistentName(path, file.hashes.get('sha256') ?? file.hashes.get('sha512') ?? '');
      found.set(name, { path, name, file });
    }
  return found;
}

/** `3.m-fff1.json` */
export function roleFile(role: RoleName, { signed }: Document<Targets>): string {
  return metadataFile(role, signed.version);
}
