// A release is withdrawn by its manufacturer, the Panel or the operator: at once, for good, and by nobody else.

import {
  folderRepository,
  memoryCache,
  parseWithdrawalPath,
  withdrawalFile,
  withdrawalPath,
} from '@cfl/client/library';
import { Client } from '@cfl/client/tuf';
import { expect, test } from 'vitest';
import { readAudit } from '../../src/audit/log.ts';
import { planPublication } from '../../src/change/apply.ts';
import { type Change, writeChange } from '../../src/change/change.ts';
import { revise } from '../../src/change/plan.ts';
import { signDocument } from '../../src/change/sign.ts';
import { loadState } from '../../src/deploy/index.ts';
import { GATE } from '../../src/intake/planned.ts';
import { statusOf } from '../../src/submission/status.ts';
import { planAct, type WithdrawalRequest } from '../../src/withdraw/act.ts';
import { withdraw } from '../../src/withdraw/withdraw.ts';
import { memoryPlace } from '../deploy/memory-files.ts';
import { Death, mortal, pointsOf } from '../deploy/mortal.ts';
import {
  below,
  draftOf,
  imageOf,
  inbox,
  type Maker,
  NOW,
  outcomes,
  rowFor,
  runIntake,
  type Scene,
  scene,
  submitTo,
} from '../intake/scene.ts';
import { signActAs } from './sign.ts';

interface Published {
  readonly library: Scene;
  readonly request: WithdrawalRequest;
}

async function published(): Promise<Published> {
  const image = imageOf('one');
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row]);
  const { meters } = library;
  const draft = await draftOf(meters, image, [row]);
  await submitTo(library, meters, draft);
  await runIntake(library);
  const request = {
    originator: meters.party,
    code: meters.code,
    release: draft.release,
    reason: 'battery drain',
  };
  return { library, request };
}

async function sendAct(
  { place }: Scene,
  request: WithdrawalRequest,
  { by, alter = (change) => change }: { by: Maker; alter?: (change: Change) => Change },
): Promise<void> {
  const sign = signActAs(by);
  const change = await planAct(request, { published: await loadState(place), sign, now: NOW });
  await writeChange(inbox(place), 'withdrawal', alter(change));
}

async function records({ place }: Scene, release: WithdrawalRequest['release']) {
  const library = await loadState(place);
  const found = [];
  for (let number = 1; ; number++) {
    const octets = await library.read(withdrawalPath(release, number));
    if (octets === undefined) return found;
    found.push(withdrawalFile.parse(octets));
  }
}

test("a manufacturer's withdrawal is published by the next intake, without asking anybody", async () => {
  const { library, request } = await published();
  await sendAct(library, request, { by: library.meters });
  const before = (await loadState(library.place)).trusted.snapshot.signed.version;
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
  expect(await records(library, request.release)).toMatchObject([
    { by: 'Example Meters', kind: 'manufacturer', reason: 'battery drain', date: '2026-11-20T09:00:00Z' },
  ]);
  const after = await loadState(library.place);
  expect(after.trusted.snapshot.signed.version).toBe(before + 1);
  // Its own words, signed by itself, lie beside the gate's record
  const gate = await after.role(GATE);
  const kinds = [...(gate?.signed.targets.keys() ?? [])].flatMap(
    (path) => parseWithdrawalPath(path)?.kind ?? [],
  );
  expect(kinds.sort()).toEqual(['record', 'statement']);
  expect(await library.place.private.list('inbox')).toEqual([]);
  expect((await readAudit(library.place.private)).at(-1)?.record).toMatchObject({
    act: 'withdrawn',
    what: request.release,
    library: before + 1,
  });
});

test('its submission tells its status: not yet there, then withdrawn', async () => {
  const { library, request } = await published();
  await sendAct(library, request, { by: library.meters });
  const own = memoryPlace(library.place);
  const status = async () => statusOf(below(own, 'inbox'), 'withdrawal', await loadState(library.place));
  expect(await status()).toEqual({ state: 'not yet there' });
  await runIntake(library);
  expect(await status()).toMatchObject({ state: 'withdrawn', release: request.release });
});

