import type { LedgerOutcome } from '../verify/ledger/verifyLedger.ts';
import type { IntervalCounts } from '../verify/ledger/checked.ts';
import { SLICE, holds as hasAll, isSameInterval } from '../verify/ledger/slice.ts';
import type { Interval, Slice } from '../verify/ledger/slice.ts';
import { isKnownName } from '../verify/ledger/names.ts';
import { code, element } from './dom.ts';
import { countFound } from './findings.ts';
import { BY_THE_HUB, describeInterval } from './interval.ts';
import { cut, number, paragraph, plural } from './parts.ts';
import { status } from './result.ts';

/** NO_SEGMENT says what to choose where no segment was found. */
export const NO_SEGMENT =
  'No segment was found: choose the folder that holds the folder segments, not one above or below it.';

const NO_SEGMENT_IN =
  'The log in the folder, if it is one that counts, has no segment of this interval: compare it with the one that you should have, and note that what happened then may have come to the hub later.';

/** mirrorVerdict is what is to be thought of a mirror, by the status that the check gives and by whose keys were given. */
export function mirrorVerdict(folder: string, outcome: LedgerOutcome): HTMLElement {
  const { ledger } = outcome;
  const name = ledger === undefined ? 'of an unknown ledger' : element('span', {}, 'of the ledger ', code(cut(ledger)));
  const where = element(
    'div',
    {},
    element('p', {}, 'The folder ', code(cut(folder)), ', a mirror ', name, '.'),
    ...(outcome.interval === undefined ? whenNotWhole(outcome) : saysInterval(outcome.interval, outcome)),
  );
  if (outcome.status === 'violated') {
    return isWholeBeside(outcome) ? beside(where, outcome) : violated(where, outcome);
  }
  if (outcome.status === 'unverified') return unverified(where, outcome);
  return holds(where, outcome);
}

/** titled says in a title that it is of an interval alone. */
const titled = ({ interval, slice }: LedgerOutcome, title: string): string => {
  if (interval === undefined) return title;
  const own = isClaimed(interval, slice) ? ', which the folder itself names' : '';
  const but = interval.complete ? '' : ', and it is not complete';
  return `Only an interval was checked${own}${but}: ${title.charAt(0).toLowerCase()}${title.slice(1)}`;
};

const isClaimed = (interval: Interval, slice: LedgerOutcome['slice']): slice is Slice =>
  slice !== undefined && slice !== 'unreadable' && isSameInterval(interval, slice);

/** saysInterval says which interval was checked, who says that it is the right one, and where it isn't complete. */
function saysInterval(interval: IntervalCounts, { slice }: LedgerOutcome): Node[] {
  const { segments, outside, partitionsIn, to, complete } = interval;
  const whose = isClaimed(interval, slice)
    ? `The folder itself says, in ${SLICE}, that it is this slice: compare that with the interval that you should have, because whoever gave it to you could write another one there.`
    : 'You chose this interval in step 3.';
  const open = partitionsIn.filter(({ sealed }) => sealed < to).map(({ partition }) => partition);
  return [
    paragraph(
      `Checked was the interval ${describeInterval(interval)}: ${plural(segments, 'segment')} of the ${number(segments + outside)} that the log has. Nothing is said of any other. ${whose}`,
    ),
    paragraph(BY_THE_HUB),
    ...(slice === undefined || slice === 'unreadable' || hasAll(slice, interval)
      ? []
      : [
          paragraph(
            `The folder calls itself a slice, ${describeInterval(slice)}, and this interval is wider: what is outside of that slice, the folder need not hold. Compare both with the one that you should have.`,
          ),
        ]),
    ...(complete
      ? []
      : [
          paragraph(
            open.length === 0
              ? 'It is not complete: it ends before the log has anything.'
              : `It is not complete to its end: nothing is sealed up to there of partition ${cut(open.join(', '))}. Below stands until when.`,
          ),
        ]),
  ];
}

