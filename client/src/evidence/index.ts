export { type EvidenceCode, EvidenceError } from './errors.ts';
export { signStatement } from './sign.ts';
export { type Evidence, type EvidenceTrust, type RegisteredKey, verifyBundle } from './verify.ts';
