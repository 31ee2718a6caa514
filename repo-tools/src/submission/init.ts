// How does a party begin? `publish.json` says for whom and whence it publishes. Where the keys of its role are made
// on this machine, or named where they are, `party.json` holds what the registrar needs. The key of its
// statements and the certificate for it come from the party's own certificate authority.

import { mkdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Sha256 } from '@cfl/client/encoding';
import { readCertificateFile } from '@cfl/client/evidence';
import type { ManufacturerCode, PartyId } from '@cfl/client/firmware';
import { createKeyFile, type KeyFileOptions } from '@cfl/client/keys';
import { folder } from '@cfl/client/library';
import type { PublicKey } from '@cfl/client/tuf';
import type { NewParty } from '../ceremony/party.ts';
import { encodePartyFile } from '../ceremony/party-file.ts';
import { manufacturerRole } from '../ceremony/roles.ts';
import { ChangeError } from '../change/errors.ts';
import { type AskFor, openKey } from './keys.ts';
import { encodeSettings, type PublishSettings, SETTINGS_FILE } from './settings.ts';

export const PARTY_FILE = 'party.json';
const ROLE_KEYS = ['keys/role-1.pem', 'keys/role-2.pem'] as const;

export interface InitOptions {
  /** The folder of `publish.json`. */
  readonly base: string;
  readonly library: string;
  readonly root: Sha256;
  readonly party: PartyId;
  readonly codes: readonly ManufacturerCode[];
  /** Undefined where it is still to be filled in. */
  readonly evidence: EvidenceSettings | undefined;
  /** Undefined where the keys are still to be said. */
  readonly keysHere: KeysHere | undefined;
  /** Where the keys of the role are, that exist already; instead of `keysHere`. */
  readonly keysElsewhere?: KeysElsewhere | undefined;
}

/** Paths relative to `publish.json`; the key may be any URI. */
export interface EvidenceSettings {
  readonly key: string;
  readonly certificate: string;
  readonly timeAuthority: string;
}

interface Named {
  readonly name: string;
  readonly mailbox: string | undefined;
}

export interface KeysElsewhere extends Named {
  readonly uris: readonly string[];
  readonly ask: AskFor;
}

export interface KeysHere extends Named {
  readonly passphrase: string;
  readonly unencrypted?: KeyFileOptions['unencrypted'];
}

/** Throws ChangeError EXISTS or KeyError EXISTS, and overwrites nothing. */
export async function initPublisher({
  base,
  library,
  root,
  party,
  codes,
  evidence,
  keysHere,
  keysElsewhere,
}: InitOptions): Promise<PublishSettings> {
  const named = keysHere ?? keysElsewhere;
  await refuseOverwriting(base, named !== undefined);
  const files = folder(base);
  const uris = keysHere === undefined ? (keysElsewhere?.uris ?? []) : ROLE_KEYS;
  const roles = new Map(codes.map((code) => [manufacturerRole(code), uris]));
  const settings: PublishSettings = {
    library,
    root,
    party,
    keys: {
      roles,
      statement: evidence?.key ?? '',
      certificate: evidence?.certificate,
      timeAuthority: evidence?.timeAuthority,
    },
  };
  if (named !== undefined) {
    const certificates =
      evidence === undefined ? [] : [await certificateOf(resolve(base, evidence.certificate))];
    const keys = await roleKeys(base, { keysHere, keysElsewhere });
    const { name, mailbox } = named;
    const role = { threshold: 1, keys };
    const asked = { id: party, name, kinds: ['manufacturer'], codes, role, certificates, mailbox } as const;
    await files.writeNew(PARTY_FILE, encodePartyFile({ ...asked, userRoles: [], eui64: undefined }));
  }
  await files.writeNew(SETTINGS_FILE, encodeSettings(settings));
  return settings;
}

/** Asked before anything is fetched or made. */
export async function refuseOverwriting(base: string, withParty: boolean): Promise<void> {
  for (const name of [SETTINGS_FILE, ...(withParty ? [PARTY_FILE] : [])]) {
    if ((await folder(base).read(name)) === undefined) continue;
    throw new ChangeError(
      'EXISTS',
      `Cannot begin here: "${name}" is there already`,
      'Begin in another folder, or move it away',
    );
  }
}

/** For what a manufacturer signs under it. */
async function certificateOf(path: string): Promise<NewParty['certificates'][number]> {
  const { sha256 } = readCertificateFile(await readFile(path));
  return { sha256, purposes: ['release', 'association', 'withdrawal'] };
}

async function roleKeys(
  base: string,
  { keysHere, keysElsewhere }: Pick<InitOptions, 'keysHere' | 'keysElsewhere'>,
): Promise<readonly PublicKey[]> {
  if (keysHere !== undefined) return makeRoleKeys(base, keysHere);
  if (keysElsewhere === undefined) return [];
  const { uris, ask } = keysElsewhere;
  const keys: PublicKey[] = [];
  for (const uri of uris) keys.push((await openKey(uri, { base, ask })).key);
  return keys;
}

async function makeRoleKeys(
  base: string,
  { passphrase, unencrypted }: KeysHere,
): Promise<readonly PublicKey[]> {
  await mkdir(resolve(base, 'keys'), { recursive: true, mode: 0o700 });
  const keys: PublicKey[] = [];
  for (const path of ROLE_KEYS) {
    keys.push(
      await createKeyFile(resolve(base, path), passphrase, unencrypted === undefined ? {} : { unencrypted }),
    );
  }
  return keys;
}
