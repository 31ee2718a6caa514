// Attack: files that are rightly signed, and JSON, but not what TUF 4 describes: each parser could read them
// in its own way. They are refused before anything is made of them.

import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/encoding/index.ts';
import { type Forgery, MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';
const ROLES = ['root', 'timestamp', 'snapshot', 'targets', 'm-fff1'] as const;
type Role = (typeof ROLES)[number];

function library() {
  return new MemoryRepository({ lists: 'versions' })
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] })
    .addTarget(IMAGE, 'image', 'm-fff1')
    .addTarget('notes.txt', 'notes')
    .publish();
}

/** Publishes one forged file, and gives what a reader makes of it who trusted the honest state before. */
async function outcomeOf(role: Role, forgery: Forgery): Promise<unknown> {
  const reader = new Reader(library());
  expect(await reader.accepts(reads(IMAGE))).toBe('image');
  const trusted = reader.cache.content()[`${role}.json`];
  if (role === 'root') reader.repository.publishRoot(forgery);
  else reader.repository.publish({ [role]: forgery });
  const outcome = await reader.accepts(reads(IMAGE)).catch((error: unknown) => error);
  if (outcome !== 'image') {
    expect(reader.cache.content()[`${role}.json`]).toBe(trusted);
    expect(reader.repository.asked().at(-1)).toBe(role === 'timestamp' ? 'timestamp.json' : `2.${role}.json`);
  }
  return outcome;
}

async function expectRefused(
  role: Role,
  forgery: Forgery,
  codes: readonly string[] = ['NOT_METADATA'],
): Promise<void> {
  const outcome = await outcomeOf(role, forgery);
  expect(outcome).toMatchObject({ name: 'RefusedError' });
  expect(codes, (outcome as Error).message).toContain((outcome as { code: string }).code);
}

describe.each(ROLES)('%s', (role) => {
  it.each(['_type', 'spec_version', 'version', 'expires'])('without %s is refused', async (member) => {
    await expectRefused(role, { says: (signed) => without(signed, [member]) });
  });

  it.each(['_type', 'spec_version', 'version', 'expires'])(
    'with a %s of another type is refused',
    async (member) => {
      for (const value of [null, true, [], {}, member === 'version' ? '2' : 2]) {
        await expectRefused(role, { says: (signed) => ({ ...signed, [member]: value }) });
      }
    },
  );

  it.each([0, -1, -(2 ** 53) + 1])('of version %d is refused', async (version) => {
    await expectRefused(role, { says: (signed) => ({ ...signed, version }) });
  });

  it.each(['1.5', '2.0', '2e0', '20e-1', '9007199254740993', '1e400', '-0'])(
    'of version %s, as it is written, is refused',
    async (version) => {
      await expectRefused(role, {
        written: (text) => text.replace(/"version":2(?=,"expires")/, `"version":${version}`),
      });
    },
  );

  it.each([
    '',
    '2028-01-01',
    '2028-01-01T00:00:00',
    '2028-01-01T00:00Z',
    '2028-01-01T00:00:00.000Z',
    '2028-01-01T00:00:00+00:00',
    '2028-01-01T00:00:00z',
    '2028-01-01t00:00:00Z',
    '2028-01-01 00:00:00Z',
    ' 2028-01-01T00:00:00Z',
    '2028-01-01T00:00:00Z\n',
    '2028-02-30T00:00:00Z',
    '2027-02-29T00:00:00Z',
    '2028-13-01T00:00:00Z',
    '2028-01-01T24:00:00Z',
    '2028-01-01T23:59:60Z',
    '2028-01-00T00:00:00Z',
    '+002028-01-01T00:00:00Z',
    '20280-01-01T00:00:00Z',
    'Sat, 01 Jan 2028 00:00:00 GMT',
    'tomorrow',
    'Infinity',
  ])('that expires on "%s" is refused', async (expires) => {
    await expectRefused(role, { says: (signed) => ({ ...signed, expires }) });
  });

  it.each(['2.0.0', '0.9.0', '10.0.0', '01.0.0', '1.0.0.0', '1.', 'x', '', ' 1.0.0'])(
    'of specification "%s" is refused',
    async (version) => {
      await expectRefused(role, { says: (signed) => ({ ...signed, spec_version: version }) });
    },
  );

  it.each(['1.0.0', '1.0.31', '1.0.34', '1.1.0'])('of specification %s is read', async (version) => {
    expect(await outcomeOf(role, { says: (signed) => ({ ...signed, spec_version: version }) })).toBe('image');
  });

  it('with members that nobody knows is read: they are signed, and mean nothing', async () => {
    const strange = {
      constructor: 1,
      toString: 'x',
      hasOwnProperty: null,
      ['__proto__']: { version: 0, _type: 'x' },
      note: [1, { a: 'ü\u0001' }],
    };
    expect(await outcomeOf(role, { says: (signed) => ({ ...signed, ...own(strange) }) })).toBe('image');
  });

  it('whose signature does not cover a member that nobody knows is unsigned', async () => {
    await expectRefused(role, { written: (text) => text.replace('"_type"', '"note":1,"_type"') }, [
      'UNSIGNED',
    ]);
  });

  it.each(['{"a":1,"a":2}', '[{"a":1,"\\u0061":2}]', '{"b":{"__proto__":1,"__proto__":2}}'])(
    'with a member of %s is refused',
    async (json) => {
      await expectRefused(role, { written: (text) => text.replace('"_type"', `"note":${json},"_type"`) });
    },
  );

  it.each(['version', '_type', 'expires'])(
    'that gives %s twice is refused, though the last one is what was signed',
    async (member) => {
      await expectRefused(role, { written: (text) => text.replace('"_type"', `"${member}":1,"_type"`) });
      const escaped = `\\u00${member.charCodeAt(0).toString(16)}${member.slice(1)}`;
      await expectRefused(role, { written: (text) => text.replace('"_type"', `"${escaped}":1,"_type"`) });
    },
  );

  it('that holds a second "signed" or "signatures" is refused', async () => {
    await expectRefused(role, {
      written: (text) => text.replace('{"signatures"', '{"signed":{},"signatures"'),
    });
    await expectRefused(role, {
      written: (text) => text.replace('{"signatures"', '{"signatures":[],"signatures"'),
    });
  });
});

