// What does an auditor read about a fetch? One page that stands for itself: no script, nothing from elsewhere, light
// and dark, and printed as it is.

import type { Check, SavedFile, VerifiedSaved } from '../library/index.ts';
import { grouped } from './layout.ts';
import type { ErrorDocument } from './refusal.ts';

interface Common {
  /** Of the evidence file. */
  readonly name: string;
  readonly checks: readonly Check[];
}

export type Reported = Common & ({ readonly saved: VerifiedSaved } | { readonly error: ErrorDocument });

export interface ReportOptions {
  readonly reported: readonly Reported[];
  readonly now: Date;
  /** Of the root that was trusted. */
  readonly rootSha256: string;
}

export function reportPage({ reported, now, rootSha256 }: ReportOptions): string {
  const refused = reported.filter((one) => 'error' in one).length;
  const count = `${reported.length} release${reported.length === 1 ? '' : 's'}`;
  const summary =
    refused === 0
      ? `${count}, all verified`
      : `${count}, of which ${refused} ${refused === 1 ? 'does' : 'do'} not hold`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Verification of fetched firmware: ${summary}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Verification of fetched firmware</h1>
<p class="${refused === 0 ? 'good' : 'bad'}">${summary}</p>
<p>Checked on ${minute(now.toISOString())}, offline, from the root with the SHA-256 <code>${text(rootSha256)}</code>.
Each release is judged as of the moment at which it was fetched: what the library has said since is not known here.</p>
</header>
<main>
${reported.map(section).join('\n')}
</main>
<footer>
<p>To check this page, run <code>cfl verify</code> on the same files. To see what holds today, run <code>cfl show</code> on a release.</p>
</footer>
</body>
</html>
`;
}

function section(one: Reported): string {
  return 'error' in one ? refusedSection(one, one.error) : verifiedSection(one, one.saved);
}

function refusedSection(
  { name, checks }: Common,
  { code, message, hint, lines = [] }: ErrorDocument,
): string {
  return `<section>
<h2>${text(name)}</h2>
<p class="bad">Refused: ${text(code)}</p>
<p>${text(message)}</p>
${lines.map((line) => `<p>${text(line)}</p>`).join('')}${hint === null ? '' : `<p>${text(hint)}</p>`}
${checks.length === 0 ? '' : checkTable(checks, 'What held before that')}
</section>`;
}

function verifiedSection({ checks }: Common, saved: VerifiedSaved): string {
  const { evidence, open, image, notes, evidenceFile } = saved;
  const { about, state } = open;
  const { predicate } = about.statement;
  const models = [...new Set(predicate.claims.map(({ model }) => model))].join(', ');
  const firmware = [...new Set(predicate.claims.map(({ firmwareVersion }) => firmwareVersion))].join(', ');
  const { statement, acceptance, versions } = evidence;
  const warned = checks.some(({ warns }) => warns);
  const facts: readonly (readonly [string, string])[] = [
    ['Judged as of', minute(evidence.verified)],
    ['State then', `${evidence.state}: ${state.reason}`],
    ['Library', evidence.library],
    ['Release', evidence.release],
    ['CPL hash', evidence.manufacturerImageHash],
    ['CPL entries', predicate.claims.map(({ entry }) => entry).join(', ')],
    [
      'Signed by',
      `${about.party.name}, certificate ${statement.certificate.serial} of "${statement.certificate.issuer}"`,
    ],
    ['Certificate SHA-256', statement.certificate.sha256],
    ['Stamped', `${minute(statement.stamped)} by "${statement.timeAuthority}"`],
    [
      'Admitted',
      `${minute(acceptance.decided)}, rules ${acceptance.rules}, decision ${acceptance.sequence} of the public chain`,
    ],
    [
      'Versions',
      `root ${versions.root}, timestamp ${versions.timestamp}, snapshot ${versions.snapshot}, targets ${versions.targets}, manufacturer ${versions.manufacturer}, CPL snapshot ${versions.cpl}`,
    ],
    ['Metadata good until', minute(evidence.goodUntil)],
    ['Newest root, SHA-256', evidence.rootSha256],
  ];
  return `<section>
<h2>${text(about.party.name)} ${text(predicate.deviceType)} ${text(models)}, firmware ${text(firmware)}</h2>
<p class="${warned ? 'warn' : 'good'}">${warned ? 'Verified, and a person should look' : 'Verified'}</p>
<dl>
${facts.map(([what, value]) => `<dt>${what}</dt><dd>${text(value)}</dd>`).join('\n')}
</dl>
${checkTable(checks, 'Checks')}
${fileTable([image, ...(notes === undefined ? [] : [notes]), evidenceFile], 'Files in the folder')}
${fileTable(evidence.files.map(keptFile), 'Published files that the evidence holds')}
</section>`;
}

function keptFile({ path, sha256, base64 }: VerifiedSaved['evidence']['files'][number]): SavedFile {
  return { name: path, sha256, length: Buffer.byteLength(base64, 'base64') };
}

function checkTable(checks: readonly Check[], caption: string): string {
  const rows = checks.map(
    ({ what, text: words, warns }) =>
      `<tr><th scope="row">${text(what)}</th><td class="${warns === true ? 'warn' : 'good'}">${warns === true ? 'look' : 'holds'}</td><td>${text(words)}</td></tr>`,
  );
  return `<table>
<caption>${caption}</caption>
<thead><tr><th scope="col">Check</th><th scope="col">Result</th><th scope="col">What was found</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`;
}

function fileTable(files: readonly SavedFile[], caption: string): string {
  const rows = files.map(
    ({ name, sha256, length }) =>
      `<tr><th scope="row"><code>${text(name)}</code></th><td class="number">${grouped(length)}</td><td><code>${text(sha256)}</code></td></tr>`,
  );
  return `<table>
<caption>${caption}</caption>
<thead><tr><th scope="col">File</th><th scope="col">Octets</th><th scope="col">SHA-256</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`;
}

/** `2026-11-20 09:00 UTC` */
function minute(date: string): string {
  return `${date.slice(0, 16).replace('T', ' ')} UTC`;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

/** Everything on the page that is not written here may be somebody else's. */
function text(value: string): string {
  return value
    .replace(/[&<>"']/g, (sign) => ENTITIES.get(sign) ?? '')
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

const STYLE = `
:root { --text: #1b1f24; --soft: #57606a; --page: #fff; --line: #d0d7de; --good: #116329; --warn: #7d4e00; --bad: #a40e26; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --soft: #9da7b1; --page: #0d1117; --line: #30363d; --good: #56d364; --warn: #e3b341; --bad: #ff8182; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 2rem 1.25rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .5rem; font-size: 1.6rem; }
h2 { margin: 0 0 .25rem; font-size: 1.2rem; overflow-wrap: anywhere; }
section { margin-top: 2rem; padding-top: 1.5rem; border-top: 2px solid var(--line); }
.good, .warn, .bad { font-weight: 600; }
.good { color: var(--good); }
.warn { color: var(--warn); }
.bad { color: var(--bad); }
code { font: .85em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .25rem 1.5rem; margin: 1rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; margin: 1.5rem 0; border-collapse: collapse; }
caption { text-align: left; font-weight: 600; padding-bottom: .4rem; }
th, td { padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; }
thead th { color: var(--soft); border-top: 0; }
tbody td.good, tbody td.warn { font-weight: 600; white-space: nowrap; }
td:last-child { overflow-wrap: anywhere; }
.number, thead th:nth-child(2) { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
footer { margin-top: 2rem; padding-top: 1rem; border-top: 2px solid var(--line); color: var(--soft); }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
@media print {
  :root { --text: #000; --soft: #333; --page: #fff; --line: #999; --good: #000; --warn: #000; --bad: #000; }
  body { max-width: none; padding: 0; font-size: 9pt; }
  thead { display: table-header-group; }
  tr, dl { break-inside: avoid; }
  h2, caption { break-after: avoid; }
}
`;
