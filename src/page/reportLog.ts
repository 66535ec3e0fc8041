import { markup, plainText, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { duration, number, plural, time } from './reportValues.ts';
import type { CosignatureReport, FindingCode, IndexReport, LogReport, Report } from '../core/objects/report.ts';

/** LOG_CODE_MEANING is what the findings of a log mean, by code. */
export const LOG_CODE_MEANING: ReadonlyMap<string, string> = new Map<FindingCode, string>([
  ['entry-mismatch', 'the log and an object disagree about the object'],
  ['tile-mismatch', 'a tile or an entry bundle is not the one that the entries give'],
  ['index-mismatch', 'the index is not the one that the segments give'],
  ['checkpoint-invalid', 'a checkpoint is not of this log, or no trusted key signed it'],
  ['checkpoint-inconsistent', 'the log’s history was cut off or rewritten, or a checkpoint does not fit its entries'],
  ['checkpoint-stale', 'the newest checkpoint is missing, or older than is allowed'],
  ['checkpoint-uncosigned', 'the newest checkpoint lacks the cosignatures that the policy demands'],
  ['cosignature-invalid', 'something in the place of a witness’s cosignature is none'],
  ['not-integrated', 'a segment waits for its checkpoint longer than is allowed'],
]);

/** logSection says what was checked of the log, and how far it reaches. */
export function logSection(report: Report): Markup {
  const { log } = report;
  return markup`<section class="log" aria-labelledby="log">
<h2 id="log">The log</h2>
${log === undefined ? markup`<p>This report says nothing about a log: the ledger had none, or the release that checked it knew of none.</p>` : logFacts(report, log)}
</section>`;
}

function logFacts(report: Report, log: LogReport): Markup {
  const { entries, checkpoints, signatures, tiles, segmentsNotIntegrated } = log;
  const figures: readonly [string, number][] = [
    ['Entries read', entries],
    ['Checkpoints compared', checkpoints],
    ['Signatures verified', signatures],
    ['Tiles compared', tiles],
    ['Segments not in the log', segmentsNotIntegrated],
  ];
  return markup`<p class="intro">One list has an entry for each segment and report, of all partitions. Each signed checkpoint states every entry up to it, so none can be changed, dropped or put in between without it showing.</p>
<dl class="figures">
${figures.map(([term, figure]) => markup`<div><dt>${term}</dt><dd>${number(figure)}</dd></div>\n`)}</dl>
<dl class="facts">
${facts(report, log).map(([term, fact]) => markup`<div><dt>${term}</dt><dd>${fact}</dd></div>\n`)}</dl>`;
}

function facts(report: Report, log: LogReport): [string, Markup | string][] {
  const { batches, entriesCompared, keptCheckpoint } = log;
  return [
    ...newest(report, log),
    ['Signed by', signers(log)],
    ...(log.cosignatures === undefined ? [] : cosigners(log.cosignatures)),
    [
      'Kept checkpoint',
      keptCheckpoint === null
        ? 'None was given, so a log that was rolled back as a whole shows by earlier reports alone'
        : markup`<code>${untrusted(keptCheckpoint)}</code>`,
    ],
    [
      'Compared',
      `${plural(entriesCompared, 'entry', 'entries')} with what they describe; the log has ${plural(batches, 'batch', 'batches')}`,
    ],
    ...(log.index === undefined ? [] : [indexFact(log.index)]),
    ['Findings of the log', logFindings(report)],
  ];
}

/** newest is the newest checkpoint that fits, and how old its batch was at the end of the check. */
function newest({ finished }: Report, { head }: LogReport): [string, Markup | string][] {
  if (head === null) return [['Newest checkpoint', 'None: no checkpoint was found that fits the log']];
  const age = duration(head.time, finished);
  const old = age === '' ? '' : markup`<br><span class="soft small">${age} before the check ended</span>`;
  return [
    ['Newest checkpoint', markup`Number ${number(head.number)}, over ${plural(head.size, 'entry', 'entries')}`],
    ['Its batch was made', head.time === '' ? 'not known' : markup`${time(head.time)}${old}`],
    ['Its root hash', markup`<code>${untrusted(head.root)}</code>`],
  ];
}

/** indexFact says what answers that are proved complete rest on. */
function indexFact({ entries, rules, units, rederived, manifest }: IndexReport): [string, Markup | string] {
  return [
    'Index',
    markup`${plural(rederived, 'unit', 'units')} of ${number(units)} made again from the segments, by rules ${number(rules)}; it covers ${plural(entries, 'entry', 'entries')}<br><code>${untrusted(manifest)}</code>`,
  ];
}

function signers({ signatures, signedBy }: LogReport): Markup | string {
  if (signatures === 0) return 'Not checked or not verified: without a trusted key anybody may have signed';
  if (signedBy === undefined) return 'A key that the checker trusted; this report does not name it';
  const list = Array.isArray(signedBy) ? signedBy : [signedBy];
  return markup`${list.map((key, at) => markup`${at === 0 ? '' : markup`<br>`}<code>${untrusted(key)}</code>`)}`;
}

/** cosigners says what witnesses have confirmed; a report by a check without a policy counts lines and verifies none. */
function cosigners({ verified, notChecked, quorum, waitingSince }: CosignatureReport): [string, Markup | string][] {
  if (verified + notChecked === 0 && waitingSince === null) return [];
  const unknown = notChecked === 0 ? '' : `; ${number(notChecked)} by keys that no policy named, not checked`;
  const waiting =
    waitingSince === null
      ? ''
      : markup`<br><span class="soft small">later ones wait since ${time(waitingSince)}</span>`;
  const reached =
    quorum === null
      ? markup`No checkpoint has the quorum of a policy${waiting}`
      : markup`Checkpoint ${number(quorum.number)}, by ${untrusted(quorum.witnesses.join(', '))}${waiting}`;
  return [
    ['Cosignatures', `${number(verified)} verified${unknown}`],
    ['Quorum of witnesses', reached],
  ];
}

function logFindings({ findings, findingsOmitted }: Report): Markup | string {
  const counts = new Map<string, number>();
  for (const { code } of findings) {
    const name = plainText(code);
    if (LOG_CODE_MEANING.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const others = findingsOmitted === 0 ? '' : ', among those listed';
  if (counts.size === 0) return `None${others}`;
  const named = [...counts].map(([code, count]) => `${number(count)} ${code}`).join(', ');
  return markup`<a href="#findings">${named}${others}</a>`;
}
