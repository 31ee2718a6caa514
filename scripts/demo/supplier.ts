// What the demo's supplier does: trusts the first root, fetches a release, keeps what it wrote.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Io, runProgram } from '@cfl/client/cli';
import type { Sha256 } from '@cfl/client/encoding';
import { cfl as program } from '@cfl/client/program';
import { credentialOf } from './readers.ts';
import type { Stage } from './stage.ts';

const SUPPLIER = 'example-energy';

export interface Supplied {
  readonly home: string;
  readonly exit: number;
}

/** `cfl init` and `cfl fetch` as they run from a shell; what they say goes to the same streams. */
export async function fetchAsSupplier(
  stage: Stage,
  io: Io,
  library: { url: string; root: Sha256; release: string },
): Promise<Supplied> {
  const home = join(stage.people, 'supplier');
  await rm(home, { recursive: true, force: true });
  const asked: Io = { ...io, passphrase: async () => stage.passphrase };
  const cfl = (argv: readonly string[]) => runProgram(program, [...argv, '--home', home], asked);
  const trusted = await cfl(['init', library.url, '--root-sha256', library.root]);
  if (trusted !== 0) return { home, exit: trusted };
  const credential = ['--credential', credentialOf(stage, SUPPLIER)];
  const to = ['--to', join(stage.people, 'firmware')];
  return { home, exit: await cfl(['fetch', library.release, ...to, ...credential]) };
}
