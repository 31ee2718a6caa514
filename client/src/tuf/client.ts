// The same reader, for whoever also asks for roles by their names, or for the files that a session rests on.

import { RefusedError } from './errors.ts';
import { metadataFile, ROOT, SNAPSHOT, TARGETS, TIMESTAMP } from './names.ts';
import { PathClient } from './path-client.ts';
import type { Document, RoleName, SignedPart, Targets } from './types.ts';

export class Client extends PathClient {
  /** Every metadata file that this session trusts, under its published name. */
  async files(): Promise<ReadonlyMap<string, Uint8Array>> {
    const { roots, root, timestamp, snapshot, targets } = await this.refresh();
    const isVersioned = root.signed.consistentSnapshot;
    const named = (role: RoleName, { signed, octets }: Document<SignedPart>) =>
      [metadataFile(role, isVersioned ? signed.version : undefined), octets] as const;
    return new Map([
      ...roots.map(({ signed, octets }) => [metadataFile(ROOT, signed.version), octets] as const),
      [metadataFile(TIMESTAMP), timestamp.octets],
      named(SNAPSHOT, snapshot),
      named(TARGETS, targets),
      ...[...this.roles].map(([role, document]) => named(role, document)),
    ]);
  }

  /**
   * A role by its name, verified under the first delegator in pre-order that names it. A sibling that is
   * refused, say because it has expired, is passed over, and is the answer only where nothing else is.
   */
  async role(name: RoleName): Promise<Document<Targets>> {
    const { targets } = await this.refresh();
    if (name === TARGETS) return targets;
    const refusals: RefusedError[] = [];
    const found = await this.#searchRole(name, TARGETS, targets, new Set([TARGETS]), refusals);
    if (found !== undefined) return found;
    throw (
      refusals[0] ??
      new RefusedError('NOT_FOUND', `Cannot find the role ${name}: nothing delegates to it`, { role: name })
    );
  }

  /** A role under this delegator, whose siblings are not looked at; undefined where it delegates to none of that name. */
  async roleUnder(delegator: RoleName, name: RoleName): Promise<Document<Targets> | undefined> {
    const document = await this.role(delegator);
    const role = document.signed.delegations?.roles.find((one) => one.name === name);
    return role && this.load(role, delegator, document);
  }

  async #searchRole(
    wanted: RoleName,
    name: RoleName,
    document: Document<Targets>,
    seen: Set<RoleName>,
    refusals: RefusedError[],
  ): Promise<Document<Targets> | undefined> {
    const delegated = document.signed.delegations?.roles ?? [];
    const direct = delegated.find((role) => role.name === wanted);
    if (direct !== undefined) return this.load(direct, name, document);
    for (const role of delegated) {
      if (seen.has(role.name)) continue;
      seen.add(role.name);
      const child = await this.load(role, name, document).catch((error: unknown) => {
        if (!(error instanceof RefusedError)) throw error;
        refusals.push(error);
        return undefined;
      });
      const found = child && (await this.#searchRole(wanted, role.name, child, seen, refusals));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
