import type { IntervalWalks } from './intervalWalks.ts';
import type { IntervalReport } from '../../core/objects/report.ts';
import type { FollowedLog } from '../log/logCheck.ts';

/** Partitions beyond this many are counted, not listed. */
const MAX_LISTED = 100;

/** notCheckedOfInterval says in words what the outcome of a check of an interval doesn't cover, and how complete the interval is. */
export function notCheckedOfInterval(
  { segments, outside, foreign, reports }: Pick<IntervalWalks, 'segments' | 'outside' | 'foreign' | 'reports'>,
  { from, to, chains }: IntervalReport,
  log: FollowedLog | undefined,
): string[] {
  if (log === undefined)
    return ['no log was found that counts, so which segments are of the interval is not known, and none was looked at'];
  const late = chains.filter(({ sealed }) => sealed !== '' && sealed < to);
  const early = chains.filter(({ begins }) => begins > from);
  const never = chains.filter(({ begins }) => begins === '');
  const lines = [
    ...listed(
      late,
      ({ partition, sealed }) =>
        `partition ${partition} is sealed only until ${sealed}, so the interval is complete no further`,
    ),
    ...listed(early, ({ partition, begins }) => `of partition ${partition} nothing is sealed of before ${begins}`),
    ...listed(never, ({ partition }) => `of partition ${partition} the log has no segment at all`),
  ];
  if (segments === 0) lines.push('the log has no segment of the interval, so no record was checked');
  lines.push(
    `${outside} segments outside of the interval, by their entries in the log: whether they are there, and are what these say, was not looked at; their times are the log's word`,
  );
  if (reports > 0) lines.push(`${reports} reports that have entries in the log were not looked at`);
  if (foreign > 0) lines.push(`${foreign} objects that the log calls foreign were not looked at`);
  lines.push(
    'names of objects were looked at in the folders of the log and of actions alone: foreign objects elsewhere would not be noticed',
  );
  if (log.head !== undefined) lines.push('the index of the log was not made again: that takes all segments');
  return lines;
}

type Chain = IntervalReport['chains'][number];

function listed(chains: readonly Chain[], sayOf: (chain: Chain) => string): string[] {
  const more = chains.length - MAX_LISTED;
  return [...chains.slice(0, MAX_LISTED).map(sayOf), ...(more > 0 ? [`and so of ${more} more partitions`] : [])];
}
