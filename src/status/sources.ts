import { DAYS } from './activity.ts';
import type { Activity, CategoryActivity } from './activity.ts';
import type { Finding } from '../core/objects/report.ts';
import { UNTOLD, noHours } from '../core/objects/statusReport.ts';
import type { SourceStatus, Sources } from '../core/objects/statusReport.ts';
import { DAY_MS, HOUR_MS } from '../core/units.ts';

/** SourcePromise is what is expected to come. */
export interface SourcePromise {
  /** a category counts as silent after so many hours without a record at the earliest */
  readonly silentHours: number;
  /** the same for single categories, which must have come at all: 0 says never */
  readonly expected: ReadonlyMap<string, number>;
}

/** So many records of a category must have been seen before its silence means anything. */
const LEAST_RECORDS = 10;
/** A category that nothing was said about counts as silent when it is so for so many times its longest silence before. */
const TIMES_LONGEST = 2;
/** Of evenly spaced bundles, those without a category say that it was silent meanwhile if so many have it. */
const USUALLY = 0.9;
/** One that comes more rarely is expected after so many times its mean interval: by chance it is silent for so long once in e^12. */
const TIMES_MEAN = 12;
/** How many categories are listed, and how many silent ones are findings. */
const MOST_LISTED = 200;
const MOST_FINDINGS = 100;

/** JudgedSources is what comes of each category, and a finding for each that is silent. */
export interface JudgedSources {
  readonly sources: Sources;
  readonly findings: readonly Finding[];
  /** findings beyond those */
  readonly omitted: number;
}

/** judgeSources says of each category whether it is silent at `now` (ms since 1970), and what was expected of it and why. */
export function judgeSources(activity: Activity, promise: SourcePromise, now: number): JudgedSources {
  const { categories, dayFrom, from, sampled } = activity;
  const statuses = [...categories].map(([category, seen]) => statusOf(category, seen, { activity, promise, now }));
  for (const [category, hours] of promise.expected)
    if (!categories.has(category) && hours > 0) statuses.push(neverSeen(category, hours));
  const isNamed = ({ category }: SourceStatus): boolean => promise.expected.has(category);
  // Those that somebody named come first: whoever sends events makes up categories.
  statuses.sort(
    (a, b) =>
      Number(b.isSilent) - Number(a.isSilent) ||
      Number(isNamed(b)) - Number(isNamed(a)) ||
      (b.usual ?? 0) + b.day - (a.usual ?? 0) - a.day ||
      (a.category < b.category ? -1 : 1),
  );
  const silent = statuses.filter(({ isSilent }) => isSilent);
  return {
    sources: {
      dayFrom: new Date(dayFrom).toISOString(),
      from: new Date(from).toISOString(),
      sampled,
      list: statuses.slice(0, MOST_LISTED),
      silent: silent.length,
      omitted: Math.max(0, statuses.length - MOST_LISTED),
    },
    findings: [
      ...unknown(activity),
      ...silent.slice(0, MOST_FINDINGS).map((source) => findingOf(source, isNamed(source), now)),
    ],
    omitted: Math.max(0, silent.length - MOST_FINDINGS),
  };
}

/** unknown says that some categories could not be told apart, so that one of them may be silent. */
const unknown = ({ beyond }: Activity): Finding[] =>
  beyond === 0
    ? []
    : [
        {
          code: 'source-silent',
          severity: 'warning',
          object: UNTOLD,
          detail:
            'there are more different categories than an entry of the log names, or than are told apart, so one that fell silent ' +
            'may be among the others: see what is sent, and name in SOURCES_EXPECTED what must come',
        },
      ];

/** Basis is what a category is judged by besides what was seen of it. */
interface Basis {
  readonly activity: Activity;
  readonly promise: SourcePromise;
  readonly now: number;
}

function statusOf(category: string, seen: CategoryActivity, { activity, promise, now }: Basis): SourceStatus {
  const { from, dayFrom, sampled, beyondLast } = activity;
  const { hours, early, first, last } = seen;
  const day = hours.reduce((sum, count) => sum + count, 0);
  // Of evenly spaced bundles the first may come so much later than what began before.
  const spacing = sampled.read === 0 ? 0 : (dayFrom - from) / sampled.read;
  const days = (dayFrom - (first - from <= spacing ? from : first)) / DAY_MS;
  const before = early + (sampled.read === 0 ? 0 : (seen.sampled * sampled.of) / sampled.read);
  const longest = longestOf(seen, sampled);
  const mean = isPartly(sampled) && before >= 1 ? (days * DAY_MS) / before : 0;
  const named = promise.expected.get(category);
  const isKnown = before + day >= LEAST_RECORDS;
  const threshold =
    named !== undefined
      ? named * HOUR_MS || null
      : isKnown
        ? Math.max(promise.silentHours * HOUR_MS, TIMES_LONGEST * (longest ?? 0), TIMES_MEAN * mean)
        : null;
  return {
    category,
    first: new Date(first).toISOString(),
    last: new Date(last).toISOString(),
    day,
    hours,
    usual: days >= 1 ? Math.round(before / days) : null,
    longestSilence: longest ?? null,
    threshold,
    // It may be among those that are not told apart.
    isSilent: threshold !== null && now - Math.max(last, named === undefined ? beyondLast : last) > threshold,
  };
}

const isPartly = ({ read, of }: Activity['sampled']): boolean => read < of;

/** longestOf gives the longest silence that is known: where bundles were left out, only that of a category which nearly each of them has. */
function longestOf({ longest, apart, samples }: CategoryActivity, sampled: Activity['sampled']): number | undefined {
  if (!isPartly(sampled)) return longest === undefined && apart === 0 ? undefined : Math.max(longest ?? 0, apart);
  const isUsual = samples >= USUALLY * sampled.read;
  return isUsual ? Math.max(longest ?? 0, apart) : longest;
}

const neverSeen = (category: string, hours: number): SourceStatus => ({
  category,
  first: '',
  last: '',
  day: 0,
  hours: noHours(),
  usual: null,
  longestSilence: null,
  threshold: hours * HOUR_MS,
  isSilent: true,
});

/** hoursOf says a time in hours, or in days where it is long. */
const hoursOf = (ms: number): string => {
  const hours = Math.floor(ms / HOUR_MS);
  return hours < 72 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
};

function findingOf(
  { category, last, usual, longestSilence, threshold }: SourceStatus,
  isNamed: boolean,
  now: number,
): Finding {
  const name = category === '' ? 'records without a category' : category;
  const detail =
    last === ''
      ? `it is expected to come, and none was seen in the last ${DAYS} days`
      : `none was logged for ${hoursOf(now - Date.parse(last))}, since ${last}; ${whyExpected(usual, longestSilence, threshold, isNamed)}`;
  return { code: 'source-silent', severity: 'warning', object: name, detail };
}

function whyExpected(usual: number | null, longest: number | null, threshold: number | null, isNamed: boolean): string {
  const limit = hoursOf(threshold ?? 0);
  const said = isNamed ? `a silence of ${limit} is set as the most` : `it counts as silent after ${limit}`;
  const before = usual === null ? '' : `before, about ${usual} a day came, `;
  const never =
    longest === null
      ? ''
      : `${usual === null ? 'before, ' : ''}never with longer than ${hoursOf(longest)} between two; `;
  return `${before}${never}${said}`;
}
