// Under the certificate and the time authority that a manufacturer's settings name.

import { statementSigner } from '../../src/submission/keys.ts';
import type { SignAct } from '../../src/withdraw/act.ts';
import type { Maker } from '../intake/scene.ts';

export function signActAs({ ring }: Maker): SignAct {
  return statementSigner(ring);
}
