import { LACKS, lacksOf } from './lacks.ts';
import type { ExportCounts } from './counts.ts';
import type { Query } from '../find/query.ts';
import type { Tally } from '../find/tally.ts';
import { formatBase64Hash } from '../core/text.ts';

/** MANIFEST_VERSION rises with every change of the manifest's shape. */
const MANIFEST_VERSION = 1;

/** MANIFEST_ENDING is what follows the name of the file that a manifest is of. */
export const MANIFEST_ENDING = '.manifest.json';

/** Most of a list that are named; there is a count beside each list. */
const MOST_LISTED = 1000;

/** AskedBeside is what else was asked for than the query says. */
export interface AskedBeside {
  /** the record whose correlation ids were asked for, as partition/record */
  readonly related: string | undefined;
  readonly limit: number | undefined;
  readonly sort: string | undefined;
}

/** ManifestFacts is what a manifest is made of. */
export interface ManifestFacts {
  readonly tool: string;
  readonly format: string;
  readonly file: { readonly name: string; readonly size: number; readonly sha256: string };
  readonly query: Query;
  readonly beside: AskedBeside;
  readonly counts: ExportCounts;
  readonly tally: Tally;
  readonly isKeyGiven: boolean;
  readonly isLimited: boolean;
  /** what was said of the search */
  readonly said: readonly string[];
  /** the folder of the answer that proves it, and whether it does; undefined where none was asked for */
  readonly proof: { readonly folder: string; readonly isProved: boolean } | undefined;
}

const moment = (time: number | undefined): string | null => {
  if (time === undefined || Number.isNaN(new Date(time).getTime())) return null;
  return new Date(time).toISOString();
};

const listed = <T, R>(items: readonly T[], make: (item: T) => R): { count: number; first: R[] } => ({
  count: items.length,
  first: items.slice(0, MOST_LISTED).map(make),
});

/** queryData gives what was asked, for programs: null is everything. */
export const queryData = (query: Query, { related, limit, sort }: AskedBeside): object => ({
  by: query.by,
  from: moment(query.from),
  to: moment(query.to),
  partitions: query.partitions === undefined ? null : [...query.partitions],
  terms: [...query.terms].map(([field, values]) => ({ field, values })),
  where: query.where.map(({ path, value }) => ({ path, value })),
  texts: query.texts,
  related: related ?? null,
  limit: limit ?? null,
  sort: sort ?? null,
});

/** queryWords says it for people, on one line. */
export function queryWords({ by, from, to, partitions, terms, where, texts }: Query): string {
  const quoted = (values: readonly string[]): string => values.map((value) => JSON.stringify(value)).join(' or ');
  const whose = by === 'hub' ? 'that the hub got' : 'that say that they happened';
  const parts = [
    ...[...terms].map(([field, values]) => `with ${field} ${quoted(values)}`),
    ...where.map(({ path, value }) => `with ${String(path)} ${JSON.stringify(value)}`),
    ...texts.map((text) => `in which ${JSON.stringify(text)} stands`),
    ...(from === undefined ? [] : [`${whose} from ${moment(from)}`]),
    ...(to === undefined ? [] : [`${whose} before ${moment(to)}`]),
    ...(partitions === undefined ? [] : [`of partition ${[...partitions].join(' or ')}`]),
  ];
  return parts.length === 0 ? 'all records' : `records ${parts.join(', ')}`;
}

/**
 * formatManifest prints the manifest of an export, as JSON with an LF: what the file is, what was asked, what was searched and what was
 * not. It proves nothing: whoever can write the file can write it too. docs/operations.md, Export.
 */
export function formatManifest(facts: ManifestFacts): string {
  const { tally, counts, query, file, isKeyGiven, isLimited } = facts;
  const lacks = lacksOf(tally, query, { records: counts.records, isKeyGiven, isLimited });
  return `${JSON.stringify(
    {
      version: MANIFEST_VERSION,
      kind: 'auditseal-export',
      tool: facts.tool,
      ledger: tally.ledger ?? null,
      keysGiven: isKeyGiven,
      format: facts.format,
      file,
      question: queryWords(query),
      query: queryData(query, facts.beside),
      complete: lacks.length === 0,
      lacks: lacks.map((code) => ({ code, why: LACKS[code] })),
      records: {
        exported: counts.records,
        partitions: counts.partitions.map(([partition, records]) => ({ partition: Number(partition), records })),
        categories: counts.categories.map(([category, records]) => ({ category, records })),
        otherCategories: counts.otherCategories,
        uncategorized: counts.uncategorized,
      },
      searched: searchedData(tally),
      proof: facts.proof === undefined ? null : { folder: facts.proof.folder, proved: facts.proof.isProved },
      said: facts.said,
    },
    undefined,
    2,
  )}\n`;
}

/** What only the end of the log tells is null where the search didn't come to it. */
function searchedData(tally: Tally): object {
  const { segments, isWhole, isLogKnown, foreign, index, log } = tally;
  const atEnd = <T>(data: T): T | null => (isWhole && isLogKnown ? data : null);
  return {
    toTheEnd: isWhole,
    records: tally.records,
    found: tally.found,
    foundAsText: tally.foundAsText,
    segments,
    notJson: tally.asText.notJson,
    withoutFields: tally.asText.noFields,
    withoutField: [...tally.without].map(([field, records]) => ({ field, records })),
    withoutTime: tally.timeless,
    notSearched: listed(tally.unsearched, ({ segment, why, isChanged }) => ({ segment, why, changed: isChanged })),
    foreign: { count: foreign.count, first: foreign.first.map(({ segment, why }) => ({ segment, why })) },
    missingEvents: atEnd(
      listed(tally.missing, ({ partition, first, last, after, before }) => ({
        partition: Number(partition),
        first,
        last,
        after: moment(after),
        before: moment(before),
      })),
    ),
    notKnownBefore: atEnd([...tally.unfollowed].map(Number).toSorted((a, b) => a - b)),
    sealed: atEnd(
      [...tally.spans].map(([partition, { first, last }]) => ({
        partition: Number(partition),
        from: moment(first),
        until: moment(last),
      })),
    ),
    begins: atEnd(moment(tally.begins)),
    index: index === undefined ? null : 'why' in index ? { used: false, why: index.why } : { used: true, ...index },
    log:
      log === undefined
        ? null
        : {
            entries: log.entries,
            time: log.time,
            checkpoint:
              log.checkpoint === undefined
                ? null
                : { size: log.checkpoint.size, rootHash: formatBase64Hash(log.checkpoint.rootHash) },
          },
  };
}
