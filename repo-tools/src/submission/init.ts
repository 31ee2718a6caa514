// How does a party begin? `publish.json` says for whom and whence it publishes; with `--keys-here` its keys
// are made on this machine, and `party.json` holds what the registrar needs.

import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Sha256 } from '@cfl/client/encoding';
import type { ManufacturerCode, PartyId } from '@cfl/client/firmware';
import { createKeyFile, type KeyFileOptions } from '@cfl/client/keys';
import { folder } from '@cfl/client/library';
import type { PublicKey } from '@cfl/client/tuf';
import { encodePartyFile } from '../ceremony/party-file.ts';
import { manufacturerRole } from '../ceremony/roles.ts';
import { ChangeError } from '../change/errors.ts';
import { encodeSettings, type PublishSettings, SETTINGS_FILE } from './settings.ts';

export const PARTY_FILE = 'party.json';
const ROLE_KEYS = ['keys/role-1.pem', 'keys/role-2.pem'] as const;
const STATEMENT_KEY = 'keys/statement.pem';

export interface InitOptions {
  /** The folder of `publish.json`. */
  readonly base: string;
  readonly library: string;
  readonly root: Sha256;
  readonly party: PartyId;
  readonly codes: readonly ManufacturerCode[];
  /** Undefined where the keys are elsewhere. */
  readonly keysHere: KeysHere | undefined;
}

export interface KeysHere {
  readonly name: string;
  readonly mailbox: string | undefined;
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
  keysHere,
}: InitOptions): Promise<PublishSettings> {
  await refuseOverwriting(base, keysHere !== undefined);
  const files = folder(base);
  const uris = keysHere === undefined ? [] : ROLE_KEYS;
  const roles = new Map(codes.map((code) => [manufacturerRole(code), uris]));
  const settings: PublishSettings = {
    library,
    root,
    party,
    keys: { roles, statement: keysHere === undefined ? '' : STATEMENT_KEY },
  };
  if (keysHere !== undefined) await files.writeNew(PARTY_FILE, await makeKeys(base, party, codes, keysHere));
  await files.writeNew(SETTINGS_FILE, encodeSettings(settings));
  return settings;
}

/** Asked before anything is fetched or made. */
export async function refuseOverwriting(base: string, keysHere: boolean): Promise<void> {
  for (const name of [SETTINGS_FILE, ...(keysHere ? [PARTY_FILE] : [])]) {
    if ((await folder(base).read(name)) === undefined) continue;
    throw new ChangeError(
      'EXISTS',
      `Cannot begin here: "${name}" is there already`,
      'Begin in another folder, or move it away',
    );
  }
}

async function makeKeys(
  base: string,
  id: PartyId,
  codes: readonly ManufacturerCode[],
  options: KeysHere,
): Promise<Uint8Array> {
  await mkdir(resolve(base, 'keys'), { recursive: true, mode: 0o700 });
  const make = (path: string) =>
    createKeyFile(
      resolve(base, path),
      options.passphrase,
      options.unencrypted === undefined ? {} : { unencrypted: options.unencrypted },
    );
  const keys: PublicKey[] = [];
  for (const path of ROLE_KEYS) keys.push(await make(path));
  const statementKey = await make(STATEMENT_KEY);
  return encodePartyFile({
    id,
    name: options.name,
    kinds: ['manufacturer'],
    codes,
    role: { threshold: 1, keys },
    statementKeys: [statementKey],
    mailbox: options.mailbox,
  });
}
