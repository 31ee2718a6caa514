// A library with a release in each state, and with names that want to be markup.
import { mkdir } from 'node:fs/promises';
import { FFF2, type MadeRelease, TestLibrary, type Written } from '../../client/test/library/fixture.ts';

export const NOW = new Date('2026-11-20T09:00:00Z');
export const HOSTILE = '<script>alert(1)</script> & "Sons"';

export interface ExampleLibrary {
  readonly library: TestLibrary;
  readonly written: Written;
  readonly former: MadeRelease;
  readonly newest: MadeRelease;
  readonly withdrawn: MadeRelease;
  readonly suspended: MadeRelease;
}

export async function exampleLibrary(folder: string): Promise<ExampleLibrary> {
  await mkdir(folder, { recursive: true });
  const library = await TestLibrary.make();
  library.parties = library.parties.map((party) =>
    party.codes.includes(FFF2) ? { ...party, name: HOSTILE } : party,
  );
  const former = await library.add({ fileVersion: 0x01000201, body: 'a' });
  const newest = await library.add({ fileVersion: 0x01000203, body: 'b', supersedes: [former.release] });
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
