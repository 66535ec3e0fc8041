import type { Finding, FindingCode } from '../verify/ledger/findings.ts';
import { isKnownName } from '../verify/ledger/names.ts';
import { code, element, untrusted } from './dom.ts';
import { showListing } from './listing.ts';
import { cut, number, plural } from './parts.ts';

/** So many findings of one code are shown first: who plants objects can't hide what else is wrong. */
const FIRST_OF_A_CODE = 20;

/**
 * What says that something sealed is gone or changed comes first, then the log and what is derived from it, then what
 * somebody put beside it; warnings come last.
 */
const RANK: Readonly<Record<FindingCode, number>> = {
  'segment-missing': 0,
  'segment-changed': 1,
  'chain-broken': 2,
  'checkpoint-inconsistent': 3,
  'checkpoint-invalid': 4,
  'segment-malformed': 5,
  'sequence-gap': 6,
  'hub-recreated': 7,
  'sequence-overlap': 8,
  'entry-mismatch': 9,
  'not-integrated': 10,
  'checkpoint-stale': 11,
  'tile-mismatch': 12,
  'cosignature-invalid': 13,
  'foreign-object': 14,
  'clock-ahead': 15,
  'action-unfinished': 16,
};

/** Found is what a check found: what it lists, and of each code how many more there are. */
export interface Found {
  readonly findings: readonly Finding[];
  readonly omittedOf: ReadonlyMap<FindingCode, number>;
}

/** CodeCount is how much was found of one code. */
interface CodeCount {
  readonly name: FindingCode;
  readonly severity: Finding['severity'];
  readonly listed: readonly Finding[];
  /** those that are not listed included */
  readonly count: number;
  /** of these, how many nobody acknowledged */
  readonly open: number;
}

/** isOpen tells whether nobody has acknowledged a finding. */
const isOpen = ({ acknowledged }: Finding): boolean => acknowledged === undefined;

/** countFound counts errors and warnings that nobody acknowledged, those that are not listed included, and what somebody did. */
export function countFound(found: Found): {
  readonly errors: number;
  readonly warnings: number;
  readonly acknowledged: number;
} {
  const sum = (wanted: Finding['severity']): number =>
    countsOf(found).reduce((sum, { severity, open }) => sum + (severity === wanted ? open : 0), 0);
  const acknowledged = found.findings.filter((finding) => !isOpen(finding)).length;
  return { errors: sum('error'), warnings: sum('warning'), acknowledged };
}

function countsOf({ findings, omittedOf }: Found): CodeCount[] {
  const names = [...new Set(findings.map((finding) => finding.code))].sort((a, b) => RANK[a] - RANK[b]);
  return names.map((name) => {
    const listed = findings.filter((finding) => finding.code === name).sort(byName);
    const severity = listed[0]?.severity ?? 'error';
    const omitted = omittedOf.get(name) ?? 0;
    return { name, severity, listed, count: listed.length + omitted, open: listed.filter(isOpen).length + omitted };
  });
}

/** What stands under a name of the format may be something sealed that was changed; other names can be planted by the thousand. */
const byName = (a: Finding, b: Finding): number => Number(isKnownName(b.object)) - Number(isKnownName(a.object));

/** showFindings lists what was found, the gravest first, and counts it by code. */
export function showFindings(found: Found): HTMLElement {
  const counts = countsOf(found);
  return showListing({
    id: 'findings',
    title: 'What was found',
    heads: ['Finding', 'Object', 'Why'],
    items: counts.flatMap(({ listed }) => listed),
    first: counts.flatMap(({ listed }) => listed.slice(0, FIRST_OF_A_CODE)),
    rest: counts
      .filter(({ listed }) => listed.length > FIRST_OF_A_CODE)
      .map(({ name, listed }) => `Not shown: ${plural(listed.length - FIRST_OF_A_CODE, 'more finding')} of ${name}.`),
    above: [element('ul', { id: 'counts' }, ...counts.map(countItem))],
    row: ({ code: name, severity, object, detail, acknowledged }) => [
      name,
      code(cut(object)),
      untrusted(`${severity === 'warning' ? 'A warning: ' : ''}${cut(detail)}${saidOf(acknowledged)}`),
    ],
  });
}

/** saidOf says who acknowledged a finding. The format bounds these words. */
const saidOf = (acknowledged: Finding['acknowledged']): string =>
  acknowledged === undefined
    ? ''
    : `. Acknowledged by ${acknowledged.who} at ${acknowledged.time} (${acknowledged.action}): ${acknowledged.why}`;

function countItem({ name, severity, listed, count, open }: CodeCount): HTMLElement {
  const unlisted =
    count > listed.length
      ? ` This page keeps the first ${number(listed.length)} of a code, and only counts the others.`
      : '';
  const known = open === count ? '' : `, of which ${number(count - open)} acknowledged`;
  return element('li', {}, element('strong', {}, name), `: ${plural(count, severity)}${known}.${unlisted}`);
}
