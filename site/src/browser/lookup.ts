// `<cfl-lookup>`: finds releases by hash, CPL entry, or manufacturer, model and version; the question stands in
// the address, `?q=`.

import { type Answer, lookUp, readSearchFile, rowsWithout, type SearchFile } from '../search.ts';
import { loadJson, rowFrom } from './rows.ts';

const MOST = 100;

class LookupElement extends HTMLElement {
  connectedCallback(): void {
    const form = this.querySelector('form') as HTMLFormElement;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      history.replaceState(null, '', `?${new URLSearchParams({ q: this.#field.value })}`);
      void this.#answer();
    });
    this.#field.value = new URLSearchParams(location.search).get('q') ?? '';
    if (this.#field.value !== '') void this.#answer();
  }

  async #answer(): Promise<void> {
    try {
      const file = await loadJson<SearchFile>(`${this.#base}search.json`);
      this.#show(lookUp(this.#field.value, readSearchFile(file), rowsWithout(file)));
    } catch (error) {
      this.#say(`Cannot look it up: ${error instanceof Error ? error.message : error}`);
    }
  }

  #show({ releases, rows }: Answer): void {
    const template = this.querySelector('template');
    const table = this.querySelector('table');
    if (template === null || table === null) return;
    table.hidden = releases.length === 0;
    table.tBodies[0]?.replaceChildren(
      ...releases.slice(0, MOST).map((one) => rowFrom(template, one, this.#base)),
    );
    this.querySelector('ul')?.replaceChildren(...rows.slice(0, MOST).map((row) => this.#item(row)));
    this.#say(wordsFor(releases.length, rows.length));
  }

  #item({ entry, code, model, firmware, status }: Answer['rows'][number]): HTMLElement {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = `${this.#base}models/${code}-${model}/`;
    link.textContent = `${entry}: ${code} ${model}, firmware ${firmware}`;
    item.append(link, `, ${status} on the Central Products List, not held here`);
    return item;
  }

  #say(text: string): void {
    (this.querySelector('[role=status]') as HTMLElement).textContent = text;
  }

  get #base(): string {
    return this.dataset['base'] ?? '/';
  }

  get #field(): HTMLInputElement {
    return this.querySelector('input[name=q]') as HTMLInputElement;
  }
}

function wordsFor(releases: number, rows: number): string {
  if (releases + rows === 0)
    return 'Nothing in the library has this hash, CPL entry, or manufacturer, model and version';
  const most = Math.max(releases, rows) > MOST ? `; the first ${MOST} of each are shown` : '';
  const found = `${releases} release${releases === 1 ? '' : 's'}`;
  const listed = rows === 0 ? '' : `, and ${rows} on the list without a release here`;
  return `${found}${listed}${most}`;
}

customElements.define('cfl-lookup', LookupElement);
