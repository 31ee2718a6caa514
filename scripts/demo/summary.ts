// What does the demo's library hold? A few lines, read from what is published.

import {
  GATEWAY,
  GRANTS_PATH,
  grantsFile,
  RECIPIENTS_PATH,
  type ReadKeyUse,
  recipientsFile,
} from '@cfl/client/access';
import {
  CATALOGUE_INDEX_PATH,
  CPL_INDEX_PATH,
  catalogueIndex,
  cplIndex,
  PARTIES_PATH,
  type PartyKind,
  partyRegister,
} from '@cfl/client/firmware';
import { loadState, type Published, placeAt } from '@cfl/repo-tools/deploy';
import type { Stage } from './stage.ts';

export async function summaryLines(stage: Stage): Promise<readonly string[]> {
  const place = placeAt(stage.base);
  const published = await loadState(place);
  const { parties } = partyRegister.parse(await octetsOf(published, PARTIES_PATH));
  const { snapshot, entries } = cplIndex.parse(await octetsOf(published, CPL_INDEX_PATH));
  const { shards } = catalogueIndex.parse(await octetsOf(published, CATALOGUE_INDEX_PATH));
  const releases = shards.reduce((sum, shard) => sum + shard.releases, 0);
  const inBox = async (box: string) =>
    new Set((await place.private.list(box)).map((path) => path.split('/')[0])).size;
  const count = (kind: PartyKind) => parties.filter(({ kinds }) => kinds.includes(kind)).length;
  return [
    `  parties   ${count('manufacturer')} manufacturers, ${count('supplier')} suppliers, the Panel, the DCC`,
    `  CPL       snapshot ${snapshot}, ${entries} entries`,
    ...(await readersIn(published)),
    `  releases  ${releases} published, ${await inBox('held')} held, ${await inBox('refused')} refused`,
  ];
}

async function readersIn(published: Published): Promise<readonly string[]> {
  const { keys } = recipientsFile.parse(await octetsOf(published, RECIPIENTS_PATH));
  const { holders } = grantsFile.parse(await octetsOf(published, GRANTS_PATH));
  const reading = (use: ReadKeyUse) =>
    holders.filter(
      ({ holder, grants }) => holder !== GATEWAY && grants.some((one) => one.use === use && !one.until),
    ).length;
  const ended = holders.filter(({ grants }) => grants.every(({ until }) => until !== undefined)).length;
  const epochs = keys.filter(({ until }) => until === undefined).map(({ use, epoch }) => `${use} ${epoch}`);
  return [
    `  readers   ${reading('images')} of images, ${reading('notes')} of notes, ${ended} no more; epochs: ${epochs.join(', ')}`,
  ];
}

async function octetsOf(published: Published, path: string): Promise<Uint8Array> {
  const octets = await published.read(path);
  if (octets === undefined) throw new TypeError(`The demo library has no ${path}`);
  return octets;
}
