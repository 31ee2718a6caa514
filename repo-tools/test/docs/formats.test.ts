// Are the examples of docs/formats what the programs read, and does each page explain every field of them?
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { credentialsFile, grantsFile, makeReadKey, parseRing, recipientsFile } from '@cfl/client/access';

import { parseDate, sha256 } from '@cfl/client/encoding';
import { readTrust, signStatement, verifyBundle } from '@cfl/client/evidence';
import {
  anchorsFile,
  catalogueIndex,
  catalogueShard,
  encodeStatement,
  endorsementStatement,
  librarySettings,
  notesFaults,
  parseStatement,
  partyRegister,
  revocationsFile,
  trustedRootFile,
  withdrawnFile,
} from '@cfl/client/firmware';
import { createKeyFile } from '@cfl/client/keys';
import {
  acceptanceFile,
  bundleAbout,
  evidenceFile,
  folder,
  withdrawalFile,
  withdrawalStatement,
} from '@cfl/client/library';
import { afterAll, describe, expect, it } from 'vitest';
import { campaignFile } from '../../../client/src/campaign/index.ts';
import { mirrorState } from '../../../client/src/copy/index.ts';
import { makePki } from '../../../scripts/pki/pki.ts';
import { witnessOf } from '../../../scripts/pki/time-authority.ts';
import {
  parseCplDecision,
  parseInvestigation,
  parseDecision as parseInvestigationDecision,
} from '../../src/association/index.ts';
import { parseRecord } from '../../src/audit/log.ts';
import { readCeremony } from '../../src/ceremony/ceremony-file.ts';
import { parsePartyFile } from '../../src/ceremony/party-file.ts';
import { readChange } from '../../src/change/change.ts';
import { parseAnswer } from '../../src/intake/answer.ts';
import { readHead } from '../../src/intake/decision.ts';
import { parseJudgement } from '../../src/intake/judgement.ts';
import { parseForm } from '../../src/submission/form.ts';
import { readSettings } from '../../src/submission/settings.ts';

const docs = resolve(import.meta.dirname, '../../../docs/formats');
const scratch = mkdtempSync(join(tmpdir(), 'cfl-formats-'));
afterAll(() => rmSync(scratch, { recursive: true }));

type Read = (octets: Uint8Array) => unknown;

/** The parsers of each page, in the order of its examples. */
const PAGES: Readonly<Record<string, readonly Read[]>> = {
  'anchors.md': [anchorsFile.parse, trustedRootFile.parse],
  'audit.md': [parseRecord, parseJudgement],
  'bundle.md': [bundleAbout.parse],
  'campaign.md': [campaignFile.parse],
  'catalogue.md': [catalogueIndex.parse, catalogueShard.parse],
  'ceremony.md': [readCeremonyWithKeys],
  'change.md': [readLoneChange],
  'credentials.md': [withKeys(credentialsFile.parse)],
  'decision.md': [acceptanceFile.parse, readHeadFrom, parseAnswer],
  'endorsement.md': [endorsementStatement.parse],
  // CSV: the tests of the estate cover it
  'estate.md': [],
  'evidence.md': [evidenceFile.parse],
  'grants.md': [grantsFile.parse],
  'investigation.md': [parseInvestigation, parseInvestigationDecision, parseCplDecision],
  'keyring.md': [withKeys(parseRing)],
  'library.md': [librarySettings.parse],
  'mirror.md': [mirrorState.parse],
  'party.md': [(octets) => parsePartyFile(octets)],
  'publish.md': [readSettingsFrom, parseForm],
  'recipients.md': [withKeys(recipientsFile.parse)],
  'register.md': [partyRegister.parse],
  // In Markdown: see below
  'release-notes.md': [],
  'revocations.md': [revocationsFile.parse],
  'release-statement.md': [parseStatement, parseSlices, verifyExampleBundle],
  'withdrawal.md': [withdrawalFile.parse, withdrawalStatement.parse, withdrawnFile.parse],
};
/** The CPL's page shortens its examples; the tests of the import cover it. */
const ELSEWHERE = ['README.md', 'cpl.md'];

const textOf = (page: string) => readFileSync(join(docs, page), 'utf8');

