// What of this folder runs in a browser as it does in Node: the formats of what the gate signs.

export { type Acceptance, acceptanceFile } from './acceptance.ts';
export { type WithdrawalFile, withdrawalFile, withdrawalPath } from './withdrawal.ts';