/** whenNotWhole says of a folder that was checked as a whole ledger, and lacks something, that it calls itself a slice. */
function whenNotWhole({ slice, lacksObjects }: LedgerOutcome): Node[] {
  if (slice === undefined || !lacksObjects) return [];
  const what =
    slice === 'unreadable'
      ? `has a file ${SLICE}, as slices of a ledger have, which can\u2019t be read`
      : `calls itself a slice, ${describeInterval(slice)}`;
  return [
    paragraph(
      `It was checked as a whole ledger, and it ${what}. If you should have a slice, put its interval into step 3 and check again. If you were given it as a whole ledger, something is missing of it.`,
    ),
  ];
}

const segmentsOf = ({ partitions, interval }: LedgerOutcome): number =>
  interval?.segments ?? partitions.reduce((sum, it) => sum + it.segments, 0);

/** What was found beside the record says nothing about the record, if a key of the user vouches for that. */
function isWholeBeside({ findings, omittedOf, unreadable, hasKeys, log }: LedgerOutcome): boolean {
  const isBeside = (name: string): boolean => name === 'foreign-object';
  return (
    findings.every(
      ({ code: name, severity, acknowledged }) =>
        severity === 'warning' || isBeside(name) || acknowledged !== undefined,
    ) &&
    [...omittedOf.keys()].every(isBeside) &&
    unreadable.length === 0 &&
    hasKeys &&
    log?.head !== undefined
  );
}

function beside(where: Node, outcome: LedgerOutcome): HTMLElement {
  const { findings, omittedOf } = outcome;
  const { errors, warnings } = countFound(outcome);
  const isOneOfTheFormat = omittedOf.size > 0 || findings.some(({ object }) => isKnownName(object));
  const changed = isOneOfTheFormat ? ', or has changed one that no checkpoint covers yet' : '';
  const entries = plural(outcome.log?.head?.size ?? 0, 'entry', 'entries');
  return status(
    'violated',
    titled(
      outcome,
      `The record is whole as far as it was checked, but ${errors === 1 ? 'a foreign object lies' : `${number(errors)} foreign objects lie`} in the container`,
    ),
    'beside',
    where,
    paragraph(
      `Status: violated. All that the newest signed checkpoint covers, ${entries}, is there and unchanged. But somebody has put objects into the container that are not of the ledger${changed}.`,
    ),
    paragraph(
      `They change nothing in the record, but nobody else should be able to write there. The table below names ${errors === 1 ? 'it' : 'them'}${warnings === 0 ? '' : `, and ${plural(warnings, 'warning')}`}; docs/runbook.md, under foreign-object, says what to do first.`,
    ),
    ...whoSigned(outcome),
  );
}

function violated(where: Node, outcome: LedgerOutcome): HTMLElement {
  const unread = outcome.unreadable.length;
  const { errors, warnings } = countFound(outcome);
  return status(
    'violated',
    titled(
      outcome,
      `Violated: ${plural(errors, 'error')}${warnings === 0 ? '' : ` and ${plural(warnings, 'warning')}`}`,
    ),
    'violated',
    where,
    paragraph(
      'At least one error was found: something was changed, removed or added, or evidence is missing. The table below names each object and what is wrong with it; docs/runbook.md says what to do first.',
    ),
    ...(segmentsOf(outcome) > 0 ? [] : [paragraph(outcome.interval === undefined ? NO_SEGMENT : NO_SEGMENT_IN)]),
    ...(unread === 0
      ? []
      : [paragraph(`${plural(unread, 'object')} could not be read besides, so nothing is known of what is in there.`)]),
    ...whoSigned(outcome),
  );
}

function unverified(where: Node, outcome: LedgerOutcome): HTMLElement {
  const unread = outcome.unreadable.length;
  const isEmpty = segmentsOf(outcome) === 0;
  const why = isEmpty ? 'no record was checked' : `${plural(unread, 'object')} could not be read`;
  return status(
    'unverified',
    titled(outcome, `Unverified: ${why}`),
    'unverified',
    where,
    paragraph('This is neither a pass nor a sign of tampering.'),
    paragraph(
      isEmpty
        ? outcome.interval === undefined
          ? NO_SEGMENT
          : NO_SEGMENT_IN
        : 'Nothing is known of what could not be read; the table below names it.',
    ),
    ...whoSigned(outcome),
  );
}

