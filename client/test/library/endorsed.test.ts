// Attacks on the line "endorsed": a supplier is named only if it stands behind this very bundle.

import { expect, test } from 'vitest';
import type { Sha256 } from '../../src/encoding/index.ts';
import { sha256 } from '../../src/encoding/index.ts';
import {
  endorsementOf,
  endorsementPath,
  endorsementStatement,
  type Party,
  parsePartyId,
} from '../../src/firmware/index.ts';
import { type MadeRelease, registered, TestLibrary } from './fixture.ts';
import { Supplier } from './reader.ts';

const ENERGY = parsePartyId('example-energy');

interface Lie {
  readonly bundle?: Sha256;
  readonly kinds?: Party['kinds'];
  readonly purposes?: Party['certificates'][number]['purposes'];
}

interface Scene {
  readonly library: TestLibrary;
  readonly honest: MadeRelease;
  /** Puts the endorsement there; over another bundle or by another kind of party where that is said. */
  endorse(lie?: Lie): Promise<void>;
  /** The authority's list says so of the endorser's certificate. */
  revoke(from: Date): void;
}

async function scene(): Promise<Scene> {
  const library = await TestLibrary.make();
  const honest = await library.add();
  const by = await library.trust.pki.issue({ subject: 'Example Energy' });
  return {
    library,
    honest,
    revoke(revoked) {
      const { trust } = library;
      trust.crls.push(trust.pki.crl({ number: 9, entries: [{ serial: by.serial, revoked, reason: 1 }] }));
    },
    async endorse({ bundle, kinds = ['supplier'], purposes = ['endorsement'] }: Lie = {}) {
      const { from } = registered(by);
      const own = { sha256: registered(by).sha256, from, purposes };
      library.parties = [
        ...library.parties.filter(({ id }) => id !== ENERGY),
        { id: ENERGY, name: 'Example Energy', kinds, codes: [], userRoles: [], certificates: [own] },
      ];
      const statement = endorsementOf({
        statement: honest.statement,
        bundle: bundle ?? (await sha256(honest.bundle)),
        endorser: ENERGY,
        created: '2026-11-18T10:00:00Z',
      });
      const place = { release: honest.release, number: 1, party: ENERGY };
      library.put(endorsementPath(place), await library.sign(endorsementStatement.encode(statement), { by }));
    },
  };
}

async function shown({ library, honest }: Scene) {
  const place = await library.write();
  const supplier = await Supplier.of(place);
  return supplier.run('show', honest.release);
}

test('an endorsement by a supplier of the register is shown with its day', async () => {
  const made = await scene();
  await made.endorse();
  const { exit, out } = await shown(made);
  expect(exit).toBe(0);
  expect(out).toContain('  endorsed  Example Energy, 2026-11-18');
});

test.each<[string, Lie]>([
  ['of another bundle', { bundle: 'ab'.repeat(32) as Sha256 }],
  ['by a party that is no supplier', { kinds: ['manufacturer'] as Party['kinds'] }],
  ['under a certificate for something else', { purposes: ['release'] as const }],
])('an endorsement %s is refused, and nothing is shown', async (_name, lie) => {
  const made = await scene();
  await made.endorse();
  expect((await shown(made)).exit).toBe(0);
  await made.endorse(lie);
  const { exit, out } = await shown(made);
  expect({ exit, out }).toEqual({ exit: 1, out: [] });
});

test('an endorsement whose certificate was revoked does not count, and hides nothing of the release', async () => {
  const made = await scene();
  await made.endorse();
  made.revoke(new Date('2026-11-19T00:00:00Z'));
  expect((await shown(made)).out).toContain('  endorsed  Example Energy, 2026-11-18');
  made.revoke(new Date('2026-11-17T00:00:00Z'));
  const { exit, out } = await shown(made);
  expect(exit).toBe(0);
  expect(out).toContain('  endorsed  by no supplier; not by Example Energy: its certificate was revoked');
});
