// `cfl inspect`: what an OTA image says of itself, and the hash that the Central Products List has for it.

import { open, readFile } from 'node:fs/promises';
import type { OtaHeader, OtaImage } from '../firmware/index.ts';
import { LibraryError } from '../library/errors.ts';
import { command, JSON_OPTION } from './command.ts';
import { columns, grouped } from './layout.ts';
import { EXIT } from './refusal.ts';

/** The longest header: 56 octets and every optional field. */
const LONGEST_HEADER = 69;

export const inspect = command({
  name: 'inspect',
  does: 'Shows the header and the CPL hash of an OTA image',
  operands: ['FILE'],
  options: { 'header-only': { type: 'boolean', does: 'look at nothing behind the header' }, ...JSON_OPTION },
  examples: [
    { line: 'cfl inspect meter.ota', does: 'header fields, CPL hash, and whether a supplier has signed it' },
    { line: 'cfl inspect meter.ota --json', does: 'the same as numbers, for a program' },
    { line: 'cfl inspect first-60-octets.bin --header-only', does: 'for a header without its image' },
  ],
  async run([file], values, io) {
    const firmware = await import('../firmware/index.ts');
    const isHeaderOnly = values['header-only'] === true;
    const octets = isHeaderOnly ? await beginning(file) : await readFile(file);
    const seen = await look(octets, isHeaderOnly, firmware, file);
    if (values.json === true) {
      io.out(
        JSON.stringify({
          format: 'cfl/inspect/1',
          ...firmware.inspectFields(seen.header),
          manufacturerImageHash: seen.hash,
          trailer: seen.trailer,
        }),
      );
    } else {
      for (const line of linesOf(seen, firmware.hexOf)) io.out(line);
    }
    return EXIT.done;
  },
});

interface Seen {
  readonly header: OtaHeader;
  readonly hash: string | null;
  readonly trailer: OtaImage['possibleTrailer'] | null;
  readonly awaitsTrailer: boolean;
}

async function look(
  octets: Uint8Array,
  isHeaderOnly: boolean,
  firmware: typeof import('../firmware/index.ts'),
  file: string,
): Promise<Seen> {
  const { decodeHeader, decodeImage, likelyReading, manufacturerImageHash, OtaError } = firmware;
  try {
    if (isHeaderOnly)
      return { header: decodeHeader(octets), hash: null, trailer: null, awaitsTrailer: false };
    const image = decodeImage(octets);
    const hash = await manufacturerImageHash(image, likelyReading(image));
    return {
      header: image.header,
      hash,
      trailer: image.possibleTrailer ?? null,
      awaitsTrailer: image.awaitsTrailer,
    };
  } catch (cause) {
    if (!(cause instanceof OtaError)) throw cause;
    const { found, expected } = cause;
    throw new LibraryError('NOT_AN_IMAGE', `Cannot read "${file}" as an OTA image: ${cause.message}`, {
      found,
      expected,
      cause,
      hint: 'Give the whole file as the manufacturer made it; if it was copied, copy it again',
    });
  }
}

async function beginning(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(LONGEST_HEADER), 0, LONGEST_HEADER, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function linesOf(
  { header, hash, trailer, awaitsTrailer }: Seen,
  hex: (number: number, digits: number) => string,
): string[] {
  const {
    minHardwareVersion: least,
    maxHardwareVersion: most,
    securityCredentialVersion,
    upgradeFileDestination,
  } = header;
  const facts: (readonly [string, string] | undefined)[] = [
    ['manufacturer', hex(header.manufacturerCode, 4)],
    ['image type', hex(header.imageType, 4)],
    ['firmware', hex(header.fileVersion, 8)],
    least === null || most === null ? undefined : ['hardware', `${hex(least, 4)} to ${hex(most, 4)}`],
    [
      'header',
      `version ${hex(header.headerVersion, 4)}, ${header.headerLength} octets, field control ${hex(header.fieldControl, 4)}`,
    ],
    ['stack', hex(header.stackVersion, 4)],
    ['text', headerText(header.headerStringHex)],
    [
      'size',
      `${grouped(header.totalImageSize)} octets${awaitsTrailer ? ", the supplier's 66 counted and not there yet" : ''}`,
    ],
    securityCredentialVersion === null ? undefined : ['credential', `version ${securityCredentialVersion}`],
    upgradeFileDestination === null ? undefined : ['destination', upgradeFileDestination],
    hash === null ? undefined : ['CPL hash', hash],
    hash === null ? undefined : ['trailer', trailerInWords(trailer)],
  ];
  return columns(facts.filter((fact) => fact !== undefined));
}

function trailerInWords(trailer: Seen['trailer']): string {
  if (!trailer) return 'none';
  return `the last 66 octets look like a supplier's (force replace ${trailer.forceReplace}); the hash is without them`;
}

/** As text where it is text, else as it stands. */
function headerText(digits: string): string {
  const octets = Buffer.from(digits.replace(/(00)+$/, ''), 'hex');
  const text = octets.toString('utf8');
  return /^[\x20-\x7e]*$/.test(text) ? `"${text}"` : octets.toString('hex');
}
