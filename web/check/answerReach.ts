import type { Complete } from '../verify/answer/checkAnswer.ts';
import type { Query } from '../verify/answer/query.ts';
import type { SealedUntil } from '../verify/answer/reach.ts';
import { number, plural } from './parts.ts';

/** So many partitions are named one by one. */
const NAMED = 8;

/** utc prints a time for people. */
export const utc = (time: string): string => `${time.slice(0, 19).replace('T', ' ')}${msOf(time)} UTC`;

const msOf = (time: string): string => time.slice(19, -1).replace('.000', '');

/** askedFor says which interval was asked for, and how much of it the answer reaches. */
export function askedFor({ from, to, partitions }: Query, { reach }: Complete): string {
  const { covers, until, begins, unnamed } = reach;
  const what = partitions === null ? 'what came in' : `what came in, in ${listOf(partitions)},`;
  const start = from === null ? 'from the beginning of the log' : `from ${utc(from)}`;
  const asked = `Asked for is ${what} ${start} ${to === null ? 'on, without an end' : `to before ${utc(to)}`}.`;
  const isFirst = begins !== undefined && covers !== 'early' && (from === null || from < begins);
  const first = isFirst ? ` The first of all that the log has came in at ${utc(begins)}.` : '';
  const known = covers === 'all' && unnamed.length > 0 ? ' But not all of these partitions are known there.' : '';
  return `${asked} ${REACHES[covers](utc(until), begins)}${known}${first}`;
}

const REACHES = {
  all: () => 'The answer covers all of that time.',
  open: (until: string) => `The answer reaches until ${until}. What the log got later is not in it.`,
  part: (until: string) => `The answer reaches only until ${until}. What the log got later is not in it.`,
  late: (until: string) =>
    `The answer reaches only until ${until}, and so says nothing of that time: that a record is not found means nothing.`,
  early: (_until: string, begins: string | undefined) =>
    begins === undefined
      ? 'The log had nothing yet: that a record is not found means nothing.'
      : `The log has nothing of that time: the first of all that it has came in at ${utc(begins)}. That a record is not found means nothing.`,
} as const;

/** Lack is why an answer isn't complete. */
export interface Lack {
  /** for the title, behind "and" */
  readonly title: string;
  /** what it means, for who knows nothing of it */
  readonly text: string;
}

/** lacksOf gives why an answer isn't complete, none if it is. */
export function lacksOf({ to }: Query, { reach, beside }: Complete): Lack[] {
  const { covers, entry, time, sealed, unnamed, until, begins } = reach;
  const lacks: Lack[] = [];
  if (covers === 'early')
    lacks.push({
      title: begins === undefined ? 'the log had nothing yet' : `the log begins only at ${utc(begins)}`,
      text: 'What happened before a log began, it can\u2019t know. Look whether the interval is the one that you mean.',
    });
  if (covers === 'part' || covers === 'late') {
    const isSooner = to === null || time < to;
    const why = [
      ...(isSooner ? [`The index ends with entry ${number(entry)} of the log, which was made at ${utc(time)}.`] : []),
      ...(sealed.length === 0 ? [] : [`${sealedUntil(sealed)}.`]),
      'Ask for another answer once the log has come further.',
    ];
    lacks.push({
      title: `it reaches only until ${utc(until)}${covers === 'late' ? ', before the interval begins' : ''}`,
      text: why.join(' '),
    });
  }
  if (unnamed.length > 0 && to !== null)
    lacks.push({
      title: `nothing is known of ${listOf(unnamed)}`,
      text: `The log\u2019s entry at the end of the index does not name ${listOf(unnamed)}: the log may have nothing of ${unnamed.length === 1 ? 'it' : 'them'}, and nothing says until when.`,
    });
  const unindexed = beside?.unindexed ?? 0;
  if (unindexed > 0) {
    const [are, them] = unindexed === 1 ? ['stands', 'it'] : ['stand', 'them'];
    lacks.push({
      title: `${plural(unindexed, 'record')} ${are} outside of every field\u2019s index`,
      text:
        `${plural(unindexed, 'record')} that came in about that time ${are} outside of every field\u2019s index, because more different values came in at once than it takes. ` +
        `A search by fields can\u2019t find ${them}, whatever ${them === 'it' ? 'it says' : 'they say'}. Whoever sends logs can bring that about, by chance or to hide something. ` +
        `Ask for a search that reads ${them}: the command \u201cfind\u201d does, and so does an answer to the same interval without fields.`,
    });
  }
  return lacks;
}

/** sealedUntil says until when partitions are sealed at the index's end, the earliest first. */
export function sealedUntil(sealed: readonly SealedUntil[]): string {
  const named = sealed
    .toSorted((a, b) => (a.sealed < b.sealed ? -1 : a.sealed > b.sealed ? 1 : 0))
    .slice(0, NAMED)
    .map(({ partition, sealed: at }) =>
      at === '' ? `nothing is sealed of partition ${partition}` : `partition ${partition} is sealed until ${utc(at)}`,
    );
  const more = sealed.length - named.length;
  return `There, ${named.join(', ')}${more > 0 ? `, and ${plural(more, 'more partition')} until later` : ''}`;
}

/** listOf names partitions. */
export function listOf(partitions: readonly string[]): string {
  const more = partitions.length - NAMED;
  const named = partitions.slice(0, NAMED).join(', ');
  return `partition${partitions.length === 1 ? '' : 's'} ${named}${more > 0 ? ` and ${number(more)} more` : ''}`;
}
