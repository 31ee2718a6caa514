// What do the demo's release notes say? `cfl-publish new` has begun them, with their salt; this writes the rest,
// as an engineer would.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NOTES_SECTIONS } from '@cfl/client/firmware';

export interface DemoNotes {
  readonly fixes: string;
  readonly severity: 'none' | 'medium';
  readonly sections: Readonly<Record<(typeof NOTES_SECTIONS)[number], string>>;
}

/** In the folder of the form. */
export async function finishNotes(work: string, { fixes, severity, sections }: DemoNotes): Promise<void> {
  const path = join(work, 'notes.md');
  const begun = await readFile(path, 'utf8');
  const line = (start: RegExp) => start.exec(begun)?.[0] ?? '';
  const front = [line(/^salt: .*$/m), `fixes: ${fixes}`, `severity: ${severity}`, 'embargo: none'];
  const body = NOTES_SECTIONS.flatMap((section) => ['', `## ${section}`, sections[section]]);
  await writeFile(path, ['---', ...front, '---', line(/^# .*$/m), ...body, ''].join('\n'));
}
