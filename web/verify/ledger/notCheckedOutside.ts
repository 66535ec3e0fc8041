import type { IntervalCounts } from './checked.ts';

const MAX_SAID = 100;

/** notCheckedOutside says in words what a check of an interval leaves out, and how complete that is. */
export function notCheckedOutside(counts: IntervalCounts, hasLog: boolean): string[] {
  const { to, from, segments, outside, foreign, reports, partitionsIn } = counts;
  if (!hasLog) return ['Anything: without a log nobody knows which segments are of the interval.'];
  const complete = partitionsIn.flatMap(({ partition, begins, sealed }) => [
    ...(sealed !== '' && sealed < to
      ? [
          `What came into partition ${partition} after ${sealed}: it is sealed until then only, so the interval is complete no further.`,
        ]
      : []),
    ...(begins > from ? [`What came into partition ${partition} before ${begins}: nothing of that is sealed.`] : []),
    ...(begins === '' ? [`Partition ${partition}: the log has no segment of it at all.`] : []),
  ]);
  const more = complete.length - MAX_SAID;
  return [
    ...complete.slice(0, MAX_SAID),
    ...(more > 0 ? [`Such things of partitions beyond these: ${more}.`] : []),
    ...(segments === 0 ? ['Any record: the log has no segment of the interval.'] : []),
    `${outside} segments outside of the interval, by their entries in the log: neither whether they are there, nor whether they are what these say. That their times are others is the log's word.`,
    ...(reports > 0 ? [`${reports} reports that have entries in the log.`] : []),
    ...(foreign > 0 ? [`${foreign} objects that the log calls foreign.`] : []),
    'Names of objects outside of the folders of the log and of actions: foreign objects there would not show.',
  ];
}
