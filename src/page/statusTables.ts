import { markup, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { tableColumn, tableHead } from './reportTables.ts';
import { number, plural } from './reportValues.ts';
import { ago, minute, reportLink, runbookLink, span } from './statusValues.ts';
import type { StatusLinks } from './statusValues.ts';
import { isAcknowledged } from '../core/objects/report.ts';
import type {
  Affected,
  PartitionStatus,
  SourceStatus,
  StatusFinding,
  StatusReport,
} from '../core/objects/statusReport.ts';

/** statusFindings lists what was found, the most urgent first. */
export function statusFindings(
  { findings, findingsOmitted, time: now }: StatusReport,
  links: StatusLinks,
  prefix: string,
): Markup {
  if (findings.length === 0)
    return markup`<section aria-labelledby="${prefix}findings"><h2 id="${prefix}findings">Findings</h2><p>None.</p></section>`;
  return markup`<section aria-labelledby="${prefix}findings">
<h2 id="${prefix}findings">Findings</h2>
${findingsOmitted === 0 ? '' : markup`<p>${plural(findingsOmitted, 'further finding')} ${findingsOmitted === 1 ? 'is' : 'are'} not listed here: see the reports.</p>`}
<table role="table" class="long">
<caption role="caption">The most urgent first, those that are acknowledged last</caption>
${tableHead([tableColumn('w-object', 'Finding'), tableColumn('', 'What, and what to do'), tableColumn('w-affected', 'Affected')])}
<tbody role="rowgroup">
${findings.map((finding) => findingRow(finding, links, now))}</tbody></table>
</section>`;
}

function findingRow(finding: StatusFinding, links: StatusLinks, now: string): Markup {
  const { code, severity, object, detail, acknowledged, report, affected } = finding;
  const tone = isAcknowledged(finding) ? 'quiet' : severity === 'warning' ? 'warning' : 'error';
  const known =
    acknowledged === undefined
      ? markup`<p class="small">What to do: ${runbookLink(links, code)}</p>`
      : markup`<p class="small soft">Acknowledged by ${untrusted(acknowledged.who)}, ${ago(acknowledged.time, now)}: ${untrusted(acknowledged.why)}</p>`;
  const badge = isAcknowledged(finding) ? 'acknowledged' : severity;
  return markup`<tr role="row"><th role="rowheader" scope="row"><span class="badge ${tone}">${badge}</span> <span class="code">${untrusted(code)}</span><br><code class="small">${untrusted(object)}</code></th><td role="cell" class="break">${untrusted(detail)}${known}${report === undefined ? '' : markup`<p class="small soft">stated by ${reportLink(links, report)}</p>`}</td><td role="cell" data-label="Affected">${affected === undefined ? markup`<span class="soft">–</span>` : affectedCell(affected)}</td></tr>\n`;
}

/** How many categories are named. */
const MOST_NAMED = 5;

function affectedCell({ records, from, to, categories }: Affected): Markup {
  const names = Object.entries(categories).toSorted(([, a], [, b]) => b - a);
  const more = names.length > MOST_NAMED ? ` and ${number(names.length - MOST_NAMED)} more` : '';
  const listed = names
    .slice(0, MOST_NAMED)
    .map(([name, count]) => `${name} (${number(count)})`)
    .join(', ');
  return markup`${plural(records, 'record')}<br><span class="small soft">${minute(from)} to ${minute(to)}</span>${listed === '' ? '' : markup`<br><span class="small">${untrusted(listed)}${more}</span>`}`;
}

/** chart draws a bar for each hour. What it shows is said in words beside it. */
function chart(hours: readonly number[], label: string): Markup {
  const most = Math.max(...hours, 1);
  const bars = hours.map((count, at) => {
    const height = count === 0 ? 0 : Math.max(1, Math.round((20 * count) / most));
    return markup`<rect x="${at * 4}" y="${20 - height}" width="3" height="${height}"/>`;
  });
  return markup`<svg class="chart" viewBox="0 0 96 21" width="96" height="21" role="img" aria-label="${label}"><path class="axis" d="M0 20.5h95"/>${bars}</svg>`;
}

const chartOf = (hours: readonly number[]): Markup =>
  chart(
    hours,
    `records of the last 24 hours, an hour a bar: at most ${number(Math.max(...hours, 0))} in one, ${number(hours.at(-1) ?? 0)} in the last`,
  );

/** statusPartitions says how each partition stands. */
export function statusPartitions({ partitions, time: now }: StatusReport, prefix: string): Markup {
  if (partitions.length === 0)
    return markup`<section aria-labelledby="${prefix}partitions"><h2 id="${prefix}partitions">Partitions</h2><p>None is known.</p></section>`;
  return markup`<section aria-labelledby="${prefix}partitions">
<h2 id="${prefix}partitions">Partitions</h2>
<table role="table" class="long partitions">
<caption role="caption">What each has sealed, and its last sign of life</caption>
${tableHead([tableColumn('w-partition', 'Partition'), tableColumn('w-count', 'Records'), tableColumn('', 'Last event'), tableColumn('', 'Last sign of life'), tableColumn('w-gaps', 'Gaps'), tableColumn('w-chart', 'Last 24 hours')])}
<tbody role="rowgroup">
${partitions.map((one) => partitionRow(one, now))}</tbody></table>
</section>`;
}

function partitionRow(
  { partition, records, lastEvent, lastEnqueued, life, gaps, hours }: PartitionStatus,
  now: string,
): Markup {
  const event = lastEvent === null ? 'not known' : lastEvent < 0 ? 'none' : `number ${number(lastEvent)}`;
  const enqueued =
    lastEnqueued === ''
      ? ''
      : markup`<br><span class="small soft">${minute(lastEnqueued)}, ${ago(lastEnqueued, now)}</span>`;
  const open = gaps.open === 0 ? 'none' : markup`<strong>${number(gaps.open)} open</strong>`;
  const known =
    gaps.acknowledged === 0
      ? ''
      : markup`<br><span class="small soft">${number(gaps.acknowledged)} acknowledged</span>`;
  return markup`<tr role="row"><th role="rowheader" scope="row" data-label="Partition">${untrusted(partition)}</th>
<td role="cell" data-label="Records">${records === null ? 'not known' : number(records)}</td>
<td role="cell" data-label="Last event">${event}${enqueued}</td>
<td role="cell" data-label="Last sign of life">${lifeOf(life, now)}</td>
<td role="cell" data-label="Gaps">${open}${known}</td>
<td role="cell" data-label="Last 24 hours">${chartOf(hours)}</td></tr>
`;
}

function lifeOf({ kind, sealed, hub }: PartitionStatus['life'], now: string): Markup {
  if (sealed === '') return markup`none`;
  const when = markup`${ago(sealed, now)}<br><span class="small soft">${minute(sealed)}</span>`;
  if (kind === 'records') return markup`records sealed ${when}`;
  if (hub === undefined) return markup`heartbeat ${when}`;
  const behind =
    hub.behind === 0 ? 'all that the hub had was sealed' : `behind the hub by ${plural(hub.behind, 'event')}`;
  return markup`heartbeat ${when}<br><span class="small">${behind}</span>`;
}

/** statusSources says what comes of each category, and which ones are silent. */
export function statusSources({ sources, time: now }: StatusReport, prefix: string): Markup {
  const title = markup`<h2 id="${prefix}sources">Sources</h2>`;
  if (sources === null)
    return markup`<section aria-labelledby="${prefix}sources">${title}<p>The log could not be read, so nothing is known of them.</p></section>`;
  const { list, omitted, dayFrom, from, sampled } = sources;
  const part =
    sampled.read < sampled.of
      ? ` of which ${number(sampled.read)} of ${number(sampled.of)} entry bundles were read, so that what is usual is about so`
      : '';
  const before =
    sampled.of === 0 ? '; there are none before' : markup`, and the days before since ${minute(from)}${part}`;
  return markup`<section aria-labelledby="${prefix}sources">
${title}
<p class="intro">By the category of records. All entries of the log since ${minute(dayFrom)} were counted${before}.</p>
${list.length === 0 ? markup`<p>No record was seen.</p>` : sourcesTable(list, now)}
${omitted === 0 ? '' : markup`<p>${plural(omitted, 'further category', 'further categories')} not listed.</p>`}
</section>`;
}

const sourcesTable = (
  list: readonly SourceStatus[],
  now: string,
): Markup => markup`<table role="table" class="long sources">
<caption role="caption">Silent ones first, then by how much comes</caption>
${tableHead([tableColumn('w-object', 'Category'), tableColumn('w-count numeric', 'Last 24 h'), tableColumn('w-count numeric', 'Usual a day'), tableColumn('', 'Seen'), tableColumn('', 'State'), tableColumn('w-chart', 'Last 24 hours')])}
<tbody role="rowgroup">
${list.map((source) => sourceRow(source, now))}</tbody></table>`;

function sourceRow(
  { category, first, last, day, hours, usual, threshold, isSilent }: SourceStatus,
  now: string,
): Markup {
  const name =
    category === '' ? markup`<span class="soft">no category</span>` : markup`<code>${untrusted(category)}</code>`;
  const seen =
    last === '' ? 'never' : markup`${ago(last, now)}<br><span class="small soft">since ${minute(first)}</span>`;
  const state = isSilent
    ? markup`<span class="badge warning">silent</span>`
    : threshold === null
      ? markup`<span class="soft">not judged</span>`
      : markup`quiet counts from ${span(Math.floor(threshold / 60_000))} on`;
  return markup`<tr role="row"><th role="rowheader" scope="row">${name}</th>
<td role="cell" class="numeric" data-label="Last 24 h">${number(day)}</td>
<td role="cell" class="numeric" data-label="Usual a day">${usual === null ? 'not known' : number(usual)}</td>
<td role="cell" data-label="Seen">${seen}</td>
<td role="cell" data-label="State">${state}</td>
<td role="cell" data-label="Last 24 hours">${chartOf(hours)}</td></tr>
`;
}
