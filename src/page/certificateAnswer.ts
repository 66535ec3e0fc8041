import type { CertificateOutcome } from './certificate.ts';
import { cut, joinList, plainWords, recordLine, wayOf } from './certificateParts.ts';
import { cosigned, signedBy } from './certificateSigners.ts';
import { markup, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { factList, pageSection } from './parts.ts';
import { number, plural } from './reportValues.ts';
import { formatHash, leafHash } from '../core/hash.ts';
import type { AnsweredRecord, CheckedAnswer } from '../core/index/checkAnswer.ts';
import type { Vouched } from '../core/index/vouched.ts';
import type { Answer, ProvedLine } from '../core/objects/answer.ts';
import type { AnswerQuery } from '../core/objects/answerQuery.ts';
import { segmentName } from '../core/objects/names.ts';

/** AnswerCheck is an answer that holds, on whose word, and why it isn't complete, none if it is. */
export interface AnswerCheck {
  readonly answer: Answer;
  readonly checked: CheckedAnswer;
  readonly vouched: Vouched;
  readonly isAuditorNamed: boolean;
  readonly lacks: readonly string[];
}

/** So many records, and entries of the log, are laid out: the file has all of them. */
const MAX_RECORDS = 500;
/** So many characters of a record's line are, because an answer may have many. */
const MAX_LINE = 20_000;

/** So many values of a field are named. */
const MOST = 50;

/** answerOutcome is what a certificate says of an answer that holds. */
export function answerOutcome(check: AnswerCheck): CertificateOutcome {
  const { checked, vouched, isAuditorNamed, lacks } = check;
  const { opened, records, reach, statement } = checked;
  const within = records.filter(({ isWithin }) => isWithin);
  const found = within.length === 0 ? 'no record' : plural(within.length, 'record');
  const isBySigner = 'why' in vouched;
  const isMissed = isBySigner && isAuditorNamed;
  return {
    tone: lacks.length > 0 || isMissed ? 'unverified' : 'verified',
    ...titleOf(found, lacks.length > 0, isBySigner, isMissed),
    sentences: [
      `${within.length === 0 ? 'None of the records' : `Exactly ${found}`} of ${opened.checkpoint.origin}, as its index has it, ${within.length === 1 ? 'is' : 'are'} what was asked for${lacks.length > 0 ? ', as far as the answer reaches' : ''}.`,
      ...lacks.map((lack) => `Not complete: ${lack}.`),
      isBySigner
        ? `That the index is right is the word of whoever signs the log, and of nobody else: ${vouched.why}.`
        : `That the index is right is the word of the auditor, whose check of ${vouched.finished} made it again from the segments (${vouched.name}).`,
      ...signedBy(opened),
    ],
    notProved: [
      ...cosigned(opened),
      `The answer speaks of what was in the log at ${reach.time}: ${plural(statement.entries, 'entry', 'entries')}, by rules ${statement.rules}. Of what came later nothing is said.`,
      ...unfindable(checked),
      'Times are those at which records came in, as the event hub said, in UTC; nothing proves that these were right.',
      'What was never sent to the event hub is not in the log. Whether what a record says is true is another question.',
    ],
    sections: answerSections(check, within),
  };
}

function titleOf(
  found: string,
  isLacking: boolean,
  isBySigner: boolean,
  isMissed: boolean,
): Pick<CertificateOutcome, 'title' | 'word'> {
  if (isLacking) return { title: `Not complete: ${found} found`, word: 'NOT COMPLETE' };
  if (isMissed)
    return {
      title: `Complete only as the signer of the log states: ${found} found, and no auditor’s report counts`,
      word: 'NO AUDITOR VOUCHES FOR IT',
    };
  return isBySigner
    ? { title: `Complete, as the signer of the log states: ${found} found`, word: 'Proved on the word of the signer' }
    : { title: `Complete: ${found} found, and the index has no other`, word: 'Proved' };
}

const unfindable = ({ unfindable: { notJson, noFields } }: CheckedAnswer): string[] =>
  notJson + noFields === 0
    ? []
    : [
        `No field finds ${plural(notJson, 'record')} that ${notJson === 1 ? 'is' : 'are'} not JSON and ${number(noFields)} without a field, of all partitions and about that time. They may be what you look for.`,
      ];

function answerSections(check: AnswerCheck, within: readonly AnsweredRecord[]): Markup[] {
  const { answer, checked } = check;
  const beside = checked.records.filter(({ isWithin }) => !isWithin);
  const outside = markup`<p>An interval is answered by whole segments: these are in some that reach into it, and came in outside of it.</p>`;
  return [
    pageSection(
      'query',
      'What was asked for',
      markup`<p>So says the file. Compare it with what you asked: an answer to another question proves another thing.</p>`,
      factList(queryFacts(answer.query)),
    ),
    pageSection('found', 'The records', ...recordsOf(check, within)),
    ...(beside.length === 0
      ? []
      : [pageSection('outside', 'Not found: outside of the interval', outside, ...recordsOf(check, beside))]),
    pageSection('joins', 'From the entries of the log to the signature', ...logJoins(check)),
  ];
}

/** Letters of other scripts, and signs that hardly show, can look like those that were meant. */
const isOdd = (value: string): boolean => /[^ -~]/.test(value);
const ODD = markup`<br><strong>It has characters beyond ASCII: what looks the same may be something else. Ask with the plain letters too.</strong>`;

function queryFacts({ from, to, partitions, terms }: AnswerQuery): [string, Markup | string][] {
  return [
    ['Came in from', from ?? 'the beginning'],
    ['Came in before', to ?? 'the end'],
    ['Partitions', partitions === null ? 'all' : partitions.join(', ')],
    ...(terms.length === 0 ? ([['Fields', 'none: all records']] satisfies [string, string][]) : []),
    ...terms.map(({ field, values }): [string, Markup] => {
      const shown = values
        .slice(0, MOST)
        .map((value, i) => markup`${i === 0 ? '' : ' or '}<code>${untrusted(cut(value))}</code>`);
      return [
        field,
        markup`${shown}${values.length > MOST ? ` or one of ${plural(values.length - MOST, 'more value')}` : ''}${values.some(isOdd) ? ODD : ''}`,
      ];
    }),
  ];
}

/** recordsOf lays out records, each with its proof up to the root that its segment's entry states. */
function recordsOf({ answer, checked }: AnswerCheck, records: readonly AnsweredRecord[]): Markup[] {
  if (records.length === 0) return [markup`<p>None.</p>`];
  const rest =
    records.length > MAX_RECORDS
      ? ` The first ${number(MAX_RECORDS)} are printed here; all of them are in the file, and auditseal check prints them.`
      : '';
  const proofs = new Map(checked.records.map((record, i) => [record, answer.records[i]]));
  const items = records.slice(0, MAX_RECORDS).map((record) => {
    const { line, entry, seal } = record;
    const proof = proofs.get(record);
    const way = proof && wayOf(proof, leafHash(line));
    const entryIndex = answer.segments[proof?.segment ?? -1]?.index ?? -1;
    return markup`<li><p><strong>Record ${seal.record} of partition ${entry.partition}</strong>, which came in at ${seal.enqueued}</p>
${plainWords(line, [])}
${recordLine(line, 'All of it is in the file, and auditseal check prints it.', MAX_LINE)}
<p>The hash of its line, SHA-256(0x00 ‖ line): <code>${formatHash(leafHash(line))}</code></p>
${way === undefined ? '' : joinList(way)}
<p>That is the root of <code>${segmentName(entry.partition, entry.index)}</code>, which entry ${entryIndex} of the log states.</p></li>\n`;
  });
  return [markup`<p>${plural(records.length, 'record')}.${rest}</p>\n<ol class="found">\n${items}</ol>`];
}

/** logJoins says how each entry that the answer needs leads to the root that is signed. */
function logJoins({ answer, checked: { opened, statement } }: AnswerCheck): Markup[] {
  const { size, rootHash } = opened.checkpoint;
  const places: [string, ProvedLine][] = [
    ['the heads, which state the index', answer.heads],
    ['the end of the index', answer.end],
    ...(answer.report === undefined ? [] : [['the auditor’s report', answer.report] satisfies [string, ProvedLine]]),
    ...answer.segments.map((segment): [string, ProvedLine] => ['a segment', segment]),
  ];
  const terms = answer.units.reduce((sum, unit) => sum + unit.terms.length, 0);
  const rest =
    places.length > MAX_RECORDS
      ? ` The first ${number(MAX_RECORDS)} of ${number(places.length)} are printed; all of them are in the file.`
      : '';
  return [
    markup`<p>Each entry has the leaf hash SHA-256(0x00 ‖ entry). Joined with the hashes of other entries, each time as SHA-256(0x01 ‖ left ‖ right), it gives the root <code>${formatHash(rootHash)}</code>, which the signed checkpoint states over ${plural(size, 'entry', 'entries')}.${rest}</p>
<p>The heads state the SHA-256 of the index’s manifest, <code>${formatHash(statement.manifest)}</code>, and the manifest the root of each of its units. To these lead ${plural(terms, 'proof')} of terms and of their absence. They were redone, and aren’t printed: they are in the file.</p>
<ol class="found">${places.slice(0, MAX_RECORDS).map(([what, { index, line, hashes }]) => {
      const leaf = leafHash(Buffer.from(line));
      const way = wayOf({ index, size, hashes }, leaf);
      return markup`<li><p>Entry ${number(index)}, of ${what}: <code>${formatHash(leaf)}</code></p>${way === undefined ? '' : joinList(way)}</li>\n`;
    })}</ol>`,
  ];
}
