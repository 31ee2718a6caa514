// Where does a release lie? The target paths of one release, built and read.
//
// Rules
// - A path names its release, the SHA-256 of the image in library form: content-addressed, written once.
// - Image and notes lie sealed, and only so (docs/formats/recipients.md); their names say it.
// - Numbers are decimal from 1, without leading zeros, so each file has one name.

import { type ManufacturerCode, manufacturerCode, type ReleaseId, releaseId } from './identifiers.ts';

export type ReleaseFile =
  | { readonly kind: 'image'; readonly code: ManufacturerCode; readonly release: ReleaseId }
  | {
      readonly kind: 'statement' | 'notes';
      readonly code: ManufacturerCode;
      readonly release: ReleaseId;
      readonly number: number;
    }
  | { readonly kind: 'decision'; readonly release: ReleaseId; readonly number: number };

export function imagePath(code: ManufacturerCode, release: ReleaseId): string {
  return `firmware/${code}/${release}/image.ota.age`;
}

export function statementPath(code: ManufacturerCode, release: ReleaseId, number: number): string {
  return `firmware/${code}/${release}/statement-${number}.sigstore.json`;
}

export function notesPath(code: ManufacturerCode, release: ReleaseId, number: number): string {
  return `firmware/${code}/${release}/notes-${number}.md.age`;
}

export function decisionPath(release: ReleaseId, number: number): string {
  return `intake/${release}/decision-${number}.json`;
}

const FIRMWARE =
  /^firmware\/([0-9A-F]{4})\/([0-9a-f]{64})\/(?:image\.ota\.age|(statement|notes)-([1-9]\d{0,8})\.(sigstore\.json|md\.age))$/;
const DECISION = /^intake\/([0-9a-f]{64})\/decision-([1-9]\d{0,8})\.json$/;

/** Undefined for a path that is no file of a release. */
export function parseReleasePath(path: string): ReleaseFile | undefined {
  const decision = DECISION.exec(path);
  if (decision !== null)
    return { kind: 'decision', release: releaseId.parse(decision[1]), number: Number(decision[2]) };
  const firmware = FIRMWARE.exec(path);
  if (firmware === null) return undefined;
  const [, codeText, releaseText, kind, numberText, ending] = firmware;
  const code = manufacturerCode.parse(codeText);
  const release = releaseId.parse(releaseText);
  if (kind === undefined) return { kind: 'image', code, release };
  const number = Number(numberText);
  if (kind === 'statement' && ending === 'sigstore.json') return { kind, code, release, number };
  return kind === 'notes' && ending === 'md.age' ? { kind, code, release, number } : undefined;
}
