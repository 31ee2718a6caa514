// Names that come from signed files, and what may be done with them.
//
// - A role name is any text of 1 to 200 octets, percent-encoded, without control characters. It becomes a file name
//   only through `metadataFile`, which leaves nothing in it that a file system or a URL gives a meaning.
// - A target path is relative, in `/` segments, none of them empty, `.` or `..`, without backslash or
//   control characters (TUF 4.5, TARGETPATH).

import { RefusedError } from './errors.ts';
import type { RoleName, TargetPath, TopRole } from './types.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

export const ROOT = 'root' as RoleName;
export const TIMESTAMP = 'timestamp' as RoleName;
export const SNAPSHOT = 'snapshot' as RoleName;
export const TARGETS = 'targets' as RoleName;

export function isTopRole(name: string): name is TopRole {
  return name === 'root' || name === 'timestamp' || name === 'snapshot' || name === 'targets';
}

export function parseRoleName(text: unknown): RoleName {
  if (
    typeof text === 'string' &&
    text.length > 0 &&
    text.isWellFormed() &&
    encodeURIComponent(text).length <= 200 &&
    !CONTROL.test(text)
  ) {
    return text as RoleName;
  }
  throw new RefusedError(
    'NOT_METADATA',
    `Cannot read ${JSON.stringify(text)} as the name of a role: expected 1 to 200 octets, percent-encoded, without control characters`,
  );
}

/** Shortcut for speed: what it finds good the long way finds good too, at eight times the cost. */
const PLAIN_PATH = /^\w[\w.-]*(?:\/\w[\w.-]*)*$/;

export function isTargetPath(text: string): text is TargetPath {
  if (text.length > 4096) return false;
  return PLAIN_PATH.test(text) || isSpelledOut(text);
}

function isSpelledOut(text: string): boolean {
  return (
    text.isWellFormed() &&
    !CONTROL.test(text) &&
    !text.includes('\\') &&
    text.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}

export function parseTargetPath(text: string): TargetPath {
  if (isTargetPath(text)) return text;
  throw new RefusedError(
    'NOT_METADATA',
    `Cannot read ${JSON.stringify(text)} as a target path: expected segments between "/", none empty, "." or ".."`,
  );
}

/** `3.m-fff1.json`, or `m-fff1.json` without a version. Everything but letters, digits and `_.-~` is percent-encoded. */
export function metadataFile(role: RoleName, version?: number): string {
  const name = encodeURIComponent(role).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return version === undefined ? `${name}.json` : `${version}.${name}.json`;
}

/** `firmware/FFF1/<digest>.image.ota`: where consistent snapshots keep a target (TUF 6.2). */
export function consistentName(path: TargetPath, digest: string): string {
  const slash = path.lastIndexOf('/') + 1;
  return `${path.slice(0, slash)}${digest}.${path.slice(slash)}`;
}

/**
 * Whether a delegation's path pattern covers a target: `*` and `?` within one segment, nothing else is special
 * (TUF 4.5, PATHPATTERN). On a mismatch only the last star takes one character more: the one before it cannot
 * help, and none reaches over a slash. A role with hundreds of bins has hundreds of patterns to ask.
 */
export function matchesPattern(path: string, pattern: string): boolean {
  let at = 0;
  let g = 0;
  let star = -1;
  let resume = 0;
  while (at < path.length) {
    const sign = path.charCodeAt(at);
    const glob = pattern.charCodeAt(g);
    if (glob === STAR) {
      star = g++;
      resume = at;
    } else if (glob === sign || (glob === ONE && sign !== SLASH)) {
      if (sign === SLASH) star = -1;
      g++;
      at++;
    } else if (star >= 0 && path.charCodeAt(resume) !== SLASH) {
      g = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern.charCodeAt(g) === STAR) g++;
  return g === pattern.length;
}

const STAR = 0x2a;
const ONE = 0x3f;
const SLASH = 0x2f;
