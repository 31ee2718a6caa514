// Any published TUF repository, looked at from outside: `check`.

import { command, EXIT, grouped, type Io, JSON_OPTION } from '@cfl/client/cli';
import { encodeDate } from '@cfl/client/encoding';
import { openRepository } from '@cfl/client/library';
import { GROUPS, type Group } from '../check/checks.ts';
import { type Judged, judge, type Verdict } from '../check/judge.ts';
import { readRepository } from '../check/read.ts';
import { firstRootOf, ROOT_OPTIONS } from './first-root.ts';

export const check = command({
  name: 'check',
  does: 'Checks a published TUF repository from outside, whoever made it: its history, every file, keys and expiry',
  operands: ['LIBRARY'],
  options: {
    ...ROOT_OPTIONS,
    metadata: {
      type: 'string',
      value: 'DIR',
      does: 'where below LIBRARY the metadata lies, if not in metadata; "." for LIBRARY itself',
    },
    targets: { type: 'string', value: 'DIR', does: 'where below LIBRARY the files lie, if not in targets' },
    ...JSON_OPTION,
  },
  examples: [
    {
      line: 'cfl-repo check https://library.example --root-sha256 9b41…e07c',
      does: 'exit code 1 where something is wrong, 4 where something will be',
    },
    { line: 'cfl-repo check .', does: "the operator's own library in this folder" },
    {
      line: 'cfl-repo check https://tuf.example --root 1.root.json --metadata .',
      does: 'a repository of another project',
    },
  ],
  async run([library], values, io) {
    const folders = { metadata: values.metadata ?? 'metadata', targets: values.targets ?? 'targets' };
    const repository = openRepository(library, { wait: io.wait, folders });
    try {
      const root = await firstRootOf(library, 'check', values, repository);
      const at = { address: library, folders };
      const verdict = judge(
        await readRepository({ repository, root, now: io.now, at, progress: io.progress }),
      );
      io.progress(undefined);
      if (values.json === true) io.out(JSON.stringify(documentOf(library, verdict)));
      else say(verdict, io);
      return exitOf(verdict);
    } finally {
      io.progress(undefined);
      repository.close();
    }
  },
});

function countOf({ judged }: Verdict, outcome: Judged['outcome']): number {
  return judged.filter((one) => one.outcome === outcome).length;
}

function exitOf(verdict: Verdict): number {
  if (countOf(verdict, 'refuse') > 0) return EXIT.refused;
  return countOf(verdict, 'warn') > 0 ? EXIT.act : EXIT.done;
}

/** `cfl/check/1` */
function documentOf(library: string, verdict: Verdict): object {
  const { seen, judged } = verdict;
  const exit = exitOf(verdict);
  return {
    format: 'cfl/check/1',
    library,
    asOf: encodeDate(new Date(seen.now)),
    outcome: exit === EXIT.refused ? 'refused' : exit === EXIT.act ? 'warned' : 'passed',
    own: seen.own,
    roots: { first: seen.roots[0].signed.version, newest: seen.head.root.signed.version },
    snapshots: seen.history,
    roles: seen.roles.length,
    files: seen.files,
    checks: judged.map(({ check: { code, group, demands }, outcome, findings, more }) => ({
      code,
      group,
      demands,
      outcome,
      count: findings.length + more,
    })),
    // The first hundred of each check
    findings: judged.flatMap(({ findings }) => findings),
  };
}

function say(verdict: Verdict, io: Io): void {
  const line = (word: string, group: string, text: string) =>
    io.out(`${word.padEnd(6)}  ${group.padEnd(11)}  ${text}`);
  for (const group of GROUPS) {
    const why = verdict.unasked.get(group);
    const judged = verdict.judged.filter((one) => one.check.group === group);
    if (why !== undefined) line('skip', group, `not checked: ${why}`);
    else if (judged.every(({ findings }) => findings.length === 0))
      line('ok', group, goodNews(group, verdict));
    for (const {
      check: { code },
      findings,
      more,
    } of judged) {
      for (const { severity, says } of findings) line(severity, group, `${says} (${code})`);
      if (more > 0) line(findings[0]?.severity ?? '', group, `and ${grouped(more)} more (${code})`);
    }
  }
  io.out(summary(verdict));
}

function summary(verdict: Verdict): string {
  const count = (outcome: Judged['outcome'], word: string) => {
    const number = countOf(verdict, outcome);
    return number === 0 ? [] : [`${number} ${word}`];
  };
  const parts = [
    ...count('warn', 'warned'),
    ...count('refuse', 'refused'),
    ...count('not asked', 'not asked'),
  ];
  return [`${countOf(verdict, 'passed')} checks passed`, ...parts].join(', ');
}

function goodNews(group: Group, { seen }: Verdict): string {
  switch (group) {
    case 'roots':
      return `${rootsInWords(seen.roots.map(({ signed }) => signed.version))}; a reader who starts there arrives`;
    case 'history': {
      const { snapshots, oldest } = seen.history;
      const from = oldest > 1 ? `, back to version ${oldest}` : '';
      const releases = seen.own ? ', no release ever vanished' : '';
      return `${counted(snapshots, 'snapshot')}${from}, no version ever fell${releases}`;
    }
    case 'snapshot':
      return `lists the ${counted(seen.roles.length, 'role')} that are delegated, and no other`;
    case 'files':
      return `${grouped(seen.files.there)} of ${grouped(seen.files.listed)} there, of the signed length and hash`;
    case 'expiry':
      return 'nothing has expired, or is inside its signing period';
    case 'keys':
      return 'no key in two kinds of role, none under two names';
    case 'delegations':
      return 'each role is delegated once, by plain patterns that share no path';
    case 'form':
      return 'every file, read and written again, is what was signed';
    case 'cache':
      return `${counted(seen.answers?.length ?? 0, 'file')} asked: what never changes is kept, what changes is not`;
  }
}

function rootsInWords(versions: readonly number[]): string {
  const [first = 0, ...others] = versions;
  const newest = others.at(-1);
  if (newest === undefined) return `${first}, the first and the newest`;
  return `${first} to ${newest}`;
}

function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? '' : 's'}`;
}
