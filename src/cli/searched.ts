import { EXIT } from './exits.ts';
import { formatMoment } from './moment.ts';
import { counted, formatCount, some } from './output.ts';
import type { Query } from '../find/query.ts';
import { unsealedPartitions } from '../find/tally.ts';
import type { Tally } from '../find/tally.ts';

/** SEARCH_EXITS says what the exit status of a search means. */
export const SEARCH_EXITS = {
  fine: 'searched all that was asked for, whether something was found or not',
  wrong: 'a segment is not what the log says',
  unknown: 'something could not be searched, or there is no ledger here that a given key began',
};

/** searchExit gives the exit status of a search. */
export function searchExit({ unsearched, foreign, isLogKnown, log, segments }: Tally): number {
  if (unsearched.some(({ isChanged }) => isChanged)) return EXIT.wrong;
  // Where no trusted key began a log, what is foreign may be the ledger's own, and the key another one's; or there is no ledger at all.
  const isOfNobody = isLogKnown && log === undefined && (foreign.count > 0 || segments.behindLog === 0);
  return unsearched.length > 0 || isOfNobody ? EXIT.unknown : EXIT.fine;
}

/** searchedLines says what a search looked at, and what an answer of it doesn't cover. */
export function searchedLines(
  tally: Tally,
  query: Query,
  { zone, isKeyGiven, isProving = false }: SearchedOptions,
): string[] {
  const looked = tally.segments.searched + tally.segments.behindLog;
  const vouched = isKeyGiven
    ? `what was found is what a key which you gave vouches for${isProving ? '' : '; that nothing was left out is not proved'}`
    : 'no --key was given, so anybody may have made this ledger';
  if (!tally.isWhole)
    return [
      ...askedLines(query, zone),
      `found ${formatCount(tally.found)} in ${counted(looked, 'segment')} until then`,
      ...unsearchedLines(tally),
      ...foreignLines(tally),
      vouched,
    ];
  return [...wholeLines(tally, query, zone, isKeyGiven), vouched];
}

/** SearchedOptions is how times are shown, whether a key of the log was given, and whether an answer is to be proved. */
export interface SearchedOptions {
  readonly zone: string;
  readonly isKeyGiven: boolean;
  readonly isProving?: boolean;
}

function wholeLines(tally: Tally, query: Query, zone: string, isKeyGiven: boolean): string[] {
  const { segments, records, found, foundAsText } = tally;
  const asText = foundAsText > 0 && query.terms.size > 0 ? `, ${formatCount(foundAsText)} of them as text` : '';
  const skipped = [
    ...(segments.byIndex > 0 ? [`by the index ${counted(segments.byIndex, 'holds', 'hold')} none of it`] : []),
    ...(segments.outside > 0
      ? [
          `${counted(segments.outside, 'is', 'are')} of other times${query.partitions === undefined ? '' : ' or partitions'}`,
        ]
      : []),
    ...(segments.empty > 0 ? [`${counted(segments.empty, 'holds', 'hold')} no record`] : []),
  ];
  const looked = segments.searched + segments.behindLog;
  return [
    ...askedLines(query, zone),
    `found ${formatCount(found)} of ${counted(records, 'record')} in ${counted(looked, 'segment')}${asText}${skipped.length > 0 ? `; not read: ${skipped.join(', ')}` : ''}`,
    ...textLines(tally, query),
    ...(query.by === 'event'
      ? [
          `the time is the one that records say, and they were looked for among what the hub got up to a day later${tally.timeless > 0 ? `; ${counted(tally.timeless, 'record says', 'records say')} none that can be read, so the hub's counts` : ''}`,
        ]
      : []),
    ...unsearchedLines(tally),
    ...foreignLines(tally),
    ...(tally.isLogKnown ? [...gapLines(tally, zone), ...spanLines(tally, query, zone)] : []),
    ...indexLines(tally),
    ...logLines(tally, zone, isKeyGiven),
  ];
}

/** askedLines says of which time: a slip in it finds nothing, too. */
function askedLines({ from, to, by }: Query, zone: string): string[] {
  if (from === undefined && to === undefined) return [];
  const parts = [
    ...(from === undefined ? [] : [`from ${formatMoment(from, zone)}`]),
    ...(to === undefined ? [] : [`to ${formatMoment(to, zone)}`]),
  ];
  return [`of what ${by === 'hub' ? 'the hub got' : 'records say that it happened'} ${parts.join(' ')}`];
}

