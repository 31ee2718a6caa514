// How is a step of a check shown? As a line: what, what came of it, and the files that it read. Texts are set as
// texts.

import type { CheckedStep } from '../check/steps.ts';

export function stepItem({ what, text, files }: CheckedStep): HTMLLIElement {
  const item = document.createElement('li');
  const name = document.createElement('b');
  name.textContent = what;
  item.append(name, ' ', text);
  for (const file of files) {
    const link = document.createElement('a');
    link.href = file.url;
    link.textContent = shortened(file.name);
    link.title = file.name;
    const line = document.createElement('span');
    line.append(link, `, ${file.octets.toLocaleString('en-GB')} octets`);
    item.append(line);
  }
  return item;
}

/** `intake/3ae147b9d7f7…/decision-1.json`: without the digest that a published file's name begins with. */
function shortened(name: string): string {
  return name.replace(/[0-9a-f]{64}\./, '').replace(/([0-9a-f]{12})[0-9a-f]{52}/, '$1…');
}
