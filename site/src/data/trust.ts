// Who may sign what, with how many keys, and until when?

import { encodeDate } from '@cfl/client/encoding';
import { ANCHORS_PATH, anchorsFile, type Register } from '@cfl/client/firmware';
import type { Library } from '@cfl/client/library';
import type { Step } from '@cfl/client/tuf';
import type { RoleFacts, TrustFacts } from './types.ts';

const SIGNS: ReadonlyMap<string, string> = new Map([
  ['root', 'the keys of the four top roles'],
  ['timestamp', 'which snapshot is the newest'],
  ['snapshot', 'length and hash of every role file: the acceptance'],
  ['targets', 'who may sign which paths'],
  ['registrar', 'register: parties, authorities, settings'],
  ['cpl', 'the Central Products List'],
  ['gate', 'decisions, endorsements and withdrawals'],
  ['catalogue', 'lists and revocation lists; nothing rests on it'],
]);

/** `steps`: every role that became trusted while the library was read. */
export async function readTrustFacts(
  library: Library,
  register: Register,
  steps: readonly Step[],
): Promise<TrustFacts> {
  const anchors = await library.find(ANCHORS_PATH);
  const authorities = anchors && anchorsFile.parse(await library.read(anchors)).authorities;
  return {
    roles: rolesOf(steps),
    parties: register.parties.map(({ name, kinds, codes, certificates }) => ({
      name,
      kinds,
      codes,
      certificates: certificates.length,
    })),
    authorities: (authorities ?? []).map(({ kind, sha256, from, until }) => ({ kind, sha256, from, until })),
  };
}

/** Bins are signed with the keys of their role, and are many: the role stands for them. */
function rolesOf(steps: readonly Step[]): readonly RoleFacts[] {
  const roles = new Map<string, RoleFacts>();
  for (const { role, version, expires, signers } of steps) {
    if (/-\d+$/.test(role)) continue;
    roles.set(role, {
      name: role,
      version,
      expires: encodeDate(expires),
      threshold: signers.threshold,
      of: signers.of,
      signs: SIGNS.get(role) ?? `releases of ${role.replace(/^m-/, '').toUpperCase()}`,
    });
  }
  const order = [...SIGNS.keys()];
  const rank = ({ name }: RoleFacts) => (SIGNS.has(name) ? order.indexOf(name) : order.length);
  return [...roles.values()].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}
