// Attacks: a manufacturer's role is split, in another way than by the arithmetic. Each is signed with the
// manufacturer's own keys; the honest split is accepted.

import { memorySigner } from '@cfl/client/keys';
import {
  type DelegatedRole,
  type Document,
  encodeDocument,
  encodeTargets,
  parseRoleName,
  parseTargets,
  type RoleName,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../src/change/change.ts';
import { after, type Honest, honest, M_FFF1 } from '../change/honest.ts';
import { signed } from '../deploy/scene.ts';
import { adding, manyReleases } from './library.ts';

const BINS = [0, 1].map((bin) => parseRoleName(`m-fff1-${bin}`)) as [RoleName, RoleName];

let scene: Honest;
let split: Change;
beforeAll(async () => {
  scene = await honest();
  split = await adding(scene.published, await manyReleases(100), scene.own);
});

async function edited(
  change: Change,
  edits: ReadonlyMap<RoleName, (role: Targets) => Targets>,
): Promise<Change> {
  const metadata = new Map(change.metadata);
  for (const [role, edit] of edits) {
    const { signed: before } = change.metadata.get(role) as Document<Targets>;
    metadata.set(role, await parseTargets(encodeDocument(encodeTargets(edit(before)), []), role));
  }
  return signed({ ...change, metadata }, scene.own, scene.published);
}

/** The delegation of the first bin changed. */
function delegating(edit: (bin: DelegatedRole) => Partial<DelegatedRole>): Promise<Change> {
  const head = (role: Targets): Targets => {
    const [first, ...others] = role.delegations?.roles ?? [];
    const roles = first === undefined ? [] : [{ ...first, ...edit(first) }, ...others];
    return { ...role, delegations: { keys: role.delegations?.keys ?? new Map(), roles } };
  };
  return edited(split, new Map([[M_FFF1, head]]));
}

function without(paths: readonly TargetPath[]): (role: Targets) => Targets {
  return (role) => ({
    ...role,
    targets: new Map([...role.targets].filter(([path]) => !paths.includes(path))),
  });
}

const first = (role: RoleName) =>
  [...((split.metadata.get(role) as Document<Targets>).signed.targets ?? [])][0];

const ATTACKS: Record<string, () => Promise<Change>> = {
  'a release in the other bin': async () => {
    const [path, file] = first(BINS[0]) ?? [];
    if (path === undefined || file === undefined) throw new Error('the bin is empty');
    const more = (role: Targets) => ({ ...role, targets: new Map([...role.targets, [path, file]]) });
    return edited(
      split,
      new Map([
        [BINS[0], without([path])],
        [BINS[1], more],
      ]),
    );
  },
  'a release in both bins': async () => {
    const [path, file] = first(BINS[0]) ?? [];
    if (path === undefined || file === undefined) throw new Error('the bin is empty');
    const more = (role: Targets) => ({ ...role, targets: new Map([...role.targets, [path, file]]) });
    return edited(split, new Map([[BINS[1], more]]));
  },
  'a published entry that no bin takes over': async () => {
    const [published] = [...((await scene.published.role(M_FFF1))?.signed.targets.keys() ?? [])];
    const lost = without(published === undefined ? [] : [published]);
    return edited(split, new Map(BINS.map((bin) => [bin, lost])));
  },
  'an entry that stays in the role as well': async () => {
    const before = (await scene.published.role(M_FFF1))?.signed.targets ?? new Map();
    return edited(split, new Map([[M_FFF1, (role: Targets) => ({ ...role, targets: before })]]));
  },
  'a bin that does not come with it': async () => {
    const metadata = new Map([...split.metadata].filter(([role]) => role !== BINS[1]));
    return { ...split, metadata };
  },
  'patterns that cover more': () => delegating(() => ({ covers: { paths: ['firmware/FFF1/*/*'] } })),
  'patterns that cover less': () => delegating(() => ({ covers: { paths: ['firmware/FFF1/0*/*'] } })),
  "another manufacturer's files": () => delegating(() => ({ covers: { paths: ['firmware/FFF2/*/*'] } })),
  'a lower threshold': () => delegating(() => ({ threshold: 2 })),
  'a delegation that does not terminate': () => delegating(() => ({ terminating: false })),
  'another name for a bin': () => delegating(() => ({ name: parseRoleName('m-fff2-0') })),
  "a stranger's key": async () => {
    const { key } = await memorySigner();
    return edited(
      split,
      new Map([
        [
          M_FFF1,
          (role: Targets): Targets => ({
            ...role,
            delegations: {
              keys: new Map([...(role.delegations?.keys ?? []), [key.id, key]]),
              roles: (role.delegations?.roles ?? []).map((bin) => ({
                ...bin,
                keyIds: [...bin.keyIds, key.id],
              })),
            },
          }),
        ],
      ]),
    );
  },
  'three bins': async () =>
    edited(
      split,
      new Map([
        [
          M_FFF1,
          (role: Targets): Targets => {
            const [bin] = role.delegations?.roles ?? [];
            const third = bin === undefined ? [] : [{ ...bin, name: parseRoleName('m-fff1-2') }];
            const roles = [...(role.delegations?.roles ?? []), ...third];
            return { ...role, delegations: { keys: role.delegations?.keys ?? new Map(), roles } };
          },
        ],
      ]),
    ),
};

describe('a split of m-fff1 is refused with', () => {
  it.each(Object.entries(ATTACKS))('%s', async (_, attack) => {
    await after(scene, split);
    const octets = scene.place.metadata.content.get('timestamp.json');
    await expect(after(scene, await attack())).rejects.toMatchObject({ code: 'NOT_A_CHANGE' });
    expect(scene.place.metadata.content.get('timestamp.json')).toBe(octets);
  });
});

it('refuses bins that nobody signed', async () => {
  const metadata = new Map(split.metadata);
  const bin = split.metadata.get(BINS[0]) as Document<Targets>;
  metadata.set(BINS[0], await parseTargets(encodeDocument(encodeTargets(bin.signed), []), BINS[0]));
  await expect(after(scene, { ...split, metadata })).rejects.toMatchObject({ code: 'SIGNATURES_MISSING' });
});

it('refuses to put two bins together again', async () => {
  const two = await after(scene, split);
  const head = await two.published.role(M_FFF1);
  if (head === undefined) throw new Error('no m-fff1');
  const { delegations: _, ...rest } = head.signed;
  const whole = await parseTargets(
    encodeDocument(encodeTargets({ ...rest, version: head.signed.version + 1, delegations: undefined }), []),
    M_FFF1,
  );
  const upon = new Map([[M_FFF1, head.signed.version]]);
  const change = { ...split, upon, metadata: new Map([[M_FFF1, whole]]), targets: new Map() };
  await expect(after(two, await signed(change, scene.own, two.published))).rejects.toMatchObject({
    message: 'Cannot apply "many releases": m-fff1 has 1 bins, it had 2',
  });
});
