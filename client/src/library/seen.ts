// Which withdrawals has this machine seen? `withdrawn.json` beside the pinned root, outside of the cache: it is
// no copy of anything that could be fetched again from a library that has begun to lie.

import type { Sha256 } from '../encoding/index.ts';
import { digest, type Format, format, line, listOfDifferent, literal, object } from '../firmware/fields.ts';
import { FormatError } from '../firmware/index.ts';
import { LibraryError } from './errors.ts';
import type { Files } from './files.ts';
import type { WithdrawalMemory } from './withdrawal.ts';

const FILE = 'withdrawn.json';

const seen = object({
  format: literal('cfl/seen-withdrawals/1'),
  withdrawals: listOfDifferent(object({ path: line, sha256: digest }), ({ path }) => path),
});

/** What a reader keeps of the withdrawals that it saw, by path. */
const seenWithdrawals: Format<ReturnType<typeof seen>> = format(seen);

/** Throws LibraryError DAMAGED_HOME where the file is there and cannot be read. */
export function withdrawalMemory(files: Files): WithdrawalMemory {
  const read = async () => parse(await files.read(FILE));
  return {
    read,
    async add(path, sha256) {
      // Read again: another process may have added to it
      const seen = new Map(await read()).set(path, sha256);
      const withdrawals = [...seen].map(([one, digest]) => ({ path: one, sha256: digest }));
      withdrawals.sort((a, b) => (a.path < b.path ? -1 : 1));
      await files.replace(FILE, seenWithdrawals.encode({ format: 'cfl/seen-withdrawals/1', withdrawals }));
    },
  };
}

function parse(octets: Uint8Array | undefined): ReadonlyMap<string, Sha256> {
  if (octets === undefined) return new Map();
  try {
    return new Map(seenWithdrawals.parse(octets).withdrawals.map(({ path, sha256 }) => [path, sha256]));
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new LibraryError(
      'DAMAGED_HOME',
      `Cannot read "${FILE}", the withdrawals seen so far: ${cause.message}`,
      {
        hint: 'Restore it from a copy of this folder. Without it a release that was withdrawn might pass',
        cause,
      },
    );
  }
}
