// Which verifier files has the registrar published, and what is the newest? One HTML file each, under its version;
// none is ever replaced.

import { equalOctets, type Sha256, sha256 } from '../encoding/index.ts';
import { PARTIES_PATH } from '../firmware/index.ts';
import { LibraryError } from './errors.ts';
import type { Files } from './files.ts';
import type { Library } from './library.ts';

const NAME = /^verify-((?:0|[1-9]\d{0,5})\.(?:0|[1-9]\d{0,5})\.(?:0|[1-9]\d{0,5}))\.html$/;

/** `0.1.0` of `verify-0.1.0.html`; undefined for another name. */
export function verifierVersion(name: string): string | undefined {
  return NAME.exec(name)?.[1];
}

/** `tools/verify-0.1.0.html` */
export function verifierPath(version: string): string {
  return `tools/verify-${version}.html`;
}

export interface VerifierFile {
  readonly path: string;
  readonly version: string;
  readonly octets: Uint8Array;
}

/** The newest that the registrar lists, verified. Throws LibraryError NO_TOOL where there is none. */
export async function readVerifier(library: Library): Promise<VerifierFile> {
  const registrar = await library.find(PARTIES_PATH);
  const versions = [...(registrar?.document.signed.targets.keys() ?? [])].flatMap(
    (path) => (path.startsWith('tools/') ? verifierVersion(path.slice('tools/'.length)) : undefined) ?? [],
  );
  const newest = versions.toSorted(byNumbers).at(-1);
  const path = verifierPath(newest ?? '');
  const found = newest === undefined ? undefined : await library.find(path);
  if (newest === undefined || found === undefined)
    throw new LibraryError('NO_TOOL', 'Cannot get the verifier file: the library has none', {
      hint: 'Ask the registrar to publish one: cfl-repo tool add FILE',
    });
  return { path, version: newest, octets: await library.read(found) };
}

/** Throws LibraryError OTHER_FILE_THERE where a file of this name is there that is not as signed. */
export async function saveVerifier(
  files: Files,
  path: string,
  octets: Uint8Array,
): Promise<{ readonly name: string; readonly sha256: Sha256 }> {
  const name = path.slice('tools/'.length);
  const digest = await sha256(octets);
  const present = await files.read(name);
  if (present === undefined) await files.replace(name, octets);
  else if (!equalOctets(present, octets)) {
    const found = await sha256(present);
    throw new LibraryError(
      'OTHER_FILE_THERE',
      `Cannot write "${name}": a file of this name is there with the SHA-256 ${found}, signed is ${digest}`,
      {
        found,
        expected: digest,
        hint: 'Do not open that file: the registrar did not sign it. Name another folder with --to DIR',
      },
    );
  }
  return { name, sha256: digest };
}

/** 0.10.0 comes after 0.9.0. */
function byNumbers(a: string, b: string): number {
  const [one, other] = [a.split('.').map(Number), b.split('.').map(Number)];
  const at = one.findIndex((number, i) => number !== other[i]);
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
