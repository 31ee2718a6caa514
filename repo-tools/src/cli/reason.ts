// Why? What cannot be undone, or is published for good, is done with a reason.

import { UsageError } from '@cfl/client/cli';

export function reasonGiven(command: string, reason: string | undefined, program = 'cfl-repo'): string {
  if (reason !== undefined) return reason;
  throw new UsageError(
    `Cannot run "${program} ${command}": it needs a reason`,
    'Give it in one line: --reason "…"',
  );
}
