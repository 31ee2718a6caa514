// `<cfl-list>`: the filter form of a list. What is filtered stands in the address, so that it can be sent.
//
// Without a filter the rows are those of the page. With one they are made from the search file, which has all.

import {
  FILTERS,
  type Filter,
  type Found,
  filterFrom,
  matches,
  readSearchFile,
  type SearchFile,
} from '../search.ts';
import { loadJson, rowFrom } from './rows.ts';

const MOST = 250;
/** Behind the summary. */
const MORE = ['hardware', 'firmware', 'class', 'smets', 'gbcs'];

class ListElement extends HTMLElement {
  #original: readonly Node[] = [];
  #said = '';

  connectedCallback(): void {
    this.#original = [...this.#rows.childNodes];
    this.#said = this.#status.textContent;
    const form = this.#form;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#apply();
    });
    form.addEventListener('input', () => void this.#apply());
    form.addEventListener('reset', () => {
      // The fields are empty only after the event
      setTimeout(() => void this.#apply());
    });
    const asked = new URLSearchParams(location.search);
    for (const name of FILTERS) this.#set(name, asked.get(name) ?? '');
    const further = form.querySelector('details');
    if (further !== null && MORE.some((name) => asked.get(name))) further.open = true;
    if (Object.keys(filterFrom(asked)).length > 0) void this.#apply();
  }

  async #apply(): Promise<void> {
    const data = new FormData(this.#form);
    const query = new URLSearchParams(
      [...data].flatMap(([name, value]) =>
        typeof value === 'string' && value !== '' ? [[name, value]] : [],
      ),
    );
    history.replaceState(null, '', query.size === 0 ? location.pathname : `?${query}`);
    const filter = filterFrom(query);
    if (Object.keys(filter).length === 0) return this.#show(this.#original, this.#said);
    try {
      const file = await loadJson<SearchFile>(`${this.#base}search.json`);
      this.#filter(readSearchFile(file), filter);
    } catch (error) {
      this.#show(this.#original, `Cannot filter: ${error instanceof Error ? error.message : error}`);
    }
  }

  #filter(all: readonly Found[], filter: Filter): void {
    const found = all.filter((one) => matches(one, filter));
    const template = this.querySelector('template');
    if (template === null) return;
    const shown = found.slice(0, MOST);
    const more = found.length > MOST ? `; the first ${MOST} are shown, filter further` : '';
    this.#show(
      shown.map((one) => rowFrom(template, one, this.#base)),
      `${found.length} of ${all.length} releases${more}`,
    );
  }

  #show(rows: readonly Node[], said: string): void {
    this.#rows.replaceChildren(...rows);
    this.#status.textContent = said;
  }

  #set(name: string, value: string): void {
    const field = this.#form.elements.namedItem(name);
    if (field instanceof HTMLSelectElement) {
      const known = [...field.options].find((one) => one.value.toUpperCase() === value.toUpperCase());
      field.value = known?.value ?? '';
    } else if (field instanceof HTMLInputElement) field.value = value;
  }

  get #base(): string {
    return this.dataset['base'] ?? '/';
  }

  get #form(): HTMLFormElement {
    return this.querySelector('form') as HTMLFormElement;
  }

  get #status(): HTMLElement {
    return this.querySelector('[role=status]') as HTMLElement;
  }

  get #rows(): HTMLElement {
    return this.querySelector('tbody') as HTMLElement;
  }
}

customElements.define('cfl-list', ListElement);
