// Who may read, and with what: sealing and opening, rings, grants and role credentials. Runs in a browser too.

export {
  type Credential,
  type CredentialOptions,
  encodeCredential,
  encodePublicCredential,
  openCredential,
  parsePublicCredential,
} from './credential.ts';
export { type AccessCode, AccessError } from './errors.ts';
export {
  CREDENTIALS_PATH,
  type Credentials,
  credentialsFile,
  currentKey,
  ESCROW,
  GATEWAY,
  GRANTS_PATH,
  type Grant,
  type Granted,
  type Grants,
  grantsFile,
  type Holder,
  keyringPath,
  type PublishedCredential,
  type PublishedReadKey,
  parseKeyringPath,
  READ_KEY_USES,
  RECIPIENTS_PATH,
  type ReadKeyUse,
  type Recipients,
  recipientsFile,
} from './forms.ts';
export { type GrantQuestion, type GrantState, grantState, holderOf, mayRead, refusalOf } from './grant.ts';
export { lostEpochs } from './growth.ts';
export {
  type AgeHeader,
  checkSealed,
  readHeader,
  type SealedShape,
  type Stanza,
  type Suite,
} from './header.ts';
export {
  fingerprintOf,
  type KeyPair,
  makeReadKey,
  parseRecipient,
  parseSecret,
  type Recipient,
  recipientOf,
  type Secret,
  spokenFingerprint,
} from './recipient.ts';
export {
  encodeRing,
  keysFor,
  openRing,
  parseRing,
  type ReadKey,
  type Ring,
  type RingContext,
  sealRing,
} from './ring.ts';
export { type Opened, open, seal } from './seal.ts';
