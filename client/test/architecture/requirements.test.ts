// Does docs/requirements.md name only what is there: files and rules?
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { rules } from '../../src/admission/index.ts';
import { root } from './sources.ts';

const PAGE = 'docs/requirements.md';
const text = readFileSync(join(root, PAGE), 'utf8');
const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map((match) => join(dirname(PAGE), match[1] ?? ''));
const quoted = [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

it('every file that it names exists', () => {
  const sources = quoted.filter((word) => /^(client|repo-tools|site|scripts)\/\S+$/.test(word));
  const named = new Set([...links, ...sources]);
  expect(named.size).toBeGreaterThan(40);
  expect([...named].filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it('every test file of the trade’s demands is a test', () => {
  const tests = links.filter((path) => !path.startsWith('docs/'));
  expect(tests.filter((path) => !path.endsWith('.test.ts'))).toEqual([]);
});

it('every rule that it names is a rule of intake', () => {
  const codes = new Set<string>(rules.map(({ code }) => code));
  const named = quoted.filter((word) => /^[A-Z]+(_[A-Z]+)+$/.test(word) || codes.has(word));
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((code) => !codes.has(code))).toEqual([]);
});

it('every rule of intake stands in it, or is about the form of a submission', () => {
  const OF_FORM = ['IMAGE_UNREADABLE', 'HEADER_PROFILE', 'STATEMENT_NUMBER', 'BASE_MOVED', 'RANGE_SHRANK'];
  const unnamed = rules.map(({ code }) => code).filter((code) => !quoted.includes(code));
  expect(unnamed.filter((code) => !OF_FORM.includes(code))).toEqual([]);
});

it('has no row that is neither shown by something nor said to be missing', () => {
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.includes('---'));
  const empty = rows.filter((row) => /\|\s*\|$/.test(row));
  expect(rows.length).toBeGreaterThan(50);
  expect(empty.filter((row) => !row.includes('not yet'))).toEqual([]);
});
