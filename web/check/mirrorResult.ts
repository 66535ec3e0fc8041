import type { IntervalCounts } from '../verify/ledger/checked.ts';
import type { PartitionCount } from '../verify/ledger/counts.ts';
import type { LedgerOutcome } from '../verify/ledger/verifyLedger.ts';
import type { Unreadable } from '../verify/ledger/findings.ts';
import { code, element, untrusted } from './dom.ts';
import { showFindings } from './findings.ts';
import { showListing } from './listing.ts';
import type { Cell } from './listing.ts';
import { cut, facts, items, number, paragraph, part, plural, size } from './parts.ts';
import type { Fact } from './parts.ts';
import { NO_SEGMENT, mirrorVerdict } from './mirrorVerdict.ts';
import { status } from './result.ts';
import { sayWrongFolder } from './wrongFolder.ts';
import type { MirrorFiles } from './mirror.ts';

/** So many partitions, or files that can't be read, are shown first. */
const FIRST_ROWS = 200;

/** showLedger says what the check of a mirror found, what it did, and what it did not. */
export function showLedger({ name, reread }: MirrorFiles, outcome: LedgerOutcome): HTMLElement[] {
  const { findings, unreadable, partitions, notChecked } = outcome;
  return [
    mirrorVerdict(name, outcome),
    ...(findings.length === 0 ? [] : [showFindings(outcome)]),
    ...(unreadable.length === 0 ? [] : [showUnread(unreadable, reread === undefined)]),
    ...(partitions.length === 0 ? [] : [showChains(outcome)]),
    part('facts', 'What was checked', facts(checkedOf(outcome))),
    part(
      'not',
      'What was not checked',
      element('ul', { id: 'not-checked' }, ...notChecked.map((text) => element('li', {}, untrusted(text)))),
    ),
  ];
}

/** showNoFolder says why there is nothing to check. */
export const showNoFolder = (why: string): HTMLElement[] => [
  status(
    'unverified',
    'Unverified: the folder can\u2019t be read',
    'unverified',
    paragraph(`The browser says: ${cut(why)}`),
    paragraph('Nothing was checked. Choose the folder in step 1, or drop it on this page again.'),
  ),
];

/** showNoMirror says that a folder has nothing of a ledger, and where a mirror is if it is near. */
export function showNoMirror(folder: MirrorFiles): HTMLElement[] {
  const { name, files } = folder;
  const where = sayWrongFolder(folder);
  return [
    status(
      'unverified',
      where === undefined
        ? 'Not checked: nothing in this folder is of a ledger'
        : 'Not checked: this is the wrong folder',
      'unverified',
      element('p', {}, 'The folder ', code(cut(name)), `, with ${plural(files.length, 'file')}.`),
      where ?? paragraph(NO_SEGMENT),
      paragraph('Nothing is proved, and nothing is refuted.'),
    ),
  ];
}

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

const showChains = ({ partitions, interval }: LedgerOutcome): HTMLElement =>
  showListing({
    id: 'partitions',
    title: 'The chains',
    heads: [
      'Partition',
      'Segments',
      'Heartbeats',
      'Records',
      'Events',
      'Stored',
      interval === undefined ? 'Newest segment of the chain' : 'Of the interval',
    ],
    items: partitions,
    first: partitions.slice(0, FIRST_ROWS),
    rest: [`Not shown: ${plural(partitions.length - FIRST_ROWS, 'more partition')}.`],
    above: [],
    row: (count) => row(count, interval),
  });

function row(
  { partition, segments, heartbeats, records, events, storedBytes, head }: PartitionCount,
  interval: IntervalCounts | undefined,
): Cell[] {
  const last = head === undefined ? 'None' : `Index ${head.index}, root ${head.root}`;
  const newest = interval === undefined ? last : spanIn(interval, partition);
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

/** spanIn says which segments of a partition are of an interval, and until when it is sealed. */
function spanIn({ partitionsIn }: IntervalCounts, partition: string): string {
  const { span, sealed = '' } = partitionsIn.find((one) => one.partition === partition) ?? {};
  const which = span === undefined ? 'None' : `Index ${span[0]} to ${span[1]}`;
  return `${which}; ${sealed === '' ? 'nothing is sealed' : `sealed until ${sealed}`}`;
}

/** keysOf says who signed, and whose word it is that these are the log's keys. */
function keysOf({ log, hasKeys, auditors }: LedgerOutcome): Fact[] {
  const auditor: Fact = ['Reports signed by', auditors.join(', ') || 'nobody whose key you gave'];
  if (log === undefined) return [auditor];
  const who = log.signedBy.join(', ') || 'nobody who is trusted';
  const whose = hasKeys || log.signedBy.length === 0 ? '' : ', by keys that were taken from the ledger itself';
  return [
    ['Checkpoints signed by', `${who}${whose}`],
    ['Keys that the ledger announces', items(log.announced.map((key) => code(key)))],
    auditor,
  ];
}

/** checkedOf says what the check did, in numbers, and whom it went by. */
function checkedOf(outcome: LedgerOutcome): Fact[] {
  const { partitions, lineBytes, log, anchor } = outcome;
  const sum = (of: (partition: PartitionCount) => number): number => partitions.reduce((sum, it) => sum + of(it), 0);
  return [
    [
      'Hashed again',
      `${plural(
        sum((it) => it.segments),
        'segment',
      )}, ${plural(
        sum((it) => it.records),
        'record',
      )}, ${size(sum((it) => it.storedBytes))} stored, ${size(lineBytes)} of lines`,
    ],
    ...(log === undefined
      ? []
      : ([
          [
            'Log',
            `${plural(log.entries, 'entry', 'entries')} in ${plural(log.batches, 'batch', 'batches')}; ${number(log.compared)} compared with their objects`,
          ],
          [
            'Checkpoints',
            `${number(log.checkpoints)} compared with the tree; ${plural(log.signatures, 'signature')} verified`,
          ],
          [
            'Cosignatures',
            `${number(log.cosignatures.verified)} verified with keys that you gave; ${number(log.cosignatures.notChecked)} not verified`,
          ],
          ['Tiles', `${number(log.tiles)} compared`],
          [
            'Newest checkpoint',
            log.head === undefined
              ? 'none'
              : `over ${plural(log.head.size, 'entry', 'entries')}, root ${log.head.root}`,
          ],
        ] satisfies Fact[])),
    ...keysOf(outcome),
    ...(outcome.interval === undefined
      ? ([['Earlier report', anchor ?? 'none that an auditor whose key you gave signed']] satisfies Fact[])
      : []),
  ];
}
