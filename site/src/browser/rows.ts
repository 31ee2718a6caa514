// A row of a list, filled into the page's own template.

import type { Found } from '../search.ts';

/** Every place of the template that has `data-field` gets the text; links lead below `base`. */
export function rowFrom(template: HTMLTemplateElement, one: Found, base: string): DocumentFragment {
  const row = template.content.cloneNode(true) as DocumentFragment;
  const texts: Readonly<Record<string, string>> = {
    firmware: one.firmware,
    manufacturer: one.manufacturer,
    code: one.code,
    type: one.type,
    hardware: one.hardware.join(' to '),
    class: one.class,
    specification: [one.smets.join(' '), one.gbcs.join(' ')].join(' / '),
    state: one.state,
    published: one.published,
    hash: one.imageHash.slice(0, 12),
  };
  for (const place of row.querySelectorAll<HTMLElement>('[data-field]'))
    place.textContent = texts[place.dataset['field'] ?? ''] ?? '';
  row.querySelector('.tag')?.classList.add(one.state);
  row.querySelector<HTMLAnchorElement>('a.release')?.setAttribute('href', `${base}releases/${one.release}/`);
  row.querySelector('.models')?.replaceChildren(
    ...one.models.flatMap((model, i) => {
      const link = document.createElement('a');
      link.href = `${base}models/${one.code}-${model}/`;
      link.textContent = model;
      return i === 0 ? [link] : [', ', link];
    }),
  );
  return row;
}

/** Once a page, when somebody looks for something. */
let loaded: Promise<unknown> | undefined;
export function loadJson<T>(url: string): Promise<T> {
  loaded ??= fetch(url, { credentials: 'omit' }).then((answer) => {
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return answer.json();
  });
  loaded.catch(() => {
    loaded = undefined;
  });
  return loaded as Promise<T>;
}
