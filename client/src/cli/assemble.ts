// `cfl assemble`: a verified release, signed with the supplier's own key, for the meters that take it.

import { basename, join, resolve } from 'node:path';
import type { Campaign, ChosenMeters } from '../campaign/index.ts';
import { command, JSON_OPTION } from './command.ts';
import { accessWith, CREDENTIAL_OPTION } from './credential.ts';
import type { Io } from './io.ts';
import { columns, grouped } from './layout.ts';
import { EXIT, UsageError } from './refusal.ts';
import { HOME_OPTION, homeOf, withLibrary } from './session.ts';

/** Of the rows that are not exact; `--json` lists more. */
const MOST_LISTED = 10;

export const assemble = command({
  name: 'assemble',
  does: 'Makes a campaign of a release: the signed image, its hash and the device lists',
  operands: ['RELEASE'],
  options: {
    meters: {
      type: 'string',
      value: 'FILE',
      does: 'the findings of cfl estate --out, an estate, or a list with the column eui64',
    },
    key: {
      type: 'string',
      value: 'URI',
      does: 'your signing key, which stays where it is: file:PATH, pkcs11:… or cmd:…; a PPMID image needs none',
    },
    to: { type: 'string', value: 'DIR', does: 'the folder to write to: new, or empty' },
    'force-replace': {
      type: 'string',
      value: 'OCTET',
      does: 'the octet forceReplace before your signature, as two hex digits; else 00',
    },
    ...CREDENTIAL_OPTION,
    ...CREDENTIAL_OPTION,
    ...HOME_OPTION,
    ...JSON_OPTION,
  },
  examples: [
    {
      line: "cfl assemble 7d1a64c20e5b --meters findings.csv --key 'pkcs11:token=example-energy;object=firmware' --to campaign",
      does: 'for the meters whose next step is this release; the PIN is asked for, or read from CFL_PIN_FILE',
    },
    {
      line: 'cfl assemble CPL-000412 --meters pilot.csv --key file:firmware.pem --to pilot',
      does: 'for the EUI-64s of a list, with a key in a file',
    },
    {
      line: "cfl assemble CPL-000412 --meters pilot.csv --key 'cmd:/opt/hsm/sign?arg=--slot&arg=3&key=firmware.pub' --to pilot",
      does: 'another program signs: the image on its stdin, an ECDSA signature in DER on its stdout',
    },
  ],
  async run([name], values, io) {
    const { meters: list, key, to } = values;
    if (list === undefined || to === undefined)
      throw new UsageError(
        `Cannot assemble a campaign: ${list === undefined ? '--meters' : '--to'} is missing`,
        'Run: cfl assemble --help',
      );
    const forced = values['force-replace'];
    const isJson = values.json === true;
    const campaign = await import('../campaign/index.ts');
    const forceReplace = forced === undefined ? campaign.DEFAULT_FORCE_REPLACE : octetOf(forced);
    return withLibrary({ io, home: homeOf(values, io) }, async ({ library }) => {
      const { folder, readRelease, resolveRelease } = await import('../library/index.ts');
      const { openList } = await import('../estate/index.ts');
      const files = folder(resolve(to));
      await campaign.expectEmpty(files, to);
      const listed = await resolveRelease(library, name);
      const verified = await readRelease(library, listed, {
        withdrawn: 'refuse',
        access: accessWith(library, values, io),
      });
      const { about, cpl } = verified;
      io.progress('Reading the list of meters');
      const chosen = await campaign.chooseMeters(openList(list), basename(list), {
        release: about.release,
        predicate: about.statement.predicate,
        imageHash: about.imageHash,
        entries: cpl.entries,
      });
      io.progress(undefined);
      if (!isJson) for (const line of leftOut(chosen)) io.err(line);
      const settings = await library.settings();
      const made = await campaign.assemble({
        verified,
        settings,
        meters: chosen.meters,
        openKey: key === undefined ? undefined : () => openKey(key, io),
        forceReplace,
        now: library.now,
      });
      await campaign.writeCampaign(files, to, made);
      if (isJson) io.out(JSON.stringify(documentOf(made.campaign, chosen, to)));
      else sayWhatIsThere(made.campaign, { io, to, trial: settings.trial, unusedKey: key !== undefined });
      return isWhole(
        chosen,
        verified.checks.some(({ warns }) => warns),
      )
        ? EXIT.done
        : EXIT.act;
    });
  },
});

