// From which firmware version to which does a stated path lead, for one device model and hardware version?
//
// Rules
// - A step is stated by the manufacturer: its release lists the version that it is installed upon, or takes any.
//   Where the Central Products List names entries that the release's entry is upgradeable from, it must agree.
// - A step leads to a release that may be used today: an entry of this very device model is Active with its hash.
// - "Any" is no step backwards: not to a release that what runs supersedes, nor to one published before it or
//   together with it, nor to one from which the list says that what runs is reached.
// - The end of the way is a current release, never a superseded one; of several the one that leads no further, then
//   the newest by its date, then the one that is reached in fewer steps.
// - A firmware version is never ordered by its number.

import type { CplEntry, FirmwareVersion, ReleaseId } from '../firmware/index.ts';
import type { RatedRelease } from './facts.ts';

/** A release, and the CPL entry by which this device model may use it. */
export interface Offer {
  readonly release: RatedRelease;
  readonly entry: CplEntry;
}

/** What is known of one device model and hardware version. */
export interface Variant {
  readonly entries: readonly CplEntry[];
  /** By entry, in any state. */
  readonly releases: readonly Offer[];
}

/** Usable by this device model today. */
export function isUsable({ release, entry }: Offer): boolean {
  const { state } = release.derived;
  return (
    (state === 'current' || state === 'superseded') &&
    entry.status === 'Active' &&
    entry.imageHash === release.imageHash
  );
}

/** The releases on the way, the last one current; undefined where no path is stated. */
export function stepsFrom(from: FirmwareVersion, variant: Variant): readonly Offer[] | undefined {
  const ways = waysFrom(from, variant);
  const ends = [...ways.values()].filter((way) => way.at(-1)?.release.derived.state === 'current');
  const leadsOn = (way: readonly Offer[]) => {
    const last = way.at(-1)?.release.firmwareVersion;
    if (last === undefined) return false;
    const further = waysFrom(last, variant);
    return ends.some((other) => {
      const target = other.at(-1)?.release.firmwareVersion;
      return target !== undefined && target !== last && further.has(target);
    });
  };
  const final = ends.filter((way) => !leadsOn(way));
  return (final.length === 0 ? ends : final).toSorted(byPreference)[0];
}

function byPreference(a: readonly Offer[], b: readonly Offer[]): number {
  const [last, other] = [a.at(-1)?.release, b.at(-1)?.release];
  if (last === undefined || other === undefined) return 0;
  return (
    compare(other.published, last.published) || a.length - b.length || compare(last.release, other.release)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The shortest way to each firmware version that is reached, without the one where it begins. */
function waysFrom(from: FirmwareVersion, variant: Variant): ReadonlyMap<FirmwareVersion, readonly Offer[]> {
  const usable = variant.releases.filter(isUsable).toSorted((a, b) => byPreference([a], [b]));
  const ways = new Map<FirmwareVersion, readonly Offer[]>();
  const waiting: { at: FirmwareVersion; way: readonly Offer[] }[] = [{ at: from, way: [] }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    for (const offer of usable) {
      const to = offer.release.firmwareVersion;
      if (to === from || ways.has(to) || !isStep(next.at, offer, variant)) continue;
      const way = [...next.way, offer];
      ways.set(to, way);
      waiting.push({ at: to, way });
    }
  }
  return ways;
}

function isStep(from: FirmwareVersion, { release, entry }: Offer, variant: Variant): boolean {
  const { upgradesFrom } = release;
  if (release.firmwareVersion === from || upgradesFrom === 'none') return false;
  if (!listAgrees(from, entry, variant)) return false;
  if (upgradesFrom !== 'any') return upgradesFrom.includes(from);
  return !isBackwards(from, release, variant);
}

/** N/A says nothing. */
function listAgrees(from: FirmwareVersion, { upgradeableFrom }: CplEntry, { entries }: Variant): boolean {
  if (upgradeableFrom === 'N/A') return true;
  return entries.some(
    ({ entry, firmwareVersion }) => firmwareVersion === from && upgradeableFrom.includes(entry),
  );
}

function isBackwards(from: FirmwareVersion, to: RatedRelease, variant: Variant): boolean {
  const running = variant.releases
    .map(({ release }) => release)
    .filter(({ firmwareVersion }) => firmwareVersion === from);
  if (running.some(({ published }) => published >= to.published)) return true;
  const after = supersededBy(running, variant);
  return after.has(to.release) || listedAfter(to.firmwareVersion, variant).has(from);
}

/** Everything that these releases supersede, whole chains of it. */
function supersededBy(running: readonly RatedRelease[], { releases }: Variant): ReadonlySet<ReleaseId> {
  const known = new Map(releases.map(({ release }) => [release.release, release]));
  const found = new Set(running.flatMap(({ supersedes }) => supersedes));
  for (const id of found) for (const older of known.get(id)?.supersedes ?? []) found.add(older);
  return found;
}

/** Firmware versions that the list says are reached from this one, in any number of steps. */
export function listedAfter(from: FirmwareVersion, { entries }: Variant): ReadonlySet<FirmwareVersion> {
  const found = new Set<FirmwareVersion>([from]);
  for (const version of found) {
    const ids = entries
      .filter(({ firmwareVersion }) => firmwareVersion === version)
      .map(({ entry }) => entry);
    for (const { upgradeableFrom, firmwareVersion } of entries)
      if (upgradeableFrom !== 'N/A' && ids.some((id) => upgradeableFrom.includes(id)))
        found.add(firmwareVersion);
  }
  found.delete(from);
  return found;
}
