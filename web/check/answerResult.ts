import type { AnswerOutcome, AnswerStep, Complete, FoundRecord, Way } from '../verify/answer/checkAnswer.ts';
import { Fault } from '../verify/fault.ts';
import { parseNote } from '../verify/note.ts';
import { shortKey } from '../verify/verifierKey.ts';
import { answerVerdict } from './answerVerdict.ts';
import type { ShownAnswer } from './answerVerdict.ts';
import { code, element, untrusted } from './dom.ts';
import { fold } from './fold.ts';
import { showListing } from './listing.ts';
import { cut, facts, items, number, paragraph, part, plural } from './parts.ts';
import type { Fact } from './parts.ts';
import { STATES, sentence } from './path.ts';
import type { Trust } from './path.ts';
import { plainSentence } from './plainWords.ts';
import { lineFile, showLine } from './record.ts';

/** So many records, and values of a field, are shown first. */
const FIRST_ROWS = 100;
const FIRST_VALUES = 50;
/** So many characters of a record's line are shown before it is opened. */
const BEGINNING = 200;

/** showAnswer says what an answer proves, shows what it found, and how that was checked. */
export function showAnswer(answer: ShownAnswer, outcome: AnswerOutcome, trust: Trust, logKeys: number): HTMLElement[] {
  const { complete } = outcome;
  const isProved = complete !== undefined && outcome.fault === undefined && trust === 'user';
  return [
    answerVerdict(answer, outcome, trust, logKeys),
    part(
      'query',
      'What was asked for',
      paragraph(
        'So says the file. Compare it with what you asked: an answer to another question proves another thing.',
      ),
      facts(queryOf(answer)),
    ),
    ...(complete === undefined ? [] : [...showFound(complete, isProved), ...showBeside(complete)]),
    part(
      'steps',
      'How it was checked',
      element('ul', { class: 'steps' }, ...outcome.steps.map((it) => step(it, outcome.fault !== undefined))),
    ),
    ...(complete === undefined ? [] : [showLogJoins(outcome, complete)]),
    ...(isProved ? [part('facts', 'What was checked', facts(factsOf(outcome, complete)))] : []),
    showClaims(answer),
  ];
}

/** Letters of other scripts, and signs that hardly show, can look like those that were meant. */
const ODD =
  'It has characters beyond ASCII: what looks the same may be something else. Ask with the plain letters too.';

function queryOf({ query: { from, to, partitions, terms } }: ShownAnswer): Fact[] {
  const values = (all: readonly string[]): Node => {
    const shown = all.slice(0, FIRST_VALUES).map((value) => code(cut(value)));
    const more = all.length - shown.length;
    return element(
      'span',
      {},
      ...shown.flatMap((value, i) => (i === 0 ? [value] : [' or ', value])),
      ...(more > 0 ? [` or one of ${plural(more, 'more value')}`] : []),
      ...(all.some((value) => /[^ -~]/.test(value)) ? [element('br', {}), element('strong', {}, ODD)] : []),
    );
  };
  return [
    ['Came in from', from ?? 'the beginning'],
    ['Came in before', to ?? 'the end'],
    ['Partitions', partitions === null ? 'all' : partitions.join(', ')],
    ...(terms.length === 0
      ? ([['Fields', 'none: all records']] satisfies Fact[])
      : terms.map(({ field, values: all }, i): Fact => [i === 0 ? field : `and ${field}`, values(all)])),
  ];
}

function showFound({ found }: Complete, isProved: boolean): HTMLElement[] {
  const [inside, outside] = [found.filter((it) => it.isInside), found.filter((it) => !it.isInside)];
  const claimed = isProved ? '' : ', as the file claims them';
  return [
    ...(inside.length === 0
      ? [part('found', 'The records', paragraph('None.'))]
      : [showRecords('found', `The records${claimed}`, inside, [])]),
    ...(outside.length === 0
      ? []
      : [
          showRecords('outside', `Not found: outside of the interval${claimed}`, outside, [
            paragraph(
              `An interval is answered by whole segments. ${outside.length === 1 ? 'This record is in one that reaches into it, and came in outside of it' : 'These records are in some that reach into it, and came in outside of it'}: not counted above.`,
            ),
          ]),
        ]),
  ];
}

