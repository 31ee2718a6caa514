// The catalogue of the demo's library, built through the client's verification.

import { join } from 'node:path';
import type { Sha256 } from '@cfl/client/encoding';
import { buildSite } from '@cfl/site';
import type { Stage } from './stage.ts';

export async function buildCatalogue(stage: Stage, library: { url: string; root: Sha256 }): Promise<void> {
  await buildSite({
    library: library.url,
    root: { rootSha256: library.root },
    home: undefined,
    out: siteOf(stage),
    now: stage.now,
  });
}

export function siteOf(stage: Stage): string {
  return join(stage.people, 'site');
}