function examplesOf(page: string): readonly string[] {
  return [...textOf(page).matchAll(/^```json\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
}

const cases = Object.entries(PAGES).flatMap(([page, readers]) =>
  readers.map((read, i) => ({ page, read, i, example: examplesOf(page)[i] ?? '' })),
);

it('every page has its parsers, and every example has one', () => {
  expect([...Object.keys(PAGES), ...ELSEWHERE].sort()).toEqual(readdirSync(docs).sort());
  for (const [page, readers] of Object.entries(PAGES)) expect(examplesOf(page)).toHaveLength(readers.length);
});

it('the release notes of their page are finished, and it names each line of their front matter', () => {
  const example = /^```markdown\n(.*?)^```$/ms.exec(textOf('release-notes.md'))?.[1] ?? '';
  expect(notesFaults(example)).toEqual([]);
  const names = [...example.matchAll(/^([a-z]+): /gm)].map((match) => match[1]);
  expect(names).toHaveLength(4);
  expect(wordsInTables('release-notes.md')).toEqual(expect.arrayContaining(names));
});

describe.each(cases)('example $i of $page', ({ page, read, example }) => {
  it('is read by the program', async () => {
    await read(encoded(example));
  });

  it('with a field that is not in the page, is refused', async () => {
    const stranger = { ...JSON.parse(example), stranger: 1 };
    await expect((async () => read(encoded(JSON.stringify(stranger))))()).rejects.toThrow();
  });

  it('has no field that its page, or one that it links to, does not explain', () => {
    const linked = [...textOf(page).matchAll(/\]\(([\w-]+\.md)\)/g)].map((match) => match[1] ?? '');
    const explained = new Set(['format', 'sha256', ...[page, ...linked].flatMap(wordsInTables)]);
    const names = namesIn(JSON.parse(example)).filter((name) => !/^m-[0-9a-f]{4}$/.test(name));
    expect(names.filter((name) => !explained.has(name))).toEqual([]);
  });
});

function wordsInTables(page: string): readonly string[] {
  const rows = textOf(page)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return rows.join('\n').match(/(?<=`)[\w-]+(?=`)/g) ?? [];
}

function namesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(namesIn);
  // Roles stand as keys of "upon"
  return Array.isArray(value) || 'registrar' in value ? below : [...Object.keys(value), ...below];
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** With a key in each place where the page shortens one: they are long. */
function withKeys(parse: Read): Read {
  return async (octets) => {
    const parts = new TextDecoder().decode(octets).split(/(age1pq1…|AGE-SECRET-KEY-PQ-1…)/);
    const whole = parts.map(async (part) => {
      if (!part.endsWith('1…')) return part;
      const { recipient, secret } = await makeReadKey();
      return part.startsWith('age1') ? recipient : secret;
    });
    return parse(encoded((await Promise.all(whole)).join('')));
  };
}

function readLoneChange(octets: Uint8Array): Promise<unknown> {
  mkdirSync(join(scratch, 'change'), { recursive: true });
  writeFileSync(join(scratch, 'change', 'change.json'), octets);
  return readChange(folder(scratch), 'change');
}

function readSettingsFrom(octets: Uint8Array): Promise<unknown> {
  writeFileSync(join(scratch, 'publish.json'), octets);
  return readSettings(scratch);
}

async function readCeremonyWithKeys(octets: Uint8Array): Promise<unknown> {
  const keys = new TextDecoder().decode(octets).match(/[\w-]+(?=\.pub)/g) ?? [];
  for (const name of keys) await createKeyFile(join(scratch, `${name}.pem`), '', { unencrypted: 'trial' });
  writeFileSync(join(scratch, 'ceremony.json'), octets);
  return readCeremony(join(scratch, 'ceremony.json'));
}

/** The head of the chain names the decision that the same page shows. */
async function readHeadFrom(octets: Uint8Array): Promise<void> {
  const [decision = ''] = examplesOf('decision.md');
  const head = await readHead({ read: async () => octets } as unknown as Parameters<typeof readHead>[0]);
  const onOneLine = encoded(`${JSON.stringify(JSON.parse(decision))}\n`);
  expect(head?.sha256).toBe(await sha256(onOneLine));
  expect(head?.sequence).toBe(acceptanceFile.parse(onOneLine).sequence);
}

/** In the statement that the same page shows. */
function parseSlices(octets: Uint8Array): void {
  const statement = JSON.parse(examplesOf('release-statement.md')[0] ?? '');
  const slices = JSON.parse(new TextDecoder().decode(octets));
  const predicate = { ...statement.predicate, ...slices };
  parseStatement(encoded(JSON.stringify({ ...statement, predicate })));
}

/** With what the page leaves out taken from a bundle that is made now, over the statement of the page. */
async function verifyExampleBundle(octets: Uint8Array): Promise<void> {
  const statement = encodeStatement(parseStatement(encoded(examplesOf('release-statement.md')[0] ?? '')));
  const now = parseDate('2026-11-18T10:02:11Z');
  const pki = await makePki({ now });
  const { signer, certificate } = await pki.issue({ subject: 'Example Meters' });
  if (signer === undefined) throw new TypeError('A key of the usual kind signs');
  const made = await signStatement(statement, { signer, certificate, witness: witnessOf(pki, () => now) });
  const whole = filled(
    JSON.parse(new TextDecoder().decode(octets)),
    JSON.parse(new TextDecoder().decode(made)),
  );
  const { anchors, revocations } = pki.register();
  const trust = await readTrust({
    trustedRoot: encoded(JSON.stringify(pki.trustedRoot())),
    anchors: encoded(JSON.stringify(anchors)),
    revocations: encoded(JSON.stringify(revocations)),
    crls: [],
  });
  const evidence = await verifyBundle(encoded(JSON.stringify(whole)), trust, { at: 'reader' });
  expect(evidence.statement).toEqual(statement);
}

/** The example, with each "…" as it is at the same place of the other. */
function filled(example: unknown, made: unknown): unknown {
  if (example === '…') return made;
  if (Array.isArray(example)) return example.map((one, i) => filled(one, (made as unknown[])[i]));
  if (typeof example !== 'object' || example === null) return example;
  const members = Object.entries(example);
  return Object.fromEntries(
    members.map(([name, value]) => [name, filled(value, (made as Record<string, unknown>)[name])]),
  );
}
