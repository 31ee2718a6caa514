// The target paths of a release: built, read back, and nothing else taken for one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decisionPath,
  imagePath,
  notesPath,
  parseManufacturerCode,
  parseReleaseId,
  parseReleasePath,
  statementPath,
} from '../../src/firmware/index.ts';

const code = parseManufacturerCode('FFF1');
const release = parseReleaseId('0a'.repeat(32));

describe('the path of a file of a release', () => {
  it('is built as it is read', () => {
    expect(imagePath(code, release)).toBe(`firmware/FFF1/${release}/image.ota.age`);
    expect(statementPath(code, release, 2)).toBe(`firmware/FFF1/${release}/statement-2.sigstore.json`);
    expect(notesPath(code, release, 1)).toBe(`firmware/FFF1/${release}/notes-1.md.age`);
    expect(decisionPath(release, 1)).toBe(`intake/${release}/decision-1.json`);
    expect(parseReleasePath(imagePath(code, release))).toEqual({ kind: 'image', code, release });
  });

  it('is read back, for every number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), (number) => {
        expect(parseReleasePath(statementPath(code, release, number))).toEqual({
          kind: 'statement',
          code,
          release,
          number,
        });
        expect(parseReleasePath(notesPath(code, release, number))).toEqual({
          kind: 'notes',
          code,
          release,
          number,
        });
        expect(parseReleasePath(decisionPath(release, number))).toEqual({
          kind: 'decision',
          release,
          number,
        });
      }),
    );
  });

  it.each([
    'firmware/fff1/R/image.ota.age',
    'firmware/FFF1/R/image.ota',
    'firmware/FFF1/R/notes-1.md',
    'firmware/FFF1/R/image.bin',
    'firmware/FFF1/R/statement-0.sigstore.json',
    'firmware/FFF1/R/statement-01.sigstore.json',
    'firmware/FFF1/R/statement-1.md.age',
    'firmware/FFF1/R/notes-1.sigstore.json',
    'firmware/FFF1/R/../R/image.ota.age',
    '/firmware/FFF1/R/image.ota.age',
    'firmware/FFF1/R/image.ota.age\n',
    'firmware/FFF1/short/image.ota.age',
    'intake/R/decision-0.json',
    'intake/R/image.ota.age',
  ])('is not "%s"', (path) => {
    expect(parseReleasePath(path.replaceAll('R', release))).toBeUndefined();
  });
});
