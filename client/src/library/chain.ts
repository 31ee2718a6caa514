// Is the public log of decisions whole, and does it continue the one that was seen before?
//
// Rules
// - The head names the newest decision by sequence number, path and SHA-256. Each decision has the next lower
//   number before it and names it the same way; the first has number 1 and names none.
// - Every decision that the gate lists is in the chain, and lies in the place of its release and number.
// - Nothing was decided before the one before it, nor into an older version of the library.
// - A chain that was seen before is the beginning of this one.

import { type Sha256, sha256 } from '../encoding/index.ts';
import { decisionPath, parseReleasePath } from '../firmware/index.ts';
import { type Acceptance, acceptanceFile, type ChainHead, chainHeadFile, HEAD_PATH } from './acceptance.ts';
import { LibraryError } from './errors.ts';
import { parseSigned } from './library.ts';

/** Where the chain is read from: verified files of the gate's role. */
export interface ChainSource {
  /** Every path that the gate lists; others than decisions are passed over. */
  readonly listed: Iterable<string>;
  /** Undefined where the gate does not list it. */
  read(path: string): Promise<Uint8Array | undefined>;
}

export interface ChainedDecision {
  readonly path: string;
  readonly sha256: Sha256;
  readonly acceptance: Acceptance;
}

export interface VerifiedChain {
  /** Undefined before the first decision. */
  readonly head: ChainHead | undefined;
  /** Oldest first. */
  readonly decisions: readonly ChainedDecision[];
}

/** `known`: the head of the chain that was verified before. Throws LibraryError. */
export async function verifyChain(source: ChainSource, known?: ChainHead): Promise<VerifiedChain> {
  const listed = [...source.listed].filter((path) => parseReleasePath(path)?.kind === 'decision');
  const head = await readHead(source);
  const decisions = head === undefined ? [] : await walk(head, source);
  const chained = new Set(decisions.map(({ path }) => path));
  const loose = listed.find((path) => !chained.has(path));
  if (loose !== undefined) throw broken(`${loose} is not in it`);
  if (known !== undefined) refuseOther(known, decisions);
  return { head, decisions };
}

async function readHead(source: ChainSource): Promise<ChainHead | undefined> {
  const octets = await source.read(HEAD_PATH);
  if (octets === undefined) return undefined;
  const { sequence, path, sha256: digest } = parseSigned(HEAD_PATH, octets, chainHeadFile.parse);
  return { sequence, path, sha256: digest };
}

async function walk(head: ChainHead, source: ChainSource): Promise<readonly ChainedDecision[]> {
  const decisions: ChainedDecision[] = [];
  let next: ChainedDecision | undefined;
  for (let link: Pick<ChainHead, 'path' | 'sha256'> | null = head; link !== null; ) {
    const one = await follow(link, source);
    const { sequence, before } = one.acceptance;
    const expected = next === undefined ? head.sequence : next.acceptance.sequence - 1;
    if (sequence !== expected)
      throw broken(`${one.path} has the sequence number ${sequence}, expected ${expected}`);
    if (next !== undefined) refuseBackwards(one, next);
    if ((before === null) !== (sequence === 1))
      throw broken(
        `${one.path}, number ${sequence}, names ${before === null ? 'none' : 'one'} before it, expected ${sequence === 1 ? 'none' : 'one'}`,
      );
    decisions.push(one);
    next = one;
    link = before;
  }
  return decisions.reverse();
}

async function follow(
  { path, sha256: expected }: Pick<ChainHead, 'path' | 'sha256'>,
  source: ChainSource,
): Promise<ChainedDecision> {
  const octets = await source.read(path);
  if (octets === undefined) throw broken(`${path} is missing`);
  const found = await sha256(octets);
  if (found !== expected)
    throw broken(`${path} has the SHA-256 ${found.slice(0, 12)}, expected ${expected.slice(0, 12)}`);
  const acceptance = parseSigned(path, octets, acceptanceFile.parse);
  const place = decisionPath(acceptance.release, acceptance.number);
  if (path !== place) throw broken(`${path} holds the decision of ${place}`);
  return { path, sha256: found, acceptance };
}

function refuseBackwards(
  { acceptance: one }: ChainedDecision,
  { path, acceptance: next }: ChainedDecision,
): void {
  // The exact form of a date orders as text
  if (one.decided > next.decided)
    throw broken(`${path} was decided on ${next.decided}, the one before it on ${one.decided}`);
  if (one.library > next.library)
    throw broken(`${path} is of library version ${next.library}, the one before it of ${one.library}`);
}

function refuseOther(known: ChainHead, decisions: readonly ChainedDecision[]): void {
  const now = decisions[known.sequence - 1];
  if (now?.path === known.path && now.sha256 === known.sha256) return;
  const found = now === undefined ? `it ends at ${decisions.length}` : `number ${known.sequence} is another`;
  throw new LibraryError(
    'FORKED_CHAIN',
    `Cannot accept the chain of decisions: ${found}, expected decision ${known.sequence} as it was seen before, ${known.sha256.slice(0, 12)}`,
    {
      found: now?.sha256 ?? decisions.length,
      expected: known.sha256,
      hint: 'The gate has told others another history. Keep what you have; tell the operator and the Panel',
    },
  );
}

function broken(reason: string): LibraryError {
  return new LibraryError('BROKEN_CHAIN', `Cannot accept the chain of decisions: ${reason}`, {
    hint: 'A decision was left out, changed or moved. Keep what you have; tell the operator',
  });
}
