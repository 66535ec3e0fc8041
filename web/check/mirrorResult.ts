import type { LedgerOutcome, PartitionCount } from '../verify/ledger/verifyLedger.ts';
import type { Unreadable } from '../verify/ledger/findings.ts';
import { code, element, untrusted } from './dom.ts';
import { showFindings } from './findings.ts';
import { showListing } from './listing.ts';
import type { Cell } from './listing.ts';
import { cut, facts, number, paragraph, part, plural, size } from './parts.ts';
import { status } from './result.ts';
import type { MirrorFiles } from './mirror.ts';

/** So many partitions, or files that can't be read, are shown first. */
const FIRST_ROWS = 200;

/** showLedger says what the check of a mirror found, what it did, and what it did not. */
export function showLedger({ name, reread }: MirrorFiles, outcome: LedgerOutcome): Node[] {
  const { findings, unreadable, partitions, notChecked } = outcome;
  return [
    verdict(name, outcome),
    ...(findings.length === 0 ? [] : [showFindings(outcome)]),
    ...(unreadable.length === 0 ? [] : [showUnread(unreadable, reread === undefined)]),
    ...(partitions.length === 0 ? [] : [showChains(partitions)]),
    part('facts', 'What was checked', facts(checkedOf(outcome))),
    part(
      'not',
      'What was not checked',
      element('ul', { id: 'not-checked' }, ...notChecked.map((text) => element('li', {}, untrusted(cut(text))))),
    ),
  ];
}

/** showNoFolder says why there is nothing to check. */
export const showNoFolder = (why: string): Node[] => [
  status(
    'unverified',
    'Unverified: the folder can\u2019t be read',
    paragraph(`The browser says: ${cut(why)}`),
    paragraph('Nothing was checked. Choose the folder in step 1, or drop it on this page again.'),
  ),
];

const showUnread = (unreadable: readonly Unreadable[], isListedOnce: boolean): HTMLElement =>
  showListing({
    id: 'unreadable',
    title: 'What could not be read',
    heads: ['Object', 'Why'],
    items: unreadable,
    first: unreadable.slice(0, FIRST_ROWS),
    rest: [`Not shown: ${plural(unreadable.length - FIRST_ROWS, 'more object')}.`],
    above: isListedOnce
      ? [
          paragraph(
            'A file that was changed, moved or removed after the folder was chosen can\u2019t be read either: choose the folder again to check it as it is now.',
          ),
        ]
      : [],
    row: ({ object, why }) => [code(cut(object)), untrusted(cut(why))],
  });

const showChains = (partitions: readonly PartitionCount[]): HTMLElement =>
  showListing({
    id: 'partitions',
    title: 'The chains',
    heads: ['Partition', 'Segments', 'Heartbeats', 'Records', 'Events', 'Stored', 'Newest segment of the chain'],
    items: partitions,
    first: partitions.slice(0, FIRST_ROWS),
    rest: [`Not shown: ${plural(partitions.length - FIRST_ROWS, 'more partition')}.`],
    above: [],
    row,
  });

function verdict(folder: string, outcome: LedgerOutcome): HTMLElement {
  const { findings, findingsOmitted, partitions, unreadable, log, hasKeys, ledger } = outcome;
  const count = findings.length + findingsOmitted;
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const segments = partitions.reduce((sum, partition) => sum + partition.segments, 0);
  const where = `Folder ${folder}, ledger ${cut(ledger ?? 'unknown')}.`;
  if (outcome.status === 'violated') {
    return status(
      'violated',
      `Not as it was sealed: ${count === 1 ? '1 finding' : `${number(count)} findings`}`,
      paragraph(where),
      paragraph('The table below names each object and what is wrong with it. docs/runbook.md says what to do first.'),
      ...(segments > 0
        ? []
        : [
            paragraph(
              'No segment was found: choose the folder that holds the folder segments, not one above or below.',
            ),
          ]),
      ...signers(outcome),
    );
  }
  if (outcome.status === 'unverified') {
    const why =
      segments === 0
        ? 'No segment was found: choose the folder that holds the folder segments.'
        : `${number(unreadable.length)} objects could not be read, so nothing is known of them.`;
    return status('unverified', 'Not checked', paragraph(where), paragraph(why));
  }
  const found =
    warnings === 0
      ? 'nothing was found wrong'
      : `nothing was found wrong but ${warnings === 1 ? 'one thing' : `${number(count)} things`} to look at, in the table below`;
  const whole = `Every record was hashed again, every chain followed, and ${found}.`;
  if (log === undefined) {
    const why =
      'The folder holds no log, so no signature vouches for it: who could write the folder could have made it all.';
    return status(
      'unverified',
      'It agrees with itself, but nothing is signed',
      paragraph(where),
      paragraph(whole),
      paragraph(why),
    );
  }
  if (!hasKeys) {
    return status(
      'unverified',
      'It agrees with itself, but nobody you named vouches for it',
      paragraph(where),
      paragraph(whole),
      ...cosigners(outcome),
      ...signers(outcome),
    );
  }
  const { head } = log;
  if (head === undefined) {
    const why = 'The log has no checkpoint yet, so no signature vouches for it.';
    return status(
      'unverified',
      'It agrees with itself, but nothing is signed',
      paragraph(where),
      paragraph(whole),
      paragraph(why),
    );
  }
  const signed = `Keys that you gave signed every one of the log's ${number(log.checkpoints)} checkpoints; the newest covers ${number(head.size)} entries, of a batch that says it was made at ${head.time}.`;
  return status('verified', 'Verified', paragraph(where), paragraph(whole), paragraph(signed), ...cosigners(outcome));
}

