export { canonicalText, encodeCanonical } from './canonical.ts';
export { encodeDate, parseDate } from './date.ts';
export * as der from './der.ts';
export { type Der, DerError } from './der.ts';
export { equalOctets, fromHex, parseSha256, type Sha256, sha256, toHex } from './hex.ts';
export {
  decodeUtf8,
  isObject,
  type Json,
  JsonError,
  type JsonObject,
  parseJson,
  parseJsonDocument,
} from './json.ts';
