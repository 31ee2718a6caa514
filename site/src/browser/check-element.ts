// `<cfl-check>`: the button "Check in this browser", and what came of it, step by step.
//
// Until it was pressed the page says that nothing was checked. Afterwards the first line says what came out;
// each step names the files it read. Every text is set as text.

import type { ManufacturerCode, ReleaseId } from '@cfl/client/firmware';
import type { CheckRequest } from '../check/check.ts';
import { type Difference, differencesOf } from '../check/compare.ts';
import { type Facts, factsOf } from '../check/facts.ts';
import type { CheckedStep } from '../check/steps.ts';
import { stepItem } from './step.ts';

/** What the page's JSON block says. */
export interface CheckSettings {
  /** Address above `metadata/` and `targets/`, from the page. */
  readonly library: string;
  readonly root: CheckRequest['root'];
  readonly floors: CheckRequest['floors'];
  readonly code: string;
  readonly release: string;
}

class CheckElement extends HTMLElement {
  connectedCallback(): void {
    const button = this.#part('button') as HTMLButtonElement;
    button.disabled = false;
    button.addEventListener('click', () => {
      button.disabled = true;
      void this.#run().finally(() => {
        button.disabled = false;
        button.textContent = 'Check again';
      });
    });
  }

  async #run(): Promise<void> {
    this.#part('ol').replaceChildren();
    this.#part('.after').hidden = true;
    this.#answer('busy', 'Checking…');
    try {
      const { checkRelease } = await import('cfl-verifier');
      const request = this.#request();
      const facts = factsOf(await checkRelease(request, (step) => this.#addStep(step)));
      this.#compare(facts, request);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #request(): CheckRequest {
    const settings = JSON.parse(this.#part('script').textContent) as CheckSettings;
    return {
      ...settings,
      library: new URL(settings.library, document.baseURI),
      // What is wrong here leads to paths that nothing lists
      code: settings.code as ManufacturerCode,
      release: settings.release as ReleaseId,
      now: new Date(),
    };
  }

  #compare(facts: Facts, { now, floors }: CheckRequest): void {
    const marked = [...document.querySelectorAll<HTMLElement>('[data-signed]')].map(
      (one) => [one.dataset['signed'] ?? '', textOf(one)] as const,
    );
    const differences = differencesOf(marked, facts);
    if (differences.length > 0) throw new PageDiffers(differences);
    this.#addStep({ what: 'this page', text: `says in ${marked.length} places what is signed`, files: [] });
    const at = `${now.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    this.#answer(
      'good',
      `Checked in this browser at ${at}: signed and accepted, and the page says what is signed`,
    );
    this.#part('.floor').textContent = String(floors.timestamp);
    this.#part('.after').hidden = false;
  }

  #refuse(error: unknown): void {
    const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
    const isAway = name === 'UnreachableError';
    this.#addStep({ what: isAway ? 'stopped' : 'refused', text: message, files: [] });
    if (isAway) this.#answer('away', `Could not be checked: ${message}`);
    else this.#answer('bad', `Refused: ${message}. Do not rely on this page; tell the operator`);
  }

  #addStep(step: CheckedStep): void {
    this.#part('ol').append(stepItem(step));
  }

  #answer(outcome: 'busy' | 'good' | 'bad' | 'away', text: string): void {
    const answer = this.#part('[role=status]');
    answer.className = outcome;
    answer.textContent = text;
  }

  #part(selector: string): HTMLElement {
    const part = this.querySelector<HTMLElement>(selector);
    if (part === null) throw new TypeError(`The check has no "${selector}"`);
    return part;
  }
}

class PageDiffers extends Error {
  constructor([first, ...others]: readonly Difference[]) {
    const more = others.length === 0 ? '' : `, and ${others.length} more differ`;
    super(`the page says "${first?.found}" for ${first?.name}, signed is "${first?.expected}"${more}`);
  }
}

/** As a reader sees it: white space is one space. */
function textOf(element: HTMLElement): string {
  return element.textContent.replace(/\s+/g, ' ').trim();
}

customElements.define('cfl-check', CheckElement);
