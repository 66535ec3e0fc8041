import type { AnswerOutcome, Complete } from '../verify/answer/checkAnswer.ts';
import { shortKey } from '../verify/verifierKey.ts';
import type { Query } from '../verify/answer/query.ts';
import { askedFor, lacksOf, listOf, sealedUntil, utc } from './answerReach.ts';
import { code, element, untrusted } from './dom.ts';
import { cut, number, paragraph, plural } from './parts.ts';
import { sentence } from './path.ts';
import type { Trust } from './path.ts';
import { status } from './result.ts';
import type { SentAnswer } from './worker.ts';

/** ShownAnswer is what is shown of what an answer says itself. */
export type ShownAnswer = SentAnswer['answer'];

/** answerVerdict is what is to be thought of an answer, by what the check found and by whose keys were given. */
export function answerVerdict(answer: ShownAnswer, outcome: AnswerOutcome, trust: Trust, logKeys: number): HTMLElement {
  const { fault, complete, steps } = outcome;
  const { query } = answer;
  if (complete !== undefined && trust === 'file') {
    return status(
      'unverified',
      'It agrees with itself, but nobody you named vouches for it',
      'unverified',
      paragraph(
        'You gave no key. That the checkpoint is signed by a key that the file itself names is a claim, not a proof; anyone can put a key into a file:',
      ),
      element('ul', {}, ...answer.verifierKeys.map((key) => element('li', {}, code(cut(key))))),
      paragraph('If your own source gives the same key, paste it in step 2. Then this would be proved:'),
      ...claims(query, outcome, complete),
    );
  }
  if (complete !== undefined && logKeys === 0) {
    return status(
      'unverified',
      'Not proved yet: a key of the log is missing',
      'unverified',
      paragraph('All else fits, but no line in step 2 is a verifier key of a log. Paste that of the log in step 2.'),
      ...claims(query, outcome, complete),
    );
  }
  if (fault === undefined && complete !== undefined) return holds(query, outcome, complete);
  if (fault?.code === 'VERSION_UNKNOWN') {
    return status(
      'unverified',
      'Not checked: this answer is of a version that this page does not know',
      'unverified',
      paragraph(sentence(fault.message)),
      paragraph('Nothing is proved, and nothing is refuted. A later release of this page may know it.'),
    );
  }
  const isSignature = steps.every(({ name, state }) => (name === 'signature' ? state === 'fails' : state === 'holds'));
  return status(
    'violated',
    'Refuted',
    'violated',
    paragraph(sentence(fault?.message)),
    paragraph(
      isSignature
        ? 'All else fits, but only a signature by a key that you trust makes it an answer of that log. Compare the names and IDs of your keys with those that the file names, below; if they are the same, this checkpoint is not by that log.'
        : 'So this is not what the log has, or not all of it. Nothing that the file says is proved, and none of its records is shown. The steps below show where it fails.',
    ),
    element('p', { class: 'soft small' }, `Fault code: ${fault?.code}.`),
  );
}

/** foundIn counts what came in within the interval that was asked for. */
const foundIn = ({ found }: Complete): number => found.filter(({ isInside }) => isInside).length;

function holds(query: Query, outcome: AnswerOutcome, complete: Complete): HTMLElement {
  const { vouched, reach } = complete;
  const count = foundIn(complete);
  const records = `${count === 0 ? 'no record' : plural(count, 'record')} found`;
  const says = claims(query, outcome, complete);
  const lacks = lacksOf(query, complete).map(({ title }) => title);
  if (lacks.length > 0)
    return status('unverified', `Not complete: ${[records, ...lacks].join(', and ')}`, 'beside', ...says);
  const until = reach.covers === 'open' ? ` until ${utc(reach.until)}` : '';
  if (vouched.by === 'auditor') {
    const found = count === 0 ? 'the index has no such record' : `${records}, and the index has no other`;
    return status('verified', `Complete${until}: ${found}`, 'verified', ...says);
  }
  if (vouched.isMissed) {
    const title = `Complete${until}, but only as the signer of the log states: ${records}, and no auditor\u2019s report counts`;
    return status('unverified', title, 'beside', ...says);
  }
  return status('stated', `Complete${until}, as the signer of the log states: ${records}`, 'stated', ...says);
}

