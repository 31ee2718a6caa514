export { KeyError, type KeyErrorCode } from './errors.ts';
export { type AskPassphrase, createKeyFile, type KeyFileOptions, publicPath } from './file.ts';
export { openSigner } from './open.ts';
export { type PassphraseRequest, readPassphrase } from './passphrase.ts';
export { readPublicKey, type Scheme, toKeyObject, toPublicKeyObject } from './public.ts';
export { memorySigner, type Signer, signerOf, type Use } from './signer.ts';
