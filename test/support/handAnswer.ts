import { END_AT, HEADS_AT, LOG_KEY, REPORT, REPORT_AT, keyHex, leafOf, sha, splitOf, treeOf } from './handLog.ts';
import type { HandLog, HandRecord, Json, MadeSegment } from './handLog.ts';

// Answers written by hand from docs/format.md, section 9.8, without src/core.

/** pathOf gives the inclusion proof of a leaf: RFC 6962, section 2.1.1. */
function pathOf(leaves: readonly Buffer[], index: number): Buffer[] {
  if (leaves.length <= 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split ? [...pathOf(left, index), treeOf(right)] : [...pathOf(right, index - split), treeOf(left)];
}

/** continuationOf gives the consistency proof from the tree of the first leaves: RFC 6962, section 2.1.2. */
function continuationOf(leaves: readonly Buffer[], size: number, isWhole = true): Buffer[] {
  if (size === leaves.length) return isWhole ? [] : [treeOf(leaves)];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return size <= split
    ? [...continuationOf(left, size, isWhole), treeOf(right)]
    : [...continuationOf(right, size - split, false), treeOf(left)];
}

/** consistencyOf gives the consistency proof from a log's first entries to all of them, as an answer prints it. */
export const consistencyOf = ({ entries }: HandLog, size: number): string[] =>
  size > 0 && size <= entries.length ? base64(continuationOf(entries.map(leafOf), size)) : [];

const base64 = (hashes: readonly Buffer[]): string[] => hashes.map((hash) => hash.toString('base64'));

/** HandQuery is a query; what is left out isn't asked for. */
export interface HandQuery {
  readonly from?: string;
  readonly to?: string;
  readonly partitions?: readonly string[];
  readonly terms?: readonly { readonly field: string; readonly values: readonly string[] }[];
  readonly hasReport?: boolean;
}

/** provedEntry gives an entry with its inclusion proof. */
export const provedEntry = ({ entries }: HandLog, index: number): Json => ({
  index,
  line: entries[index],
  hashes: base64(pathOf(entries.map(leafOf), index)),
});

/** provedTerm gives a term as an answer shows it of a unit: with its postings, or between its neighbours. */
export function provedTerm(terms: ReadonlyMap<string, Buffer>, key: string): Json {
  const all = [...terms];
  const leaves = all.map(([own, postings]) => leafOf(Buffer.concat([Buffer.from(own, 'hex'), sha(postings)])));
  const index = all.findIndex(([own]) => own >= key);
  if (all[index]?.[0] === key)
    return { key, index, hashes: base64(pathOf(leaves, index)), postings: terms.get(key)?.toString('base64') };
  const behind = index < 0 ? all.length : index;
  return { key, before: termLeaf(terms, behind - 1), after: termLeaf(terms, behind) };
}

/** termLeaf gives a leaf of a unit's tree with its inclusion proof, null if there is none. */
export function termLeaf(terms: ReadonlyMap<string, Buffer>, index: number): Json {
  const all = [...terms];
  const [key, postings] = all[index] ?? [];
  if (key === undefined || postings === undefined) return null;
  const leaves = all.map(([own, it]) => leafOf(Buffer.concat([Buffer.from(own, 'hex'), sha(it)])));
  return { key, postings: sha(postings).toString('hex'), index, hashes: base64(pathOf(leaves, index)) };
}

/** provedRecord gives a record with its inclusion proof in its segment. */
export const provedRecord = ({ lines }: MadeSegment, segment: number, record: number): Json => ({
  segment,
  line: lines[record + 1],
  index: record + 1,
  size: lines.length,
  hashes: base64(pathOf(lines.map(leafOf), record + 1)),
});

const FIELDS: Readonly<Record<string, string>> = { actor: 'caller', operation: 'operationName', category: 'category' };

function hasTerms({ text, form }: HandRecord, terms: NonNullable<HandQuery['terms']>): boolean {
  const own = form === undefined ? (JSON.parse(text) as Record<string, unknown>) : {};
  return terms.every(({ field, values }) => {
    const value = own[FIELDS[field] ?? ''];
    return typeof value === 'string' && values.includes(value.toLowerCase());
  });
}

/** handAnswer answers a query from a log. */
export function handAnswer(log: HandLog, query: HandQuery = {}): Json {
  const { from = null, to = null, partitions = null, terms = [], hasReport = false } = query;
  const reaches = (first: string, last: string): boolean =>
    (from === null || last >= from) && (to === null || first < to);
  const found: { made: MadeSegment; records: number[] }[] = [];
  const units = log.units.flatMap((unit, number) => {
    const own = log.segments.filter(({ own: { leaf } }) => leaf >= unit.from && leaf < unit.to);
    const times = own.map(({ reference }) => reference.entry.time);
    const [earliest = ''] = times.map(({ first }) => first).toSorted();
    const [latest = ''] = times.map(({ last }) => last).toSorted((a, b) => (a > b ? -1 : 1));
    if (!reaches(earliest, latest)) return [];
    let blocks = terms.length === 0;
    for (const made of own) {
      const records = made.own.records.flatMap((record, i) => (hasTerms(record, terms) ? [i] : []));
      blocks ||= records.length > 0;
      const { first, last } = made.reference.entry.time;
      const isOfAsked = partitions === null || partitions.includes(made.own.partition);
      if (records.length > 0 && reaches(first, last) && isOfAsked) found.push({ made, records });
    }
    const keys = [
      ...terms.flatMap(({ field, values }) => values.map((value) => keyHex(field, value))),
      ...(terms.length === 0 ? ['_unindexed'] : ['_notJson', '_noFields', '_unindexed']).map((field) => keyHex(field)),
      ...(blocks ? [keyHex('_segments', '0')] : []),
    ];
    return [{ unit: number, terms: keys.toSorted().map((key) => provedTerm(unit.terms, key)) }];
  });
  return {
    version: 1,
    kind: 'answer',
    query: { from, to, partitions, terms },
    checkpoint: log.checkpoint,
    verifierKeys: [LOG_KEY],
    heads: provedEntry(log, HEADS_AT),
    end: provedEntry(log, END_AT),
    manifest: log.manifest,
    units,
    segments: found.map(({ made }) => provedEntry(log, made.own.leaf)),
    records: found.flatMap(({ made, records }, i) => records.map((record) => provedRecord(made, i, record))),
    ...(hasReport && {
      report: {
        name: REPORT,
        file: log.reportFile,
        ...provedEntry(log, REPORT_AT),
        consistency: consistencyOf(log, log.reportSize),
      },
    }),
  };
}

/** printAnswer prints an answer as the format says. */
export const printAnswer = (answer: Json): Buffer => Buffer.from(`${JSON.stringify(answer)}\n`);
