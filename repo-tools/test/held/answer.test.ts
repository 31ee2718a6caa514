// The answer that goes back to a submitter is the gate's word about this submission, and nobody else's.

import { memorySigner } from '@cfl/client/keys';
import { expect, test } from 'vitest';
import { loadState } from '../../src/deploy/index.ts';
import { decisive, encodeAnswer, parseAnswer } from '../../src/intake/answer.ts';
import { statusOf } from '../../src/submission/status.ts';
import { below } from '../intake/scene.ts';
import { type HeldScene, heldTwin } from './scene.ts';

async function statusWith({ library, name }: HeldScene, answer: Uint8Array | undefined) {
  const { place } = library;
  if (answer !== undefined) await place.private.replace(`held/${name}/answer.json`, answer);
  return statusOf(below(place, 'held'), name, await loadState(place));
}

async function given({ library, name }: HeldScene) {
  return parseAnswer((await library.place.private.read(`held/${name}/answer.json`)) ?? new Uint8Array());
}

test('the answer is believed as the gate signed it', async () => {
  const held = await heldTwin();
  const told = await statusWith(held, undefined);
  expect(told).toMatchObject({ state: 'held', answer: { submission: held.name, outcome: 'held' } });
  const findings = told.state === 'held' ? told.answer.findings : [];
  expect(decisive(findings).map(({ code }) => code)).toEqual(['SAME_IDENTITY']);
});

test('an answer that anybody changed, or somebody else signed, is refused', async () => {
  const held = await heldTwin();
  const { answer, to } = await given(held);
  const octets = await held.library.place.private.read(`held/${held.name}/answer.json`);
  const text = new TextDecoder().decode(octets);
  const gate = held.library.online.gate;
  const forged: Record<string, [octets: Uint8Array, reason: RegExp]> = {
    'the outcome was changed': [encoded(text.replace('"held"', '"refused"')), /the gate has not signed it/],
    'signed by another key': [
      await encodeAnswer(answer, to, await memorySigner()),
      /the gate has not signed it/,
    ],
    'signed by the catalogue': [
      await encodeAnswer(answer, to, held.library.online.catalogue),
      /the gate has not signed it/,
    ],
    'of another library': [
      await encodeAnswer(answer, { ...to, library: 'ab'.repeat(32) }, gate),
      /it is of another library/,
    ],
    'about another submission': [
      await encodeAnswer(answer, { ...to, digest: 'ab'.repeat(32) as never }, gate),
      /it is about the submission abababababab/,
    ],
    'not in its format': [encoded('{}'), /signatures holds nothing, expected a list/],
  };
  for (const [name, [wrong, reason]] of Object.entries(forged))
    await expect(statusWith(held, wrong), name).rejects.toMatchObject({
      code: 'NOT_AN_ANSWER',
      message: expect.stringMatching(reason),
    });
  expect(await statusWith(held, await encodeAnswer(answer, to, gate))).toMatchObject({ state: 'held' });
});

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