const TEXTS: Record<string, (text: string) => string | Uint8Array> = {
  'nothing at all': () => '',
  'white space': () => ' \n',
  null: () => 'null',
  'a number': () => '7',
  'a string': () => '"signed"',
  'a list': (text) => `[${text}]`,
  'an empty object': () => '{}',
  'signed alone': () => '{"signed":{}}',
  'signatures alone': () => '{"signatures":[]}',
  'a page': () => '<!doctype html><title>Not found</title>',
  'JSON with a byte order mark': (text) => `\uFEFF${text}`,
  'JSON in UTF-16': (text) => new Uint8Array(Buffer.from(text, 'utf16le')),
  'JSON that is not UTF-8': (text) =>
    new Uint8Array(Buffer.from(text.replace('"_type"', '"note":"\u00ff","_type"'), 'latin1')),
  'JSON and a zero octet': (text) => `${text}\0`,
  'JSON and more JSON': (text) => `${text}{}`,
  'JSON cut short': (text) => text.slice(0, -1),
  'JSON with a comma too many': (text) => text.replace(/\}$/, ',}'),
  'JSON with a comment': (text) => `/* */${text}`,
  'JSON with half a surrogate pair': (text) => text.replace('"_type"', '"note":"\\ud800","_type"'),
  'JSON with a fraction': (text) => text.replace('"_type"', '"note":0.5,"_type"'),
  'JSON with a number beyond counting': (text) => text.replace('"_type"', '"note":1e999,"_type"'),
  'JSON with a number that would be rounded': (text) =>
    text.replace('"_type"', '"note":9007199254740993,"_type"'),
  'JSON nested five thousand deep': (text) =>
    text.replace('"_type"', `"note":${'['.repeat(5000)}${']'.repeat(5000)},"_type"`),
};

describe.each(Object.keys(TEXTS))('a file of %s', (name) => {
  it.each(ROLES)('as %s is refused', async (role) => {
    await expectRefused(role, { written: TEXTS[name] ?? (() => '') });
  });
});

it.each(['targets', 'm-fff1'] as const)(
  '%s nested a hundred thousand deep is refused, and nothing overflows',
  async (role) => {
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    await expectRefused(role, { written: (text) => text.replace('"_type"', `"note":${deep},"_type"`) });
  },
);

