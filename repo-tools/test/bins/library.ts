// A manufacturer with many small releases: changes that add some, signed in full.

import { sha256 } from '@cfl/client/encoding';
import type { Signer } from '@cfl/client/keys';
import type { Document, RoleName, Root, TargetPath, Targets } from '@cfl/client/tuf';
import { authorityOf } from '../../src/change/bins.ts';
import type { Change } from '../../src/change/change.ts';
import { reviseFamily } from '../../src/change/split.ts';
import type { Published } from '../../src/deploy/index.ts';
import { M_FFF1 } from '../change/honest.ts';
import { octets, signed } from '../deploy/scene.ts';
import { NOW } from '../fixture.ts';

/** The files of so many made-up releases, three for each. */
export async function manyReleases(count: number, text = 'image'): Promise<Map<TargetPath, Uint8Array>> {
  const files = new Map<TargetPath, Uint8Array>();
  for (let i = 0; i < count; i++) {
    const image = octets(`${text} ${i}`);
    const release = `firmware/FFF1/${await sha256(image)}`;
    files.set(`${release}/image.ota` as TargetPath, image);
    files.set(`${release}/statement-1.sigstore.json` as TargetPath, octets(`{"i":${i}}`));
    files.set(`${release}/notes-1.md` as TargetPath, octets(`# ${text} ${i}`));
  }
  return files;
}

/** The next versions of a role and its bins with these files; not yet signed. */
export async function revised(
  published: Published,
  add: ReadonlyMap<TargetPath, Uint8Array>,
  family = M_FFF1,
): Promise<Change> {
  const authority = authorityOf(published.trusted.targets.signed.delegations, family);
  if (authority === undefined) throw new Error(`nothing delegates to ${family}`);
  const metadata = await reviseFamily(published, { family, authority, add }, NOW);
  return changeOf(published, metadata, add);
}

export function changeOf(
  published: Published,
  metadata: ReadonlyMap<RoleName, Document<Root | Targets>>,
  targets: ReadonlyMap<TargetPath, Uint8Array>,
): Change {
  return {
    title: 'many releases',
    words: [],
    created: NOW,
    library: published.library,
    upon: new Map([...metadata].map(([role, document]) => [role, document.signed.version - 1])),
    metadata,
    targets,
  };
}

export async function adding(
  published: Published,
  add: ReadonlyMap<TargetPath, Uint8Array>,
  signers: readonly Signer[],
  family = M_FFF1,
): Promise<Change> {
  return signed(await revised(published, add, family), signers, published);
}