function octetOf(text: string): number {
  if (/^[0-9A-Fa-f]{2}$/.test(text)) return Number.parseInt(text, 16);
  throw new UsageError(
    `Cannot read "${text}" as an octet: expected two hex digits`,
    'Run: cfl assemble --help',
  );
}

async function openKey(uri: string, io: Io) {
  const { openSigner } = await import('../keys/index.ts');
  return openSigner(uri, { env: io.env, passphrase: () => io.passphrase(`Passphrase of ${uri}: `) });
}

function isWhole({ malformed, repeated }: ChosenMeters, warned: boolean): boolean {
  return malformed === 0 && repeated === 0 && !warned;
}

/** Which meters of the list the campaign does not go to, and why. */
function leftOut({ others, unfit, repeated, malformed, faults }: ChosenMeters): string[] {
  const shown = faults.slice(0, MOST_LISTED);
  return [
    ...(others === 0 ? [] : [`Left out: ${meters(others)} with another next step, or none`]),
    ...[...unfit].map(([reason, count]) => `Left out: ${meters(count)}, ${reason}`),
    ...(repeated === 0 ? [] : [`Taken once: ${meters(repeated)} that stood in the list before`]),
    ...(malformed === 0
      ? []
      : [`Not read: ${grouped(malformed)} ${malformed === 1 ? 'row that is' : 'rows that are'} not exact`]),
    ...shown.map(({ row, reason }) => `  row ${row}  ${reason}`),
    ...(malformed === shown.length ? [] : [`  and ${grouped(malformed - shown.length)} more`]),
  ];
}

function meters(count: number): string {
  return `${grouped(count)} ${count === 1 ? 'meter' : 'meters'}`;
}

interface Said {
  readonly io: Io;
  readonly to: string;
  readonly trial: boolean;
  readonly unusedKey: boolean;
}

function sayWhatIsThere(
  { image, activation, meters: { count, lists }, signature, state }: Campaign,
  { io, to, trial, unusedKey }: Said,
): void {
  const [first] = lists;
  const range = lists.length === 1 ? (first?.file ?? '') : `${first?.file} … -${lists.length}`;
  const rows = [
    [
      join(to, image.file),
      `DUIS ${image.service} FirmwareImage: ${grouped(image.octets)} octets of ${grouped(image.sizeLimit)}`,
    ],
    ...(image.slices ?? []).map(({ file, octets }) => [
      join(to, file),
      `a slice of it: ${grouped(octets)} octets`,
    ]),
    [join(to, activation.file), `DUIS ${activation.service} FirmwareHash`],
    [join(to, range), `${meters(count)}, at most 50,000 a list`],
    [join(to, 'campaign.json'), 'the same, for your own tools'],
  ];
  for (const line of columns(rows)) io.out(line);
  if (signature === null && unusedKey)
    io.err("The image of a PPMID carries no supplier's signature: the key was not used");
  if (state === 'superseded') io.err('This release is superseded: a newer one follows it');
  if (trial) io.err('This is a trial library: all its keys were made on one machine. Deploy nothing from it');
}

function documentOf(
  campaign: Campaign,
  { others, unfit, repeated, malformed, faults }: ChosenMeters,
  to: string,
) {
  return {
    format: 'cfl/assemble/1',
    folder: to,
    campaign,
    leftOut: { others, unfit: [...unfit].map(([reason, count]) => ({ reason, meters: count })), repeated },
    malformed: { count: malformed, rows: faults },
  };
}
