// What is to be done with meters of this device model that run this firmware version?
//
// Rules, the first that holds
// 1. withdrawn: the release that they run was withdrawn.
// 2. suspended: no Active entry of their own carries the release that they run.
// 3. not-active: the library does not hold what they run, and no entry of it on the list is Active.
// 4. upgrade: a stated path leads to a current release, in one step or several (paths.ts).
// 5. newer-elsewhere: the list states a path to firmware that is Active and not here.
// 6. no-path: what they run was superseded, and nobody states a path from it.
// 7. current: they run a release that may be used today.
// 8. not-here: what they run is Active on the list, and the library does not hold it.
// 9. not-on-cpl: the list does not have it.
// A path that is stated is named under 1 to 3 as well. An entry whose certificate ends soon is named wherever what
// runs is Active: by the earliest day on which one of its certificates expires or is due for renewal.

import { parseDate } from '../encoding/index.ts';
import type {
  CplEntry,
  EntryId,
  FirmwareVersion,
  ImageHash,
  ReleaseClass,
  ReleaseId,
} from '../firmware/index.ts';
import type { Device } from './device.ts';
import type { CodeFacts, Contact, EstateFacts } from './facts.ts';
import { isUsable, listedAfter, type Offer, stepsFrom, type Variant } from './paths.ts';

