// Does it come from whom it says, as the next thing that party publishes, with all that belongs to it?

import {
  type CatalogueRelease,
  parseReleasePath,
  type ReleasePredicate,
  statedDigests,
  statementKeyAt,
} from '../firmware/index.ts';
import { rangeText } from './claim-rules.ts';
import type { Facts, RoleDifference } from './facts.ts';
import { knownHeader, readImage } from './image-rules.ts';
import type { Observation, Rule } from './rule.ts';

const statementSignature: Rule = {
  code: 'STATEMENT_SIGNATURE',
  severity: 'refuse',
  sealed: false,
  says({ evidence, party, now }) {
    const expected = 'a signature by a key registered to the originator';
    const hint = 'Sign with a statement key that the registrar has registered for you';
    if (!evidence.verified) {
      const message = `the statement's signature does not hold: ${evidence.reason}`;
      return [{ at: 'evidence', expected, found: evidence.reason, message, hint }];
    }
    if (party === undefined || statementKeyAt(party, evidence.keyId, now) !== undefined) return [];
    const message = `the statement is signed by key ${evidence.keyId.slice(0, 12)}, not a valid key of ${party.name} on ${now.slice(0, 10)}`;
    return [{ at: 'evidence', expected, found: evidence.keyId, message, hint }];
  },
};

const codeNotYours: Rule = {
  code: 'CODE_NOT_YOURS',
  severity: 'refuse',
  sealed: false,
  says({ party, statement, submitted }) {
    const { originator, code } = statement.predicate;
    if (party?.id !== originator) {
      const message = `${originator} is not in the register`;
      const hint = 'Ask the registrar to register you';
      return [{ at: 'originator', expected: 'a registered party', found: originator, message, hint }];
    }
    const codes = party.kinds.includes('manufacturer') ? party.codes : [];
    const foreign = [code, submitted.code].find((one) => !codes.includes(one));
    if (foreign !== undefined) {
      const expected = codes.join(', ') || 'no code at all';
      const message = `manufacturer code ${foreign} is not one of ${party.name}, which has ${expected}`;
      return [{ at: 'code', expected, found: foreign, message, hint: 'Publish under your own codes only' }];
    }
    if (code === submitted.code) return [];
    const message = `the release lies under ${submitted.code}, the statement says ${code}`;
    return [
      { at: 'code', expected: code, found: submitted.code, message, hint: 'Submit it under the stated code' },
    ];
  },
};

function publishedAs({ published, statement }: Facts): CatalogueRelease | undefined {
  const { otaImage } = statedDigests(statement);
  return published.find(({ release }) => release === otaImage);
}

const duplicate: Rule = {
  code: 'DUPLICATE',
  severity: 'hold',
  sealed: false,
  says(facts) {
    const same = publishedAs(facts);
    const { number } = facts.statement.predicate;
    if (same === undefined || number > same.number) return [];
    const since = same.published.slice(0, 10);
    return [
      {
        at: 'number',
        expected: String(same.number + 1),
        found: String(number),
        message: `this very release is published since ${since} (${same.entries.join(', ')})`,
        hint: `Nothing to do, or state more about it in statement ${same.number + 1}`,
      },
    ];
  },
};

const statementNumber: Rule = {
  code: 'STATEMENT_NUMBER',
  severity: 'refuse',
  sealed: false,
  says(facts) {
    const next = (publishedAs(facts)?.number ?? 0) + 1;
    const { number } = facts.statement.predicate;
    if (number <= next) return [];
    const message = `this is statement ${number} about the release, the next one is ${next}`;
    const hint = `Number the statement ${next}`;
    return [{ at: 'number', expected: String(next), found: String(number), message, hint }];
  },
};

const sameImage: Rule = {
  code: 'SAME_IMAGE',
  severity: 'record',
  sealed: false,
  says(facts) {
    const { otaImage, manufacturerImage } = statedDigests(facts.statement);
    return facts.published
      .filter(({ release, imageHash }) => imageHash === manufacturerImage && release !== otaImage)
      .map(({ release }) => ({
        at: 'subject.manufacturer-image',
        expected: 'a new manufacturer image',
        found: release,
        message: `release ${release.slice(0, 12)} has the same manufacturer image under another header`,
        hint: 'Nothing to do if the same image serves several device models',
      }));
  },
};

const roleFile: Rule = {
  code: 'ROLE_FILE',
  severity: 'refuse',
  sealed: false,
  says({ role, statement }) {
    return roleFaults(role, statement.predicate).map(([found, expected]) => ({
      at: 'role',
      expected,
      found,
      message: `role ${role.role} version ${role.version}: ${found}, expected ${expected}`,
      hint: 'Make it again from the library as it is: cfl-publish sign',
    }));
  },
};

