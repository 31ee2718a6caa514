// `cfl verify`: the files of an earlier fetch, everything again, offline.

import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sha256 } from '../encoding/index.ts';
import type { Check, VerifiedSaved } from '../library/index.ts';
import { command, JSON_OPTION } from './command.ts';
import type { Io } from './io.ts';
import { checkLine } from './layout.ts';
import { EXIT, errorDocument, tell, UsageError } from './refusal.ts';
import type { Reported } from './report.ts';
import { HOME_OPTION, homeOf } from './session.ts';

export const verify = command({
  name: 'verify',
  does: 'Verifies what was fetched earlier once more, without the library',
  operands: ['DIR'],
  options: {
    report: { type: 'string', value: 'FILE', does: 'write one HTML page for an auditor' },
    root: { type: 'string', value: 'FILE', does: 'trust the root in this file; else the one that is pinned' },
    ...HOME_OPTION,
    ...JSON_OPTION,
  },
  examples: [
    {
      line: 'cfl verify firmware',
      does: 'each release in this folder as of the moment at which it was fetched; exit 1 if one does not hold',
    },
    {
      line: 'cfl verify firmware --root root.json --report report.html',
      does: 'for an auditor who has nothing but the first root, and a page with the SHA-256 of every file',
    },
  ],
  async run([dir], values, io) {
    const isJson = values.json === true;
    const { evidenceIn, folder } = await import('../library/index.ts');
    const { root, seen } = await trusted(values.root, homeOf(values, io));
    const files = folder(resolve(dir));
    const found = await evidenceIn(files, dir);
    if (values.report !== undefined && !values.report.endsWith('.html'))
      throw new UsageError(
        `Cannot write the report "${values.report}": expected a name that ends in .html`,
        'Run: cfl verify --help',
      );
    const reported: Reported[] = [];
    for (const name of found) {
      const checks: Check[] = [];
      const onCheck = (check: Check) => {
        checks.push(check);
        if (!isJson) io.err(checkLine(check.warns === true ? 'warn' : 'ok', check.what, check.text));
      };
      reported.push(await verified(name, { dir, root, seen, onCheck, checks, io, isJson }));
    }
    if (values.report !== undefined) {
      const { reportPage } = await import('./report.ts');
      const page = reportPage({ reported, now: io.now, rootSha256: await sha256(root) });
      const place = resolve(values.report);
      await folder(join(place, '..')).replace(
        place.split(/[\\/]/).at(-1) ?? '',
        new TextEncoder().encode(page),
      );
      if (!isJson) io.err(`Wrote ${values.report}, one page, with every file's SHA-256`);
    }
    if (isJson) io.out(JSON.stringify({ format: 'cfl/verify/1', releases: reported.map(documentOf) }));
    if (reported.some((one) => 'error' in one)) return EXIT.refused;
    return reported.some(({ checks }) => checks.some(({ warns }) => warns)) ? EXIT.act : EXIT.done;
  },
});

/** With `--root` this machine's memory is left alone: an auditor may have none. */
async function trusted(
  file: string | undefined,
  home: string,
): Promise<{ root: Uint8Array; seen: ReadonlySet<string> }> {
  if (file !== undefined) return { root: await readFile(file), seen: new Set() };
  const { folder, readHome, withdrawalMemory } = await import('../library/index.ts');
  const { root } = await readHome(home);
  return { root, seen: new Set((await withdrawalMemory(folder(home)).read()).keys()) };
}

interface Verifying {
  readonly dir: string;
  readonly root: Uint8Array;
  readonly seen: ReadonlySet<string>;
  readonly onCheck: (check: Check) => void;
  readonly checks: readonly Check[];
  readonly io: Io;
  readonly isJson: boolean;
}

/** One that does not hold does not hide the others. */
async function verified(
  name: string,
  { dir, root, seen, onCheck, checks, io, isJson }: Verifying,
): Promise<Reported> {
  const { folder, verifySaved } = await import('../library/index.ts');
  try {
    const saved = await verifySaved(folder(resolve(dir)), name, { root, seen, onCheck });
    if (!isJson) io.out(`${join(dir, saved.image.name)}  ${verdict(saved)}`);
    return { name, saved, checks };
  } catch (error) {
    const told = errorDocument(error);
    if (!isJson) {
      io.out(`${join(dir, name)}  refused`);
      tell(error, io, 'lines');
    }
    return { name, error: told, checks };
  }
}

function verdict({ evidence }: VerifiedSaved): string {
  const at = `${evidence.verified.slice(0, 16).replace('T', ' ')} UTC`;
  const how =
    evidence.state === 'withdrawn' ? 'as published, and withdrawn' : 'as published, signed and admitted';
  return `${how}; judged as of ${at}`;
}

function documentOf(one: Reported) {
  if ('error' in one) return { evidence: one.name, result: 'refused', error: one.error, checks: one.checks };
  const { evidence, image, notes, evidenceFile } = one.saved;
  const { files: _files, format: _format, ...facts } = evidence;
  return {
    evidence: one.name,
    result: 'verified',
    ...facts,
    image,
    notes: notes ?? null,
    evidenceFile,
    checks: one.checks,
  };
}
