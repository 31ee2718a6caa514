// How does the verifier file show what came out? Elements by their ids; every text is set as text.

import { stepItem } from '../browser/step.ts';
import type { Facts } from '../check/facts.ts';
import type { CheckedStep } from '../check/steps.ts';
import type { Row } from './checking.ts';

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new TypeError(`The file has no "${id}"`);
  return element as T;
}

export type Outcome = 'busy' | 'good' | 'bad' | 'away' | 'plain';

export function answer(id: string, outcome: Outcome, text: string): void {
  const element = byId(id);
  element.className = `answer ${outcome}`;
  element.textContent = text;
}

interface Failure {
  readonly name?: string;
  readonly message?: string;
  readonly hint?: string;
}

/** A library that cannot be reached is not one that lies. */
export function refuse(id: string, error: unknown): void {
  const { name, message = String(error), hint } = error as Failure;
  const text = hint === undefined ? message : `${message}. ${hint}`;
  if (name === 'UnreachableError') answer(id, 'away', `Could not be checked: ${text}`);
  else answer(id, 'bad', `Refused: ${text}`);
}

/** What an earlier check said goes with what it showed. */
export function clear(): void {
  for (const id of ['answer', 'file-answer'])
    if (!byId(id).classList.contains('busy')) answer(id, 'plain', '');
  for (const id of ['list', 'signed', 'steps']) byId(id).hidden = true;
  listIn('#steps').replaceChildren();
  clearOpened();
}

export function clearOpened(): void {
  byId('opened').hidden = true;
  const save = byId<HTMLAnchorElement>('save');
  if (save.href.startsWith('blob:')) URL.revokeObjectURL(save.href);
  save.href = '#opened';
  byId('notes').replaceChildren();
}

export function showStep(step: CheckedStep): void {
  const list = listIn('#steps');
  list.append(stepItem(step));
  const files = list.querySelectorAll('a').length;
  byId('steps').hidden = false;
  const summary = byId('steps').querySelector('summary');
  if (summary !== null) summary.textContent = `${list.childElementCount} steps, ${files} files read`;
}

/** In the order and the words of the release's page. */
const SHOWN: readonly (readonly [string, string])[] = [
  ['Manufacturer', 'manufacturer'],
  ['Device', 'deviceType'],
  ['Models', 'models'],
  ['Firmware', 'firmware'],
  ['Hardware', 'hardware'],
  ['Upgrades', 'upgrades'],
  ['Class', 'class'],
  ['Size', 'size'],
  ['CPL hash', 'imageHash'],
  ['SHA-256', 'release'],
  ['Certificate', 'certificate'],
  ['Endorsed', 'endorsed'],
  ['Published', 'published'],
  ['Contact', 'contact'],
];

export function showSigned(facts: Facts): void {
  const fact = (name: string) => facts.get(name) ?? '';
  byId('title').textContent = fact('title');
  byId('state').className = `tag ${fact('state')}`;
  byId('state').textContent = fact('state');
  byId('since').textContent = fact('since');
  const rows = SHOWN.map(([label, name]) => {
    const row = document.createElement('div');
    const [term, value] = [document.createElement('dt'), document.createElement('dd')];
    term.textContent = label;
    value.textContent = fact(name);
    if (/^[0-9a-f]{64}$/.test(fact(name))) value.className = 'hex';
    row.append(term, value);
    return row;
  });
  byId('signed')
    .querySelector('dl')
    ?.replaceChildren(...rows);
  byId('signed').hidden = false;
}

export function showRows(rows: readonly Row[], count: number, check: (row: Row) => void): void {
  const caption = byId('list').querySelector('caption');
  if (caption !== null)
    caption.textContent = `${rows.length === count ? 'As' : `The first ${rows.length}, as`} the catalogue lists them`;
  byId('list')
    .querySelector('tbody')
    ?.replaceChildren(...rows.map((row) => rowOf(row, check)));
  byId('list').hidden = false;
}

function rowOf(row: Row, check: (row: Row) => void): HTMLTableRowElement {
  const element = document.createElement('tr');
  const firmware = document.createElement('th');
  firmware.scope = 'row';
  firmware.append(textElement('code', row.firmwareVersion));
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'quiet';
  button.append('Check', textElement('span', ` firmware ${row.firmwareVersion} of ${row.code}`, 'hidden'));
  button.addEventListener('click', () => check(row));
  const last = document.createElement('td');
  last.append(button);
  element.append(
    firmware,
    cell('Device', `${row.deviceType} ${row.code}-${row.models.join(', ')}`),
    cell('Published', row.published.slice(0, 10)),
    cell('CPL hash', `${row.imageHash.slice(0, 16)}…`, 'hex'),
    last,
  );
  return element;
}

function cell(label: string, text: string, kind = ''): HTMLTableCellElement {
  const element = document.createElement('td');
  element.dataset['label'] = label;
  element.append(textElement('span', text, kind));
  return element;
}

function textElement(name: 'code' | 'span', text: string, kind = ''): HTMLElement {
  const element = document.createElement(name);
  element.className = kind;
  element.textContent = text;
  return element;
}

/** A link that saves it: nothing leaves the page. */
export function offerFile(name: string, octets: Uint8Array, text?: string): void {
  clearOpened();
  const save = byId<HTMLAnchorElement>('save');
  save.href = URL.createObjectURL(new Blob([new Uint8Array(octets)], { type: 'application/octet-stream' }));
  save.download = name;
  save.textContent = `Save ${name}`;
  byId('notes').hidden = text === undefined;
  byId('notes').textContent = text ?? '';
  byId('opened').hidden = false;
}

function listIn(selector: string): HTMLElement {
  const list = document.querySelector<HTMLElement>(`${selector} ol`);
  if (list === null) throw new TypeError(`The file has no list in "${selector}"`);
  return list;
}