/** cosigners says which of the user's witnesses cosigned the newest checkpoint. */
function cosigners({ log }: LedgerOutcome): Node[] {
  if (log === undefined || log.cosignatures.keys === 0) return [];
  const { keys, newest } = log.cosignatures;
  const who = newest.length === 0 ? '' : `: ${newest.join(', ')}`;
  const said = `Of the ${number(keys)} witnesses whose keys you gave, ${number(newest.length)} cosigned the newest checkpoint${who}.`;
  return [
    paragraph(cut(said)),
    paragraph('This page demands no number of cosignatures: whether these are enough is yours to say.'),
  ];
}

/** signers names who the checkpoints say they are by, where that decides. */
function signers({ signers: names, hasKeys, findings }: LedgerOutcome): Node[] {
  if (names.length === 0) return [];
  const isWrong = hasKeys && findings.some(({ code: name }) => name === 'checkpoint-invalid');
  if (hasKeys && !isWrong) return [];
  return [
    paragraph('The checkpoints say that they are signed by:'),
    element('ul', {}, ...names.map((name) => element('li', {}, code(cut(name))))),
    paragraph(
      "That is a claim. A name or a key that comes from the folder itself, be it one that its log announces, proves nothing about who signed. Get the log's verifier key from its operator or an auditor, paste it in step 2, and check again.",
    ),
  ];
}

function row({ partition, segments, heartbeats, records, events, storedBytes, head }: PartitionCount): Cell[] {
  const newest = head === undefined ? 'None' : `Index ${head.index}, root ${head.root}`;
  return [
    partition,
    number(segments),
    number(heartbeats),
    number(records),
    number(events),
    size(storedBytes),
    code(newest),
  ];
}

/** keysOf says who signed, and whose word it is that these are the log's keys. */
function keysOf({ log, hasKeys, auditors }: LedgerOutcome): [string, string][] {
  const auditor: [string, string] = ['Reports signed by', auditors.join(', ') || 'nobody whose key you gave'];
  if (log === undefined) return [auditor];
  const who = log.signedBy.join(', ') || 'nobody who is trusted';
  const whose = hasKeys || log.signedBy.length === 0 ? '' : ', by keys that were taken from the ledger itself';
  return [
    ['Checkpoints signed by', `${who}${whose}`],
    ['Keys that the ledger announces', log.announced.join(' ') || 'none'],
    auditor,
  ];
}

/** checkedOf says what the check did, in numbers, and whom it went by. */
function checkedOf(outcome: LedgerOutcome): [string, string][] {
  const { partitions, lineBytes, log, anchor } = outcome;
  const sum = (of: (partition: PartitionCount) => number): number => partitions.reduce((sum, it) => sum + of(it), 0);
  return [
    [
      'Segments',
      `${number(sum((it) => it.segments))}, ${number(sum((it) => it.records))} records, ${size(sum((it) => it.storedBytes))} stored, ${size(lineBytes)} of lines`,
    ],
    ...(log === undefined
      ? []
      : ([
          [
            'Log',
            `${number(log.entries)} entries in ${number(log.batches)} batches; ${number(log.compared)} compared with their objects`,
          ],
          [
            'Checkpoints',
            `${number(log.checkpoints)} compared with the tree; ${number(log.signatures)} with a verified signature`,
          ],
          [
            'Cosignatures',
            `${number(log.cosignatures.verified)} verified with keys that you gave; ${number(log.cosignatures.notChecked)} not verified`,
          ],
          ['Tiles', `${number(log.tiles)} compared`],
          [
            'Newest checkpoint',
            log.head === undefined ? 'none' : `over ${number(log.head.size)} entries, root ${log.head.root}`,
          ],
        ] satisfies [string, string][])),
    ...keysOf(outcome),
    ['Earlier report', anchor ?? 'none that an auditor whose key you gave signed'],
  ];
}
