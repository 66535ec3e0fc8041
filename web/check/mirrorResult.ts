import type { LedgerOutcome, PartitionCount } from '../verify/ledger/verifyLedger.ts';
import { code, element, untrusted } from './dom.ts';
import { paragraph, status } from './result.ts';

const MAX_ROWS = 200;
const MAX_TEXT = 400;

const number = (count: number): string => count.toLocaleString('en');

/** size prints a number of bytes for people. */
export function size(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  const unit = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** showLedger says what the check of a mirror found, what it did, and what it did not. */
export function showLedger(folder: string, outcome: LedgerOutcome): Node[] {
  const { findings, findingsOmitted, unreadable, partitions } = outcome;
  return [
    verdict(folder, outcome),
    ...(findings.length === 0
      ? []
      : [
          table(
            'findings',
            'What was found',
            ['Finding', 'Object', 'Why'],
            findings.map(({ code: name, severity, object, detail }) => [
              name,
              code(cut(object)),
              untrusted(`${severity === 'warning' ? 'A warning: ' : ''}${cut(detail)}`),
            ]),
            findingsOmitted,
          ),
        ]),
    ...(unreadable.length === 0
      ? []
      : [
          table(
            'unreadable',
            'What could not be read',
            ['Object', 'Why'],
            unreadable.map(({ object, why }) => [code(cut(object)), untrusted(cut(why))]),
          ),
        ]),
    ...(partitions.length === 0
      ? []
      : [
          table(
            'partitions',
            'The chains',
            ['Partition', 'Segments', 'Heartbeats', 'Records', 'Events', 'Stored', 'Followed up to'],
            partitions.map(row),
          ),
        ]),
    facts(outcome),
    element(
      'section',
      { class: 'part', 'aria-labelledby': 'not-title' },
      element('h2', { id: 'not-title' }, 'What was not checked'),
      element(
        'ul',
        { id: 'not-checked' },
        ...outcome.notChecked.map((text) => element('li', {}, untrusted(cut(text)))),
      ),
    ),
  ];
}

const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)} …` : text);

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
  const upTo = head === undefined ? 'no segment of the chain' : `index ${head.index}, root ${head.root}`;
  return [
    partition,
    number(segments),
    number(heartbeats),
    number(records),
    number(events),
    size(storedBytes),
    code(upTo),
  ];
}

type Cell = string | Node;

/** On a narrow screen the parts of a table are laid out as blocks; their roles keep them a table for screen readers. */
function table(id: string, title: string, heads: readonly string[], rows: readonly Cell[][], omitted = 0): HTMLElement {
  const left = rows.length - MAX_ROWS + omitted;
  return element(
    'section',
    { class: 'part', 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title` }, title),
    element(
      'table',
      { id, role: 'table' },
      element(
        'thead',
        { role: 'rowgroup' },
        element(
          'tr',
          { role: 'row' },
          ...heads.map((head) => element('th', { scope: 'col', role: 'columnheader' }, head)),
        ),
      ),
      element(
        'tbody',
        { role: 'rowgroup' },
        ...rows
          .slice(0, MAX_ROWS)
          .map((cells) =>
            element(
              'tr',
              { role: 'row' },
              ...cells.map((cell, i) => element('td', { role: 'cell', 'data-head': heads[i] ?? '' }, cell)),
            ),
          ),
      ),
    ),
    ...(left > 0 && rows.length + omitted > MAX_ROWS
      ? [element('p', { class: 'soft small' }, `And ${number(left)} more.`)]
      : []),
  );
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

function facts(outcome: LedgerOutcome): HTMLElement {
  const { partitions, lineBytes, log, anchor } = outcome;
  const sum = (of: (partition: PartitionCount) => number): number => partitions.reduce((sum, it) => sum + of(it), 0);
  const all: [string, string][] = [
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
  return element(
    'section',
    { class: 'part', 'aria-labelledby': 'facts-title' },
    element('h2', { id: 'facts-title' }, 'What was checked'),
    element(
      'dl',
      { class: 'facts' },
      ...all.map(([name, value]) =>
        element('div', {}, element('dt', {}, name), element('dd', {}, untrusted(cut(value)))),
      ),
    ),
  );
}
