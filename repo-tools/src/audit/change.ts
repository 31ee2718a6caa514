// How does a change stand in the audit log? By its title, its words, and the SHA-256 of what it brings.

import { encodeCanonical, sha256 } from '@cfl/client/encoding';
import { metadataFile } from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import type { Place, Published } from '../deploy/state.ts';
import { openAudit } from './log.ts';

export interface RecordOptions {
  readonly place: Place;
  readonly published: Published | undefined;
  readonly now: Date;
}

/** `applied` is recorded before the publication, each other before the change is kept. The lock is held. */
export async function recordChange(
  act: 'applied' | 'imported' | 'associated' | 'decided',
  change: Change,
  { place, published, now }: RecordOptions,
): Promise<void> {
  const audit = await openAudit(place.private, now);
  const next = (published?.trusted.snapshot.signed.version ?? 0) + 1;
  await audit.record({
    act,
    what: change.title,
    digest: await digestOf(change),
    library: act === 'applied' ? next : null,
    says: change.words,
  });
}

async function digestOf({ metadata, targets }: Change) {
  const digests: Record<string, string> = {};
  for (const [role, { octets }] of metadata) digests[`metadata/${metadataFile(role)}`] = await sha256(octets);
  for (const [path, octets] of targets) digests[`targets/${path}`] = await sha256(octets);
  return sha256(encodeCanonical(digests));
}