/** holds is the verdict where no error was found: whose word that is decides. */
function holds(where: Node, outcome: LedgerOutcome): HTMLElement {
  const { log, hasKeys } = outcome;
  const { warnings, acknowledged } = countFound(outcome);
  const known = acknowledged === 0 ? [] : [`what operators have acknowledged (${plural(acknowledged, 'finding')})`];
  const open = warnings === 0 ? [] : [`${warnings === 1 ? 'one thing' : `${number(warnings)} things`} to look at`];
  const but = [...known, ...open].join(' and ');
  const found = but === '' ? 'nothing was found wrong' : `nothing was found wrong but ${but}, in the table below`;
  const whole = paragraph(
    outcome.interval === undefined
      ? `Every record was hashed again, every chain was followed, and ${found}.`
      : `Every record of the interval was hashed again, the log was followed, and ${found}.`,
  );
  const self = (title: string, ...content: Node[]): HTMLElement =>
    status(
      'unverified',
      titled(outcome, `It agrees with itself, but ${title}`),
      'unverified',
      where,
      whole,
      ...content,
    );
  if (log === undefined) {
    const why =
      'The folder holds no log, so no signature vouches for it: whoever could write the folder could have made all of it.';
    return self('nothing is signed', paragraph(why));
  }
  if (!hasKeys) return self('nobody you named vouches for it', ...cosigners(outcome), ...whoSigned(outcome));
  const { head } = log;
  if (head === undefined) {
    return self('nothing is signed', paragraph('The log has no checkpoint yet, so no signature vouches for it.'));
  }
  const newest = `The newest covers ${plural(head.size, 'entry', 'entries')}, up to a batch that says that it was made at ${head.time}.`;
  const isOpen = outcome.interval?.complete === false;
  const verdict = isOpen ? 'What is sealed of it is verified' : 'Verified';
  return status(
    isOpen ? 'incomplete' : 'verified',
    titled(outcome, acknowledged === 0 ? verdict : `${verdict}, with ${plural(acknowledged, 'finding')} acknowledged`),
    isOpen ? 'beside' : 'verified',
    where,
    whole,
    ...whoSigned(outcome),
    paragraph(newest),
    ...cosigners(outcome),
  );
}

/** cosigners says which of the user's witnesses cosigned the newest checkpoint. */
function cosigners({ log }: LedgerOutcome): Node[] {
  if (log === undefined || log.cosignatures.keys === 0) return [];
  const { keys, newest } = log.cosignatures;
  const of = keys === 1 ? 'the one witness whose key you gave' : `the ${number(keys)} witnesses whose keys you gave`;
  const who = newest.length === 0 ? '' : `: ${newest.join(', ')}`;
  return [
    paragraph(
      `Of ${of}, ${newest.length === 0 ? 'none' : number(newest.length)} cosigned the newest checkpoint${who}.`,
    ),
    paragraph('This page demands no number of cosignatures: whether these are enough is for you to say.'),
  ];
}

const compared = (count: number): string =>
  count === 1 ? 'The one checkpoint that was compared' : `Each of the ${number(count)} checkpoints that were compared`;

/** whoSigned says who vouches for the log, by the keys that were given; where none of them does, who is said to. */
function whoSigned({ log, signers, hasKeys, findings }: LedgerOutcome): Node[] {
  if (hasKeys && log !== undefined && log.signedBy.length > 0) {
    const isEvery = !findings.some(({ code: name }) => name === 'checkpoint-invalid');
    const which = isEvery ? compared(log.checkpoints) : 'Each checkpoint that is not named below as checkpoint-invalid';
    return [paragraph(`${which} is signed with a key that you gave: ${log.signedBy.join(', ')}.`)];
  }
  if (signers.length === 0) return [];
  return [
    paragraph(
      hasKeys
        ? 'None of the keys that you gave signed a checkpoint in this folder. The checkpoints say that they are signed by:'
        : 'Nothing that you gave is a key of the log itself. The checkpoints say that they are signed by:',
    ),
    element('ul', {}, ...signers.map((name) => element('li', {}, code(cut(name))))),
    paragraph(
      `That is a claim. A name or a key that comes from the folder itself, even one that its log announces, proves nothing about who signed. Get the log's verifier key from its operator or an auditor, ${hasKeys ? 'compare it with the one' : 'paste it'} in step 2, and check again.`,
    ),
  ];
}
