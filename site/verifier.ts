// How is the verifier file made? `npm run verifier -w site`, or `node site/verifier.ts`.
//
//   CFL_LIBRARY   the library's address, and those of its mirrors, with spaces between them
//   CFL_ROOT      file of the first root
//   CFL_VERIFIER  folder to write to; otherwise site/dist-verifier
//
// It asks nobody: the file is made from this tree, the root and the addresses. The registrar publishes it:
// `cfl-repo tool add FILE`.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { processIo, tell, UsageError } from '@cfl/client/cli';
import { folder } from '@cfl/client/library';
import { makeVerifier } from './build/verifier-file.ts';

/** Returns the file's path. */
export async function writeVerifier(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  // npm runs a workspace's script in its folder; paths are meant from where npm was called
  const from = env['INIT_CWD'] ?? '.';
  const libraries = (env['CFL_LIBRARY'] ?? '').split(/\s+/).filter((one) => one !== '');
  const rootFile = env['CFL_ROOT'];
  if (libraries.length === 0 || !rootFile)
    throw new UsageError(
      `Cannot make the verifier file: ${libraries.length === 0 ? 'CFL_LIBRARY' : 'CFL_ROOT'} is not set`,
      'Set CFL_LIBRARY to the address of the library, and CFL_ROOT to the file of its first root',
    );
  const root = new Uint8Array(await readFile(resolve(from, rootFile)));
  const version = await versionOf();
  const html = await makeVerifier({ root, libraries, version }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(
      `Cannot make the verifier file: ${reason}`,
      'Give the first root, 1.root.json, and addresses such as https://library.example/',
    );
  });
  const place = env['CFL_VERIFIER']
    ? resolve(from, env['CFL_VERIFIER'])
    : join(import.meta.dirname, 'dist-verifier');
  const name = `verify-${version}.html`;
  await folder(place).replace(name, new TextEncoder().encode(html));
  return join(place, name);
}

async function versionOf(): Promise<string> {
  const file = await readFile(join(import.meta.dirname, 'package.json'), 'utf8');
  return (JSON.parse(file) as { readonly version: string }).version;
}

if (import.meta.main) {
  const io = processIo();
  try {
    const path = await writeVerifier(process.env);
    const octets = await readFile(path);
    io.out(`${createHash('sha256').update(octets).digest('hex')}  ${path}`);
  } catch (error) {
    process.exitCode = tell(error, io, 'lines');
  }
}