function roleFaults(role: RoleDifference, { code }: ReleasePredicate): [found: string, expected: string][] {
  const expected = new Set(role.expected);
  const added = new Set(role.added);
  const foreign = role.expected.filter((path) => !isReleaseFileOf(path, code));
  const only = "only this submission's files added";
  const named = (what: string, paths: readonly string[]): [string, string][] =>
    paths.map((path) => [`${what} "${path}"`, only]);
  return [
    ...named(
      'it adds',
      role.added.filter((path) => !expected.has(path)),
    ),
    ...named(
      'it lacks',
      role.expected.filter((path) => !added.has(path)),
    ),
    ...named('it removes', role.removed),
    ...named('it changes', role.changed),
    ...foreign.map((path): [string, string] => [
      `"${path}" is among its files`,
      `files of a release of ${code}`,
    ]),
    ...(role.expected.length === 0
      ? [['the submission brings no file', 'one or more'] as [string, string]]
      : []),
    ...(role.delegationsChanged ? [['its delegations differ', 'them unchanged'] as [string, string]] : []),
    ...(role.version === role.base + 1
      ? []
      : [[`it follows version ${role.base}`, `version ${role.base + 1}`] as [string, string]]),
    ...(role.signed ? [] : [['too few of its keys signed it', 'its threshold met'] as [string, string]]),
  ];
}

function isReleaseFileOf(path: string, code: ReleasePredicate['code']): boolean {
  const file = parseReleasePath(path);
  return file !== undefined && file.kind !== 'decision' && file.code === code;
}

const baseMoved: Rule = {
  code: 'BASE_MOVED',
  severity: 'hold',
  sealed: false,
  says: ({ role }) =>
    role.base === role.current
      ? []
      : [
          {
            at: 'role',
            expected: String(role.current),
            found: String(role.base),
            message: `role ${role.role} is at version ${role.current}, this submission was signed upon version ${role.base}`,
            hint: 'Run: cfl-publish sign on this submission (one signature, nothing else changes)',
          },
        ],
};

const notesMissing: Rule = {
  code: 'NOTES_MISSING',
  severity: 'refuse',
  sealed: false,
  says: ({ notes }) =>
    notes === undefined
      ? [
          {
            at: 'notes',
            expected: 'release notes',
            found: 'none',
            message: 'no release notes came with the image',
            hint: 'Write notes.md and submit it with the image',
          },
        ]
      : [],
};

const notesIncomplete: Rule = {
  code: 'NOTES_INCOMPLETE',
  severity: 'refuse',
  sealed: true,
  says: ({ notes }) =>
    (notes?.text?.faults ?? []).map((fault) => ({
      at: 'notes',
      expected: 'finished notes',
      found: fault,
      message: `notes.md: ${fault}`,
      hint: 'Finish the notes; a "…" marks what is still to be written',
    })),
};

const rangeShrank: Rule = {
  code: 'RANGE_SHRANK',
  severity: 'warn',
  sealed: false,
  says(facts) {
    const { minHardwareVersion: least, maxHardwareVersion: most } = knownHeader(facts);
    const former = newestOfSameModel(facts);
    if (former === undefined || least === null || most === null) return [];
    const [formerLeast, formerMost] = former.hardware.map((text) => Number.parseInt(text, 16)) as [
      number,
      number,
    ];
    if (least <= formerLeast && formerMost <= most) return [];
    const [found, expected] = [rangeText(least, most), rangeText(formerLeast, formerMost)];
    const message = `hardware ${found}: release ${former.firmwareVersion} took ${expected}`;
    const hint = 'Widen the range, or add "RANGE_SHRANK" to "acknowledged" in release.json';
    return [{ at: 'header.minHardwareVersion', expected, found, message, hint } satisfies Observation];
  },
};

function newestOfSameModel(facts: Facts): CatalogueRelease | undefined {
  const { deviceType, claims } = facts.statement.predicate;
  const release = readImage(facts)?.release ?? statedDigests(facts.statement).otaImage;
  const models = new Set(claims.map(({ model }) => model));
  return facts.published
    .filter((one) => one.release !== release && one.deviceType === deviceType)
    .filter((one) => one.models.some((model) => models.has(model)))
    .reduce<CatalogueRelease | undefined>(
      (a, b) => (a !== undefined && a.published >= b.published ? a : b),
      undefined,
    );
}

export const originRules: readonly Rule[] = [
  statementSignature,
  codeNotYours,
  statementNumber,
  duplicate,
  sameImage,
  roleFile,
  baseMoved,
  notesMissing,
  notesIncomplete,
  rangeShrank,
];
