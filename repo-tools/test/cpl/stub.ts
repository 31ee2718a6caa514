// A published library as a stub: what has been imported so far, unsigned. And a list as the Panel writes it.
import { sha256 } from '@cfl/client/encoding';
import { CPL_COLUMNS, type CplColumn } from '@cfl/client/firmware';
import { type Document, parseRoleName, type RoleName, type Targets } from '@cfl/client/tuf';
import type { Change } from '../../src/change/change.ts';
import { revise } from '../../src/change/plan.ts';
import type { Published } from '../../src/deploy/state.ts';

export const NOW = new Date('2026-11-20T09:00:00Z');
const CPL = parseRoleName('cpl');

export interface Stub extends Published {
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export async function emptyLibrary(files: ReadonlyMap<string, Uint8Array> = new Map()): Promise<Stub> {
  return library(await sha256(new Uint8Array()), await revise(CPL, undefined, {}, NOW), files);
}

/** The library after the change, as if it had been signed and applied. */
export function applied(published: Stub, change: Change): Stub {
  const role = change.metadata.get(CPL) as Document<Targets>;
  return library(published.library, role, new Map([...published.files, ...change.targets]));
}

function library(name: string, cpl: Document<Targets>, files: ReadonlyMap<string, Uint8Array>): Stub {
  return {
    library: name,
    // An import asks for nothing of the root and the targets role
    trusted: {} as Published['trusted'],
    role: async (role: RoleName) => (role === CPL ? cpl : undefined),
    read: async (path: string) => files.get(path),
    files,
  };
}

export type Row = Partial<Record<CplColumn, string>>;

const EXACT: Row = {
  device_type: 'ESME',
  manufacturer_id: 'FFF1',
  model_id: '0A01',
  hardware_version: '0102',
  smets_version: '5.1',
  gbcs_version: '4.2',
  image_hash: '7d'.repeat(32),
  status: 'Active',
  upgradeable_from: 'N/A',
  smets1: 'no',
  certificates: 'CPA:CPA-0017:2028-11-01',
};

export interface CsvForm {
  readonly columns?: readonly string[];
  readonly newline?: string;
  readonly mark?: string;
}

function numbered(i: number): Row {
  const version = i.toString(16).toUpperCase().padStart(8, '0');
  return { entry_id: `CPL-${String(i).padStart(6, '0')}`, firmware_version: version };
}

/** The Panel's list: each row exact but for what is given; entry id and firmware version count up from 1. */
export function csv(
  rows: readonly Row[],
  { columns = CPL_COLUMNS, newline = '\n', mark = '' }: CsvForm = {},
): Uint8Array {
  const lines = rows.map((row, i) => {
    const whole: Row = { ...EXACT, ...numbered(i + 1), ...row };
    return CPL_COLUMNS.map((column) => cell(whole[column] ?? '')).join(',');
  });
  return new TextEncoder().encode(mark + [columns.join(','), ...lines, ''].join(newline));
}

export function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function many(count: number, row: (i: number) => Row = () => ({})): Row[] {
  return Array.from({ length: count }, (_, i) => row(i + 1));
}