describe('signatures', () => {
  const SHAPES: readonly Json[] = [
    null,
    {},
    'x',
    [null],
    [[]],
    ['x'],
    [{}],
    [{ keyid: 'x' }],
    [{ sig: 'x' }],
    [{ keyid: 1, sig: 'ab' }],
    [{ keyid: 'a', sig: null }],
  ];

  it.each(SHAPES.map((shape) => [JSON.stringify(shape), shape] as const))(
    'of the shape %s are refused',
    async (_, shape) => {
      for (const role of ROLES)
        await expectRefused(role, { signatures: () => shape }, ['NOT_METADATA', 'UNSIGNED']);
    },
  );

  it('may have members that nobody knows', async () => {
    const signatures = (found: readonly { keyid: string; sig: string }[]) =>
      found.map((one) => ({ ...one, note: 1 }));
    for (const role of ROLES) expect(await outcomeOf(role, { signatures })).toBe('image');
  });
});

/** Each place of a file, with what may not stand there; a key may also be dropped, and then nobody signed. */
type Place = readonly [place: string, wrong: readonly Json[]];
const PLACES: Record<Role, readonly Place[]> = {
  root: [
    ['keys', [null, [], 'x']],
    ['roles', [null, [], 'x', {}]],
    ...['root', 'timestamp', 'snapshot', 'targets'].flatMap((role): readonly Place[] => [
      [`roles.${role}`, [null, [], 'x', {}]],
      [`roles.${role}.keyids`, [null, {}, 'x', [1], [null]]],
      [`roles.${role}.threshold`, [null, '1', 0, -1, []]],
    ]),
  ],
  timestamp: [
    ['meta', [null, [], 'x', {}]],
    ['meta.snapshot.json', [null, [], 'x', {}]],
    ['meta.snapshot.json.version', [null, '2', 0, -1, [], {}]],
  ],
  snapshot: [
    ['meta', [null, [], 'x']],
    ['meta.targets.json', [null, [], 'x', {}]],
    ['meta.targets.json.version', [null, '1', 0, -1, [], {}]],
    ['meta.m-fff1.json', [null, [], 'x', {}]],
    ['meta.m-fff1.json.version', [null, '1', 0, -1, [], {}]],
  ],
  targets: [
    ['targets', [null, [], 'x']],
    ['targets.notes.txt.length', [null, '5', -1, [], {}]],
    ['targets.notes.txt.hashes', [null, [], 'x']],
    ['delegations.keys', [null, [], 'x']],
    ['delegations.roles', [null, {}, 'x', [null], ['x'], [{}]]],
    ['delegations.roles.0.name', [null, 1, [], {}, '']],
    ['delegations.roles.0.keyids', [null, {}, 'x', [1]]],
    ['delegations.roles.0.threshold', [null, '1', 0, -1]],
    ['delegations.roles.0.paths', [null, {}, 'x', [1], [null]]],
  ],
  'm-fff1': [['targets', [null, [], 'x']]],
};

describe.each(ROLES)('in %s', (role) => {
  describe.each(PLACES[role])('%s', (place, wrong) => {
    const codes = role === 'snapshot' ? ['NOT_METADATA', 'NOT_LISTED', 'ROLLBACK'] : ['NOT_METADATA'];

    it('cannot be missing', async () => {
      await expectRefused(role, { says: (signed) => without(signed, parts(place)) }, codes);
    });

    it('cannot be of another type', async () => {
      for (const value of wrong)
        await expectRefused(role, { says: (signed) => replaced(signed, parts(place), value) });
    });
  });
});