test('the operator and the Panel withdraw through the gate; a second voice is a second file', async () => {
  const { library, request } = await published();
  const options = { place: library.place, online: library.online, now: NOW };
  const name = request.release.slice(0, 12);
  const first = await withdraw({ ...options, release: name, kind: 'operator', reason: 'it bricks meters' });
  expect(first.listed.release).toBe(request.release);
  await withdraw({ ...options, release: 'CPL-000412', kind: 'panel', reason: 'asked for by the Panel' });
  expect(await records(library, request.release)).toMatchObject([
    { kind: 'operator', by: 'the operator of the library', reason: 'it bricks meters' },
    { kind: 'panel', by: 'the Panel' },
  ]);
  await expect(
    withdraw({ ...options, release: 'abababab', kind: 'operator', reason: 'x' }),
  ).rejects.toMatchObject({ code: 'UNKNOWN_RELEASE' });
  await expect(
    withdraw({ ...options, release: name, kind: 'operator', reason: 'two\nlines' }),
  ).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

test('nobody withdraws what is not their own, and nothing but a withdrawal passes as one', async () => {
  const { library, request } = await published();
  const { meters, gas } = library;
  const other = '0'.repeat(64) as never;
  const attacks: Readonly<Record<string, () => Promise<void>>> = {
    "another manufacturer, in its own name, of somebody's code": () =>
      sendAct(library, { ...request, originator: gas.party }, { by: gas }),
    'another manufacturer, in the name of the owner': () => sendAct(library, request, { by: gas }),
    'under a code of its own': () =>
      sendAct(library, { ...request, originator: gas.party, code: gas.code }, { by: gas }),
    'a release that is not published': () => sendAct(library, { ...request, release: other }, { by: meters }),
    'a statement about another release than its name says': () =>
      sendAct(library, request, {
        by: meters,
        alter: (change) => ({
          ...change,
          targets: new Map(
            [...change.targets].map(([path, octets]) => [
              path.replace(request.release, other) as never,
              octets,
            ]),
          ),
        }),
      }),
    'with a record of its own making': () =>
      sendAct(library, request, {
        by: meters,
        alter: (change) => ({
          ...change,
          targets: new Map([
            ...change.targets,
            [withdrawalPath(request.release, 1) as never, new Uint8Array()],
          ]),
        }),
      }),
    'for another library': () =>
      sendAct(library, request, { by: meters, alter: (change) => ({ ...change, library: 'ab'.repeat(32) }) }),
  };
  for (const [name, attack] of Object.entries(attacks)) {
    await attack();
    expect(outcomes(await runIntake(library)), name).toEqual(['refused NOT_A_SUBMISSION']);
    expect(await records(library, request.release), name).toEqual([]);
  }
  await sendAct(library, request, { by: meters });
  expect(outcomes(await runIntake(library))).toEqual(['accepted']);
});

test('the same withdrawal again is cleared away, and published once', async () => {
  const { library, request } = await published();
  await sendAct(library, request, { by: library.meters });
  const copy = memoryPlace(library.place);
  await runIntake(library);
  for (const path of await copy.private.list('inbox'))
    await library.place.private.replace(
      `inbox/${path}`,
      (await copy.private.read(`inbox/${path}`)) ?? new Uint8Array(),
    );
  expect((await runIntake(library)).results.map(({ outcome }) => outcome)).toEqual(['published']);
  expect(await records(library, request.release)).toHaveLength(1);
});

test('a release that comes in the same run may be withdrawn in it', async () => {
  const image = imageOf('one');
  const row = await rowFor('CPL-000412', image);
  const library = await scene([row]);
  const { meters } = library;
  const draft = await draftOf(meters, image, [row]);
  await submitTo(library, meters, draft);
  const request = {
    originator: meters.party,
    code: meters.code,
    release: draft.release,
    reason: 'a mistake',
  };
  await sendAct(library, request, { by: meters });
  expect(outcomes(await runIntake(library))).toEqual(['accepted', 'accepted']);
  expect(await records(library, draft.release)).toHaveLength(1);
});

test('a withdrawal is never taken back: a change without it, or with another in its place, is refused', async () => {
  const { library, request } = await published();
  const { place, online } = library;
  await withdraw({
    release: request.release,
    kind: 'operator',
    reason: 'it bricks meters',
    place,
    online,
    now: NOW,
  });
  const state = await loadState(place);
  const gate = await state.role(GATE);
  const path = withdrawalPath(request.release, 1);
  const softened = withdrawalFile.encode({
    format: 'cfl/withdrawal/1',
    release: request.release,
    by: 'the operator of the library',
    kind: 'operator',
    reason: 'nothing to worry about',
    date: '2026-11-20T09:00:00Z',
  });
  const document = await revise(GATE, gate, { add: new Map([[path, softened]]) }, NOW);
  const change: Change = {
    title: 'softened',
    words: [],
    created: NOW,
    library: state.library,
    upon: new Map([[GATE, document.signed.version - 1]]),
    metadata: new Map([[GATE, await signDocument(GATE, document, online.gate)]]),
    targets: new Map([[path as never, softened]]),
  };
  await expect(planPublication(change, state)).rejects.toMatchObject({
    code: 'NOT_A_CHANGE',
    message: expect.stringContaining(`replaces ${path}`),
  });
});

test('an operator who dies while withdrawing has done it or not; the log says it once', {
  timeout: 120_000,
}, async () => {
  const { library, request } = await published();
  const act = (place: Scene['place'] | ReturnType<typeof mortal>['place']) =>
    withdraw({
      release: request.release,
      kind: 'operator',
      reason: 'it bricks meters',
      place,
      online: library.online,
      now: NOW,
    });
  const counted = mortal(memoryPlace(library.place));
  await act(counted.place);
  const points = pointsOf(counted.done).filter(
    ([at, moment]) => moment === 'after' || !/\.(read|list)$/.test(counted.done[at - 1] ?? ''),
  );
  for (const [at, moment] of points) {
    const place = memoryPlace(library.place);
    await expect(act(mortal(place, at, moment).place)).rejects.toThrow(Death);
    // The next run of anything finishes what was begun
    await runIntake(library, place);
    const root = (await place.metadata.read('1.root.json')) ?? new Uint8Array();
    const repository = folderRepository(place.metadata, place.targets);
    const client = new Client({ root, repository, cache: memoryCache(), now: NOW });
    const done = (await client.find(withdrawalPath(request.release, 1) as never)) !== undefined;
    if (!done) await act(place);
    const withdrawn = (await readAudit(place.private)).filter(({ record }) => record.act === 'withdrawn');
    expect(withdrawn.length, `${moment} ${counted.done[at - 1]}`).toBe(1);
  }
});
