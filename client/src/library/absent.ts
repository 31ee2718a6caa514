// Which firmware does the Central Products List allow that the library does not hold, why, and whom to ask?
//
// The list does not say which firmware is commercial. An entry with a hash but without a release was not
// submitted, or may not be: a commercial version is not held here. One without a hash waits for its association.

import type { CplEntry, ManufacturerCode, Register } from '../firmware/index.ts';
import type { Library } from './library.ts';

export interface AbsentFirmware {
  readonly entry: CplEntry;
  readonly why: 'no hash on the CPL yet' | 'commercial, or not submitted';
  /** The manufacturer, and the mailbox that it registered; undefined where the code is nobody's here. */
  readonly ask: { readonly name: string; readonly mailbox: string | undefined } | undefined;
}

/** Active entries of the newest list with which no release of this library goes; by entry id. */
export async function absentFirmware(
  library: Library,
  only?: ManufacturerCode,
): Promise<readonly AbsentFirmware[]> {
  const register = await library.register();
  const absent: AbsentFirmware[] = [];
  for (const code of await library.cplCodes()) {
    if (only !== undefined && code !== only) continue;
    const { entries } = await library.cpl(code);
    const held = new Set((await library.releases(code)).map(({ imageHash }) => imageHash));
    for (const entry of entries.values()) {
      if (entry.status !== 'Active' || (entry.imageHash !== undefined && held.has(entry.imageHash))) continue;
      const why = entry.imageHash === undefined ? 'no hash on the CPL yet' : 'commercial, or not submitted';
      absent.push({ entry, why, ask: whoMakes(register, code) });
    }
  }
  return absent.sort((a, b) => (a.entry.entry < b.entry.entry ? -1 : 1));
}

function whoMakes({ parties }: Register, code: ManufacturerCode): AbsentFirmware['ask'] {
  const party = parties.find(({ codes }) => codes.includes(code));
  return party && { name: party.name, mailbox: party.mailbox };
}
