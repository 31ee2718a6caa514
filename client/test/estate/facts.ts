// What a library says of one device model: entries and releases, made from a line each.

import type { EstateFacts, Finding, RatedRelease } from '../../src/estate/index.ts';
import { type Device, judgeBy } from '../../src/estate/index.ts';
import {
  type CplEntry,
  imageTypeOf,
  parseEntryId,
  parseFirmwareVersion,
  parseHardwareVersion,
  parseImageHash,
  parseManufacturerCode,
  parseModelId,
  parsePartyId,
  parseReleaseId,
  type ReleaseState,
} from '../../src/firmware/index.ts';

export const NOW = new Date('2026-11-20T09:00:00Z');
const CODE = parseManufacturerCode('FFF1');

export interface EntryPlan {
  readonly firmware: string;
  readonly id?: string;
  readonly status?: CplEntry['status'];
  readonly hardware?: string;
  readonly from?: readonly string[];
  readonly hash?: string | null;
  readonly certificates?: CplEntry['certificates'];
}

export interface ReleasePlan {
  readonly firmware: string;
  readonly from?: readonly string[] | 'any' | 'none';
  readonly state?: ReleaseState;
  readonly reason?: string;
  readonly published?: string;
  readonly supersedes?: readonly string[];
  readonly entries?: readonly string[];
  readonly hash?: string;
  readonly name?: string;
}

/** The entry of a firmware version is called by it, and so are its hash and its release. */
export const entryOf = (firmware: string) => `CPL-${firmware}`;
export const hashOf = (word: string) => parseImageHash(Buffer.from(word.padEnd(8)).toString('hex').repeat(4));
export const releaseOf = (word: string) =>
  parseReleaseId(Buffer.from(`R${word}`.padEnd(16)).toString('hex').repeat(2));

export function entry(plan: EntryPlan): CplEntry {
  const { firmware, hash = firmware } = plan;
  return {
    entry: parseEntryId(plan.id ?? entryOf(firmware)),
    deviceType: 'ESME',
    manufacturerId: CODE,
    modelId: parseModelId('0A01'),
    hardwareVersion: parseHardwareVersion(plan.hardware ?? '0102'),
    firmwareVersion: parseFirmwareVersion(firmware),
    smetsVersion: '5.1',
    gbcsVersion: '4.1',
    status: plan.status ?? 'Active',
    upgradeableFrom: plan.from === undefined ? 'N/A' : plan.from.map(parseEntryId),
    smets1: false,
    certificates: plan.certificates ?? [],
    ...(hash === null ? {} : { imageHash: hashOf(hash) }),
  };
}

export function release(plan: ReleasePlan): RatedRelease {
  const { firmware, from = 'none', state = 'current' } = plan;
  const reason =
    plan.reason ??
    (state === 'withdrawn' ? 'withdrawn on 2026-10-14 by Example Meters, "battery drain"' : state);
  return {
    release: releaseOf(plan.name ?? firmware),
    deviceType: 'ESME',
    models: [parseModelId('0A01')],
    hardware: [parseHardwareVersion('0100'), parseHardwareVersion('01FF')],
    imageType: imageTypeOf(0),
    firmwareVersion: parseFirmwareVersion(firmware),
    imageHash: hashOf(plan.hash ?? firmware),
    class: 'fix',
    published: plan.published ?? '2026-10-01T09:00:00Z',
    upgradesFrom: typeof from === 'string' ? from : from.map(parseFirmwareVersion),
    supersedes: (plan.supersedes ?? []).map(releaseOf),
    supersededBy: [],
    entries: (plan.entries ?? [entryOf(firmware)]).map(parseEntryId),
    number: 1,
    size: 1000,
    originator: parsePartyId('example-meters'),
    derived: { state, reason, by: [] },
  };
}

export function factsOf(entries: readonly EntryPlan[], releases: readonly ReleasePlan[]): EstateFacts {
  const made = entries.map(entry);
  const contact = { party: 'Example Meters', mailbox: 'firmware@meters.example' };
  return new Map([
    [
      CODE,
      { entries: new Map(made.map((one) => [one.entry, one])), releases: releases.map(release), contact },
    ],
  ]);
}

export function device(firmware: string, more: Partial<Device> = {}): Device {
  return {
    code: CODE,
    model: parseModelId('0A01'),
    hardwareVersion: parseHardwareVersion('0102'),
    firmwareVersion: parseFirmwareVersion(firmware),
    deviceType: 'ESME',
    ...more,
  };
}

export function judged(facts: EstateFacts, firmware: string, more: Partial<Device> = {}): Finding {
  return judgeBy(facts, { now: NOW, endsWithin: 90 })(device(firmware, more));
}
