export { derSignature, rawSignature } from './ecdsa.ts';
export { KeyError, type KeyErrorCode } from './errors.ts';
export {
  type AskPassphrase,
  createKeyFile,
  type KeyFileOptions,
  publicPath,
  writePublicKey,
} from './file.ts';
export { keyFileOf, nameOfKey, type OpenSignerOptions, openSigner } from './open.ts';
export { type PassphraseRequest, readPassphrase, readPin } from './passphrase.ts';
export { readPublicKey, type Scheme, toKeyObject, toPublicKeyObject } from './public.ts';
export { memorySigner, type Signer, signerOf, type Use } from './signer.ts';
