// What does a role's next version say of files that the one before did not say?

import { canonicalText } from '@cfl/client/encoding';
import type { TargetFile, TargetPath, Targets } from '@cfl/client/tuf';

export interface Difference {
  readonly added: readonly TargetPath[];
  /** Listed before and after, with another length, another hash or other words. */
  readonly changed: readonly TargetPath[];
  readonly gone: readonly TargetPath[];
}

export function differenceOf(before: Targets | undefined, after: Targets): Difference {
  const added: TargetPath[] = [];
  const changed: TargetPath[] = [];
  for (const [path, file] of after.targets) {
    const present = before?.targets.get(path);
    if (present === undefined) added.push(path);
    else if (!isSame(present, file)) changed.push(path);
  }
  const gone = [...(before?.targets.keys() ?? [])].filter((path) => !after.targets.has(path));
  return { added, changed, gone };
}

export function isSame(a: TargetFile | undefined, b: TargetFile | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.length === b.length &&
    a.hashes.size === b.hashes.size &&
    [...a.hashes].every(([algorithm, digest]) => b.hashes.get(algorithm) === digest) &&
    canonicalText(a.custom ?? null) === canonicalText(b.custom ?? null)
  );
}
