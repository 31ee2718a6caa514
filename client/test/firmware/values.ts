// One good value of each of our formats, by which the tests measure.
import {
  type Anchors,
  anchorsFile,
  type CatalogueIndex,
  type CatalogueShard,
  type CplIndex,
  type CplShard,
  catalogueIndex,
  catalogueShard,
  cplIndex,
  cplShard,
  type LibrarySettings,
  librarySettings,
  parseStatement,
  partyRegister,
  type Register,
  type Revocations,
  revocationsFile,
  type Statement,
  type Withdrawn,
  withdrawnFile,
} from '../../src/firmware/index.ts';

function octets(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

const RELEASE = '11'.repeat(32);
const HASH = '22'.repeat(32);
const NOTES = '33'.repeat(32);

export const CPL_SHARD: CplShard = cplShard.parse(
  octets({
    format: 'cfl/cpl-shard/1',
    snapshot: 2,
    code: 'FFF1',
    entries: [
      {
        entry: 'CPL-000412',
        deviceType: 'ESME',
        manufacturerId: 'FFF1',
        modelId: '0A01',
        hardwareVersion: '0102',
        firmwareVersion: '01000203',
        smetsVersion: '5.1',
        gbcsVersion: '4.2',
        status: 'Active',
        upgradeableFrom: ['CPL-000402'],
        smets1: false,
        certificates: [
          { kind: 'CPA', reference: 'CPA-77', expires: '2028-11-01' },
          { kind: 'ZigBee', reference: 'ZB-12', renewal: '2027-03-01' },
        ],
        imageHash: HASH,
      },
      {
        entry: 'CPL-000413',
        deviceType: 'ESME',
        manufacturerId: 'FFF1',
        modelId: '0A01',
        hardwareVersion: '0110',
        firmwareVersion: '01000203',
        smetsVersion: '5.1',
        gbcsVersion: '4.2',
        status: 'Expired',
        upgradeableFrom: 'N/A',
        smets1: true,
        certificates: [],
      },
    ],
  }),
);

export const CPL_INDEX: CplIndex = cplIndex.parse(
  octets({
    format: 'cfl/cpl-index/1',
    snapshot: 2,
    date: '2026-11-18T09:00:00Z',
    source: { name: 'cpl-2026-11-18.csv', sha256: '44'.repeat(32) },
    entries: 3,
    shards: [
      { code: 'FFF1', snapshot: 2, entries: 2 },
      { code: 'FFF2', snapshot: 1, entries: 1 },
    ],
  }),
);

export const STATEMENT: Statement = parseStatement(
  octets({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [
      { name: 'ota-image', digest: { sha256: RELEASE } },
      { name: 'manufacturer-image', digest: { sha256: HASH } },
      { name: 'notes', digest: { sha256: NOTES } },
    ],
    predicateType: 'urn:cfl:firmware-release:v1',
    predicate: {
      number: 1,
      originator: 'example-meters',
      code: 'FFF1',
      deviceType: 'ESME',
      header: {
        headerVersion: 256,
        headerLength: 60,
        fieldControl: 4,
        manufacturerCode: 65521,
        imageType: 0,
        fileVersion: 16777731,
        stackVersion: 2,
        headerStringHex: '45'.repeat(32),
        totalImageSize: 241940,
        minHardwareVersion: 256,
        maxHardwareVersion: 511,
      },
      claims: [{ entry: 'CPL-000412', model: '0A01', hardwareVersion: '0102', firmwareVersion: '01000203' }],
      class: 'fix',
      upgradesFrom: ['01000201'],
      supersedes: [],
      acknowledged: ['RANGE_SHRANK'],
      contact: { mailbox: 'firmware@meters.example' },
      created: '2026-11-18T10:02:00Z',
    },
  }),
);

export const REGISTER: Register = partyRegister.parse(
  octets({
    format: 'cfl/register/1',
    parties: [
      {
        id: 'example-meters',
        name: 'Example Meters',
        kinds: ['manufacturer'],
        codes: ['FFF1'],
        userRoles: [],
        certificates: [
          {
            sha256: 'aa'.repeat(32),
            purposes: ['release'],
            from: '2026-01-01T00:00:00Z',
            until: '2029-01-01T00:00:00Z',
          },
        ],
        mailbox: 'firmware@meters.example',
      },
      {
        id: 'sample-gas',
        name: 'Sample Gas',
        kinds: ['manufacturer', 'supplier'],
        codes: ['FFF2'],
        userRoles: [{ role: 'GS', from: '2026-01-01T00:00:00Z', evidence: 'SEC Party list, entry 114' }],
        certificates: [
          { sha256: 'cc'.repeat(32), purposes: ['release', 'endorsement'], from: '2026-01-01T00:00:00Z' },
        ],
      },
    ],
  }),
);

export const ANCHORS: Anchors = anchorsFile.parse(
  octets({
    format: 'cfl/anchors/1',
    authorities: [
      {
        sha256: 'ee'.repeat(32),
        kind: 'certificate',
        leaf: { keyUsage: ['digitalSignature'], extendedKeyUsage: ['1.3.6.1.5.5.7.3.3'] },
        from: '2026-01-01T00:00:00Z',
      },
    ],
  }),
);

export const REVOCATIONS: Revocations = revocationsFile.parse(
  octets({
    format: 'cfl/revocations/1',
    revocations: [
      {
        issuer: 'ee'.repeat(32),
        serial: '021F',
        revoked: '2026-11-19T12:00:00Z',
        reason: 'keyCompromise',
        recorded: '2026-11-20T09:00:00Z',
        invalidFrom: '2026-11-01T00:00:00Z',
      },
    ],
  }),
);

export const WITHDRAWN: Withdrawn = withdrawnFile.parse(
  octets({
    format: 'cfl/withdrawn/1',
    withdrawals: [
      {
        release: RELEASE,
        by: 'Example Meters',
        kind: 'manufacturer',
        reason: 'battery drain',
        date: '2026-10-14T09:00:00Z',
      },
    ],
  }),
);

export const SETTINGS: LibrarySettings = librarySettings.parse(
  octets({ format: 'cfl/library/1', name: 'Example Firmware Library', trial: true, sizeLimit: 750000 }),
);

export const CATALOGUE_INDEX: CatalogueIndex = catalogueIndex.parse(
  octets({ format: 'cfl/catalogue-index/1', shards: [{ code: 'FFF1', shard: 0, releases: 1 }] }),
);

export const CATALOGUE: CatalogueShard = catalogueShard.parse(
  octets({
    format: 'cfl/catalogue/1',
    code: 'FFF1',
    releases: [
      {
        release: RELEASE,
        deviceType: 'ESME',
        models: ['0A01'],
        hardware: ['0100', '01FF'],
        imageType: '0000',
        firmwareVersion: '01000203',
        imageHash: HASH,
        class: 'fix',
        published: '2026-11-18T10:05:40Z',
        upgradesFrom: 'any',
        supersedes: [],
        supersededBy: [],
        entries: ['CPL-000412'],
        number: 1,
        size: 241940,
        originator: 'example-meters',
      },
    ],
  }),
);