export const FINDING_KINDS = [
  'current',
  'upgrade',
  'withdrawn',
  'suspended',
  'not-active',
  'newer-elsewhere',
  'no-path',
  'not-here',
  'not-on-cpl',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Step {
  readonly firmwareVersion: FirmwareVersion;
  readonly release: ReleaseId;
  readonly manufacturerImageHash: ImageHash;
  readonly class: ReleaseClass;
}

/** Why a firmware version of the list is not here. */
export type Absence = 'no-hash' | 'not-submitted' | 'suspended' | 'withdrawn';

export interface Ending {
  readonly entry: EntryId;
  /** `2027-01-30` */
  readonly day: string;
  readonly what: 'expires' | 'renewal';
}

export interface Finding {
  readonly kind: FindingKind;
  /** To a current release; empty where no path is stated. */
  readonly steps: readonly Step[];
  /** For people: of the withdrawal, the suspension, or the entry that is not Active. */
  readonly reason: string | null;
  /** For newer-elsewhere and not-here: which version, and why it is not here. */
  readonly absent: {
    readonly firmwareVersion: FirmwareVersion;
    readonly entry: EntryId;
    readonly why: Absence;
  } | null;
  readonly ends: Ending | null;
  /** Whom to ask, where there is something to ask. */
  readonly ask: Contact | null;
}

export interface JudgeOptions {
  readonly now: Date;
  /** Days: an entry that ends within them ends soon. */
  readonly endsWithin: number;
}

export type Judge = (device: Device) => Finding;

const NOTHING: CodeFacts = { entries: new Map(), releases: [], contact: null };

/** Everything about one device model is put together once. */
export function judgeBy(facts: EstateFacts, options: JudgeOptions): Judge {
  const index = new Map<CodeFacts, ReadonlyMap<string, Variant>>();
  return (device) => {
    const known = facts.get(device.code) ?? NOTHING;
    const variants = index.get(known) ?? variantsOf(known);
    index.set(known, variants);
    const variant = variants.get(variantKey(device.deviceType, device.model, device.hardwareVersion));
    return judge(device, {
      variant: variant ?? { entries: [], releases: [] },
      contact: known.contact,
      ...options,
    });
  };
}

function variantKey(type: string, model: string, hardware: string): string {
  return `${type}/${model}/${hardware}`;
}

function variantsOf({ entries, releases }: CodeFacts): ReadonlyMap<string, Variant> {
  const variants = new Map<string, { entries: CplEntry[]; releases: Offer[] }>();
  const at = ({ deviceType, modelId, hardwareVersion }: CplEntry) => {
    const key = variantKey(deviceType, modelId, hardwareVersion);
    const known = variants.get(key) ?? { entries: [], releases: [] };
    variants.set(key, known);
    return known;
  };
  for (const entry of entries.values()) at(entry).entries.push(entry);
  for (const release of releases) {
    for (const id of release.entries) {
      const entry = entries.get(id);
      if (
        entry !== undefined &&
        entry.firmwareVersion === release.firmwareVersion &&
        entry.deviceType === release.deviceType
      )
        at(entry).releases.push({ release, entry });
    }
  }
  return variants;
}

interface Known extends JudgeOptions {
  readonly variant: Variant;
  readonly contact: Contact | null;
}

function judge({ firmwareVersion: from }: Device, { variant, contact, now, endsWithin }: Known): Finding {
  const own = variant.entries.filter((entry) => entry.firmwareVersion === from);
  const active = own.filter(({ status }) => status === 'Active');
  const running = variant.releases.filter(({ release }) => release.firmwareVersion === from);
  const steps = stepsFrom(from, variant)?.map(stepOf) ?? [];
  const ends = endingOf(active, now, endsWithin);
  const finding = (kind: FindingKind, more: Partial<Finding> = {}): Finding => ({
    kind,
    steps,
    reason: null,
    absent: null,
    ends,
    ask: steps.length === 0 && kind !== 'current' ? contact : null,
    ...more,
  });

  const withdrawn = withdrawnOf(running);
  if (withdrawn !== undefined) return finding('withdrawn', { reason: withdrawn });
  const isHere = running.some(isUsable);
  if (!isHere && running.length > 0) return finding('suspended', { reason: suspensionOf(running) });
  if (own.length > 0 && active.length === 0) return finding('not-active', { reason: statusesOf(own) });
  if (steps.length > 0) return finding('upgrade');
  const newer = newerElsewhere(from, variant);
  if (newer !== undefined) return finding('newer-elsewhere', { absent: absenceOf(newer, variant) });
  const superseded = running.find((offer) => isUsable(offer) && offer.release.derived.state === 'superseded');
  if (superseded !== undefined) return finding('no-path', { reason: superseded.release.derived.reason });
  if (isHere) return finding('current');
  const [entry] = active;
  return entry === undefined
    ? finding('not-on-cpl')
    : finding('not-here', { absent: absenceOf(entry, variant) });
}

function stepOf({ release }: Offer): Step {
  const { firmwareVersion, imageHash, class: kind } = release;
  return { firmwareVersion, release: release.release, manufacturerImageHash: imageHash, class: kind };
}

/** Unless the very same manufacturer image is here under another header, and may be used. */
function withdrawnOf(running: readonly Offer[]): string | undefined {
  const good = new Set(running.filter(isUsable).map(({ release }) => release.imageHash));
  return running.find(({ release }) => release.derived.state === 'withdrawn' && !good.has(release.imageHash))
    ?.release.derived.reason;
}

function suspensionOf(running: readonly Offer[]): string {
  const suspended = running.find(({ release }) => release.derived.state === 'suspended');
  if (suspended !== undefined) return suspended.release.derived.reason;
  return running.map(({ entry }) => obstacleOf(entry)).join(', ');
}

function obstacleOf({ entry, status, imageHash }: CplEntry): string {
  if (status !== 'Active') return `${entry} is ${status}`;
  return `${entry} has ${imageHash === undefined ? 'no hash' : 'another hash'}`;
}

function statusesOf(entries: readonly CplEntry[]): string {
  return entries.map(({ entry, status }) => `${entry} is ${status}`).join(', ');
}

function newerElsewhere(from: FirmwareVersion, variant: Variant): CplEntry | undefined {
  const after = listedAfter(from, variant);
  const held = new Set(variant.releases.filter(isUsable).map(({ release }) => release.firmwareVersion));
  return variant.entries.find(
    ({ firmwareVersion, status }) =>
      status === 'Active' && after.has(firmwareVersion) && !held.has(firmwareVersion),
  );
}

function absenceOf(
  { entry, firmwareVersion, imageHash }: CplEntry,
  { releases }: Variant,
): Finding['absent'] {
  const states = releases
    .filter((offer) => offer.entry.entry === entry)
    .map(({ release }) => release.derived.state);
  const why: Absence = states.includes('withdrawn')
    ? 'withdrawn'
    : states.includes('suspended')
      ? 'suspended'
      : imageHash === undefined
        ? 'no-hash'
        : 'not-submitted';
  return { firmwareVersion, entry, why };
}

function endingOf(active: readonly CplEntry[], now: Date, within: number): Ending | null {
  const latest = now.getTime() + within * 86_400_000;
  const endings = active.flatMap(({ entry, certificates }) =>
    certificates.flatMap(({ expires, renewal }): Ending[] => [
      ...(expires === undefined ? [] : [{ entry, day: expires, what: 'expires' as const }]),
      ...(renewal === undefined ? [] : [{ entry, day: renewal, what: 'renewal' as const }]),
    ]),
  );
  const soon = endings.filter(({ day }) => parseDate(`${day}T00:00:00Z`).getTime() <= latest);
  return soon.toSorted((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))[0] ?? null;
}

/** A person should look. */
export function needsYou({ kind, ends }: Finding): boolean {
  return kind !== 'current' || ends !== null;
}
