import { EXIT } from './exits.ts';
import { counted, formatCount, some, print, printItem, printJson } from './output.ts';
import { printSigners, signersAsJson } from './signers.ts';
import type { Vouched } from '../core/index/vouched.ts';
import type { AnsweredRecord, CheckedAnswer } from '../core/index/checkAnswer.ts';
import { formatHash } from '../core/hash.ts';
import type { Answer } from '../core/objects/answer.ts';
import type { AnswerQuery } from '../core/objects/answerQuery.ts';
import { segmentName } from '../core/objects/names.ts';
import { formatBase64Hash } from '../core/text.ts';

/** AnswerReport is what is said of an answer that is proved. */
export interface AnswerReport {
  readonly answer: Answer;
  readonly checked: CheckedAnswer;
  readonly vouched: Vouched;
  /** whoever checks gave a key of the auditor */
  readonly isAuditorNamed: boolean;
}

/** printAnswer says what an answer proves, for people. */
export function printAnswer({ answer, checked, ...rest }: AnswerReport): number {
  const { records, opened, statement, reach } = checked;
  const { vouched } = rest;
  const { checkpoint } = opened;
  const within = records.filter(({ isWithin }) => isWithin);
  const lacks = lacksOf(answer.query, checked);
  for (const { line, entry, seal } of within) {
    print(`record ${seal.record} of partition ${entry.partition}, which came in at ${seal.enqueued}`);
    print(line.toString('utf8'));
  }
  if (within.length > 0) print('');
  const these = within.length === 0 ? 'no record' : `these ${counted(within.length, 'record')}`;
  const others = lacks.length > 0 ? ', but NOT that there is no other,' : within.length > 0 ? ', and no other,' : '';
  print(`proved: ${these}${others} of ${checkpoint.origin}`);
  for (const line of askedLines(answer.query)) printItem(`  ${line}`);
  for (const line of lacks) print(`NOT COMPLETE: ${line}`);
  const beside = records.length - within.length;
  if (beside > 0)
    printItem(`${counted(beside, 'more record')} of segments that reach into that time came outside of it`);
  if ('why' in vouched)
    printItem(`on the word of whoever signs the log: nobody you named has made the index again (${vouched.why})`);
  else
    printItem(
      `by the index, which the auditor's check of ${vouched.finished} made again from the segments (${vouched.name})`,
    );
  printItem(
    `it speaks of what was in the log at ${reach.time}: ${counted(statement.entries, 'entry', 'entries')}, by rules ${statement.rules}`,
  );
  for (const line of unfindableLines(checked)) printItem(line);
  print(`checkpoint    size ${checkpoint.size}, root ${formatBase64Hash(checkpoint.rootHash)}`);
  printSigners(opened);
  return exitOf(lacks, rest);
}

/** exitOf gives the exit status: who names an auditor wants his word. */
const exitOf = (
  lacks: readonly string[],
  { vouched, isAuditorNamed }: Omit<AnswerReport, 'answer' | 'checked'>,
): number => (lacks.length > 0 || (isAuditorNamed && 'why' in vouched) ? EXIT.unknown : EXIT.fine);

/** lacksOf says why an answer isn't complete, though all that it gives is proved. */
export function lacksOf({ from, to, terms }: AnswerQuery, { reach, unfindable }: CheckedAnswer): string[] {
  const short = [...reach.short].map(([partition, sealed]) =>
    sealed === '' ? `partition ${partition} not at all` : `partition ${partition} only until ${sealed}`,
  );
  const edge = to === null ? `begins at ${from}` : `ends at ${to}`;
  const isBefore = to !== null && to <= reach.begins;
  const { unindexed } = unfindable;
  return [
    ...(isBefore ? [`the time that was asked for ends at ${to}, and the ledger begins at ${reach.begins}`] : []),
    ...(!reach.isWhole && !isBefore
      ? [
          `the time that was asked for ${edge}, and the index covers what was in the log at ${reach.time}${short.length > 0 ? `, which had sealed ${some(short)}` : ''}`,
        ]
      : []),
    ...(unindexed > 0 && terms.length > 0
      ? [
          `no field finds ${counted(unindexed, 'record')}, because their segments have too many different values: whoever logs can bring that about`,
        ]
      : []),
  ];
}

const unfindableLines = ({ unfindable: { notJson, noFields } }: CheckedAnswer): string[] =>
  notJson + noFields === 0
    ? []
    : [
        `no field finds ${counted(notJson, 'record that is', 'records that are')} not JSON and ${formatCount(noFields)} without a field, of all partitions and about that time`,
      ];

function askedLines({ from, to, partitions, terms }: AnswerQuery): string[] {
  return [
    ...terms.map(({ field, values }) => `with ${field} ${values.map((value) => JSON.stringify(value)).join(' or ')}`),
    ...(from === null && to === null
      ? []
      : [`that the hub got${from === null ? '' : ` from ${from}`}${to === null ? '' : ` to ${to}`}`]),
    ...(partitions === null
      ? []
      : [`in ${partitions.length === 1 ? 'partition' : 'partitions'} ${partitions.join(', ')}`]),
  ];
}

const recordAsJson = ({ line, entry, seal, isWithin }: AnsweredRecord): object => ({
  partition: entry.partition,
  ...seal,
  segment: segmentName(entry.partition, entry.index),
  isWithin,
  recordLine: line.toString('utf8'),
});

/** printAnswerJson says it for programs. */
export function printAnswerJson({ answer, checked, ...rest }: AnswerReport): number {
  const { opened, statement, records, reach, unfindable } = checked;
  const { vouched } = rest;
  const lacks = lacksOf(answer.query, checked);
  const { checkpoint } = opened;
  printJson({
    status: 'proved',
    kind: 'answer',
    ledger: checkpoint.origin,
    query: answer.query,
    complete: 'why' in vouched ? { by: 'signer', why: vouched.why } : { by: 'auditor', ...vouched },
    index: { entries: statement.entries, rules: statement.rules, manifest: formatHash(statement.manifest) },
    until: { time: reach.time, short: Object.fromEntries(reach.short) },
    lacks,
    unfindable,
    checkpoint: { size: checkpoint.size, rootHash: formatBase64Hash(checkpoint.rootHash) },
    ...signersAsJson(opened),
    records: records.map(recordAsJson),
  });
  return exitOf(lacks, rest);
}
