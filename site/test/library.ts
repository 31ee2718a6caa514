// A library with a release in each state, and with names that want to be markup.
import { mkdir } from 'node:fs/promises';
import { sha256 } from '@cfl/client/encoding';
import {
  endorsementOf,
  endorsementPath,
  endorsementStatement,
  parseFirmwareVersion,
  parsePartyId,
} from '@cfl/client/firmware';
import {
  FFF2,
  type MadeRelease,
  registered,
  TestLibrary,
  type Written,
} from '../../client/test/library/fixture.ts';

export const NOW = new Date('2026-11-20T09:00:00Z');
/** Stands in the notes of a release, and nowhere else. */
export const SECRET = 'torque wrench';
/** From where the newest release upgrades. */
const PATHS = ['01000200', '01000201'].map(parseFirmwareVersion);
export const HOSTILE = '<script>alert(1)</script> & "Sons"';

const DAY = 86_400_000;

export interface ExampleLibrary {
  readonly library: TestLibrary;
  readonly written: Written;
  readonly former: MadeRelease;
  readonly newest: MadeRelease;
  readonly withdrawn: MadeRelease;
  readonly suspended: MadeRelease;
}

/** `from`: the moment from which it is good for three days, and its roles for a year. */
export async function exampleLibrary(folder: string, from = NOW): Promise<ExampleLibrary> {
  await mkdir(folder, { recursive: true });
  const library = await TestLibrary.make();
  library.timestampExpires = new Date(from.getTime() + 3 * DAY);
  library.snapshotExpires = new Date(from.getTime() + 365 * DAY);
  library.expires = library.snapshotExpires;
  library.parties = library.parties.map((party) =>
    party.codes.includes(FFF2) ? { ...party, name: HOSTILE } : party,
  );
  const former = await library.add({ fileVersion: 0x01000201, body: 'a' });
  const newest = await library.add({
    fileVersion: 0x01000203,
    body: 'b',
    supersedes: [former.release],
    states: (statement) => ({
      ...statement,
      predicate: { ...statement.predicate, upgradesFrom: PATHS },
    }),
    notes: `# Notes\n## Before you deploy\nHave a ${SECRET} at hand\n`,
  });
  await endorse(library, newest);
  const withdrawn = await library.add({ fileVersion: 0x0200000a, body: 'c' });
  library.withdraw(withdrawn.release, { reason: '<img src=x onerror=alert(1)>' });
  const gsme = { code: FFF2, deviceType: 'GSME' } as const;
  const suspended = await library.add({ ...gsme, fileVersion: 0x0001f000, body: 'd' });
  library.change(suspended.entry.entry, { status: 'Cancelled' });
  await library.add({ ...gsme, fileVersion: 0x09030a07, body: 'e' });
  await library.add({ code: FFF2, deviceType: 'PPMID', fileVersion: 0x10030a08, body: 'f' });
  // On the list and not in the library: a commercial version
  library.entries.push((await library.make({ fileVersion: 0x01000300, body: 'g' })).entry);
  return { library, written: await library.write(folder), former, newest, withdrawn, suspended };
}

/** By the supplier Example Energy. */
async function endorse(library: TestLibrary, made: MadeRelease): Promise<void> {
  const id = parsePartyId('example-energy');
  const by = await library.trust.pki.issue({ subject: 'Example Energy' });
  const { sha256: certificate, from } = registered(by);
  const certificates = [{ sha256: certificate, purposes: ['endorsement'] as const, from }];
  library.parties = library.parties.map((party) => (party.id === id ? { ...party, certificates } : party));
  const statement = endorsementOf({
    statement: made.statement,
    bundle: await sha256(made.bundle),
    endorser: id,
    created: '2026-11-18T10:00:00Z',
  });
  const place = { release: made.release, number: 1, party: id };
  library.put(endorsementPath(place), await library.sign(endorsementStatement.encode(statement), { by }));
  library.accept(made, {
    findings: [
      {
        code: 'RANGE_SHRANK',
        severity: 'warn',
        at: 'header',
        expected: '0000..01FF',
        found: '0100..01FF',
        message: 'hardware 0100..01FF: the former took 0000..01FF',
        hint: 'Widen the range',
        acknowledged: true,
      },
    ],
  });
}
