// Of which form are the files for programs? JSON Schema, draft 2020-12.

const text = { type: 'string' } as const;
const whole = { type: 'integer', minimum: 0 } as const;
const digest = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const;
const date = {
  type: 'string',
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$',
} as const;
const hex = (count: number) => ({ type: 'string', pattern: `^[0-9A-F]{${count}}$` });
const list = (items: object) => ({ type: 'array', items });
const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });
const oneOf = (...words: readonly string[]) => ({ enum: words });
/** Every member is there, and no other. */
const object = (properties: Readonly<Record<string, object>>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const source = object({
  library: orNull(text),
  version: whole,
  rootSha256: digest,
  note: text,
});

const summary = {
  release: digest,
  page: text,
  manufacturer: text,
  code: hex(4),
  deviceType: text,
  imageHash: digest,
  class: oneOf('compliance', 'fix'),
  state: oneOf('current', 'superseded', 'suspended', 'withdrawn'),
  reason: text,
  supersededBy: list(digest),
  published: date,
  hardware: { type: 'array', items: hex(4), minItems: 2, maxItems: 2 },
  upgradesFrom: { anyOf: [oneOf('any', 'none'), list(hex(8))] },
  supersedes: list(digest),
  entries: list(
    object({
      entry: text,
      model: hex(4),
      hardwareVersion: hex(4),
      firmwareVersion: hex(8),
      status: orNull(oneOf('Active', 'Cancelled', 'Expired', 'Withdrawn')),
      smetsVersion: orNull(text),
      gbcsVersion: orNull(text),
    }),
  ),
};

const release = {
  ...summary,
  statement: {
    type: 'object',
    description: 'as its manufacturer signed it: see the release statement in the docs',
  },
  signed: object({
    certificate: digest,
    serial: text,
    issuer: text,
    keyType: text,
    stamped: date,
    authority: text,
  }),
  endorsed: list(object({ name: text, stamped: orNull(date) })),
  acceptance: {
    type: 'object',
    description: 'as the gate signed it, without the digests of what it read',
  },
  withdrawal: orNull({ type: 'object', description: 'as the gate signed it' }),
  files: list(object({ path: text, sha256: digest, role: text })),
  shown: {
    type: 'object',
    additionalProperties: text,
    description: 'the texts of the page that the check in the browser compares',
  },
};

const change = {
  anyOf: [
    object({ kind: oneOf('list'), date, snapshot: whole, entries: whole }),
    object({ kind: oneOf('published', 'restated', 'withdrawn'), date, release: digest }),
  ],
};

const documents: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  list: { releases: list(object(summary)) },
  catalogue: { releases: list(object(summary)) },
  release,
  model: {
    page: text,
    code: hex(4),
    model: hex(4),
    manufacturer: orNull(text),
    deviceTypes: list(text),
    contacts: list(text),
    releases: list(object(summary)),
    withoutRelease: list(
      object({
        entry: text,
        hardwareVersion: hex(4),
        firmwareVersion: hex(8),
        status: text,
        why: text,
      }),
    ),
  },
  changes: { changes: list(change) },
  trust: {
    root: object({ version: whole, sha256: digest }),
    goodUntil: date,
    roles: list(
      object({ name: text, version: whole, expires: date, threshold: whole, of: whole, signs: text }),
    ),
    parties: list(object({ name: text, kinds: list(text), codes: list(hex(4)), certificates: whole })),
    authorities: list({
      type: 'object',
      properties: { kind: oneOf('certificate', 'timestamp'), sha256: digest, from: date, until: date },
      required: ['kind', 'sha256', 'from'],
      additionalProperties: false,
    }),
  },
};

/** By file name, `release.json`. */
export function schemas(): ReadonlyMap<string, object> {
  return new Map(
    Object.entries(documents).map(([name, properties]) => [
      `${name}.json`,
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        title: `cfl/site-${name}/1`,
        ...object({ format: { const: `cfl/site-${name}/1` }, source, ...properties }),
      },
    ]),
  );
}
