// Planning: what the next version of a role says. Pure; nothing is signed and nothing is written here.

import { sha256 } from '@cfl/client/encoding';
import {
  type Delegations,
  type Document,
  encodeDocument,
  encodeTargets,
  parseRoleName,
  parseTargetPath,
  parseTargets,
  type RoleName,
  SPEC_VERSION,
  type TargetFile,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import { familyOf } from './bins.ts';

const DAY = 86_400_000;

/** Days that a role's signature lasts, and after which it is due to be signed again. */
export interface Period {
  readonly expires: number;
  readonly due: number;
}

export const PERIODS = {
  root: { expires: 730, due: 365 },
  targets: { expires: 730, due: 365 },
  registrar: { expires: 365, due: 182 },
  cpl: { expires: 365, due: 335 },
  manufacturer: { expires: 1095, due: 365 },
  gate: { expires: 365, due: 91 },
  catalogue: { expires: 90, due: 30 },
  snapshot: { expires: 365, due: 335 },
  timestamp: { expires: 7, due: 1 },
} as const satisfies Record<string, Period>;

/** The period of a role by its name; every `m-…` is a manufacturer's, and a bin's is its role's. */
export function periodOf(role: string): Period {
  const family = familyOf(parseRoleName(role));
  return PERIODS[(family.startsWith('m-') ? 'manufacturer' : family) as keyof typeof PERIODS];
}

export function expiry(role: string, now: Date): Date {
  return new Date(Math.floor(now.getTime() / 1000) * 1000 + periodOf(role).expires * DAY);
}

export interface Revision {
  /** New files by target path. */
  readonly add?: ReadonlyMap<string, Uint8Array>;
  /** What it lists instead of what it listed; `add` comes to it. */
  readonly list?: ReadonlyMap<TargetPath, TargetFile>;
  readonly delegations?: Delegations;
}

/** The role's next version, or its first; not yet signed. Listed files stay as they are. */
export async function revise(
  role: RoleName,
  present: Document<Targets> | undefined,
  revision: Revision,
  now: Date,
): Promise<Document<Targets>> {
  const targets = new Map<TargetPath, TargetFile>(revision.list ?? present?.signed.targets);
  for (const [path, octets] of revision.add ?? [])
    targets.set(parseTargetPath(path), await describeFile(octets));
  const signed = encodeTargets({
    specVersion: SPEC_VERSION,
    version: (present?.signed.version ?? 0) + 1,
    expires: expiry(role, now),
    targets,
    delegations: revision.delegations ?? present?.signed.delegations,
  });
  return parseTargets(encodeDocument(signed, []), role);
}

export async function describeFile(octets: Uint8Array): Promise<TargetFile> {
  return { length: octets.length, hashes: new Map([['sha256', await sha256(octets)]]), custom: undefined };
}
