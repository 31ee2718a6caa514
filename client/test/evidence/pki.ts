// The authorities of the tests: those of the demo.

export * from '../../../scripts/pki/pki.ts';
export {
  makeStamp,
  type Query,
  refusal,
  stampFor,
  startTimestampAuthority,
  type TimestampAuthority,
  witnessOf,
} from '../../../scripts/pki/time-authority.ts';
