// The demo's Central Products List as the CSV file that the Panel would publish.

import { createHash } from 'node:crypto';
import { CPL_COLUMNS, decodeImage, manufacturerImageHash } from '@cfl/client/firmware';
import { demoImage } from './image.ts';
import {
  type DemoRelease,
  type DemoRow,
  INVESTIGATED,
  REFUSED,
  RELEASES,
  ROWS_WITHOUT_IMAGE,
  SUSPENDED,
} from './world.ts';

interface Row extends DemoRow {
  readonly hash: string;
}

/**
 * In the second snapshot one entry is Withdrawn that was Active; the hardware of another is corrected, so
 * that a submission made upon the first snapshot is refused upon the second; and a third got a hash.
 */
export async function demoCpl(snapshot: 1 | 2): Promise<string> {
  const images = await Promise.all([...RELEASES, REFUSED].map(rowsOf));
  const others = ROWS_WITHOUT_IMAGE.map((row) => ({ ...row, hash: snapshot === 2 ? laterHash(row) : '' }));
  const rows = [...images.flat(), ...others];
  return csv(rows.map((row) => (snapshot === 1 ? asFirstListed(row) : row)));
}

async function rowsOf(release: DemoRelease): Promise<readonly Row[]> {
  const hash = await manufacturerImageHash(decodeImage(demoImage(release)), 'whole');
  return release.hardware.map((hardware) => ({
    deviceType: release.deviceType,
    code: release.code,
    model: release.model,
    hardware,
    firmware: release.firmware,
    status: isSuspended(release) ? 'Withdrawn' : 'Active',
    hash,
  }));
}

/** Somebody else's image got there first, so that the manufacturer's own asks for an investigation. */
function laterHash({ model, hardware }: DemoRow): string {
  const isAsked = model === INVESTIGATED.model && INVESTIGATED.hardware.includes(hardware);
  return isAsked ? createHash('sha256').update('another image').digest('hex') : '';
}

function asFirstListed(row: Row): Row {
  if (isSuspended(row)) return { ...row, status: 'Active' };
  return row.model === REFUSED.model ? { ...row, hardware: REFUSED.takes[0] } : row;
}

function isSuspended({ model, firmware }: Pick<DemoRow, 'model' | 'firmware'>): boolean {
  return model === SUSPENDED.model && firmware === SUSPENDED.firmware;
}

function csv(rows: readonly Row[]): string {
  const lines = rows.map(({ deviceType, code, model, hardware, firmware, status, hash }, i) => {
    const cells: Record<(typeof CPL_COLUMNS)[number], string> = {
      entry_id: entryId(i),
      device_type: deviceType,
      manufacturer_id: code,
      model_id: model,
      hardware_version: hardware,
      firmware_version: firmware,
      smets_version: '5.1',
      gbcs_version: '4.1',
      image_hash: hash.toUpperCase(),
      status,
      upgradeable_from: 'N/A',
      smets1: 'no',
      certificates: `CPA:EX-${code}-${model}:2031-11-18`,
    };
    return CPL_COLUMNS.map((column) => cells[column]).join(',');
  });
  return `${[CPL_COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

function entryId(i: number): string {
  return `CPL-${String(401 + i).padStart(6, '0')}`;
}
