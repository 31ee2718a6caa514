// What can `cfl` do? Its commands; what a command needs is loaded when it runs.

import { assemble } from './assemble.ts';
import { bundle } from './bundle.ts';
import type { Program } from './command.ts';
import { completion } from './completion.ts';
import { estate } from './estate.ts';
import { fetch } from './fetch.ts';
import { init } from './init.ts';
import { inspect } from './inspect.ts';
import { keygen } from './keygen.ts';
import { list } from './list.ts';
import { mirror } from './mirror.ts';
import { notes } from './notes.ts';
import { refresh } from './refresh.ts';
import { show } from './show.ts';
import { tool } from './tool.ts';
import { verify } from './verify.ts';

export const cfl: Program = {
  name: 'cfl',
  does: 'Reads the Centralised Firmware Library, and verifies every octet from one pinned root',
  commands: [
    init,
    keygen,
    refresh,
    list,
    show,
    notes,
    fetch,
    verify,
    estate,
    assemble,
    mirror,
    bundle,
    inspect,
    tool,
    completion(() => cfl),
  ],
};
