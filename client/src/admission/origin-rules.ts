// May this party say this, and is it the next thing that it says?

import { type CatalogueRelease, hardwareVersionOf, imageTypeOf, statedDigests } from '../firmware/index.ts';
import type { Facts, ReleaseIdentity } from './facts.ts';
import { byFirmwareVersion, byImageHash, byRelease } from './look-up.ts';
import type { Observation, Rule } from './rule.ts';

const codeNotYours: Rule = {
  code: 'CODE_NOT_YOURS',
  severity: 'refuse',
  sealed: false,
  demand:
    'The originator is a registered manufacturer, or the DCC, and the code is its own in statement and path',
  source: 'BR04',
  remedy: 'Publish under your own codes only',
  says({ party, statement, submitted }) {
    const { originator, code } = statement.predicate;
    if (party?.id !== originator) {
      const message = `${originator} is not in the register`;
      const hint = 'Ask the registrar to register you';
      return [{ at: 'originator', expected: 'a registered party', found: originator, message, hint }];
    }
    const mayPublish = party.kinds.includes('manufacturer') || party.kinds.includes('dcc');
    const codes = mayPublish ? party.codes : [];
    const foreign = [code, submitted.code].find((one) => !codes.includes(one));
    if (foreign !== undefined) {
      const expected = codes.join(', ') || 'no code at all';
      const message = `manufacturer code ${foreign} is not one of ${party.name}, which has ${expected}`;
      return [{ at: 'code', expected, found: foreign, message }];
    }
    if (code === submitted.code) return [];
    const message = `the release lies under ${submitted.code}, the statement says ${code}`;
    const hint = 'Submit it under the stated code';
    return [{ at: 'code', expected: code, found: submitted.code, message, hint }];
  },
};

const smets1Origin: Rule = {
  code: 'SMETS1_ORIGIN',
  severity: 'refuse',
  sealed: false,
  demand: 'What claims a SMETS1 entry comes from the DCC',
  source: 'SEC Appendix Z 4.3(c)',
  remedy: 'Give the image to the DCC: only the DCC submits for SMETS1',
  says({ statement, cpl, party }) {
    if (party === undefined || party.kinds.includes('dcc')) return [];
    return statement.predicate.claims.flatMap(({ entry }, i): Observation[] =>
      cpl.entries.get(entry)?.smets1 === true
        ? [
            {
              at: `claims[${i}].entry`,
              expected: 'the DCC as originator',
              found: party.id,
              message: `${entry} is SMETS1, and ${party.name} is not the DCC`,
            },
          ]
        : [],
    );
  },
};

const releaseName: Rule = {
  code: 'RELEASE_NAME',
  severity: 'refuse',
  sealed: false,
  demand: 'The release lies under the SHA-256 of its OTA image, as signed',
  source: 'This library: names are digests and are used once',
  remedy: 'Make the submission again: cfl-publish submit',
  says({ submitted, statement }) {
    const { otaImage } = statedDigests(statement);
    if (submitted.release === otaImage) return [];
    const message = `the release lies under ${submitted.release.slice(0, 12)}, the statement is about ${otaImage.slice(0, 12)}`;
    return [{ at: 'subject.ota-image', expected: otaImage, found: submitted.release, message }];
  },
};

/** The row of this very release, where it is published already. */
function publishedAs({ published, statement }: Facts): CatalogueRelease | undefined {
  const { otaImage } = statedDigests(statement);
  return byRelease(published).get(otaImage);
}

const statementNumber: Rule = {
  code: 'STATEMENT_NUMBER',
  severity: 'refuse',
  sealed: false,
  demand: 'Statements about a release are numbered without gaps',
  source: 'This library: nothing published is replaced',
  remedy: 'Number the statement as the next one: cfl-publish new',
  says(facts) {
    const next = (publishedAs(facts)?.number ?? 0) + 1;
    const { number } = facts.statement.predicate;
    if (number <= next) return [];
    const message = `this is statement ${number} about the release, the next one is ${next}`;
    const hint = `Number the statement ${next}`;
    return [{ at: 'number', expected: String(next), found: String(number), message, hint }];
  },
};

const duplicate: Rule = {
  code: 'DUPLICATE',
  severity: 'hold',
  sealed: false,
  demand: 'The same release is not published yet with this statement or a later one',
  source: 'SECMP0009, gateway: duplicates are held',
  remedy: 'Nothing to do, or state more about it in the next statement',
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

/** A meter tells images apart by these alone: two that agree in them can be mistaken for each other. */
const sameIdentity: Rule = {
  code: 'SAME_IDENTITY',
  severity: 'hold',
  sealed: false,
  releasable: true,
  demand:
    'No other image has the same manufacturer code, image type and firmware version for overlapping hardware',
  source: 'Zigbee OTA header: a device tells images apart by these fields',
  remedy: 'Give the image a firmware version or image type of its own; if it is meant so, ask the operator',
  says(facts) {
    const { otaImage, manufacturerImage } = statedDigests(facts.statement);
    const versions = new Set(facts.statement.predicate.claims.map(({ firmwareVersion }) => firmwareVersion));
    const same = [...versions].flatMap((version) => others(facts, byFirmwareVersion, version));
    const other = (one: ReleaseIdentity) => one.release !== otaImage && one.imageHash !== manufacturerImage;
    return same
      .filter((one) => other(one) && hasIdentity(one, facts))
      .map(({ release, imageType, firmwareVersion, hardware }) => {
        const range = hardware.join('..');
        return {
          at: 'header.fileVersion',
          expected: 'an identity of its own',
          found: `image type ${imageType}, firmware ${firmwareVersion}, hardware ${range}`,
          message: `another image, ${release.slice(0, 12)}, has image type ${imageType} and firmware ${firmwareVersion} for hardware ${range}`,
        };
      });
  },
};

/** Of what is published, and of what this submission brings besides. */
function others(
  { published, together }: Facts,
  index: (list: readonly ReleaseIdentity[]) => ReadonlyMap<string, readonly ReleaseIdentity[]>,
  key: string,
): readonly ReleaseIdentity[] {
  return [published, together].flatMap((list: readonly ReleaseIdentity[]) => index(list).get(key) ?? []);
}

function hasIdentity(one: ReleaseIdentity, { statement }: Facts): boolean {
  const { header } = statement.predicate;
  const [lowest, highest] = one.hardware;
  // Upper-case hex of one length orders as text
  const overlaps =
    hardwareVersionOf(header.minHardwareVersion) <= highest &&
    lowest <= hardwareVersionOf(header.maxHardwareVersion);
  return overlaps && one.imageType === imageTypeOf(header.imageType);
}

const sameImage: Rule = {
  code: 'SAME_IMAGE',
  severity: 'record',
  sealed: false,
  demand: 'One manufacturer image under several headers is noted: it may serve several device models',
  source: 'SECMP0009, gateway: duplicates are detected',
  remedy: 'Nothing to do if the same image serves several device models',
  says(facts) {
    const { otaImage, manufacturerImage } = statedDigests(facts.statement);
    const same = others(facts, byImageHash, manufacturerImage).filter(({ release }) => release !== otaImage);
    return same.map(({ release }) => ({
      at: 'subject.manufacturer-image',
      expected: 'a new manufacturer image',
      found: release,
      message: `release ${release.slice(0, 12)} has the same manufacturer image under another header`,
    }));
  },
};

export const originRules: readonly Rule[] = [
  codeNotYours,
  smets1Origin,
  releaseName,
  statementNumber,
  duplicate,
  sameIdentity,
  sameImage,
];