/** claims says what is proved, on whose word, and what isn't. */
function claims(query: Query, outcome: AnswerOutcome, complete: Complete): HTMLElement[] {
  const { checkpoint, signed, witnesses } = outcome;
  const { index, vouched } = complete;
  const count = foundIn(complete);
  const lacks = lacksOf(query, complete);
  const entries = plural(index.entries, 'entry', 'entries');
  const those = count === 0 ? 'none is' : `exactly the ${plural(count, 'record')} below ${count === 1 ? 'is' : 'are'}`;
  const signers = signed.map(({ key }) => shortKey(key)).join(' and ');
  const isWhole = lacks.length === 0 && vouched.by === 'auditor';
  return [
    paragraph(askedFor(query, complete)),
    ...lacks.map(({ text }) => paragraph(text)),
    paragraph(
      `Of all records of the log\u2019s first ${entries}, ${those} what was asked for, as the index of the log ${checkpoint?.origin} has it. ${isWhole ? 'Nothing was left out, added or changed.' : 'Of what the index names nothing was left out, and nothing was added or changed.'}`,
    ),
    ...(signed.length === 0
      ? []
      : [
          paragraph(
            `${signed.length === 1 ? 'The key' : 'The keys'} ${signers} signed that state of the log, and with it the index.`,
          ),
        ]),
    paragraph(
      vouched.by === 'auditor'
        ? `That the index is right is the word of an auditor: the key ${shortKey(vouched.key)} signed ${vouched.report}, finished at ${utc(vouched.finished)}, and by it the whole index was made again from the segments.`
        : `That the index is right, and names all that it should, is the word of whoever signs the log, and of nobody else: ${vouched.why}.`,
    ),
    element('p', {}, element('strong', {}, 'As of when, and what is not proved')),
    element(
      'ul',
      {},
      ...limits(
        query,
        outcome,
        complete,
        witnesses.map(({ key, timestamp = 0 }) => seen(shortKey(key), timestamp)),
      ).map((text) => element('li', {}, untrusted(text))),
    ),
  ];
}

function seen(witness: string, timestamp: number): string {
  const time = timestamp < 8.64e12 ? new Date(timestamp * 1000).toISOString() : `second ${timestamp}`;
  return `The witness ${witness} states that it saw this checkpoint at ${time}.`;
}

function limits(
  query: Query,
  { checkpoint }: AnswerOutcome,
  complete: Complete,
  witnesses: readonly string[],
): string[] {
  const { index, statedAt, beside, reach } = complete;
  const { entry, time, sealed, unnamed, covers } = reach;
  const behind = (checkpoint?.size ?? 0) - index.entries;
  const hidden = beside === undefined ? 0 : beside.notJson + beside.noFields + beside.unindexed;
  return [
    ...(hidden === 0 ? [] : [`No field finds ${plural(hidden, 'record')}: see below. They may be what you look for.`]),
    ...(unnamed.length === 0 || query.to !== null
      ? []
      : [
          `The log\u2019s entry at the end of the index does not know ${listOf(unnamed)}: nothing says until when they are sealed.`,
        ]),
    ...(witnesses.length > 0 ? witnesses : ['No witness that you named states when the checkpoint existed.']),
    `The index reaches up to entry ${number(entry)}, which was made at ${utc(time)}; the log stated the index at ${utc(statedAt)}. Of the ${plural(behind, 'entry', 'entries')} behind it up to the checkpoint, and of all that came later, nothing is said.`,
    ...(covers === 'open' && sealed.length > 0
      ? [`${sealedUntil(sealed)}. What came in later may not be in the answer.`]
      : []),
    `What a field is, the rules say (version ${index.rules}; docs/fields.md). Who is named elsewhere in a record is not found by it.`,
    'Times are those at which records came in, as the event hub said, in UTC; nothing proves that these were right.',
    'What was never sent to the event hub is not in the log. Whether what a record says is true is another question.',
  ];
}
