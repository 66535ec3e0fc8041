import { hasUnseen, markup, plainText, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { LOG_CODE_MEANING } from './reportLog.ts';
import { number, plural, time } from './reportValues.ts';
import { parseSegmentName } from '../core/objects/names.ts';
import { isAcknowledged } from '../core/objects/report.ts';
import type { AcknowledgedBy, Finding, PartitionReport, Report } from '../core/objects/report.ts';

const CODE_MEANING: ReadonlyMap<string, string> = new Map<string, string>([
  ['chain-broken', 'a segment does not name the root of the one before, or its own root is wrong'],
  ['segment-missing', 'the names have a hole, or a chain ends before a segment that was known'],
  ['segment-malformed', 'an object has the name of a segment and does not follow the format'],
  ['segment-changed', 'the stored bytes differ from those known before'],
  ['sequence-gap', 'events of the hub are missing'],
  ['hub-recreated', 'the hub was deleted and created again, and what it had that was not sealed is gone'],
  ['partition-silent', 'a partition gives no sign of life'],
  ['sequence-overlap', 'an event or record is counted twice, or out of order'],
  ['foreign-object', 'an object that is not of this ledger sits in the container'],
  ['action-unfinished', 'an action was begun, and nothing says what came of it'],
  ['policy-missing', 'the container has no retention policy'],
  ['policy-unlocked', 'the retention policy is not locked'],
  ['policy-short', 'the policy retains for less than was promised'],
  ['account-weak', 'something weakens the account or the container'],
  ['drill-failed', 'a change that had to be refused went through'],
  ['not-routed', 'a resource does not send its logs to the hub'],
  ['clock-ahead', 'something is dated ahead of a clock that it is compared with'],
  ...LOG_CODE_MEANING,
]);

/** tableHead is the header row. On a narrow screen rows are stacked, which would take a table its roles: so they are stated. */
export const tableHead = (labels: readonly Markup[]): Markup =>
  markup`<thead role="rowgroup"><tr role="row">${labels}</tr></thead>`;

/** tableColumn is the head of a column. */
export const tableColumn = (className: string, label: string): Markup =>
  markup`<th role="columnheader" scope="col" class="${className}">${label}</th>`;

/** escapeNote explains the escapes, where the rows have any. */
function escapeNote(rows: readonly object[]): Markup {
  if (!rows.some((row) => Object.values(row).some(hasUnseen))) return markup``;
  return markup`<p class="note small soft">Characters that can’t be seen, or that change the direction of text, are written as marked code points, such as <i>\\u202e</i>.</p>`;
}

const isWarning = ({ severity }: Finding): boolean => severity === 'warning';

/** findingsSection lists the findings: those that nobody acknowledged, errors first, then by the object they are about. */
export function findingsSection({ findings, findingsOmitted }: Pick<Report, 'findings' | 'findingsOmitted'>): Markup {
  const omitted = markup`<p class="note">${plural(findingsOmitted, 'further finding')} ${findingsOmitted === 1 ? 'is' : 'are'} not listed, here or in the JSON report: a report lists the first ${number(findings.length)}.</p>`;
  return markup`<section aria-labelledby="findings">
<h2 id="findings">Findings</h2>
${findings.length === 0 ? markup`<p>None.</p>` : ''}
${findingsOmitted === 0 ? '' : omitted}
${findings.length === 0 ? '' : [kindsTable(findings), escapeNote(findings), findingsTable(findings)]}
</section>`;
}

/** kindsTable counts the findings of each code and says what the code means. */
function kindsTable(findings: readonly Finding[]): Markup {
  const kinds = Map.groupBy(findings, ({ code }) => plainText(code));
  const rows = [...kinds].sort(([a, { length: m }], [b, { length: n }]) => n - m || compareText(a, b));
  return markup`<table role="table" class="kinds">
<caption>Listed findings by code</caption>
${tableHead([tableColumn('w-code', 'Code'), tableColumn('w-count numeric', 'Count'), tableColumn('', 'Means')])}
<tbody role="rowgroup">
${rows.map(
  ([code, kind]) =>
    markup`<tr role="row"><th role="rowheader" scope="row" class="code">${untrusted(code)}</th><td role="cell" class="numeric" data-label="Count">${number(kind.length)}</td><td role="cell">${CODE_MEANING.get(code) ?? ''}${ofWhich(kind)}</td></tr>\n`,
)}</tbody></table>`;
}

/** ofWhich says how many of the findings of a code are acknowledged. */
function ofWhich(findings: readonly Finding[]): Markup {
  const known = findings.filter(isAcknowledged).length;
  return known === 0 ? markup`` : markup`<p class="small soft">${number(known)} of them acknowledged</p>`;
}

function findingsTable(findings: readonly Finding[]): Markup {
  const groups: Finding[][] = [];
  for (const finding of [...findings].sort(compareFindings)) {
    const group = groups.at(-1);
    const isSame =
      group?.[0] !== undefined &&
      plainText(group[0].object) === plainText(finding.object) &&
      isWarning(group[0]) === isWarning(finding) &&
      isAcknowledged(group[0]) === isAcknowledged(finding);
    if (isSame) group?.push(finding);
    else groups.push([finding]);
  }
  return markup`<table role="table" class="long">
<caption>All listed findings: those that are acknowledged last, errors first, then by the name of the object</caption>
${tableHead([tableColumn('w-object', 'Object'), tableColumn('w-finding', 'Finding'), tableColumn('', 'Detail')])}
${groups.map(findingGroup)}</table>`;
}

function findingGroup(group: readonly Finding[]): Markup {
  const rows = group.map((finding, at) => {
    const { code, severity, object, detail, acknowledged } = finding;
    const name = markup`<th role="rowheader" scope="rowgroup" rowspan="${group.length}">${objectName(object)}</th>`;
    const severe = isAcknowledged(finding) ? 'quiet' : isWarning(finding) ? 'warning' : 'error';
    const quiet = isAcknowledged(finding) ? markup` <span class="badge quiet">acknowledged</span>` : '';
    const badge = markup`<span class="badge ${severe}">${untrusted(severity)}</span>${quiet}`;
    return markup`<tr role="row">${at === 0 ? name : ''}<td role="cell">${badge} <span class="code">${untrusted(code)}</span></td><td role="cell" class="break">${boxed(detail, detailText(detail))}${acknowledged === undefined ? '' : known(acknowledged)}</td></tr>\n`;
  });
  return markup`<tbody role="rowgroup">${rows}</tbody>\n`;
}

/** known says who acknowledged a finding. */
const known = ({ action, who, why, time: at }: AcknowledgedBy): Markup =>
  markup`<p class="small soft">Acknowledged by ${untrusted(who)} at ${time(at)} (<code>${untrusted(action)}</code>): ${untrusted(why)}</p>`;

/** Texts longer than this scroll in a box of their own: a thousand long names would bury the rest. */
const MAX_OPEN = 240;

function boxed(value: unknown, content: Markup): Markup {
  return plainText(value).length > MAX_OPEN ? markup`<div class="box" tabindex="0">${content}</div>` : content;
}

const objectName = (object: unknown): Markup => boxed(object, markup`<code>${untrusted(object)}</code>`);

/** detailText sets the hashes in a detail apart from its words. */
const detailText = (detail: unknown): Markup =>
  markup`${plainText(detail)
    .split(/(?<![0-9a-f])([0-9a-f]{64})(?![0-9a-f])/)
    .map((part, at) => (at % 2 === 1 ? markup`<code>${part}</code>` : untrusted(part)))}`;

function compareFindings(a: Finding, b: Finding): number {
  const [nameA, nameB] = [plainText(a.object), plainText(b.object)];
  const [placeA, placeB] = [parseSegmentName(nameA), parseSegmentName(nameB)];
  const byAttention =
    Number(isAcknowledged(a)) - Number(isAcknowledged(b)) || Number(isWarning(a)) - Number(isWarning(b));
  if (byAttention !== 0) return byAttention;
  if (placeA === undefined || placeB === undefined) {
    return Number(placeA === undefined) - Number(placeB === undefined) || compareText(nameA, nameB);
  }
  return Number(placeA.partition) - Number(placeB.partition) || placeA.index - placeB.index;
}

/** compareText compares code units: it gives the same order everywhere. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** unreadableSection lists the objects that could not be read. */
export function unreadableSection({ unreadable }: Pick<Report, 'unreadable'>): Markup {
  if (unreadable.length === 0) return markup``;
  return markup`<section aria-labelledby="unreadable">
<h2 id="unreadable">Unreadable objects</h2>
<p>Nothing is known about what these hold.</p>
${escapeNote(unreadable)}
<table role="table" class="long">
<caption>Objects that could not be read, and why</caption>
${tableHead([tableColumn('w-object', 'Object'), tableColumn('', 'Why')])}
<tbody role="rowgroup">
${unreadable.map(
  ({ object, why }) =>
    markup`<tr role="row"><th role="rowheader" scope="row">${objectName(object)}</th><td role="cell" class="break">${boxed(why, detailText(why))}</td></tr>\n`,
)}</tbody></table>
</section>`;
}

/** partitionsSection says how far each chain was followed. */
export function partitionsSection({ partitions }: Report): Markup {
  if (partitions.length === 0) {
    return markup`<section aria-labelledby="partitions"><h2 id="partitions">Partitions</h2><p>No chain could be followed.</p></section>`;
  }
  return markup`<section aria-labelledby="partitions">
<h2 id="partitions">Partitions</h2>
<p class="intro">Whoever keeps these roots can tell later whether anything up to there was changed or removed.</p>
<table role="table" class="long">
<caption>The newest segment that continues each partition’s chain</caption>
${tableHead([
  tableColumn('w-partition', 'Partition'),
  tableColumn('w-time', 'Newest segment'),
  tableColumn('w-records', 'Records in the chain'),
  tableColumn('w-time', 'Last event, enqueued'),
  tableColumn('', 'Its root, and the SHA-256 of its stored bytes'),
])}
<tbody role="rowgroup">
${partitions.map(partitionRow)}</tbody></table>
</section>`;
}

function partitionRow(head: PartitionReport): Markup {
  const { partition, index, record, incarnation, created, lastEvent, lastEnqueued, sealed, root, sha256 } = head;
  const event = lastEvent === -1 ? 'none' : number(lastEvent);
  const enqueued = lastEnqueued === '' ? '' : markup`<br><span class="soft small">${time(lastEnqueued)}</span>`;
  const life =
    incarnation === 0
      ? ''
      : markup`<br><span class="soft small">incarnation ${number(incarnation)}: a hub created ${time(created)}</span>`;
  return markup`<tr role="row"><th role="rowheader" scope="row" data-label="Partition">${untrusted(partition)}</th>
<td role="cell" data-label="Newest segment">${number(index)}<br><span class="soft small">sealed ${time(sealed)}</span></td>
<td role="cell" data-label="Records in the chain">${number(record)}</td>
<td role="cell" data-label="Last event">${event}${enqueued}${life}</td>
<td role="cell"><span class="soft small">root</span> <code class="hash">${untrusted(root)}</code><span class="soft small">SHA-256</span> <code class="hash">${untrusted(sha256)}</code></td></tr>
`;
}
