// `cfl-repo`: runs the library, for its operator, registrar, holders and the Panel.

import { type Program, processIo, runProgram } from '@cfl/client/cli';
import { partyGrant, partyKeys, partyList, partyRenew, partyRevoke } from './access.ts';
import { cplAssociate, cplDecide } from './associate.ts';
import { audit } from './audit.ts';
import { apply, sign } from './change.ts';
import { check } from './check.ts';
import { cplImport } from './cpl.ts';
import { init, keygen, partyAdd, partyUpdate } from './found.ts';
import { heldList, heldReject, heldRelease, heldShow } from './held.ts';
import { intake } from './intake.ts';
import { renew, rotate } from './renew.ts';
import { replay } from './replay.ts';
import { status, unlock } from './status.ts';
import { toolAdd } from './tool.ts';
import { crlImport, revoke, trust } from './trust.ts';
import { withdraw } from './withdraw.ts';

export const program: Program = {
  name: 'cfl-repo',
  does: 'Runs a firmware library: its keys, its parties, the Central Products List and the intake',
  commands: [
    keygen,
    init,
    trust,
    partyAdd,
    partyUpdate,
    partyKeys,
    partyGrant,
    partyRevoke,
    partyRenew,
    partyList,
    cplImport,
    cplAssociate,
    cplDecide,
    revoke,
    crlImport,
    toolAdd,
    sign,
    apply,
    intake,
    heldList,
    heldShow,
    heldRelease,
    heldReject,
    withdraw,
    renew,
    rotate,
    status,
    check,
    replay,
    audit,
    unlock,
  ],
};

export async function run(): Promise<void> {
  process.exitCode = await runProgram(program, process.argv.slice(2), processIo());
}
