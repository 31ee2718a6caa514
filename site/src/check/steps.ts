// What was checked, and which files were read for it? Told step by step, while the check goes on.

import { minute, type Step } from '@cfl/client/tuf';
import type { ReadFile } from './repository.ts';

export interface CheckedStep {
  readonly what: string;
  readonly text: string;
  readonly files: readonly ReadFile[];
}

export type Say = (what: string, text: string) => void;

export interface Telling {
  readonly say: Say;
  readonly onRole: (step: Step) => void;
  readonly onFile: (file: ReadFile) => void;
}

export function telling(onStep: (step: CheckedStep) => void): Telling {
  let files: ReadFile[] = [];
  const told = (what: string, text: string, own: (file: ReadFile) => boolean) => {
    onStep({ what, text, files: files.filter(own) });
    files = files.filter((file) => !own(file));
  };
  return {
    say: (what, text) => told(what, text, () => true),
    // What it signs is read for what comes after
    onRole: (step) => told(step.role, roleInWords(step), ({ name }) => name.startsWith('metadata/')),
    onFile: (file) => files.push(file),
  };
}

/** `version 15, 1 of 1 signatures, good until 2026-11-23 09:00 UTC` */
function roleInWords({ version, expires, signers }: Step): string {
  return `version ${version}, ${signers.keyIds.length} of ${signers.of} signatures, good until ${minute(expires)}`;
}
