// Did this party sign this statement? Under a certificate for withdrawals, good now and at the time of the stamp.

import { EvidenceError, verifyBundle } from '@cfl/client/evidence';
import { verifyRegistered } from '@cfl/client/library';
import type { Published } from '../deploy/state.ts';
import { evidenceTrust } from '../intake/evidence.ts';
import type { VerifyAct } from './act.ts';

export function verifyAct(published: Published, now: Date): VerifyAct {
  return async (bundle, party) => {
    const trust = await evidenceTrust(published);
    if (trust === undefined)
      throw new EvidenceError('UNKNOWN_ISSUER', 'the register names no authority whose certificates count', {
        hint: 'nothing can be signed before the registrar has entered one',
      });
    const proven = await verifyBundle(bundle, trust, { at: 'intake', now });
    verifyRegistered(party, proven, { purpose: 'withdrawal', also: [now] });
    return proven.statement;
  };
}
