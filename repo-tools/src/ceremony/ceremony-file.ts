// `ceremony.json`: who holds the keys of a new library. Paths of public keys are relative to the file.

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type JsonObject, parseJson } from '@cfl/client/encoding';
import { readPublicKey } from '@cfl/client/keys';
import { ChangeError } from '../change/errors.ts';
import { HELD_ROLES, type RoleHolders } from './roles.ts';

export type HeldRole = (typeof HELD_ROLES)[number];

export interface CeremonyFile {
  readonly name: string;
  readonly trial: boolean;
  readonly holders: Readonly<Record<HeldRole, RoleHolders>>;
}

const FORMAT = 'cfl/ceremony/1';

const CEREMONY_EXAMPLE = {
  format: FORMAT,
  name: 'Example Firmware Library',
  trial: false,
  roles: {
    root: { threshold: 2, keys: ['root-1.pub', 'root-2.pub', 'root-3.pub'] },
    targets: { threshold: 2, keys: ['holder-1.pub', 'holder-2.pub', 'holder-3.pub'] },
    registrar: { threshold: 2, keys: ['registrar-1.pub', 'registrar-2.pub', 'registrar-3.pub'] },
    cpl: { threshold: 1, keys: ['panel.pub'] },
  },
} as const;

export async function readCeremony(path: string): Promise<CeremonyFile> {
  try {
    const { format, name, trial, roles, ...rest } = parseJson(await readFile(path)) as JsonObject;
    if (format !== FORMAT)
      throw new TypeError(`its format is ${JSON.stringify(format)}, expected "${FORMAT}"`);
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) throw new TypeError(`it has the unknown field "${unknown}"`);
    if (typeof name !== 'string') throw new TypeError('name is missing');
    if (typeof trial !== 'boolean') throw new TypeError('trial is neither true nor false');
    const [root, targets, registrar, cpl] = await Promise.all(
      HELD_ROLES.map((role) => readHolders(role, (roles as JsonObject | undefined)?.[role], dirname(path))),
    );
    if (root === undefined || targets === undefined || registrar === undefined || cpl === undefined)
      throw new TypeError('roles are missing');
    return { name, trial, holders: { root, targets, registrar, cpl } };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot read the ceremony "${path}": ${reason}`,
      `It looks like this: ${JSON.stringify(CEREMONY_EXAMPLE)}`,
      cause,
    );
  }
}

async function readHolders(role: string, value: unknown, base: string): Promise<RoleHolders> {
  const { threshold, keys } = (value ?? {}) as { threshold?: unknown; keys?: unknown };
  if (typeof threshold !== 'number' || !Array.isArray(keys))
    throw new TypeError(`roles.${role} has no threshold or no keys`);
  return { threshold, keys: await Promise.all(keys.map((key) => readPublicKey(resolve(base, String(key))))) };
}
