// A library whose keys lie with people: the operator's folder, and one for each holder with its key and a copy of
// what is published. Everything is done by the command line, at the hour that a test says.

import { rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryIo, type Program, runProgram } from '@cfl/client/cli';
import { createKeyFile, openSigner, type Signer } from '@cfl/client/keys';
import { folderRepository, memoryCache } from '@cfl/client/library';
import { type Cache, Client, parseRoleName, type Trusted } from '@cfl/client/tuf';
import { onTestFinished } from 'vitest';
import { CEREMONY_ROLES } from '../../src/ceremony/roles.ts';
import { repoProgram } from '../../src/cli/index.ts';
import { type Place, placeAt } from '../../src/deploy/index.ts';
import { apply, founding, type Keys, onlineOf } from '../deploy/scene.ts';
import { NOW } from '../fixture.ts';

export const DAY = 86_400_000;
export const PASSPHRASE = 'correct horse';
export const later = (days: number): Date => new Date(NOW.getTime() + days * DAY);

export interface Run {
  readonly exit: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

export interface People {
  readonly base: string;
  /** Of the library: `metadata/`, `targets/`, `private/`. */
  readonly operator: string;
  readonly place: Place;
  /** `cfl-repo` in the operator's folder; LIBRARY and BASE stand for its paths, in what is typed and said. */
  repo(line: string, now?: Date): Promise<Run>;
  /** `cfl-repo` in no folder of its own. */
  anywhere(line: string, now?: Date): Promise<Run>;
  /** `cfl-repo keygen`, which belongs to no library. */
  keygen(file: string): Promise<Run>;
  /** The same people, with another library in a folder of the base. */
  inFolder(name: string): People;
  /** A holder signs in its own folder a copy of the change, by a copy of the library; its path comes back. */
  signsAway(holder: string, change: string, now?: Date): Promise<Run & { readonly copy: string }>;
  /** The holders sign the newest change of private/changes one after the other, and the operator applies it. */
  signedAndApplied(holders: readonly string[], now?: Date): Promise<Run>;
  /** Brings a folder from one place to another, both as paths below the base. */
  carry(from: string, to: string): Promise<void>;
  /** Reads every role from the first root on, as a supplier does. */
  reads(cache?: Cache, now?: Date, served?: Place): Promise<Trusted>;
}

let made: Promise<string> | undefined;

/** Each holder's key, `<name>.pem`, lies in the holder's folder, and its public part in private/keys as well. */
export async function people(lasting: 'one test' | 'kept' = 'one test'): Promise<People> {
  made ??= makeOnce();
  const base = await mkdtemp(join(tmpdir(), 'cfl-people-'));
  if (lasting === 'kept') process.on('exit', () => rmSync(base, { recursive: true, force: true }));
  else onTestFinished(() => rm(base, { recursive: true, force: true }));
  await cp(await made, base, { recursive: true });
  return at(base);
}

/** The same with every key in private/keys, as after `init --keys-here`. */
export async function trial(lasting: 'one test' | 'kept' = 'one test'): Promise<People> {
  const found = await people(lasting);
  for (const holder of Object.values(HOLDERS).flat())
    await cp(
      join(found.base, holder, `${holder}.pem`),
      join(found.operator, 'private/keys', `${holder}.pem`),
    );
  return found;
}

const HOLDERS: Readonly<Record<string, readonly string[]>> = {
  root: ['root-1', 'root-2', 'root-3'],
  targets: ['holder-1', 'holder-2', 'holder-3'],
  registrar: ['registrar-1', 'registrar-2', 'registrar-3'],
  cpl: ['panel'],
};

/** Keys in the clear: opening an encrypted one takes a third of a second, on purpose. */
async function makeOnce(): Promise<string> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-people-'));
  process.on('exit', () => rmSync(base, { recursive: true, force: true }));
  const { operator, place } = at(base);
  const keys = join(operator, 'private/keys');
  await mkdir(keys, { recursive: true });
  const held: Record<string, readonly Signer[]> = {};
  for (const role of CEREMONY_ROLES) {
    const signers: Signer[] = [];
    for (const name of HOLDERS[role] ?? [role]) {
      const folder = name === role ? keys : join(base, name);
      await mkdir(folder, { recursive: true });
      await createKeyFile(join(folder, `${name}.pem`), '', { unencrypted: 'trial' });
      if (folder !== keys) await cp(join(folder, `${name}.pub`), join(keys, `${name}.pub`));
      signers.push(await openSigner(join(folder, `${name}.pem`)));
    }
    held[role] = signers;
  }
  await apply(await founding(held as Keys), place, onlineOf(held as Keys));
  return base;
}

function at(base: string, library = 'operator'): People {
  const operator = join(base, library);
  const place = placeAt(operator);
  const run = async (program: Program, line: string, now: Date): Promise<Run> => {
    const io = memoryIo({ now, passphrase: async () => PASSPHRASE });
    const exit = await runProgram(program, wordsOf(line.replaceAll('BASE', base)), io);
    const short = (text: string) => text.replaceAll(operator, 'LIBRARY').replaceAll(base, 'BASE');
    return { exit, out: io.stdout.map(short), err: io.stderr.map(short) };
  };
  const inLibrary = (line: string) => `${line.replaceAll('LIBRARY', operator)} --at ${operator}`;
  const carry = async (from: string, to: string) => {
    await rm(join(base, to), { recursive: true, force: true });
    await cp(join(base, from), join(base, to), { recursive: true });
  };
  return {
    base,
    operator,
    place,
    carry,
    async signedAndApplied(holders, now = NOW) {
      const numbers = (await readdir(join(operator, 'private/changes'))).map(Number);
      const change = `${library}/private/changes/${Math.max(...numbers)}`;
      const keys = holders.map((name) => `--key BASE/${name}/${name}.pem`).join(' ');
      const signed = await run(repoProgram, inLibrary(`sign BASE/${change} ${keys}`), now);
      return signed.exit === 0 ? run(repoProgram, inLibrary(`apply BASE/${change}`), now) : signed;
    },
    repo: (line, now = NOW) => run(repoProgram, inLibrary(line), now),
    anywhere: (line, now = NOW) => run(repoProgram, line.replaceAll('LIBRARY', operator), now),
    keygen: (file) => run(repoProgram, `keygen ${file}`, NOW),
    inFolder: (name) => at(base, name),
    async signsAway(holder, change, now = NOW) {
      const copy = `${holder}/change`;
      if (change !== copy) await carry(change, copy);
      for (const part of ['metadata', 'targets'])
        await carry(`${library}/${part}`, `${holder}/library/${part}`);
      const line = `sign BASE/${copy} --key BASE/${holder}/${holder}.pem --at BASE/${holder}/library`;
      return { ...(await run(repoProgram, line, now)), copy };
    },
    async reads(cache = memoryCache(), now = NOW, served = place) {
      const root = (await place.metadata.read('1.root.json')) ?? new Uint8Array();
      const repository = folderRepository(served.metadata, served.targets);
      const client = new Client({ root, repository, cache, now });
      const trusted = await client.refresh();
      for (const { name } of trusted.targets.signed.delegations?.roles ?? [])
        await client.role(parseRoleName(name));
      return trusted;
    },
  };
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}
