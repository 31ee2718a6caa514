// What is allowed, but is more often a mistake than meant? The manufacturer says in the statement that it is meant.

import { type CatalogueRelease, type FirmwareVersion, statedDigests } from '../firmware/index.ts';
import { rangeText } from './claim-rules.ts';
import type { Facts } from './facts.ts';
import { newestByModel, versionsByModel } from './look-up.ts';
import type { Observation, Rule, RuleCode } from './rule.ts';

function orAcknowledge(what: string, code: RuleCode): string {
  return `${what}, or add "${code}" to "acknowledged" in release.json`;
}

const rangeShrank: Rule = {
  code: 'RANGE_SHRANK',
  severity: 'warn',
  sealed: false,
  demand: "The hardware range takes all that the model's newest release took",
  source: 'This library: hardware that is left out gets no further firmware',
  remedy: orAcknowledge('Widen the range', 'RANGE_SHRANK'),
  says(facts) {
    const { minHardwareVersion: least, maxHardwareVersion: most } = facts.statement.predicate.header;
    const former = newestOfSameModel(facts);
    if (former === undefined) return [];
    const [lowest, highest] = former.hardware.map((text) => Number.parseInt(text, 16)) as [number, number];
    if (least <= lowest && highest <= most) return [];
    const [found, expected] = [rangeText(least, most), rangeText(lowest, highest)];
    const message = `hardware ${found}: release ${former.firmwareVersion} took ${expected}`;
    return [{ at: 'header.minHardwareVersion', expected, found, message }];
  },
};

function newestOfSameModel({ statement, published }: Facts): CatalogueRelease | undefined {
  const { deviceType, claims } = statement.predicate;
  const { otaImage } = statedDigests(statement);
  const newest = newestByModel(published);
  return [...new Set(claims.map(({ model }) => model))]
    .flatMap((model) => {
      const rows = newest.get(model) ?? [];
      return rows.find((row) => row.release !== otaImage && row.deviceType === deviceType) ?? [];
    })
    .reduce<CatalogueRelease | undefined>(
      (a, b) => (a !== undefined && a.published >= b.published ? a : b),
      undefined,
    );
}

const catchAllRange: Rule = {
  code: 'CATCH_ALL_RANGE',
  severity: 'warn',
  sealed: false,
  demand: 'The hardware range is not 0000 to FFFF: that takes every hardware there is or will be',
  source: 'BR03: hardware within minimum and maximum',
  remedy: orAcknowledge('State the range that was tested', 'CATCH_ALL_RANGE'),
  says({ statement }) {
    const { minHardwareVersion: least, maxHardwareVersion: most } = statement.predicate.header;
    if (least !== 0 || most !== 0xffff) return [];
    const found = rangeText(least, most);
    const message = `hardware ${found} takes everything, so the range protects no meter`;
    return [{ at: 'header.minHardwareVersion', expected: 'the range that was tested', found, message }];
  },
};

const upgradesUnknown: Rule = {
  code: 'UPGRADES_UNKNOWN',
  severity: 'warn',
  sealed: false,
  demand: 'Every firmware version that the release upgrades from is on the CPL for a claimed model',
  source: 'Upgrade paths are stated, never guessed from numbers',
  remedy: orAcknowledge('Correct upgradesFrom', 'UPGRADES_UNKNOWN'),
  says({ statement, cpl }) {
    const { upgradesFrom, claims, code } = statement.predicate;
    if (typeof upgradesFrom === 'string') return [];
    const models = new Set(claims.map(({ model }) => model));
    const versions = versionsByModel(cpl.entries);
    const isKnown = (version: FirmwareVersion) =>
      [...models].some((model) => versions.get(`${code} ${model}`)?.has(version) === true);
    const named = [...models].join(', ');
    return upgradesFrom.flatMap((version, i): Observation[] =>
      isKnown(version)
        ? []
        : [
            {
              at: `upgradesFrom[${i}]`,
              expected: `a firmware version of model ${named} on the CPL`,
              found: version,
              message: `the release upgrades from ${version}, which is not on the CPL for model ${named}`,
            },
          ],
    );
  },
};

const upgradesDiffer: Rule = {
  code: 'UPGRADES_DIFFER',
  severity: 'warn',
  sealed: false,
  demand: 'The release upgrades from the same firmware versions as its CPL entries, where these say any',
  source: 'CPL: upgradeable from',
  remedy: orAcknowledge('State the same as the CPL', 'UPGRADES_DIFFER'),
  says({ statement, cpl }) {
    const { upgradesFrom, claims } = statement.predicate;
    const lists = claims.flatMap(({ entry }) => {
      const from = cpl.entries.get(entry)?.upgradeableFrom ?? 'N/A';
      return from === 'N/A' ? [] : [from];
    });
    if (lists.length === 0) return [];
    // An entry that is gone from the CPL has no version that could be compared, so its id stands for it
    const expected = inOrder(lists.flat().map((id) => cpl.entries.get(id)?.firmwareVersion ?? id));
    const found = typeof upgradesFrom === 'string' ? upgradesFrom : inOrder(upgradesFrom);
    if (found === expected) return [];
    const message = `the release upgrades from ${found}, its CPL entries from ${expected}`;
    return [{ at: 'upgradesFrom', expected, found, message }];
  },
};

/** `01000200, 01000201`; `none` where there is nothing. */
function inOrder(versions: readonly string[]): string {
  return [...new Set(versions)].sort().join(', ') || 'none';
}

export const careRules: readonly Rule[] = [rangeShrank, catchAllRange, upgradesUnknown, upgradesDiffer];