const showRecords = (id: string, title: string, items: readonly FoundRecord[], above: readonly Node[]): HTMLElement =>
  showListing({
    id,
    title,
    heads: ['Record', 'Came in', 'Segment', 'Entry of the log'],
    items,
    first: items.slice(0, FIRST_ROWS),
    rest: [
      `Not shown or printed: ${plural(items.length - FIRST_ROWS, 'more record')} of ${number(items.length)}. All of them are in the file that was checked.`,
    ],
    above: [
      ...above,
      paragraph(
        `${plural(items.length, 'record')}. Of a long one, its line is printed as far as shown here, which says how much is left out; all of it is in the file. Open a line on the page to print all of it.`,
      ),
    ],
    row: ({ partition, record, enqueued, segment, entry }) => [
      `${number(record)} of partition ${partition}`,
      code(enqueued),
      code(segment),
      number(entry),
    ],
    below: (record) => element('div', {}, ...words(record), expandable(record), ...joinsOf(record)),
  });

/** words is who, what and when, as the record says. */
function words({ line }: FoundRecord): HTMLElement[] {
  const said = plainSentence(line);
  return said.length === 0
    ? []
    : [element('p', { class: 'words' }, ...said.flatMap((it, i) => (i === 0 ? [it] : [' \u00b7 ', it])))];
}

const joinsOf = ({ way, root, segment, entry }: FoundRecord): HTMLElement[] =>
  way === undefined
    ? [element('p', { class: 'small' }, 'The joins of its proof are not printed: they are in the file.')]
    : [
        fold(
          'The joins of its proof',
          showWay(
            way,
            'The hash of its line, SHA-256(0x00 \u2016 line)',
            `the root of ${segment}, which entry ${number(entry)} of the log states`,
            root,
          ),
        ),
      ];

/** showWay writes how a leaf leads to a root, a row for each join: one text, because an answer may have very many. */
const showWay = ({ leaf, path }: Way, first: string, last: string, root: string): HTMLElement => {
  const rows = path.map(({ sibling, side, parent }) => `with ${sibling} on the ${side} it gives ${parent}`);
  return element('p', { class: 'way' }, [`${first}: ${leaf}`, ...rows, `${root} is ${last}.`].join('\n'));
};

/** showLogJoins says how each entry that the answer needs leads to the root that is signed. */
function showLogJoins({ checkpoint }: AnswerOutcome, { inLog, entriesInLog, terms, index }: Complete): HTMLElement {
  const root = checkpoint?.rootHash ?? '';
  return part(
    'joins',
    'From the entries of the log to the signature',
    paragraph(
      `Each entry has the leaf hash SHA-256(0x00 \u2016 entry). Joined with the hashes of other entries, each time as SHA-256(0x01 \u2016 left \u2016 right), it gives the root ${root}, which the signed checkpoint states over ${plural(checkpoint?.size ?? 0, 'entry', 'entries')}.`,
    ),
    paragraph(
      `The heads state the SHA-256 of the index\u2019s manifest, ${index.manifest}, and the manifest the root of each of its units. To these lead ${plural(terms, 'proof')} of terms and of their absence. They were redone, and aren\u2019t printed: they are in the file.`,
    ),
    ...(entriesInLog > inLog.length
      ? [
          paragraph(
            `Of ${plural(entriesInLog, 'entry', 'entries')} the first ${number(inLog.length)} are shown; the joins of the others are in the file.`,
          ),
        ]
      : []),
    fold(
      `The joins of ${plural(inLog.length, 'entry', 'entries')}`,
      ...inLog.map((place) =>
        showWay(place, `Entry ${number(place.index)}, of ${place.what}`, 'the root of the log', root),
      ),
    ),
  );
}

/** expandable shows how a record's line begins, and lays it out when it is opened: an answer may have very many. */
function expandable({ line, partition, record }: FoundRecord): HTMLElement {
  const more = line.length - BEGINNING;
  const begins = more > 0 ? `${line.slice(0, BEGINNING)} \u2026 (${plural(more, 'more character')})` : line;
  const shown = element('details', {}, element('summary', {}, 'All of the record\u2019s line'));
  const name = { file: lineFile(partition, record), place: 'in the file that was checked, among its records' };
  const lay = (): void => {
    if (shown.childElementCount === 1) shown.append(...showLine(line, {}, name));
  };
  shown.addEventListener('toggle', lay, { once: true });
  return element('div', {}, element('p', { class: 'begins' }, code(begins)), shown);
}

