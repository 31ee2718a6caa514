// What the bundling test carries into a browser: the pure part, whole.
export * as admission from '../../src/admission/index.ts';
export * as encoding from '../../src/encoding/index.ts';
export * as firmware from '../../src/firmware/index.ts';
export * as tuf from '../../src/tuf/index.ts';
