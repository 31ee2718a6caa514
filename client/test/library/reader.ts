// A supplier in the tests: pins a written library, runs `cfl`, and is looked at afterwards.

import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Credential, encodeCredential } from '../../src/access/index.ts';
import { cfl } from '../../src/cli/cfl.ts';
import { memoryIo, runProgram } from '../../src/cli/index.ts';
import { folder } from '../../src/library/files.ts';
import { NOW, type Written } from './fixture.ts';

export interface Outcome {
  readonly exit: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly waits: readonly number[];
}

export class Supplier {
  readonly home: string;
  /** Where `fetch` writes. */
  readonly to: string;
  now = NOW;

  private constructor(home: string) {
    this.home = join(home, 'home');
    this.to = join(home, 'firmware');
  }

  static async make(): Promise<Supplier> {
    return new Supplier(await mkdtemp(join(tmpdir(), 'cfl-supplier-')));
  }

  /** One that trusts the library as it was written; with the credential of one that reads all, or another; from its folder, or an address that serves it. */
  static async of(
    written: Written,
    credential: Credential | undefined = written.credential,
    address: string = written.folder,
  ): Promise<Supplier> {
    const supplier = await Supplier.make();
    const { exit, err } = await supplier.run('init', address, '--root', written.rootFile);
    if (exit !== 0) throw new Error(err.join('\n'));
    if (credential !== undefined) await supplier.use(credential);
    return supplier;
  }

  async use(credential: Credential): Promise<void> {
    const octets = await encodeCredential(credential, { passphrase: undefined });
    await folder(this.home, 'secret').replace('credential.age', octets);
  }

  async run(...argv: string[]): Promise<Outcome> {
    const io = memoryIo({ env: { CFL_HOME: this.home }, now: this.now });
    const exit = await runProgram(cfl, argv, io);
    return { exit, out: io.stdout, err: io.stderr, waits: io.waits };
  }

  fetch(name: string, ...more: string[]): Promise<Outcome> {
    return this.run('fetch', name, '--to', this.to, ...more);
  }

  /** Names of what `fetch` left behind, temporary files too. */
  async files(): Promise<readonly string[]> {
    const { readdir } = await import('node:fs/promises');
    return (await readdir(this.to).catch(() => [])).sort();
  }

  read(name: string): Promise<Uint8Array> {
    return readFile(join(this.to, name));
  }

  /** Everything that is remembered of the library. */
  async memory(): Promise<ReadonlyMap<string, string>> {
    const files = folder(this.home);
    const paths = await files.list('');
    return new Map(
      await Promise.all(
        paths.map(
          async (path) => [path, Buffer.from((await files.read(path)) ?? []).toString('base64')] as const,
        ),
      ),
    );
  }
}