function textLines({ asText, without }: Tally, { terms }: Query): string[] {
  const odd = asText.notJson + asText.noFields;
  const lines = [...without].map(
    ([field, number]) => `${counted(number, 'record has', 'records have')} no ${field}, and can't be found by one`,
  );
  if (odd > 0 && terms.size > 0)
    lines.push(
      `${counted(odd, 'record')} searched as text: ${formatCount(asText.notJson)} not JSON, and no rule takes anything of ${formatCount(asText.noFields)}`,
    );
  return lines;
}

function unsearchedLines({ unsearched }: Tally): string[] {
  return unsearched.length === 0
    ? []
    : [
        `NOT SEARCHED: ${counted(unsearched.length, 'segment')}: ${some(unsearched.map(({ segment, why }) => `${segment} (${why})`))}`,
      ];
}

function foreignLines({ foreign: { count, first } }: Tally): string[] {
  if (count === 0) return [];
  const named = first.map(({ segment, why }) => `${segment} (${why})`);
  return [
    `foreign: ${counted(count, 'object')} under names of segments that the log doesn't have, signed by nobody who may: ${some(named, count)}`,
  ];
}

function gapLines({ missing, unfollowed }: Tally, zone: string): string[] {
  const unknown = [...unfollowed].sort((a, b) => Number(a) - Number(b));
  return [
    ...(unknown.length > 0
      ? [
          `whether events are missing just before that time is not known of partition ${some(unknown)}: --no-index tells`,
        ]
      : []),
    ...(missing.length === 0
      ? []
      : [
          `MISSING: ${some(
            missing.map(
              ({ partition, first, last, after, before }) =>
                `events ${first} to ${last} of partition ${partition}, between ${after === undefined ? 'the beginning' : formatMoment(after, zone)} and ${before === undefined ? 'the end' : formatMoment(before, zone)}`,
            ),
          )}`,
        ]),
  ];
}

const shown = (time: string, zone: string): string => formatMoment(Date.parse(time), zone);

/** An interval without segments is not "nothing happened". */
function spanLines(tally: Tally, query: Query, zone: string): string[] {
  const { spans, begins } = tally;
  const { from = -Infinity, to = Infinity } = query;
  const unsealed = unsealedPartitions(tally, query);
  const late = [...spans].filter(([, { last }]) => last < to);
  const early = [...spans].filter(([, { first = from }]) => first > from && from !== -Infinity);
  return [
    ...(spans.size === 0
      ? ['the log has no segment of any partition that was asked for']
      : unsealed.length > 0
        ? [`the log has no segment of partition ${some(unsealed)}`]
        : []),
    ...(late.length > 0
      ? [
          `sealed only until then, so what came later is not here: ${some(late.map(([partition, { last }]) => `partition ${partition} until ${formatMoment(last, zone)}`))}`,
        ]
      : []),
    ...(early.length > 0
      ? [
          `nothing is sealed of before: ${some(early.map(([partition, { first }]) => `partition ${partition} begins at ${formatMoment(first ?? from, zone)}`))}`,
        ]
      : begins !== undefined && begins > from && from !== -Infinity
        ? [`nothing is sealed of before: the ledger begins at ${formatMoment(begins, zone)}`]
        : []),
  ];
}

/** indexLines says how far the index was gone by, and whose word it is. */
function indexLines({ index, isLogKnown }: Tally): string[] {
  if (index === undefined) return [];
  if ('why' in index)
    return [`no index was used${isLogKnown ? ', and every segment of that time was read' : ''}: ${index.why}`];
  const behind = index.behind > 0 ? `; ${counted(index.behind, 'segment')} behind it were read` : '';
  return [`the index covers the first ${formatCount(index.entries)} entries of the log${behind}`];
}

function logLines({ log, segments, foreign, isLogKnown }: Tally, zone: string, isKeyGiven: boolean): string[] {
  const behind =
    segments.behindLog > 0
      ? [`${counted(segments.behindLog, 'segment')} of these the log doesn't have yet, so no proof covers them`]
      : [];
  if (isLogKnown && log === undefined)
    return [
      ...behind,
      segments.behindLog + foreign.count === 0
        ? 'there is no ledger here: neither a log that a trusted key began nor a segment; give the mirror folder or the container itself'
        : 'there is no log that a trusted key began',
    ];
  return [...behind, ...(log === undefined ? [] : [logLine(log, zone, isKeyGiven)])];
}

function logLine({ entries, time, checkpoint }: NonNullable<Tally['log']>, zone: string, isKeyGiven: boolean): string {
  const signed = isKeyGiven ? 'is signed' : 'is signed by a key that the log itself names';
  const covered =
    checkpoint === undefined
      ? 'no checkpoint of its last batches is signed by it'
      : `its checkpoint of ${formatCount(checkpoint.size)} ${signed}`;
  return `the log has ${counted(entries, 'entry', 'entries')}, the last of ${shown(time, zone)}; ${covered}`;
}
