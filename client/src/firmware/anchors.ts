// Which authorities are trusted, for what, and since when? `register/anchors.json`, which the registrar signs.
//
// Rules
// - An anchor names one certificate of `register/trusted_root.json` by the SHA-256 of its DER: the one that
//   issues (`certificate`), or the time authority's own (`timestamp`). An authority without an anchor counts
//   for nothing.
// - What the key usage and the extended key usage of a signer's certificate must hold is data of its anchor.
// - trusted_root.json is a Sigstore TrustedRoot, of which this library uses the two lists of authorities and
//   nothing else; each authority with its whole chain, and with a beginning.
// - An anchor is closed by its date and never deleted, so that what was signed before can be verified.

import {
  date,
  digest,
  type Format,
  format,
  line,
  list,
  listOfDifferent,
  literal,
  object,
  oneOf,
  type Read,
  refuse,
  text,
} from './fields.ts';

/** Bits of KeyUsage by their names in RFC 5280, 4.2.1.3, in order. */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

const objectIdentifier = text(
  /^[0-2](\.(0|[1-9]\d{0,9})){1,20}$/,
  'an object identifier such as 1.3.6.1.5.5.7.3.3',
);

const anchor = object(
  {
    sha256: digest,
    kind: oneOf('certificate', 'timestamp'),
    leaf: object({
      keyUsage: listOfDifferent(oneOf(...KEY_USAGES), String, 1),
      extendedKeyUsage: listOfDifferent(objectIdentifier, String),
    }),
    from: date,
  },
  { until: date },
);
export type Anchor = ReturnType<typeof anchor>;

const anchorList = object({
  format: literal('cfl/anchors/1'),
  authorities: listOfDifferent(anchor, ({ sha256 }) => sha256),
});
export type Anchors = ReturnType<typeof anchorList>;

export const anchorsFile: Format<Anchors> = format(anchorList);

export const ANCHORS_PATH = 'register/anchors.json';
/** A Sigstore TrustedRoot. */
export const TRUSTED_ROOT_PATH = 'register/trusted_root.json';

const empty: Read<readonly never[]> = (value, at) =>
  Array.isArray(value) && value.length === 0 ? [] : refuse(value, at, 'an empty list: no log is used here');

const certificateText = text(
  /^([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  'a certificate in base64',
);

const lineOrNothing: Read<string> = (value, at) => (value === '' ? '' : line(value, at));

const trustedAuthority = object(
  {
    subject: object({ organization: lineOrNothing, commonName: lineOrNothing }),
    certChain: object({ certificates: list(object({ rawBytes: certificateText }), 1) }),
    validFor: object({ start: date }, { end: date }),
  },
  { uri: lineOrNothing },
);
export type TrustedAuthority = ReturnType<typeof trustedAuthority>;

const trustedRoot = object({
  mediaType: literal('application/vnd.dev.sigstore.trustedroot+json;version=0.1'),
  tlogs: empty,
  certificateAuthorities: list(trustedAuthority),
  ctlogs: empty,
  timestampAuthorities: list(trustedAuthority),
});
export type TrustedRoot = ReturnType<typeof trustedRoot>;

export const trustedRootFile: Format<TrustedRoot> = format(trustedRoot);
