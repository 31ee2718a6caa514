// What does the registrar repeat? Every withdrawal that the gate has published and register/withdrawn.json lacks.
//
// The gate's key lies at the gateway. Whoever steals it and the snapshot's could hide a withdrawal from a
// reader who never saw it; what the registrar's holders have repeated, they cannot.

import { type RepeatedWithdrawal, WITHDRAWN_PATH, withdrawnFile } from '@cfl/client/firmware';
import { parseWithdrawalPath, withdrawalFile, withdrawalPath } from '@cfl/client/library';
import { registrarChange } from '../ceremony/trust.ts';
import { binsIn, filesOf } from '../change/bins.ts';
import type { Change } from '../change/change.ts';
import type { Published } from '../deploy/state.ts';
import { GATE } from '../intake/planned.ts';

/** Undefined where everything is repeated already. */
export async function planRepetition(published: Published, now: Date): Promise<Change | undefined> {
  const octets = await published.read(WITHDRAWN_PATH);
  const present = octets === undefined ? [] : withdrawnFile.parse(octets).withdrawals;
  const known = new Set(present.map(({ release }) => release));
  const missing = (await firstWithdrawals(published)).filter(({ release }) => !known.has(release));
  if (missing.length === 0) return undefined;
  const after = withdrawnFile.encode({ format: 'cfl/withdrawn/1', withdrawals: [...present, ...missing] });
  const words = missing.map(
    ({ release, by, reason, date }) =>
      `repeats  the withdrawal of ${release.slice(0, 12)} on ${date.slice(0, 10)} by ${by}: "${reason}"`,
  );
  return registrarChange('withdrawals', words, new Map([[WITHDRAWN_PATH, after]]), published, now);
}

/** The first of each release, by date. */
async function firstWithdrawals(published: Published): Promise<readonly RepeatedWithdrawal[]> {
  const head = (await published.role(GATE))?.signed;
  const found: RepeatedWithdrawal[] = [];
  for (const name of filesOf(GATE, binsIn(head))) {
    for (const path of (await published.role(name))?.signed.targets.keys() ?? []) {
      const place = parseWithdrawalPath(path);
      if (place?.kind !== 'record' || place.number !== 1) continue;
      const octets = await published.read(withdrawalPath(place.release, 1));
      if (octets === undefined) throw new TypeError(`The gate lists ${path}`);
      const { release, by, kind, reason, date } = withdrawalFile.parse(octets);
      found.push({ release, by, kind, reason, date });
    }
  }
  return found.sort((a, b) => (`${a.date} ${a.release}` < `${b.date} ${b.release}` ? -1 : 1));
}
