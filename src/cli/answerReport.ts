import { EXIT } from './exits.ts';
import { counted, formatCount, print, printItem, printJson } from './output.ts';
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
}

/** printAnswer says what an answer proves, for people. */
export function printAnswer({ answer, checked, vouched }: AnswerReport): number {
  const { records, opened, manifest, statement, unfindable } = checked;
  const { checkpoint } = opened;
  const within = records.filter(({ isWithin }) => isWithin);
  for (const { line } of within) print(line.toString('utf8'));
  if (within.length > 0) print('');
  print(
    `proved: ${within.length === 0 ? 'no record' : `these ${counted(within.length, 'record')}, and no other,`} of ${checkpoint.origin}`,
  );
  for (const line of askedLines(answer.query)) printItem(`  ${line}`);
  const beside = records.length - within.length;
  if (beside > 0)
    printItem(`${counted(beside, 'more record')} of segments that reach into that time came outside of it`);
  if ('why' in vouched)
    printItem(`complete as the signer of the log states: nobody you named has made the index again (${vouched.why})`);
  else
    printItem(`complete as the index says that the auditor's check of ${vouched.finished} made again: ${vouched.name}`);
  printItem(`it speaks of the first ${formatCount(manifest.entries)} entries of the log, by rules ${statement.rules}`);
  const { notJson, noFields, unindexed } = unfindable;
  if (notJson + noFields + unindexed > 0)
    printItem(
      `not found by any field: ${counted(notJson, 'record that is', 'records that are')} not JSON, ${formatCount(noFields)} without a field, and ${formatCount(unindexed)} in segments with too many terms`,
    );
  print(`checkpoint    size ${checkpoint.size}, root ${formatBase64Hash(checkpoint.rootHash)}`);
  printSigners(opened);
  return EXIT.fine;
}

function askedLines({ from, to, partitions, terms }: AnswerQuery): string[] {
  return [
    ...terms.map(({ field, values }) => `with ${field} ${values.map((value) => JSON.stringify(value)).join(' or ')}`),
    ...(from === null && to === null
      ? []
      : [`that the hub got ${from === null ? '' : `from ${from}`}${to === null ? '' : ` to ${to}`}`]),
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
export function printAnswerJson({ answer, checked, vouched }: AnswerReport): number {
  const { opened, statement, records, unfindable } = checked;
  const { checkpoint } = opened;
  printJson({
    status: 'proved',
    kind: 'answer',
    ledger: checkpoint.origin,
    query: answer.query,
    complete: 'why' in vouched ? { by: 'signer', why: vouched.why } : { by: 'auditor', ...vouched },
    index: { entries: statement.entries, rules: statement.rules, manifest: formatHash(statement.manifest) },
    unfindable,
    checkpoint: { size: checkpoint.size, rootHash: formatBase64Hash(checkpoint.rootHash) },
    ...signersAsJson(opened),
    records: records.map(recordAsJson),
  });
  return EXIT.fine;
}
