// Images made up here, for what no real one has.
import { encodeImage, headerLengthFor, type OtaHeader, parseEui64 } from '../../src/firmware/index.ts';

/** A GB header unless told otherwise; optional fields follow the field control. */
export function headerOf(changes: Partial<OtaHeader> = {}): OtaHeader {
  const fieldControl = changes.fieldControl ?? 4;
  return {
    headerVersion: 0x0100,
    headerLength: headerLengthFor(fieldControl),
    fieldControl,
    manufacturerCode: 0xfff1,
    imageType: 0,
    fileVersion: 0x01000203,
    stackVersion: 2,
    headerStringHex: '45'.repeat(32),
    totalImageSize: 200,
    minHardwareVersion: fieldControl & 4 ? 0x0100 : null,
    maxHardwareVersion: fieldControl & 4 ? 0x01ff : null,
    securityCredentialVersion: fieldControl & 1 ? 2 : null,
    upgradeFileDestination: fieldControl & 2 ? parseEui64('00-DB-12-34-56-78-90-A0') : null,
    ...changes,
  };
}

/** A file of a header and this body; the size field fits unless told otherwise. */
export function imageOf(body: Uint8Array, changes: Partial<OtaHeader> = {}): Uint8Array<ArrayBuffer> {
  const header = headerOf(changes);
  const totalImageSize = changes.totalImageSize ?? header.headerLength + body.length;
  return encodeImage({ header: { ...header, totalImageSize }, body });
}

export const SIGNATURE = Uint8Array.from({ length: 64 }, (_, i) => i + 1);

/** forceReplace, 0x40 and 64 octets behind a manufacturer image. */
export function withTrailer(body: Uint8Array, forceReplace = 0): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...body, forceReplace, 0x40, ...SIGNATURE]);
}

export function octets(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);
}
