// `cfl-publish new` and `check`: from an image to a form, and from the form to what the gateway would say.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { summary } from '@cfl/client/admission';
import { command, EXIT, grouped, type Io, JSON_OPTION } from '@cfl/client/cli';
import {
  carriesSupplierTrailer,
  distributedSize,
  firmwareVersionOf,
  type HoldingSettings,
  hexOf,
  sizeLimitOf,
  TRAILER_LENGTH,
} from '@cfl/client/firmware';
import type { SubmissionDecision } from '../intake/decide.ts';
import { readLibrary } from '../intake/library.ts';
import { checkDrafts, readDrafts } from '../submission/draft.ts';
import { findingLines } from '../submission/findings.ts';
import { hardwareText, type NewRelease, newRelease } from '../submission/prepare.ts';
import { atDesk, SETTINGS_OPTION } from './publish-desk.ts';

export const newForm = command({
  name: 'new',
  does: 'Reads an image, asks the library what it knows about it, and writes the form to fill in',
  operands: ['IMAGE'],
  options: {
    to: { type: 'string', value: 'DIR', does: 'write release.json and notes.md there; else here' },
    'strip-trailer': { type: 'boolean', does: "the image ends with a supplier's trailer: leave it out" },
    ...SETTINGS_OPTION,
  },
  examples: [{ line: 'cfl-publish new build/meter-01000203.ota', does: 'then fill in what is marked "…"' }],
  run: ([image], { to, 'strip-trailer': strip, settings: given }, io) =>
    atDesk(given, io, async ({ settings, published }) => {
      const octets = new Uint8Array(await readFile(image));
      const { settings: holding } = await readLibrary(published);
      const trailer = strip === true ? 'strip' : undefined;
      const made = await newRelease({ image, octets, to: resolve(to ?? '.'), trailer, settings, published });
      for (const line of newLines(made, holding)) io.err(line);
      return EXIT.done;
    }),
});

function newLines(made: NewRelease, holding: HoldingSettings): string[] {
  const { imageType, fileVersion } = made.image.header;
  const [first] = made.entries;
  const limit = first === undefined ? holding.sizeLimit : sizeLimitOf(holding, first.deviceType);
  const octets = `${grouped(made.length)} octets`;
  const distributed = first === undefined ? made.length : distributedSize(first.deviceType, made.length);
  const trailer =
    first !== undefined && carriesSupplierTrailer(first.deviceType)
      ? ` (with the supplier's ${TRAILER_LENGTH})`
      : '';
  return [
    `Read     ${made.code}, image type ${hexOf(imageType, 4)}, firmware ${firmwareVersionOf(fileVersion)}, hardware ${hardwareText(made.image)}, ${octets}`,
    `         distributed as ${grouped(distributed)} octets of ${grouped(limit)}${trailer}`,
    `On CPL   ${onCpl(made)}`,
    ...(made.number > 1
      ? [`         this release is published; the form is for statement ${made.number} about it`]
      : []),
    'Wrote    release.json and notes.md; what an image cannot tell is marked "…" in them',
  ];
}

function onCpl({ onCpl: how, entries, snapshot }: NewRelease): string {
  const kinds = [
    ...new Set(entries.map((entry) => `${entry.deviceType} ${entry.modelId}, ${entry.status}`)),
  ].join('; ');
  const ids = entries.map(({ entry }) => entry).join(' and ');
  if (how === 'by hash') return `snapshot ${snapshot} lists this hash under ${ids} (${kinds})`;
  if (how === 'without a hash')
    return `snapshot ${snapshot} has no hash for ${ids} (${kinds}): the submission will wait for it`;
  return `snapshot ${snapshot} does not know this hash, nor an entry that could get it`;
}

export const check = command({
  name: 'check',
  does: 'Says word for word what the gateway would say',
  operands: ['[DIR...]'],
  options: { ...SETTINGS_OPTION, ...JSON_OPTION },
  examples: [
    { line: 'cfl-publish check', does: 'exit code 1 where it would be refused, 4 where it would be held' },
    {
      line: 'cfl-publish check meter-a meter-b',
      does: 'several releases, as one submission would bring them',
    },
  ],
  run: ([dirs], { settings: given, json }, io) =>
    atDesk(given, io, async ({ settings, published, ring }) => {
      const drafts = await readDrafts(dirs, settings.party, io.now);
      const decision = await checkDrafts(drafts, published, ring, io.now);
      return sayDecision(decision, io, json === true ? 'json' : 'lines');
    }),
});

function sayDecision({ releases, outcome }: SubmissionDecision, io: Io, form: 'json' | 'lines'): number {
  const [only, ...others] = releases;
  if (form === 'json' && others.length === 0)
    io.out(JSON.stringify({ format: 'cfl/decision/1', ...only?.decision }));
  else if (form === 'json') {
    const each = releases.map(({ submitted, decision }) => ({ release: submitted.release, ...decision }));
    io.out(JSON.stringify({ format: 'cfl/decisions/1', outcome, releases: each }));
  } else {
    for (const { submitted, decision } of releases) {
      if (others.length > 0) io.out(`Release ${submitted.release.slice(0, 12)}`);
      for (const line of findingLines(decision.findings)) io.out(line);
      io.out(summary(decision));
    }
    if (others.length > 0) io.out(`${releases.length} releases, decided as one: ${outcome}`);
  }
  return outcome === 'refused' ? EXIT.refused : outcome === 'held' ? EXIT.act : EXIT.done;
}
