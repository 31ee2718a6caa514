// Two images that a meter cannot tell apart: the second is held, and a person decides.

import type { Answer } from '../../src/intake/answer.ts';
import type { JudgeOptions } from '../../src/intake/held.ts';
import type { Submitted } from '../../src/submission/submit.ts';
import type { MemoryPlace } from '../deploy/memory-files.ts';
import { draftOf, imageOf, NOW, rowFor, runIntake, type Scene, scene, submitTo } from '../intake/scene.ts';

export interface HeldScene {
  readonly library: Scene;
  readonly name: string;
  readonly submitted: Submitted;
}

/** Held for SAME_IDENTITY alone: one version, one hardware range, another image. */
export async function heldTwin(): Promise<HeldScene> {
  const [one, twin] = [imageOf('one'), imageOf('twin')];
  const rows = [await rowFor('CPL-000412', one), await rowFor('CPL-000413', twin)];
  const library = await scene(rows);
  const { meters } = library;
  await submitTo(library, meters, await draftOf(meters, one, rows.slice(0, 1)));
  await runIntake(library);
  const submitted = await submitTo(library, meters, await draftOf(meters, twin, rows.slice(1)));
  await runIntake(library);
  return { library, name: submitted.name, submitted };
}

export function judging(place: MemoryPlace, reason = 'the older image was never deployed'): JudgeOptions {
  return { place, by: 'the operator', reason, now: NOW };
}

/** What the gate wrote beside a submission. */
export async function answerIn(place: MemoryPlace, folder: string): Promise<Answer> {
  const octets = await place.private.read(`${folder}/answer.json`);
  return JSON.parse(new TextDecoder().decode(octets)).signed;
}
