// A token in software: SoftHSM2 in a folder of its own, with one P-256 key or several.
//
// Needs the package softhsm2 and the native part of pkcs11js (docs/dependencies.md, "Hardware keys"). Where one is
// missing its tests are skipped; CFL_REQUIRE_ALL=1 makes them fail instead.

import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';

const MODULE = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/softhsm/libsofthsm2.so'].find((path) =>
  existsSync(path),
);

function hasDriver(): boolean {
  try {
    createRequire(import.meta.url)('pkcs11js');
    return true;
  } catch {
    return false;
  }
}

const missing = MODULE === undefined || !hasDriver();

/** False where the tests that need a token are skipped. */
export const hasToken = !missing || process.env['CFL_REQUIRE_ALL'] === '1';

/** Declares a test that needs a token. */
export const itWithToken = hasToken ? it : it.skip;

export const PIN = '482913';

export class SoftToken {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly pinFile: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.pinFile = join(folder, 'pin');
    this.env = { ...process.env, SOFTHSM2_CONF: join(folder, 'softhsm2.conf') };
  }

  static async make(...labels: readonly string[]): Promise<SoftToken> {
    const token = new SoftToken(await mkdtemp(join(tmpdir(), 'cfl-token-')));
    const tokens = join(token.folder, 'tokens');
    await mkdir(tokens);
    await writeFile(
      join(token.folder, 'softhsm2.conf'),
      `directories.tokendir = ${tokens}\nlog.level = ERROR\n`,
    );
    await writeFile(token.pinFile, `${PIN}\n`, { mode: 0o600 });
    for (const label of labels)
      token.#util('--init-token', '--free', '--label', label, '--pin', PIN, '--so-pin', '739104');
    return token;
  }

  /** The URI without a PIN. */
  uri(token: string, object: string): string {
    return `pkcs11:token=${token};object=${object}?module-path=${MODULE}`;
  }

  /** Puts a new key into the token, and returns its public part. */
  async addKey(
    token: string,
    { label, id = '01', curve = 'P-256' }: { label: string; id?: string; curve?: string },
  ): Promise<KeyObject> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
    await this.importKey(token, { label, id, key: privateKey });
    return publicKey;
  }

  async importKey(
    token: string,
    { label, id, key }: { label: string; id: string; key: KeyObject },
  ): Promise<void> {
    const file = join(this.folder, `${label}.pem`);
    await writeFile(file, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    this.#util('--import', file, '--token', token, '--label', label, '--id', id, '--pin', PIN);
    await rm(file);
  }

  /** Signs in a process of its own: the module reads its settings from the environment of the process. */
  sign(uri: string, message: string, env: NodeJS.ProcessEnv = {}): { out: string; err: string } {
    const script = join(import.meta.dirname, 'sign-with.ts');
    const { stdout, stderr } = spawnSync(process.execPath, [script, uri], {
      input: message,
      env: { ...this.env, ...env },
      encoding: 'utf8',
    });
    return { out: stdout, err: stderr };
  }

  /** A file with another PIN. */
  async wrongPin(): Promise<string> {
    const file = join(this.folder, 'wrong-pin');
    await writeFile(file, '000000\n');
    return file;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }

  #util(...argv: readonly string[]): void {
    execFileSync('softhsm2-util', argv, { env: this.env, stdio: 'pipe' });
  }
}
