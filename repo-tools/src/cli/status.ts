// How the library stands: `status`; and `unlock`, for a lock whose writer is known to be dead.

import { currentKey, GATEWAY, READ_KEY_USES } from '@cfl/client/access';
import { command, EXIT, table } from '@cfl/client/cli';
import { CPL_INDEX_PATH, cplIndex } from '@cfl/client/firmware';
import {
  type Document,
  minute,
  ROOT,
  type RoleName,
  type SignedPart,
  SNAPSHOT,
  TARGETS,
  type Targets,
  TIMESTAMP,
} from '@cfl/client/tuf';
import { dueUses, lapsing, openUses, readAccess } from '../access/index.ts';
import { binsIn, filesOf } from '../change/bins.ts';
import { periodOf } from '../change/plan.ts';
import { loadState, type Published, unlock as removeLock } from '../deploy/index.ts';
import { submissionsIn } from '../intake/boxes.ts';
import { nameShown } from '../intake/report.ts';
import { AT_OPTION, deskAt } from './desk.ts';

const DAY = 86_400_000;

export const status = command({
  name: 'status',
  does: 'Lists each role with its version and end, the CPL, and what waits for a person',
  operands: [],
  options: AT_OPTION,
  examples: [{ line: 'cfl-repo status', does: 'exit code 4 where a person must act' }],
  async run(_operands, values, io) {
    const desk = deskAt(values.at, io);
    const published = await loadState(desk.place);
    const rows = (await rolesOf(published)).map((row) => statusOf(row, io.now));
    for (const line of table(
      rows.map(({ cells }) => cells),
      [{ title: 'ROLE' }, { title: 'VERSION', align: 'right' }, { title: 'UNTIL' }, { title: '' }],
    ))
      io.out(line);
    for (const line of await cplInWords(published, io.now)) io.out(line);
    const access = await accessInWords(published, io.now);
    for (const line of access.lines) io.out(line);
    const held = await submissionsIn(desk.place.private, 'held');
    for (const name of held) io.out(`held       ${nameShown(name)}`);
    return rows.some(({ due }) => due) || access.due || held.length > 0 ? EXIT.act : EXIT.done;
  },
});

export const unlock = command({
  name: 'unlock',
  does: 'Removes the lock of a writer that is known to be dead',
  operands: [],
  options: AT_OPTION,
  examples: [
    { line: 'cfl-repo unlock', does: 'after making sure that no other process writes to this library' },
  ],
  async run(_operands, values, io) {
    await removeLock(deskAt(values.at, io).place.private);
    return EXIT.done;
  },
});

interface RoleRow {
  readonly role: RoleName;
  /** `m-fff1`, or `m-fff1-0…15` for its bins. */
  readonly shown: string;
  readonly document: Document<SignedPart>;
}

async function rolesOf(published: Published): Promise<readonly RoleRow[]> {
  const { root, timestamp, snapshot, targets } = published.trusted;
  const row = (role: RoleName, document: Document<SignedPart>) => ({ role, shown: role, document });
  const delegated: RoleRow[] = [];
  for (const { name } of targets.signed.delegations?.roles ?? []) {
    const document = await published.role(name);
    if (document === undefined) continue;
    delegated.push(row(name, document));
    const bins = await binsOf(published, name, document);
    if (bins !== undefined) delegated.push(bins);
  }
  return [
    row(TIMESTAMP, timestamp),
    row(SNAPSHOT, snapshot),
    ...delegated,
    row(TARGETS, targets),
    row(ROOT, root),
  ];
}

/** The bin that ends first stands for all. */
async function binsOf(
  published: Published,
  role: RoleName,
  head: Document<Targets>,
): Promise<RoleRow | undefined> {
  const [, ...names] = filesOf(role, binsIn(head.signed));
  const bins = await Promise.all(names.map((name) => published.role(name)));
  const [first] = bins
    .flatMap((bin) => bin ?? [])
    .toSorted((a, b) => a.signed.expires.getTime() - b.signed.expires.getTime());
  return first && { role, shown: `${role}-0…${names.length - 1}`, document: first };
}

function statusOf(
  { role, shown, document: { signed } }: RoleRow,
  now: Date,
): { cells: readonly string[]; due: boolean } {
  const { expires, due } = periodOf(role);
  const left = (signed.expires.getTime() - now.getTime()) / DAY;
  if (left <= 0) return { cells: [...cells(shown, signed), 'expired: it must be signed again'], due: true };
  if (left <= expires - due)
    return { cells: [...cells(shown, signed), `due: ends in ${Math.floor(left)} days`], due: true };
  return { cells: [...cells(shown, signed), ''], due: false };
}

function cells(role: string, signed: SignedPart): readonly string[] {
  return [role, String(signed.version), minute(signed.expires)];
}

async function cplInWords(published: Published, now: Date): Promise<readonly string[]> {
  const octets = await published.read(CPL_INDEX_PATH);
  if (octets === undefined) return ['CPL        no snapshot yet'];
  const { snapshot, date, entries } = cplIndex.parse(octets);
  const days = Math.floor((now.getTime() - new Date(date).getTime()) / DAY);
  return [
    `CPL        snapshot ${snapshot} of ${date.slice(0, 10)}, ${counted(entries, 'entry', 'entries')}, ${counted(days, 'day', 'days')} old`,
  ];
}

/** Who reads, and whose User Role has ended since. */
async function accessInWords(
  published: Published,
  now: Date,
): Promise<{ readonly lines: readonly string[]; readonly due: boolean }> {
  const access = await readAccess(published);
  if (access === undefined) return { lines: ['access     no read keys yet: cfl-repo party keys'], due: true };
  const open = { published, access };
  const readers = access.grants.holders.filter(
    (one) => one.holder !== GATEWAY && openUses(one).length > 0,
  ).length;
  const epochs = READ_KEY_USES.map((use) => `${use} epoch ${currentKey(access.recipients, use)?.epoch}`);
  const lapsed = (await lapsing(open, now)).map(
    ({ holder }) => `access     ${holder}: its User Role has ended, cfl-repo party renew ends its grant`,
  );
  const due = dueUses(open, now).map(
    (use) => `access     the epoch of ${use} is a year old: cfl-repo party renew`,
  );
  const lines = [
    `access     ${counted(readers, 'party', 'parties')}, ${epochs.join(', ')}`,
    ...lapsed,
    ...due,
  ];
  return { lines, due: lapsed.length + due.length > 0 };
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
