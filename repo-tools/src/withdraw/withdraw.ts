// The operator withdraws a release, for itself or for the Panel: published at once, signed by the gate.
//
// A release that is withdrawn may be withdrawn again, by another: each says why.

import { CATALOGUE_INDEX_PATH, catalogueIndex, FormatError, type Withdrawer } from '@cfl/client/firmware';
import { type ListedRelease, resolveRelease, withdrawalPath } from '@cfl/client/library';
import { openAudit } from '../audit/log.ts';
import { ChangeError } from '../change/errors.ts';
import { type GatewaySigners, publish } from '../deploy/publish.ts';
import type { Place, Published } from '../deploy/state.ts';
import { writingUpon } from '../deploy/writing.ts';
import { publishedReleases } from '../intake/library.ts';
import { PlannedLibrary } from '../intake/planned.ts';
import { freeNumber, recordOf } from './record.ts';

export interface WithdrawOptions {
  /** As a person names it: the beginning of a hash, or a CPL entry. */
  readonly release: string;
  readonly kind: Exclude<Withdrawer, 'manufacturer'>;
  readonly reason: string;
  readonly place: Place;
  readonly online: GatewaySigners;
  readonly now: Date;
}

export interface Withdrawn {
  readonly listed: ListedRelease;
  /** The library's new version. */
  readonly version: number;
}

const NAMES: Readonly<Record<WithdrawOptions['kind'], string>> = {
  panel: 'the Panel',
  operator: 'the operator of the library',
};

export function withdraw({ release, kind, reason, place, online, now }: WithdrawOptions): Promise<Withdrawn> {
  return writingUpon(place, now, async (published) => {
    const listed = await findRelease(published, release);
    const octets = encoded({ release: listed.release, by: NAMES[kind], kind, reason, now });
    const planned = new PlannedLibrary(published);
    const path = withdrawalPath(listed.release, await freeNumber(published, listed.release));
    await planned.withdraw(new Map([[path, octets]]));
    const audit = await openAudit(place.private, now);
    await audit.record({
      act: 'withdrawn',
      what: listed.release,
      digest: null,
      library: published.trusted.snapshot.signed.version + 1,
      says: [`${NAMES[kind]}: "${reason}"`],
    });
    const publication = await planned.publication(online, now);
    return { listed, version: await publish(publication, { place, published, online, now }) };
  });
}

/** Throws LibraryError where nothing, or more than one release, has this name. */
export function findRelease(published: Published, name: string): Promise<ListedRelease> {
  return resolveRelease({ allReleases: () => allReleases(published) }, name);
}

async function allReleases(published: Published): Promise<readonly ListedRelease[]> {
  const octets = await published.read(CATALOGUE_INDEX_PATH);
  const codes = new Set(octets && catalogueIndex.parse(octets).shards.map(({ code }) => code));
  const lists: (readonly ListedRelease[])[] = [];
  for (const code of codes)
    lists.push((await publishedReleases(published, code)).map((release) => ({ ...release, code })));
  return lists.flat();
}

function encoded(record: Parameters<typeof recordOf>[0]): Uint8Array {
  try {
    return recordOf(record);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot withdraw ${record.release.slice(0, 12)}: ${cause.message}`,
      'Give the reason in one line of at most 200 characters: --reason "…"',
      cause,
    );
  }
}