describe('optional members of the wrong type', () => {
  it.each<readonly [Role, string, Json]>([
    ['root', 'consistent_snapshot', 'true'],
    ['root', 'consistent_snapshot', 1],
    ['root', 'consistent_snapshot', null],
    ['timestamp', 'meta.snapshot.json.length', '7'],
    ['timestamp', 'meta.snapshot.json.length', -1],
    ['timestamp', 'meta.snapshot.json.hashes', []],
    ['timestamp', 'meta.snapshot.json.hashes', { sha256: 1 }],
    ['snapshot', 'meta.m-fff1.json.length', null],
    ['snapshot', 'meta.m-fff1.json.hashes', 'x'],
    ['targets', 'targets.notes.txt', null],
    ['targets', 'targets.notes.txt', []],
    ['targets', 'targets.notes.txt.custom', 'x'],
    ['targets', 'targets.notes.txt.custom', []],
    ['targets', 'delegations', null],
    ['targets', 'delegations', []],
    ['targets', 'delegations.roles.0.terminating', 'false'],
    ['targets', 'delegations.roles.0.terminating', 0],
    ['targets', 'delegations.roles.0.path_hash_prefixes', ['00']],
  ])('in %s, %s as %j, are refused', async (role, place, value) => {
    await expectRefused(role, { says: (signed) => replaced(signed, parts(place), value) });
  });

  it('a root that lacks the wish for consistent snapshots means no', async () => {
    const repository = library();
    const reader = new Reader(repository);
    await reader.accepts();
    repository.consistent = false;
    repository
      .publishRoot({ says: (signed) => without(signed, ['consistent_snapshot']) })
      .publish({ targets: {}, 'm-fff1': {} });
    expect(await reader.accepts(reads(IMAGE))).toBe('image');
    expect(repository.asked()).toContain('snapshot.json');
  });
});

it('a role that is delegated twice by one role is refused', async () => {
  const says = (signed: JsonObject) => {
    const delegations = signed.delegations as { keys: JsonObject; roles: readonly JsonObject[] };
    const again = { ...delegations.roles[0], paths: ['*'] } as JsonObject;
    return { ...signed, delegations: { ...delegations, roles: [...delegations.roles, again] } };
  };
  await expectRefused('targets', { says });
});

describe('names that every object has', () => {
  const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'prototype'];

  it.each(NAMES)('%s is not a target unless it is listed', async (name) => {
    expect(await new Reader(library()).accepts(finds(name))).toBeUndefined();
    const listed = library().addTarget(name, 'listed').publish();
    expect(await new Reader(listed).accepts(reads(name))).toBe('listed');
  });

  it.each(NAMES)('%s may be a role, and is one only where it is delegated to and listed', async (name) => {
    const repository = library()
      .delegate('targets', { name, paths: ['x'] })
      .addTarget('x', 'x', name)
      .publish();
    const reader = new Reader(repository);
    expect(await reader.accepts(reads('x'))).toBe('x');
    const fresh = new Reader(repository);
    repository.publish({ snapshot: { says: (signed) => without(signed, ['meta', `${name}.json`]) } });
    await expect(fresh.accepts(finds('x'))).rejects.toMatchObject({ code: 'NOT_LISTED' });
  });
});

/** `meta.snapshot.json.version` as the members it goes through: a file's name is one of them. */
function parts(place: string): readonly string[] {
  return place
    .replaceAll('.json', '\u0000json')
    .replaceAll('.txt', '\u0000txt')
    .split('.')
    .map((part) => part.replace('\u0000', '.'));
}

function without(signed: Json, [first = '', ...rest]: readonly string[]): JsonObject {
  const members = Object.entries(signed as JsonObject);
  const kept = rest.length === 0 ? members.filter(([name]) => name !== first) : members;
  return own(
    Object.fromEntries(
      kept.map(([name, value]) => [name, name === first ? inner(value, rest, without) : value]),
    ),
  );
}

function replaced(signed: JsonObject, [first = '', ...rest]: readonly string[], by: Json): JsonObject {
  const value =
    rest.length === 0 ? by : inner(signed[first] ?? {}, rest, (child, path) => replaced(child, path, by));
  return { ...signed, [first]: value };
}

/** One member deeper; a list is changed like an object whose names are its places. */
function inner(
  value: Json,
  path: readonly string[],
  change: (child: JsonObject, path: readonly string[]) => JsonObject,
): Json {
  const changed = change(value as JsonObject, path);
  return Array.isArray(value) ? Object.values(changed) : changed;
}

function own(value: object): JsonObject {
  return value as JsonObject;
}

it('a key id that stands twice is quoted in the refusal, and adds no line of its own to it', async () => {
  const outcome = await outcomeOf('timestamp', {
    signatures: ([first]) => ['', ''].map(() => ({ keyid: '\n  ok  root', sig: first?.sig ?? '' })),
  });
  expect(outcome).toMatchObject({ name: 'RefusedError', code: 'NOT_METADATA' });
  expect((outcome as Error).message).toContain('the key "\\n  ok  root" signed twice');
});
