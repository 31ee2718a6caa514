// Does a value have the form that a JSON Schema says? As much of draft 2020-12 as the site's schemas use; a
// word that is not known here is a fault of its own.

type Schema = Readonly<Record<string, unknown>>;

const ANNOTATIONS = ['$schema', 'title', 'description'];

export function faultsOf(value: unknown, schema: Schema, at = ''): readonly string[] {
  return Object.entries(schema).flatMap(([word, demand]) => {
    const rule = RULES[word];
    if (rule !== undefined) return rule(value, demand as never, at, schema);
    return ANNOTATIONS.includes(word) ? [] : [`${at}: the word "${word}" is not known`];
  });
}

type Rule = (value: unknown, demand: never, at: string, schema: Schema) => readonly string[];

const fault = (isGood: boolean, at: string, what: string) => (isGood ? [] : [`${at}: expected ${what}`]);

const RULES: Readonly<Record<string, Rule>> = {
  type: (value, type: string, at) => fault(typeOf(value, type) === type, at, type),
  const: (value, one, at) => fault(value === one, at, String(one)),
  enum: (value, some: readonly unknown[], at) => fault(some.includes(value), at, some.join(' or ')),
  pattern: (value, pattern: string, at) =>
    fault(typeof value !== 'string' || new RegExp(pattern).test(value), at, pattern),
  minimum: (value, least: number, at) => fault(typeof value !== 'number' || value >= least, at, `${least}`),
  minItems: (value, least: number, at) => fault(!Array.isArray(value) || value.length >= least, at, 'more'),
  maxItems: (value, most: number, at) => fault(!Array.isArray(value) || value.length <= most, at, 'fewer'),
  items: (value, items: Schema, at) =>
    Array.isArray(value) ? value.flatMap((one, i) => faultsOf(one, items, `${at}[${i}]`)) : [],
  anyOf: (value, some: readonly Schema[], at) =>
    fault(
      some.some((one) => faultsOf(value, one).length === 0),
      at,
      'one of several forms',
    ),
  required: (value, names: readonly string[], at) =>
    names.flatMap((name) => fault(Object.hasOwn(Object(value), name), at, `"${name}"`)),
  properties: (value, known: Readonly<Record<string, Schema>>, at) =>
    Object.entries(known).flatMap(([name, schema]) =>
      Object.hasOwn(Object(value), name) ? faultsOf(Object(value)[name], schema, `${at}.${name}`) : [],
    ),
  additionalProperties: (value, demand: false | Schema, at, { properties }) =>
    Object.entries(Object(value)).flatMap(([name, member]) => {
      if (Object.hasOwn(Object(properties), name)) return [];
      return demand === false ? [`${at}: "${name}" is not known`] : faultsOf(member, demand, `${at}.${name}`);
    }),
};

function typeOf(value: unknown, wanted: string): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return wanted === 'integer' && Number.isInteger(value) ? 'integer' : typeof value;
}
