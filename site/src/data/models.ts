// Which device models are there, with which releases, and what does the Central Products List have of them
// that the library does not hold?

import type { CplEntry, ManufacturerCode, Register } from '@cfl/client/firmware';
import { ownerOf } from '@cfl/client/firmware';
import { modelsOf } from '../check/facts.ts';
import type { DeviceModel, Release, RowWithoutImage } from './types.ts';

export interface ModelFacts {
  readonly register: Register;
  readonly releases: readonly Release[];
  /** By code, every row of the newest list. */
  readonly rows: ReadonlyMap<ManufacturerCode, readonly CplEntry[]>;
}

export function deviceModels({ register, releases, rows }: ModelFacts): readonly DeviceModel[] {
  const claimed = new Set<string>();
  const models = new Map<string, { releases: Release[]; without: RowWithoutImage[] }>();
  const place = (code: string, model: string) => {
    const key = `${code}-${model}`;
    const known = models.get(key) ?? { releases: [], without: [] };
    models.set(key, known);
    return known;
  };
  for (const release of releases) {
    for (const { entry } of release.statement.predicate.claims) claimed.add(entry);
    for (const model of modelsOf(release.statement)) place(release.code, model).releases.push(release);
  }
  for (const entry of [...rows.values()].flat()) {
    if (claimed.has(entry.entry)) continue;
    place(entry.manufacturerId, entry.modelId).without.push({ entry, why: whyWithout(entry) });
  }
  const mailboxes = contactsByCode(register, releases);
  return [...models]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { releases: own, without }]): DeviceModel => {
      const [code = '', model = ''] = key.split('-');
      return {
        code: code as ManufacturerCode,
        model,
        manufacturer: ownerOf(register, code as ManufacturerCode)?.name,
        deviceTypes: typesOf(own, without),
        releases: own.toSorted(newestFirst),
        without,
        contacts: [...(mailboxes.get(code) ?? [])].sort(),
      };
    });
}

/** `Active rows without a release are commercial or were not submitted`: the list itself does not tell which. */
function whyWithout({ status, imageHash }: CplEntry): string {
  if (status !== 'Active') return `${status}: it is no longer to be deployed`;
  return imageHash === undefined
    ? 'Active without a hash: no image is associated with it yet'
    : 'Active: commercial, or not submitted to the library';
}

function typesOf(releases: readonly Release[], without: readonly RowWithoutImage[]): readonly string[] {
  const types = [
    ...releases.map(({ statement }) => statement.predicate.deviceType),
    ...without.map(({ entry }) => entry.deviceType),
  ];
  return [...new Set<string>(types)].sort();
}

function contactsByCode(register: Register, releases: readonly Release[]): ReadonlyMap<string, Set<string>> {
  const mailboxes = new Map<string, Set<string>>();
  const add = (code: string, mailbox: string | undefined) => {
    const known = mailboxes.get(code) ?? new Set();
    mailboxes.set(code, mailbox === undefined ? known : known.add(mailbox));
  };
  for (const { codes, mailbox } of register.parties) for (const code of codes) add(code, mailbox);
  for (const { code, statement } of releases) add(code, statement.predicate.contact.mailbox);
  return mailboxes;
}

/** Firmware versions have no order. A successor that was published in the same second comes first. */
export function newestFirst(a: Release, b: Release): number {
  return (
    compare(b.accepted[0] ?? '', a.accepted[0] ?? '') ||
    a.state.by.length - b.state.by.length ||
    compare(a.release, b.release)
  );
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
