import type { Outcome, Step } from '../verify/checkEvidence.ts';
import type { Evidence } from '../verify/evidence.ts';
import { Fault } from '../verify/fault.ts';
import { parseNote, parseTlogProof } from '../verify/note.ts';
import { shortKey } from '../verify/verifierKey.ts';
import { code, drawing, element, untrusted } from './dom.ts';
import { cut, facts, items, paragraph, part, plural } from './parts.ts';
import type { Fact } from './parts.ts';
import { sentence, showPath } from './path.ts';
import type { Trust } from './path.ts';
import { plainWords } from './plainWords.ts';
import { isShownWhole, lineFile, showRecord } from './record.ts';
import { whatFile } from './whatFile.ts';

/** SIGNS differ in outline and in what is inside, not in colour alone. */
const SIGNS = {
  verified: ['M24 3a21 21 0 1 0 .01 0z', 'M14.5 24.5l6.5 6.5 12.5-14'],
  violated: ['M15.5 3.5h17l12 12v17l-12 12h-17l-12-12v-17z', 'M17 17l14 14M31 17L17 31'],
  unverified: ['M24 2.5L45.5 24 24 45.5 2.5 24z', 'M18.5 19c.5-7 11-7 11 0 0 4-5.5 4-5.5 8M24 33.5v.1'],
  beside: ['M24 3L46 43H2z', 'M24 17v13M24 36.5v.1'],
  stated: ['M5 5h38v38H5z', 'M14.5 24.5l6.5 6.5 12.5-14'],
} as const;

/** status is the verdict: what the check gave, a title with a sign, and what it means. */
export const status = (
  given: 'verified' | 'stated' | 'violated' | 'unverified' | 'incomplete',
  title: string,
  tone: keyof typeof SIGNS,
  ...content: Node[]
): HTMLElement =>
  element(
    'section',
    { class: `status ${tone}`, id: 'status', 'data-status': given, tabindex: '-1', 'aria-labelledby': 'verdict' },
    element('h2', { id: 'verdict' }, drawing(SIGNS[tone]), title),
    ...content,
  );

/** showUnreadable says why a file could not be taken as evidence or an answer: that proves nothing, and refutes nothing. */
export function showUnreadable(name: string, { code: fault, message }: Fault, bytes?: Uint8Array): HTMLElement[] {
  const known = bytes && whatFile(bytes);
  const not = fault === 'ANSWER_MALFORMED' ? 'no answer' : 'not evidence';
  return [
    status(
      'unverified',
      known === undefined
        ? `Not checked: this file is ${not} as this page knows it`
        : `Not checked: this file is ${known.is}`,
      'unverified',
      element('p', {}, code(cut(name)), `: ${message}.`),
      ...(known === undefined ? [] : [paragraph(known.instead)]),
      paragraph(
        `Nothing is proved, and nothing is refuted.${known === undefined ? ' Ask for the file again, and have it sent unchanged, for example in a ZIP file.' : ''}`,
      ),
      element('p', { class: 'soft small' }, `Fault code: ${fault}.`),
    ),
  ];
}

/** showUnread says why the browser gave no bytes of a file. */
export const showUnread = (name: string, why: string): HTMLElement[] => [
  status(
    'unverified',
    'Not checked: the file can\u2019t be read',
    'unverified',
    element('p', {}, code(cut(name)), ': the browser says: ', untrusted(cut(why))),
    paragraph('Nothing was checked. Choose the file again in step 1, or drop it on this page.'),
  ),
];

/** showOutcome says what the evidence proves, draws how, and shows the record. */
export function showOutcome(evidence: Evidence, outcome: Outcome, trust: Trust, keyCount: number): HTMLElement[] {
  const isProved = outcome.fault === undefined && trust === 'user';
  const claimed = isProved ? '' : ', which is not proved';
  return [
    verdict(evidence, outcome, trust, keyCount),
    part(
      'words',
      `Who, what and when${claimed}`,
      paragraph(
        'Read from the record itself, with the members that say so. Whether what it says is true is another question.',
      ),
      facts([...plainWords(evidence.line), ...placeOf(outcome)]),
    ),
    showPath(outcome, trust),
    ...(isProved ? [part('facts', 'What was checked', facts(factsOf(outcome)))] : []),
    showClaims(evidence, outcome, isProved),
    showRecord(evidence.line, isProved, lineFile(outcome.entry?.partition, outcome.seal?.record)),
  ];
}

/** What it means for the user if a step is the first that fails. */
const MEANS: Readonly<Record<Step['name'], string>> = {
  segment: 'The record shown below is not the one that was sealed at this place: it, or its proof, was changed.',
  place: 'The record shown below does not belong at the place that this file gives it.',
  log: 'The segment that this file speaks of is not in the log at this place, as far as this file can show.',
  signature:
    'All else fits, but only a signature by a key that you trust makes it evidence. Compare the names and IDs of your keys with those of the signature lines, listed below under \u201cWhat the file claims\u201d; if they are the same, this checkpoint is not by that log.',
};

