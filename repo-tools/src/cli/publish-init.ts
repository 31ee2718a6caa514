// `cfl-publish init`: for whom does this folder publish, and with which keys?

import { relative, resolve } from 'node:path';
import { command, EXIT, UsageError } from '@cfl/client/cli';
import { parseManufacturerCode, parsePartyId } from '@cfl/client/firmware';
import { nameOfKey } from '@cfl/client/keys';
import {
  type EvidenceSettings,
  initPublisher,
  type KeysHere,
  PARTY_FILE,
  refuseOverwriting,
} from '../submission/init.ts';
import { pinHere, SETTINGS_FILE } from '../submission/settings.ts';
import { SETTINGS_OPTION } from './publish-desk.ts';

export const init = command({
  name: 'init',
  does: 'Begins in this folder: which library, which party, where its keys are',
  operands: ['URL'],
  options: {
    root: { type: 'string', value: 'FILE', does: 'the first root that the operator handed over' },
    'root-sha256': { type: 'string', value: 'HEX', does: 'its SHA-256, as the operator read it out' },
    party: { type: 'string', value: 'ID', does: 'the party, as the register names it' },
    code: { type: 'string', value: 'FFF1', multiple: true, does: 'a manufacturer code of the party' },
    'keys-here': { type: 'boolean', does: 'make two keys of its role, encrypted, in keys/' },
    'role-key': {
      type: 'string',
      value: 'URI',
      multiple: true,
      does: 'a key of its role that exists: a file, pkcs11: or cmd:; instead of --keys-here',
    },
    'statement-key': { type: 'string', value: 'URI', does: 'the key of its statements' },
    certificate: { type: 'string', value: 'FILE', does: 'the certificate for that key, DER or PEM' },
    'time-authority': { type: 'string', value: 'URL', does: 'who stamps what it signs (RFC 3161)' },
    name: { type: 'string', value: 'TEXT', does: 'the name of the party, for the registrar' },
    mailbox: { type: 'string', value: 'MAILBOX', does: "a function's mailbox, no person's" },
    ...SETTINGS_OPTION,
  },
  examples: [
    {
      line: 'cfl-publish init https://library.example --root root.json --party example-meters --code FFF1',
      does: 'writes publish.json, where you say where your keys are',
    },
    {
      line: 'cfl-publish init ../library --root-sha256 9b41…e07c --party example-meters --code FFF1 --keys-here --name "Example Meters"',
      does: 'makes the keys of the role too, and party.json for the registrar',
    },
    {
      line: "cfl-publish init https://library.example --root root.json --party example-meters --code FFF1 --name \"Example Meters\" --role-key 'pkcs11:token=firmware;object=role-1' --role-key 'pkcs11:token=spare;object=role-2'",
      does: 'the same with keys in two tokens, which stay there',
    },
  ],
  async run([url], values, io) {
    const base = resolve(values.settings ?? '.');
    const keysHere = values['keys-here'] === true;
    const uris = values['role-key'] ?? [];
    const withParty = keysHere || uris.length > 0;
    const party = identifier(parsePartyId, values.party, '--party');
    const codes = (values.code ?? []).map((text) => identifier(parseManufacturerCode, text, '--code'));
    if (keysHere && uris.length > 0)
      throw wrong('--keys-here makes the keys, and --role-key names them', 'Give one of the two');
    if (withParty && (values.name === undefined || codes.length === 0))
      throw wrong(
        `${keysHere ? '--keys-here' : '--role-key'} needs --name and --code`,
        'Give the name and the code as the registrar shall know them',
      );
    const by = pinnedBy(values.root, values['root-sha256']);
    await refuseOverwriting(base, withParty);
    const library = libraryFrom(base, url);
    const root = await pinHere(library, by, { base, now: io.now, wait: io.wait });
    const named = { name: values.name ?? '', mailbox: values.mailbox };
    const made: KeysHere | undefined = keysHere
      ? { ...named, passphrase: await io.passphrase('Passphrase for the new keys: ', 'Again: ') }
      : undefined;
    const ask = (uri: string) => io.passphrase(`Passphrase of ${nameOfKey(uri)}: `);
    await initPublisher({
      base,
      library,
      root,
      party,
      codes,
      evidence: evidenceFrom(values),
      keysHere: made,
      keysElsewhere: uris.length > 0 ? { ...named, uris, ask } : undefined,
    });
    if (!withParty) {
      io.err(`Wrote ${SETTINGS_FILE}: say there where your keys are (a path, pkcs11: or cmd:)`);
      return EXIT.done;
    }
    if (made === undefined) io.err(`Wrote ${SETTINGS_FILE}, which says where your ${uris.length} keys are`);
    else {
      io.err(`Wrote ${SETTINGS_FILE}, and keys/ with two encrypted keys, readable by you alone`);
      io.err('Keep keys/role-2.pem apart from role-1.pem: either signs, so one lost key stops nothing');
    }
    io.out(PARTY_FILE);
    io.err(`Send ${PARTY_FILE} to the registrar; it holds public keys only`);
    return EXIT.done;
  },
});

/** All three or none: without them nothing can be signed, and publish.json says so. */
function evidenceFrom(values: {
  readonly 'statement-key'?: string;
  readonly certificate?: string;
  readonly 'time-authority'?: string;
}): EvidenceSettings | undefined {
  const { 'statement-key': key, certificate, 'time-authority': timeAuthority } = values;
  if (key === undefined && certificate === undefined && timeAuthority === undefined) return undefined;
  if (key !== undefined && certificate !== undefined && timeAuthority !== undefined)
    return { key, certificate, timeAuthority };
  throw wrong(
    'expected --statement-key, --certificate and --time-authority together',
    'Give all three, or fill them in later in publish.json',
  );
}

function identifier<T>(parse: (text: unknown) => T, text: string | undefined, option: string): T {
  if (text === undefined) throw wrong(`it needs ${option}`, 'Run: cfl-publish init --help');
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(error.message, 'Run: cfl-publish init --help');
  }
}

/** A folder is kept as seen from `publish.json`. */
function libraryFrom(base: string, url: string): string {
  return /^https?:\/\//i.test(url) ? url : relative(base, resolve(url)) || '.';
}

function pinnedBy(root: string | undefined, digest: string | undefined) {
  if (root !== undefined && digest === undefined) return { rootFile: root };
  const digits = (digest ?? '').replace(/[\s:]/g, '').toLowerCase();
  if (root === undefined && /^[0-9a-f]{64}$/.test(digits)) return { rootSha256: digits };
  throw wrong(
    'expected --root FILE, or --root-sha256 with 64 hex digits',
    'Ask the operator for the first root, or for its SHA-256',
  );
}

function wrong(reason: string, hint: string): UsageError {
  return new UsageError(`Cannot run "cfl-publish init": ${reason}`, hint);
}
