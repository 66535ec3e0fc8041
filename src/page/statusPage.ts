import { renderDocument, sign } from './document.ts';
import { markup, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { sentenceList, table } from './parts.ts';
import { REPORT_STYLE } from './reportStyle.ts';
import { tableColumn } from './reportTables.ts';
import { number, plural } from './reportValues.ts';
import { statusFindings, statusPartitions, statusSources } from './statusTables.ts';
import { STATUS_STYLE } from './statusStyle.ts';
import { ago, minute, part, reportLink, runbookLink } from './statusValues.ts';
import type { StatusLinks } from './statusValues.ts';
import type { Status } from '../core/objects/report.ts';
import type { StatusCheck, StatusReport } from '../core/objects/statusReport.ts';

const TITLE: Readonly<Record<Status, string>> = {
  verified: 'All well',
  violated: 'Attention',
  unverified: 'Not known',
};

const WELL =
  'Nothing needs doing: the newest check found no error, and neither it nor what is sealed and signed is older than it may be.';
const WELL_COPY =
  'Nothing needs doing that this copy knows of: its newest check found no error. How the ledger stands now is not known here.';

const UNGUARDED = ' What guards the ledger is not known: no report of posture is among the newest.';

/** titleOf is the headline: what is well but for a source that fell silent needs attention too. */
const titleOf = ({ status, todo }: StatusReport): string =>
  status === 'verified' && todo !== null ? 'Attention' : TITLE[status];

/** toneOf is the sign and the colour that go with it: a warning's where nothing is violated. */
const toneOf = ({ status, todo }: StatusReport): Status =>
  status === 'verified' && todo !== null ? 'unverified' : status;

/** LedgerOutcome is what came of one ledger of several: how it stands, or why that isn't known. */
export type LedgerOutcome = { readonly ledger: string; readonly target: string } & (
  { readonly report: StatusReport } | { readonly fault: string }
);

/**
 * renderStatus makes the page of how a ledger stands: one HTML text without scripts or outside resources. `name` is that of the JSON
 * report, where one is filed; `runbook` is where docs/runbook.md can be read, where that is known.
 */
export function renderStatus(
  report: StatusReport,
  { name, ...links }: StatusLinks & { readonly name?: string } = {},
): string {
  return renderDocument({
    title: `${titleOf(report)}: status of ${report.ledger ?? 'a ledger'}`,
    subject: 'status',
    dated: markup`${report.isCopy ? 'a copy, as of' : 'as of'} ${minute(report.time)}`,
    style: REPORT_STYLE + STATUS_STYLE,
    main: sections(report, links, name),
  });
}

/** From the worst on. */
const TONES = ['violated', 'unverified', 'verified'] as const satisfies readonly Status[];

/** renderEstate makes one page of how several ledgers stand: one verdict, one table, and behind it each ledger. */
export function renderEstate(outcomes: readonly LedgerOutcome[], at: string, links: StatusLinks = {}): string {
  const tone = TONES.find((one) => outcomes.some((outcome) => toneOfOutcome(outcome) === one)) ?? 'unverified';
  const sorted = outcomes.toSorted((a, b) => TONES.indexOf(toneOfOutcome(a)) - TONES.indexOf(toneOfOutcome(b)));
  const count = (title: string): number => outcomes.filter((outcome) => titleOfOutcome(outcome) === title).length;
  const attention = plural(count(TITLE.violated), 'needs attention', 'need attention');
  // A silent source has the tone of what isn't known, and needs attention more.
  const titles = outcomes.map(titleOfOutcome);
  const title =
    [TITLE.violated, TITLE.unverified, TITLE.verified].find((one) => titles.includes(one)) ?? TITLE.unverified;
  return renderDocument({
    title: `${title}: status of ${plural(outcomes.length, 'ledger')}`,
    subject: 'status of several ledgers',
    dated: markup`as of ${minute(at)}`,
    style: REPORT_STYLE + STATUS_STYLE,
    main: markup`<section class="status ${tone}" aria-labelledby="status">
${sign(tone, 'sign')}
<div class="body"><h1 id="status">${title}</h1>
<p class="lead">${plural(outcomes.length, 'ledger')}: ${number(count(TITLE.verified))} well, ${attention}, ${number(count(TITLE.unverified))} not known.</p></div>
</section>
<section aria-labelledby="ledgers"><h2 id="ledgers">Ledgers</h2>
${table(
  'Those that need attention first',
  [tableColumn('w-object', 'Ledger'), tableColumn('w-time', 'Status'), tableColumn('', 'To do')],
  sorted.map(ledgerRow),
)}</section>
${sorted.map((outcome, at) => ('report' in outcome ? ledgerPart(outcome.ledger, outcome.report, at, links) : markup``))}`,
  });
}

const titleOfOutcome = (outcome: LedgerOutcome): string =>
  'report' in outcome ? titleOf(outcome.report) : TITLE.unverified;

const toneOfOutcome = (outcome: LedgerOutcome): Status => ('report' in outcome ? toneOf(outcome.report) : 'unverified');

function ledgerRow(outcome: LedgerOutcome, at: number): Markup {
  const { ledger, target } = outcome;
  const hasReport = 'report' in outcome;
  const tone = toneOfOutcome(outcome);
  const name = hasReport
    ? markup`<a href="#ledger-${at}"><code>${untrusted(ledger)}</code></a>`
    : markup`<code>${untrusted(ledger)}</code>`;
  const todo = hasReport ? untrusted(outcome.report.todo?.what ?? 'nothing') : untrusted(outcome.fault);
  return markup`<tr role="row"><th role="rowheader" scope="row">${name}<br><span class="soft small">${untrusted(target)}</span></th><td role="cell" data-label="Status"><span class="mark ${tone}">${sign(tone)} ${titleOfOutcome(outcome)}</span></td><td role="cell" class="break">${todo}</td></tr>\n`;
}

const ledgerPart = (ledger: string, report: StatusReport, at: number, links: StatusLinks): Markup =>
  markup`<section class="ledger" id="ledger-${at}" tabindex="-1" aria-labelledby="ledger-name-${at}">
<h2 id="ledger-name-${at}">${untrusted(ledger)}</h2>
${sections(report, links, undefined, `l${at}-`)}
</section>`;

function sections(report: StatusReport, links: StatusLinks, name?: string, prefix = ''): Markup {
  return markup`${topSection(report, links, name, prefix)}
${statusFindings(report, links, prefix)}
${tilesSection(report, links, prefix)}
${statusPartitions(report, prefix)}
${statusSources(report, prefix)}
${notCheckedSection(report, prefix)}`;
}

function topSection(report: StatusReport, links: StatusLinks, name: string | undefined, prefix: string): Markup {
  const { todo, ledger } = report;
  const tone = toneOf(report);
  const heading =
    prefix === ''
      ? markup`<h1 id="status">${titleOf(report)}</h1>`
      : markup`<h3 class="title" id="${prefix}status">${titleOf(report)}</h3>`;
  const what =
    todo === null
      ? markup`<p class="lead">${report.isCopy ? WELL_COPY : WELL}${report.posture === null ? UNGUARDED : ''}</p>`
      : markup`<p class="lead break">${untrusted(todo.what)}</p><p>What to do: ${runbookLink(links, todo.section)}</p>`;
  const content = markup`${sign(tone, 'sign')}
<div class="body">
${heading}
${what}
<dl class="identity">
<div><dt>Ledger</dt><dd>${ledger === null ? 'not known' : markup`<code>${untrusted(ledger)}</code>`}</dd></div>
<div><dt>${report.isCopy ? 'A copy, as of' : 'As of'}</dt><dd>${minute(report.time)}</dd></div>
${name === undefined ? '' : markup`<div><dt>JSON report</dt><dd><code>${untrusted(name)}</code></dd></div>`}
</dl>
</div>`;
  return prefix === ''
    ? markup`<section class="status ${tone}" aria-labelledby="status">
${content}
</section>`
    : markup`<div class="status ${tone}">
${content}
</div>`;
}

/** tilesSection is the ages of everything at a glance. */
function tilesSection(report: StatusReport, links: StatusLinks, prefix: string): Markup {
  const tiles = [
    sealedTile(report),
    checkpointTile(report),
    checkTile(report, links),
    policyTile(report, links),
    drillTile(report),
    holdsTile(report),
  ];
  return part(
    prefix,
    'glance',
    'At a glance',
    markup`<dl class="tiles">
${tiles.map(({ term, figure, more }) => markup`<div><dt>${term}</dt><dd class="figure">${figure}</dd>${more.map((line) => markup`<dd class="small soft">${line}</dd>`)}</div>\n`)}</dl>`,
  );
}

interface Tile {
  readonly term: string;
  readonly figure: Markup | string;
  readonly more: readonly (Markup | string)[];
}

function sealedTile({ partitions, time: now }: StatusReport): Tile {
  const newest = partitions
    .map(({ life }) => life.sealed)
    .filter((sealed) => sealed !== '')
    .sort()
    .at(-1);
  const term = 'Last sealed';
  if (newest === undefined) return { term, figure: 'nothing yet', more: [] };
  return { term, figure: ago(newest, now), more: [minute(newest), plural(partitions.length, 'partition')] };
}

function checkpointTile({ log, time: now }: StatusReport): Tile {
  const term = 'Last checkpoint';
  if (log === null) return { term, figure: 'not known', more: [] };
  const signed = log.signedBy.length === 0 ? 'by no key that was given' : `signed by ${log.signedBy.join(', ')}`;
  const cosigned =
    log.cosignedBy.length === 0
      ? 'cosigned by nobody whose key was given'
      : markup`cosigned by ${untrusted(log.cosignedBy.map(({ name }) => name).join(', '))}`;
  return {
    term,
    figure: ago(log.time, now),
    more: [minute(log.time), plural(log.size, 'entry', 'entries'), untrusted(signed), cosigned],
  };
}

function checkTile({ lastFull, lastFullAt, lastCheck, time: now }: StatusReport, links: StatusLinks): Tile {
  const term = 'Last full recheck';
  const covered = ({ segments, records, status }: StatusCheck): string =>
    `${status}: ${plural(segments, 'segment')}, ${plural(records, 'record')}`;
  const newer =
    lastCheck === null || lastCheck.report === lastFull?.report
      ? []
      : [
          markup`since then ${reportLink(links, lastCheck.report)}: ${lastCheck.mode}, ${lastCheck.status}, ${ago(lastCheck.finished, now)}`,
        ];
  if (lastFull === null && lastFullAt !== '')
    return {
      term,
      figure: ago(lastFullAt, now),
      more: [minute(lastFullAt), 'its report is not among the newest', ...newer],
    };
  if (lastFull === null) return { term, figure: 'none known', more: newer };
  return {
    term,
    figure: ago(lastFull.finished, now),
    more: [minute(lastFull.finished), covered(lastFull), reportLink(links, lastFull.report), ...newer],
  };
}

function policyTile({ posture, time: now }: StatusReport, links: StatusLinks): Tile {
  const term = 'Retention policy';
  if (posture === null) return { term, figure: 'not known', more: ['none of the newest reports is of posture'] };
  const asked = markup`${reportLink(links, posture.report)}, as of ${minute(posture.time)}, ${ago(posture.time, now)}`;
  if (!posture.isRead) return { term, figure: 'not known', more: ['Azure did not say', asked] };
  if (posture.policy === null)
    return { term, figure: 'none', more: ['whoever has the rights can change and delete', asked] };
  const { state, days, extensionsLeft } = posture.policy;
  const left =
    state === 'Locked' ? `${plural(extensionsLeft, 'extension')} left` : 'whoever has the rights can remove it';
  return { term, figure: `${state}, ${plural(days, 'day')}`, more: [left, asked] };
}

function drillTile({ posture, time: now }: StatusReport): Tile {
  const term = 'Last drill';
  if (posture === null || posture.drill === null)
    return { term, figure: 'none known', more: ['whether the container refuses changes was not tried'] };
  const { refused, done, unverified } = posture.drill;
  const figure = done > 0 ? `${number(done)} went through` : unverified > 0 ? 'not sure' : 'all refused';
  const said = `${number(refused)} refused as immutable, ${number(done)} done, ${number(unverified)} could not be told`;
  return { term, figure, more: [said, markup`${minute(posture.time)}, ${ago(posture.time, now)}`] };
}

function holdsTile({ posture }: StatusReport): Tile {
  const term = 'Legal holds';
  if (posture === null || !posture.isRead) return { term, figure: 'not known', more: [] };
  if (posture.holds.length === 0) return { term, figure: 'none', more: [] };
  return { term, figure: number(posture.holds.length), more: [untrusted(posture.holds.join(', '))] };
}

function notCheckedSection({ notChecked, unreadable }: StatusReport, prefix: string): Markup {
  const unread = unreadable.map(
    ({ object, why }) => markup`<li class="break"><code>${untrusted(object)}</code>: ${untrusted(why)}</li>\n`,
  );
  return part(
    prefix,
    'not-checked',
    'What this doesn’t say',
    markup`${unread.length === 0 ? '' : markup`<p>This could not be read:</p><ul>${unread}</ul>`}
${sentenceList(notChecked)}`,
    'left-out',
  );
}