function verdict(evidence: Evidence, outcome: Outcome, trust: Trust, keyCount: number): HTMLElement {
  const { verifierKeys } = evidence;
  const { fault } = outcome;
  const failing = outcome.steps.filter(({ state }) => state !== 'holds').map(({ name }) => name);
  if (fault === undefined) {
    const proved = [paragraph(claim(outcome, evidence.line)), ...limits(outcome)];
    if (trust === 'user') {
      return status(
        'verified',
        'Proved',
        'verified',
        ...proved.slice(0, 1),
        paragraph(signers(outcome, trust)),
        ...proved.slice(1),
      );
    }
    return status(
      'unverified',
      'It agrees with itself, but nobody you named vouches for it',
      'unverified',
      paragraph(signers(outcome, trust)),
      element('ul', {}, ...verifierKeys.map((key) => element('li', {}, code(key)))),
      paragraph('If your own source gives the same key, paste it in step 2. Then this would be proved:'),
      ...proved,
    );
  }
  if (keyCount === 0 && failing.join() === 'signature') {
    return status(
      'unverified',
      trust === 'user' ? 'Not proved: nothing that you gave is a key' : 'Not proved yet: a key is missing',
      'unverified',
      paragraph(
        trust === 'user'
          ? 'The record leads to the checkpoint, but no line in step 2 is a verifier key: what was typed there is said above, with what is wrong with it.'
          : 'The record leads to the checkpoint, but the file carries no key and you gave none.',
      ),
      paragraph("Paste the log's verifier key in step 2."),
    );
  }
  return status(
    'violated',
    'Not proved',
    'violated',
    paragraph(MEANS[outcome.steps.find(({ state }) => state === 'fails')?.name ?? 'signature']),
    paragraph(sentence(fault.message)),
    paragraph('The way from the record to the signature, below, shows which steps fit and which fail.'),
    element('p', { class: 'soft small' }, `Fault code: ${fault.code}.`),
  );
}

const claim = ({ seal, entry, entryIndex, checkpoint }: Outcome, line: string): string =>
  `Record ${seal?.record} of partition ${entry?.partition} stands in the log ${checkpoint?.origin} exactly ` +
  `${isShownWhole(line) ? 'as shown below' : 'as the file has it, of which a part is shown below, with ways to the rest'}: ` +
  `not a byte of it was changed since. It is in ${entry?.name}, entry ${entryIndex} of the log's ${plural(checkpoint?.size ?? 0, 'entry', 'entries')} ` +
  'at the time of the checkpoint.';

function signers({ signed }: Outcome, trust: Trust): string {
  const names = signed.map(({ key }) => shortKey(key)).join(' and ');
  return trust === 'user'
    ? `${signed.length === 1 ? 'The key' : 'The keys'} ${names}, which you gave, signed that state of the log.`
    : `${signed.length === 1 ? 'The only key that fits comes' : 'The only keys that fit come'} from the file itself: ${names}. That is a claim, not a proof; anyone can put a key into a file.`;
}

function limits({ seal, checkpoint, witnesses }: Outcome): Node[] {
  const seen = witnesses.map(({ key, timestamp = 0 }) => {
    const time = timestamp < 8.64e12 ? new Date(timestamp * 1000).toISOString() : `second ${timestamp}`;
    return `The witness ${shortKey(key)} states that it saw this checkpoint at ${time}.`;
  });
  return [
    element('p', {}, element('strong', {}, 'As of when, and what is not proved')),
    element(
      'ul',
      {},
      ...[
        ...(seen.length > 0 ? seen : ['No witness that you named states when the checkpoint existed.']),
        `The checkpoint covers the log's first ${plural(checkpoint?.size ?? 0, 'entry', 'entries')} and states no time of its own.`,
        `The time ${seal?.enqueued} at which the record came in is what the event hub said. It can't have been altered since, but nothing proves that it was right.`,
        'Whether what the record says is true, and which other records there are, is another question.',
      ].map((text) => element('li', {}, untrusted(text))),
    ),
  ];
}

/** placeOf is where the record stands, by its seal and the log's entry. */
const placeOf = ({ seal, entry }: Outcome): Fact[] => [
  ['Place', seal === undefined ? 'unknown' : `record ${seal.record} of partition ${entry?.partition ?? 'unknown'}`],
  ['Came in, as the event hub said', seal?.enqueued ?? 'unknown'],
];

/** factsOf is what the record and the log's entry say of themselves: facts if they are proved, else claims. */
const factsOf = ({ seal, entry, checkpoint }: Outcome): Fact[] =>
  Object.entries({
    Log: checkpoint?.origin,
    Segment: entry?.name,
    Record: seal && `number ${seal.record} of partition ${entry?.partition ?? 'unknown'}`,
    Event: seal && `sequence number ${seal.event}, record ${seal.index} within it`,
    'Came in, as the event hub said': seal?.enqueued,
    'Segment as stored, as the log states it': entry && `${plural(entry.size, 'byte')}, SHA-256 ${entry.sha256}`,
  }).map(([name, value]) => [name, value === undefined ? 'unknown' : code(cut(value))]);

/** showClaims is what only the file says, apart from what was checked. */
function showClaims(evidence: Evidence, outcome: Outcome, isProved: boolean): HTMLElement {
  const list = (texts: readonly string[]): Node | string => items(texts.map((text) => code(text)));
  return part(
    'claims',
    'What the file claims',
    paragraph('Nothing in this list is proved: whoever made the file could write anything here.'),
    facts([
      ...(isProved ? [] : factsOf(outcome)),
      ['Who signed the checkpoint, by its signature lines', list(namedSigners(evidence))],
      ['Keys that the file carries', list(evidence.verifierKeys)],
    ]),
  );
}

/** namedSigners gives the names and key IDs in the signature lines, whoever made them; none if they can't be read. */
function namedSigners({ proof }: Evidence): string[] {
  try {
    const { signatures } = parseNote(parseTlogProof(proof).checkpoint);
    return signatures.map(({ keyName, keyId }) => shortKey({ keyName, keyId }));
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}
