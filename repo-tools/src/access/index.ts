// Read access, as the registrar plans it, the gateway uses it and a signer is shown it.

export { gatewayOpener, imageOpener, ringOf } from './gateway.ts';
export {
  type CustodyRequest,
  dueUses,
  type GrantRequest,
  lapsing,
  planCustody,
  planGrant,
  planRenewal,
  planRevoke,
} from './grants.ts';
export { type FirstKeys, type OpenAccess, openAccess, planFirstKeys } from './plan.ts';
export type { Opened, Opener } from './sealing.ts';
export { type Access, openUses, readAccess, readAccessBegun } from './state.ts';
