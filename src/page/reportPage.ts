import { renderDocument, sign } from './document.ts';
import { markup, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { logSection } from './reportLog.ts';
import { factList, sentenceList } from './parts.ts';
import { REPORT_STYLE } from './reportStyle.ts';
import { findingsSection, partitionsSection, unreadableSection } from './reportTables.ts';
import { bytes, duration, number, plural, time } from './reportValues.ts';
import type { Rehashed } from '../core/objects/rehashed.ts';
import { isAcknowledged } from '../core/objects/report.ts';
import type { Report, Status } from '../core/objects/report.ts';
import { HOUR_MS } from '../core/units.ts';

const MEANING: Readonly<Record<Status, { readonly title: string; readonly sentence: string }>> = {
  verified: {
    title: 'Verified',
    sentence:
      'Every segment that was read is whole and continues its chain, and no error was found in what was checked, apart from any that are acknowledged.',
  },
  violated: {
    title: 'Violated',
    sentence:
      'At least one error was found that nobody has acknowledged: something was changed, removed or added, or evidence is missing.',
  },
  unverified: {
    title: 'Unverified',
    sentence: 'Nothing was checked or something could not be read, so this is neither a pass nor a sign of tampering.',
  },
};
const STATUSES = ['verified', 'violated', 'unverified'] as const;

/**
 * renderReport makes the page of a report: one HTML text without scripts or outside resources. `name` is that of the JSON
 * report. What a report says comes from a container that anyone may have written to: all of it goes in as escaped text.
 */
export function renderReport(report: Report, name: string): string {
  const status = STATUSES.find((known) => known === report.status) ?? 'unverified';
  const { title } = MEANING[status];
  return renderDocument({
    title: `${title}: integrity report ${name}`,
    subject: 'integrity report',
    dated: markup`finished ${time(report.finished)}`,
    style: REPORT_STYLE,
    main: markup`${statusSection(report, status, name)}
${contents(report)}
<div class="scope">
${checkedSection(report)}
${notCheckedSection(report)}
</div>
${logSection(report)}
${findingsSection(report)}
${unreadableSection(report)}
${partitionsSection(report)}
${meaningsSection(status)}
${ownCheckSection(name)}`,
  });
}

function statusSection(report: Report, status: Status, name: string): Markup {
  const took = duration(report.started, report.finished);
  return markup`<section class="status ${status}" aria-labelledby="status">
${sign(status, 'sign')}
<div class="body">
<h1 id="status">${MEANING[status].title}${withKnown(report, status)}</h1>
<p class="lead">${MEANING[status].sentence}</p>
<p>${outcome(report)}</p>
<dl class="identity">
<div><dt>Ledger</dt><dd>${report.ledger === null ? 'not known: no segment names one' : markup`<code>${untrusted(report.ledger)}</code>`}</dd></div>
<div><dt>Started</dt><dd>${time(report.started)}${took === '' ? '' : markup`<br><span class="soft small">took ${took}</span>`}</dd></div>
<div><dt>JSON report</dt><dd><code>${untrusted(name)}</code></dd></div>
</dl>
</div>
</section>`;
}

/** withKnown says in the headline of a verified report how much of it somebody has acknowledged. */
function withKnown({ findings }: Report, status: Status): Markup {
  const known = findings.filter(isAcknowledged).length;
  if (status !== 'verified' || known === 0) return markup``;
  return markup`<span class="but">, with ${plural(known, 'finding')} acknowledged</span>`;
}

/** outcome is what happened, in numbers. */
function outcome({ checked, findings: all, findingsOmitted, unreadable }: Report): Markup {
  const findings = all.filter((finding) => !isAcknowledged(finding));
  const errors = findings.filter(({ severity }) => severity !== 'warning').length;
  const known = all.length - findings.length;
  const found = [
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(findings.length > errors ? [plural(findings.length - errors, 'warning')] : []),
    ...(known > 0 ? [plural(known, 'acknowledged finding')] : []),
    ...(findingsOmitted > 0 ? [`${plural(findingsOmitted, 'further finding')} not listed`] : []),
  ];
  const unread = unreadable.length > 0 ? ` ${plural(unreadable.length, 'object')} could not be read.` : '';
  const done = `${plural(checked.segments, 'segment')} with ${plural(checked.records, 'record')} re-computed from the stored bytes.`;
  return markup`${done} ${found.length > 0 ? found.join(', ') : 'No findings'}.${unread}`;
}

function contents({ findings, findingsOmitted, unreadable, partitions }: Report): Markup {
  return markup`<nav aria-label="Contents"><ul>
<li><a href="#checked">What was checked</a></li>
<li><a href="#not-checked">What was not checked</a></li>
<li><a href="#log">The log</a></li>
<li><a href="#findings">Findings (${number(findings.length + findingsOmitted)})</a></li>
${unreadable.length > 0 ? markup`<li><a href="#unreadable">Unreadable objects (${number(unreadable.length)})</a></li>` : ''}
<li><a href="#partitions">Partitions (${number(partitions.length)})</a></li>
<li><a href="#meanings">What the statuses mean</a></li>
<li><a href="#own-check">Check it yourself</a></li>
</ul></nav>`;
}

function checkedSection(report: Report): Markup {
  const { checked } = report;
  const stored = bytes(checked.storedBytes);
  return markup`<section aria-labelledby="checked">
<h2 id="checked">What was checked</h2>
<dl class="figures">
<div><dt>Segments</dt><dd>${number(checked.segments)}</dd></div>
<div><dt>Records</dt><dd>${number(checked.records)}</dd></div>
<div><dt>Events</dt><dd>${number(checked.events)}</dd></div>
<div><dt>Stored bytes</dt><dd>${stored.readable}</dd>${stored.readable === stored.exact ? '' : markup`<dd class="small">${stored.exact}</dd>`}</div>
</dl>
${factList(factsOf(report))}
</section>`;
}

function factsOf({ checked, finished }: Report): [string, Markup | string][] {
  const isIncremental = checked.mode === 'incremental';
  const lines = bytes(checked.lineBytes);
  const lastFull = time(checked.lastFull);
  return [
    ['Mode', isIncremental ? 'Incremental: on from the heads in the anchor' : 'Full: from the first segments on'],
    ['Anchor', checked.anchor === null ? 'None: no earlier report' : markup`<code>${untrusted(checked.anchor)}</code>`],
    ['Last full check', checked.lastFull === finished && !isIncremental ? markup`${lastFull} (this one)` : lastFull],
    ...(checked.rehashed === undefined ? [] : [rehashedFact(checked.rehashed, finished)]),
    [
      'Decompressed',
      lines.readable === lines.exact
        ? lines.exact
        : markup`${lines.readable} <span class="soft">(${lines.exact})</span>`,
    ],
    ['Duplicates', `${plural(checked.duplicates, 'event')} delivered again, dropped when sealing`],
    [
      'Taken from the anchor',
      `${plural(checked.segmentsNotRehashed, 'segment')} not re-hashed, ${plural(checked.findingsRepeated, 'finding')} repeated`,
    ],
    ['Other objects', `${number(checked.otherObjects)}, checked by name alone`],
  ];
}

/** rehashedFact says how old the oldest re-hash is that the outcome rests on. */
function rehashedFact({ first, last, slices, segments }: Rehashed, finished: string): [string, Markup] {
  const how =
    slices === 0
      ? markup`in one run`
      : markup`${plural(segments, 'segment')} of these in ${plural(slices, 'slice')}, before that check joined them`;
  return [
    'Oldest re-hash',
    markup`${time(first)}, ${daysBetween(first, finished)} before this check ended; all until ${time(last)}, ${how}`,
  ];
}

/** daysBetween says how long it is from one time to another. */
function daysBetween(from: string, to: string): string {
  const hours = Math.max(0, Math.floor((Date.parse(to) - Date.parse(from)) / HOUR_MS));
  return hours < 72 ? plural(hours, 'hour') : plural(Math.floor(hours / 24), 'day');
}

function notCheckedSection({ notChecked }: Report): Markup {
  return markup`<section class="left-out" aria-labelledby="not-checked">
<h2 id="not-checked">What was not checked</h2>
${notChecked.length > 0 ? sentenceList(notChecked) : markup`<p>This check left out nothing that it knows of.</p>`}
<p class="small soft">No check of a ledger can tell whether a source sent all of its events: integrity is stated from the event hub onward.</p>
</section>`;
}

function meaningsSection(now: Status): Markup {
  return markup`<section aria-labelledby="meanings">
<h2 id="meanings">What the statuses mean</h2>
<dl class="meanings">
${STATUSES.map(
  (status) => markup`<div class="${status}${status === now ? ' now' : ''}">
<dt>${sign(status)} ${MEANING[status].title}${status === now ? ' (this report)' : ''}</dt><dd>${MEANING[status].sentence}</dd></div>\n`,
)}</dl>
</section>`;
}

function ownCheckSection(name: string): Markup {
  return markup`<section aria-labelledby="own-check">
<h2 id="own-check">Check it yourself</h2>
<p>This page asks for no trust: whoever can read the container, or has a copy of it, can repeat the check.</p>
<pre><code>auditseal verify TARGET</code></pre>
<p>TARGET is the container’s URL or the folder of a mirror. The command needs the right to read and list, nothing more, and on a mirror no network. It exits with 0 for verified, 1 for violated and 2 for unverified.</p>
<p>This page was made from the JSON report <code>${untrusted(name)}</code>, which counts where the two differ. That one ends with the SHA-256 of its own text, which shows damage; that it was not replaced, its container has to show.</p>
</section>`;
}
