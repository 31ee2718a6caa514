// What does a web server let caches do with the files of a library? Asked of one file of each kind.

import { UnreachableError } from '@cfl/client/tuf';
import type { Answer } from './seen.ts';

export interface Question {
  readonly url: string;
  readonly file: string;
  readonly kind: Answer['kind'];
}

/** Milliseconds for the head of one answer. */
const PATIENCE = 20_000;

export async function readAnswers(questions: readonly Question[]): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const { url, file, kind } of questions)
    answers.push({ file, kind, cacheControl: await cacheControlOf(url) });
  return answers;
}

async function cacheControlOf(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE) });
    await response.body?.cancel();
    return response.headers.get('cache-control') ?? undefined;
  } catch (cause) {
    throw new UnreachableError('UNREACHABLE', `Cannot reach ${url}: its headers did not come`, {
      cause,
      hint: 'Check the address and the network, and try again',
    });
  }
}