function showBeside({ beside, looked }: Complete): HTMLElement[] {
  if (beside === undefined) return [];
  const { notJson, noFields, unindexed } = beside;
  return [
    part(
      'beside',
      'What no field finds',
      paragraph(
        `${plural(looked.records, 'record')} of ${plural(looked.segments, 'segment')} are in the parts of the index that reach into the interval, of all partitions. These of them can\u2019t be found by fields, whatever they say:`,
      ),
      facts([
        ['Not JSON', plural(notJson, 'record')],
        ['JSON without a field', plural(noFields, 'record')],
        ['Outside of every field\u2019s index', plural(unindexed, 'record')],
      ]),
    ),
  ];
}

const FITS = { tone: 'plain', word: '\u2713 fits so far' } as const;

/** What holds if a step does. */
const HOLDS: Readonly<Record<AnswerStep['name'], string>> = {
  signature: 'A key that was given signed the checkpoint.',
  log: 'The entry that states the index, the one that it ends with, and those of all segments with a record here, lead to the root of the log.',
  index:
    'The index is the one that the log states, and its units cover the entries from the first to its end without hole or overlap.',
  units: 'Each unit that reaches into the interval is here, and no other.',
  terms:
    'Each term leads to the root of its unit; what a unit has not is shown by two neighbours, between which it would stand.',
  records: 'The records are those that the terms name, each once, and no other.',
  lines: 'Each record\u2019s line leads to the root of its segment, and has the seal of its place.',
};

/** Where an answer is refuted, what holds of it is shown without the colour of what is proved. */
function step({ name, state, why }: AnswerStep, isRefuted: boolean): HTMLElement {
  const { tone, word } = isRefuted && state === 'holds' ? FITS : STATES[state];
  const words = { holds: HOLDS[name], fails: sentence(why), open: `Would say: ${HOLDS[name]}` }[state];
  return element(
    'li',
    { class: tone, 'data-step': name, 'data-state': state },
    element('span', { class: 'badge' }, word),
    untrusted(words),
  );
}

function factsOf({ checkpoint, signed }: AnswerOutcome, { index, statedAt, looked, reach, vouched }: Complete): Fact[] {
  return [
    ['Log', code(cut(checkpoint?.origin ?? ''))],
    ['Checkpoint', `over ${plural(checkpoint?.size ?? 0, 'entry', 'entries')}, root ${checkpoint?.rootHash}`],
    ['Signed by', signed.map(({ key }) => shortKey(key)).join(', ')],
    [
      'Index',
      `of the first ${plural(index.entries, 'entry', 'entries')}, stated at ${statedAt}, by rules ${index.rules}`,
    ],
    ['The last of these entries was made at', reach.time],
    ['All of what was asked for was sealed until', reach.until],
    ['SHA-256 of its manifest', code(index.manifest)],
    [
      'Units that reach into the interval',
      `${number(looked.units)}, with ${plural(looked.segments, 'segment')} and ${plural(looked.records, 'record')}`,
    ],
    [
      'Auditor\u2019s report of the index',
      vouched.by === 'auditor'
        ? `${vouched.report}, finished at ${vouched.finished}, signed by ${shortKey(vouched.key)}`
        : `none that counts: ${vouched.why}`,
    ],
  ];
}

/** showClaims is what only the file says. */
function showClaims({ checkpoint, verifierKeys }: ShownAnswer): HTMLElement {
  return part(
    'claims',
    'What the file claims',
    paragraph('Nothing in this list is proved: whoever made the file could write anything here.'),
    facts([
      [
        'Who signed the checkpoint, by its signature lines',
        items(namedSigners(checkpoint).map((text) => code(cut(text)))),
      ],
      ['Keys that the file carries', items(verifierKeys.map((text) => code(cut(text))))],
    ]),
  );
}

function namedSigners(checkpoint: string): string[] {
  try {
    return parseNote(checkpoint).signatures.map(shortKey);
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}
