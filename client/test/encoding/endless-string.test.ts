// Attack: a file of one endless string. A reader that keeps a note for each character runs out of stack, and
// a program that ends in a stack trace has refused nothing.

import { expect, it } from 'vitest';
import { JsonError, parseJson } from '../../src/encoding/index.ts';

const LONG = 16_000_000;

function parse(text: string): unknown {
  return parseJson(new TextEncoder().encode(text));
}

it('a long string is read, whether or not the text around it is canonical', () => {
  const long = 'x'.repeat(LONG);
  expect(parse(`{"a":"${long}"}`)).toEqual({ a: long });
  expect(parse(`{ "a": "${long}" }`)).toEqual({ a: long });
});

it('a long string of escapes is read', () => {
  expect(parse(`{ "a": "${'\\n'.repeat(LONG)}" }`)).toEqual({ a: '\n'.repeat(LONG) });
});

it('a key that stands twice is still found behind one, however it is written', () => {
  const long = '\\"'.repeat(LONG / 2);
  expect(() => parse(`{ "b": "${long}", "a": 1, "\\u0061": 2 }`)).toThrow(JsonError);
});

it('a number without end is refused in a short sentence', () => {
  const refusal = () => parse(`[ ${'9'.repeat(LONG)} ]`);
  expect(refusal).toThrow(JsonError);
  expect(refusal).toThrow(/^the number 9{40}… is larger than can be held exactly$/);
});
