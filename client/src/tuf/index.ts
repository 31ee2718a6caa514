// The Update Framework 1.0.34, read strictly: the same code in Node and in a browser.

export { Client } from './client.ts';
export { parseRoot, parseSnapshot, parseTargets, parseTimestamp } from './document.ts';
export {
  encodeDocument,
  encodeRoot,
  encodeSigned,
  encodeSnapshot,
  encodeTargets,
  encodeTimestamp,
  SPEC_VERSION,
  signedOctets,
} from './encode.ts';
export {
  type RefusalCode,
  type RefusalDetail,
  RefusedError,
  type UnreachableCode,
  type UnreachableDetail,
  UnreachableError,
} from './errors.ts';
export {
  encodeFloors,
  FLOORS_FILE,
  type Floors,
  onlineKeys,
  parseFloors,
  wereRotated,
} from './floors.ts';
export { keyMaterial, parseKey, publicKey, verifySignature } from './key.ts';
export {
  consistentName,
  isTargetPath,
  matchesPattern,
  metadataFile,
  parseRoleName,
  parseTargetPath,
  ROOT,
  SNAPSHOT,
  TARGETS,
  TIMESTAMP,
} from './names.ts';
export { covers, type FoundTarget, PathClient } from './path-client.ts';
export { patternsMeet } from './patterns.ts';
export type { Trusted } from './refresh.ts';
export { type ClientOptions, LIMITS, type Limits, type Step } from './session.ts';
export { type Signers, verifyThreshold } from './threshold.ts';
export {
  type Authority,
  minute,
  type Verified,
  verifyLengthAndHashes,
  verifyNextRoot,
  verifyPinnedRoot,
  verifyTargets,
} from './trusted.ts';
export type * from './types.ts';
