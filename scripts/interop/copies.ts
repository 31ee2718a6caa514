// What do the other clients get to see? The demo library as it is, the same a few days later, and copies that lie.

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sha256 } from '@cfl/client/encoding';
import { parseManufacturerCode } from '@cfl/client/firmware';
import { parseRoleName } from '@cfl/client/tuf';
import { repoProgram } from '@cfl/repo-tools/cli';
import { loadState, placeAt } from '@cfl/repo-tools/deploy';
import { serve } from '../demo/server.ts';
import { openStage, run } from '../demo/stage.ts';

export interface Copy {
  readonly metadata: string;
  readonly targets: string;
}

export interface Wanted {
  /** As the manufacturer's role lists it. */
  readonly path: string;
  readonly sha256: string;
}

export interface Copies {
  readonly honest: Copy;
  /** Days later: its timestamp has the next version. */
  readonly later: Copy;
  /** One octet of the image is another. */
  readonly changed: Copy;
  readonly root: string;
  readonly image: Wanted;
  readonly statement: Wanted;
  /** Files of the library, for other tools than TUF clients. */
  read(path: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

const CODE = parseManufacturerCode('FFF1');

/** `base` holds a library with its keys: they sign the later timestamp. */
export async function makeCopies(base: string, now: Date): Promise<Copies> {
  const folder = await mkdtemp(join(tmpdir(), 'cfl-interop-'));
  const [later, changed] = [join(folder, 'later'), join(folder, 'changed')];
  for (const part of ['metadata', 'targets'])
    await cp(join(base, part), join(changed, part), { recursive: true });
  for (const part of ['metadata', 'targets', 'private'])
    await cp(join(base, part), join(later, part), { recursive: true });
  const stage = await openStage(later, new Date(now.getTime() + 3 * 86_400_000));
  await run(stage, repoProgram, ['renew', '--at', later]);

  const published = await loadState(placeAt(base));
  const role = await published.role(parseRoleName(`m-${CODE.toLowerCase()}`));
  const [image = ''] = [...(role?.signed.targets.keys() ?? [])].filter((path) =>
    /\/image\.ota(\.age)?$/.test(path),
  );
  const read = async (path: string) => {
    const octets = await published.read(path);
    if (octets === undefined) throw new TypeError(`The demo library lists no "${path}"`);
    return octets;
  };
  const wanted = async (path: string): Promise<Wanted> => ({ path, sha256: await sha256(await read(path)) });
  const found = await wanted(image);
  await changeOneOctet(
    join(changed, 'targets', dirname(image), `${found.sha256}.${image.split('/').at(-1)}`),
  );

  const servers = await Promise.all([base, later, changed].map((at) => serveLibrary(at)));
  const [one, two, three] = servers.map(({ url }) => ({
    metadata: `${url}/metadata`,
    targets: `${url}/targets`,
  }));
  if (one === undefined || two === undefined || three === undefined)
    throw new TypeError('a server is missing');
  return {
    honest: one,
    later: two,
    changed: three,
    root: join(base, 'metadata', '1.root.json'),
    image: found,
    statement: await wanted(`${dirname(image)}/statement-1.sigstore.json`),
    read,
    async close() {
      for (const { server } of servers) {
        server.closeAllConnections();
        server.close();
      }
      await rm(folder, { recursive: true });
    },
  };
}

function serveLibrary(base: string) {
  return serve(
    { site: join(base, 'metadata'), metadata: join(base, 'metadata'), targets: join(base, 'targets') },
    0,
  );
}

async function changeOneOctet(file: string): Promise<void> {
  const octets = new Uint8Array(await readFile(file));
  octets[octets.length - 1] = (octets.at(-1) ?? 0) ^ 1;
  await writeFile(file, octets);
}
