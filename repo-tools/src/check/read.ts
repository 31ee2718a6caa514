// A published repository, read whole from one root that is given: what can be judged of it.
//
// Nothing is written, and nothing is asked for that a reader could not ask for.

import { below, type Folders, isWebAddress } from '@cfl/client/library';
import {
  consistentName,
  keyMaterial,
  metadataFile,
  type PublicKey,
  type Repository,
  ROOT,
  type RoleKeys,
  SNAPSHOT,
  TARGETS,
  type Targets,
  TIMESTAMP,
} from '@cfl/client/tuf';
import { PATTERNS } from '../ceremony/roles.ts';
import { familyOf } from '../change/bins.ts';
import { type Question, readAnswers } from './read-answers.ts';
import { readHistory } from './read-history.ts';
import { noteForm, type RolesRead, readRoles } from './read-roles.ts';
import { arriveFromEach, readRoots } from './read-roots.ts';
import { Faults, type Head, type Seen, type SeenKey } from './seen.ts';

export interface ReadOptions {
  readonly repository: Repository;
  readonly root: Uint8Array;
  readonly now: Date;
  /** Where the web server is that answers, if one does. */
  readonly at: { readonly address: string; readonly folders: Folders };
  readonly progress: (text: string) => void;
}

const NOTHING: RolesRead = { roles: [], files: { listed: 0, there: 0 }, samples: [] };

export async function readRepository({ repository, root, now, at, progress }: ReadOptions): Promise<Seen> {
  const faults = new Faults();
  progress('Reading the roots');
  const roots = await readRoots(repository, root, faults);
  const { head, client } = await arriveFromEach(roots, repository, faults);
  const { snapshot, targets } = head;
  const own = isOwn(targets?.signed);
  const consistent = head.root.signed.consistentSnapshot;
  const tops = [...roots.map((one) => ['root', one] as const), ['timestamp', head.timestamp] as const];
  for (const [name, document] of [...tops, ['snapshot', snapshot] as const])
    if (document !== undefined) noteForm(name, document, { own, faults });
  const shared = { own, repository, faults };
  const history =
    snapshot === undefined || !consistent
      ? { snapshots: 0, oldest: 0 }
      : await readHistory({
          ...shared,
          roots,
          snapshot,
          onSnapshot: (version) => progress(`Reading the history: snapshot ${version}`),
          onRoleFile: (count, of) => progress(`Reading the history: role file ${count} of ${of}`),
        });
  const read =
    client === undefined || snapshot === undefined || targets === undefined
      ? NOTHING
      : await readRoles({
          ...shared,
          targets,
          snapshot: snapshot.signed,
          consistent,
          client,
          onFile: (there, listed) => progress(`Reading the files: ${there} of ${listed} so far are there`),
        });
  const keys = await readKeys(head, read, own);
  const answers = isWebAddress(at.address) ? await readAnswers(questions(head, read, at)) : undefined;
  return { now, own, roots, head, keys, history, answers, faults, roles: read.roles, files: read.files };
}

/** Known by the roles that every library of this project has. */
function isOwn(targets: Targets | undefined): boolean {
  const names = new Set<string>(targets?.delegations?.roles.map(({ name }) => name));
  return Object.keys(PATTERNS).every((name) => names.has(name));
}

async function readKeys(head: Head, { roles }: RolesRead, own: boolean): Promise<readonly SeenKey[]> {
  const keys: SeenKey[] = [];
  const materials = new Map<string, string | undefined>();
  const materialOf = async (key: PublicKey) => {
    if (!materials.has(key.id)) materials.set(key.id, await keyMaterial(key));
    return materials.get(key.id);
  };
  const add = async (
    role: string,
    kind: string,
    { keyIds }: RoleKeys,
    ring: ReadonlyMap<string, PublicKey>,
  ) => {
    for (const id of keyIds) {
      const key = ring.get(id);
      keys.push({ role, kind, id, material: key && (await materialOf(key)) });
    }
  };
  const { signed } = head.root;
  for (const [role, holders] of Object.entries(signed.roles)) await add(role, role, holders, signed.keys);
  for (const { delegations } of roles)
    for (const role of delegations?.roles ?? [])
      await add(
        role.name,
        own ? familyOf(role.name) : 'delegated roles',
        role,
        delegations?.keys ?? new Map(),
      );
  return keys;
}

/** One file of each kind; of delegated roles and of targets a few. */
function questions(
  { root, snapshot }: Head,
  { roles, samples }: RolesRead,
  { address, folders }: ReadOptions['at'],
): readonly Question[] {
  const { version, consistentSnapshot } = root.signed;
  const kind = consistentSnapshot ? 'versioned' : 'changing';
  const metadata = (file: string, of: Question['kind']): Question => ({
    url: `${below(address, folders.metadata)}/${file}`,
    file,
    kind: of,
  });
  const some = [{ name: TARGETS, version: roles[0]?.version ?? 0 }, ...roles.slice(1, 20)];
  const listed = [{ name: SNAPSHOT, version: snapshot?.signed.version ?? 0 }, ...some].filter(
    (one) => one.version > 0,
  );
  return [
    metadata(metadataFile(TIMESTAMP), 'changing'),
    metadata(metadataFile(ROOT, version), 'versioned'),
    metadata(metadataFile(ROOT, version + 1), 'absent'),
    ...listed.map((one) =>
      metadata(metadataFile(one.name, consistentSnapshot ? one.version : undefined), kind),
    ),
    ...samples.map(({ path, file: { hashes } }): Question => {
      const digest = hashes.get('sha256') ?? hashes.get('sha512') ?? '';
      const file = consistentSnapshot ? consistentName(path, digest) : path;
      const encoded = file.split('/').map(encodeURIComponent).join('/');
      return { url: `${below(address, folders.targets)}/${encoded}`, file, kind };
    }),
  ];
}
