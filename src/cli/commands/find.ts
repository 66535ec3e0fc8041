import { FIELDS } from '../../core/fields/rule.ts';
import type { Extra, Field } from '../../core/fields/rule.ts';
import { fold } from '../../core/fields/fold.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { Certificates } from '../../core/signed/certificate.ts';
import { isPartition } from '../../core/text.ts';
import { ExportCounts } from '../../export/counts.ts';
import type { Query, Where } from '../../find/query.ts';
import { relatedTo } from '../../find/related.ts';
import { Search } from '../../find/search.ts';
import { findRecord } from '../../prove/findRecord.ts';
import type { ObjectStore } from '../../ports/store.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { refuseExisting } from '../files.ts';
import { FORMATS, hasManifest, makeExporter, refuseManifest, sayingCutOff, writeManifest } from '../exportFile.ts';
import { requireLogKeys, verifierKeys } from '../keys.ts';
import { TARGET_MEANING } from '../options.ts';
import { print, tell } from '../output.ts';
import { Progress } from '../progress.ts';
import { CACHE_OPTION, INDEX_OPTIONS, cacheIn, oneOf, spanIn, SPAN_OPTIONS } from '../searchOptions.ts';
import { SEARCH_EXITS, searchedLines, searchExit } from '../searched.ts';
import { openSink } from '../sink.ts';
import { outsideLines, sliceClaimOf, outsideFoundLines } from '../sliceFolder.ts';
import { sorted } from '../sortedHits.ts';
import { writeAnswer } from '../writeAnswer.ts';
import { openTarget, openTileStore } from '../target.ts';
import { unusable, usageError } from '../usage.ts';
import type { OptionTable, OptionValues } from '../usage.ts';

/** The options that ask for values of fields: their names are those of the fields. */
const FIELD_OPTIONS = {
  category: { type: 'names', placeholder: 'TEXT', meaning: 'category, such as AuditEvent' },
  operation: { type: 'names', placeholder: 'TEXT', meaning: 'operation, such as SecretGet' },
  actor: { type: 'names', placeholder: 'TEXT', meaning: 'who did it: a name, an address, an object id or an app id' },
  target: { type: 'names', placeholder: 'TEXT', meaning: 'what it was done to: a user, an object, a URL' },
  resource: { type: 'names', placeholder: 'TEXT', meaning: 'resource that logged it: its id, or its name alone' },
  result: { type: 'names', placeholder: 'TEXT', meaning: 'result, such as Success or 403' },
  ip: { type: 'names', placeholder: 'ADDRESS', meaning: 'IP address, without a port' },
} as const satisfies Readonly<Record<Field, OptionTable[string]>>;

const OPTIONS = {
  ...SPAN_OPTIONS,
  ...FIELD_OPTIONS,
  where: {
    type: 'names',
    placeholder: 'PATH=VALUE',
    meaning: 'a value of any member of the record, such as properties.tlsVersion=TLS1_1; all that are given',
  },
  text: { type: 'names', placeholder: 'TEXT', meaning: "a text that stands in the record's bytes; all that are given" },
  related: {
    type: 'text',
    placeholder: 'PARTITION/RECORD',
    meaning: 'what has the same correlation id as that record, an hour before and after it',
  },
  by: {
    type: 'text',
    placeholder: 'hub|event',
    meaning: 'whose time counts: when the hub got it (default), or what the record says',
  },
  sort: {
    type: 'text',
    placeholder: 'time',
    meaning: 'sort by the time that records say; else they come in the order of the log',
  },
  ...INDEX_OPTIONS,
  ...CACHE_OPTION,
  prove: {
    type: 'file',
    placeholder: 'DIR',
    meaning:
      'write an answer to this folder that proves what the fields and the time find, and that there is no other (auditseal check ' +
      'DIR). It needs --key',
  },
  limit: { type: 'number', placeholder: 'N', least: 1, meaning: 'stop after so many' },
  format: {
    type: 'text',
    placeholder: FORMATS.join('|'),
    meaning:
      'how to print (default: table): ocsf is an event of OCSF 1.8.0 for each record, parquet a file for data lakes',
  },
  out: {
    type: 'file',
    placeholder: 'FILE',
    meaning:
      'write what is found to this file, which must not exist yet; all but a table get a FILE.manifest.json, which is written last',
  },
} as const satisfies OptionTable;

export const command = defineCommand(
  {
    name: 'find',
    arguments: ['TARGET'],
    usage: ['TARGET [--from TIME] [--to TIME] [--actor TEXT …] [options]'],
    description: [
      'Finds records, and says what it looked at and what not. What is given for several options must all hold; of several ' +
        'values of one option one is enough. Values are compared whole, without regard to ASCII case.',
      TARGET_MEANING,
    ],
    options: OPTIONS,
    notes: [
      'docs/fields.md says which members of which logs the fields are, docs/ocsf.md which events of OCSF they become, and ' +
        'docs/operations.md, Find and Export, what an answer covers, and what the files and their manifests hold.',
    ],
    exits: { ...SEARCH_EXITS, unknown: `${SEARCH_EXITS.unknown}, or --prove could prove nothing` },
    examples: [
      'auditseal find ./mirror --from 2026-11-25T14:00Z --to 2026-11-25T15:00Z --operation SecretGet',
      'auditseal find ./mirror --related 3/10241',
      'auditseal find ./mirror --category AuditEvent --format parquet --out secrets.parquet --key VKEY',
      "auditseal find ./mirror --category AuditEvent --format jsonl | jq -r '.line.properties.id'",
    ],
  },
  async ({ given: [target], options }) => {
    const format = oneOf('--format', options.format ?? 'table', FORMATS);
    const { out } = options;
    if (format === 'parquet' && out === undefined)
      throw usageError('--format parquet is no text, and needs --out FILE');
    const { zone, ...span } = spanIn(options);
    if (options.sort !== undefined) oneOf('--sort', options.sort, ['time']);
    const verifiers = verifierKeys(options.key);
    requireLogKeys('--key', verifiers);
    if (options.prove !== undefined) {
      refuseUnprovable(options);
      await refuseExisting('--prove', options.prove);
    }
    if (out !== undefined && hasManifest(format)) await refuseManifest(out);
    for (const line of patternLines(options)) tell(line);
    const asked = { ...queryOf(options), ...span };
    const store = await openTarget(target);
    const query =
      options.related === undefined ? asked : await withRelated(asked, options.related, { target, store, verifiers });
    const tiles = options['no-index'] ? undefined : await openTileStore(target, options.tlog);
    const cache = cacheIn(options);
    const progress = Progress.ofSearch('find');
    const slice = await sliceClaimOf(target);
    const deps = { store, verifiers, ...(slice && { slice }), ...cache.deps };
    const onProgress = progress.showSegments.bind(progress);
    const search = new Search({ ...deps, ...(tiles && { tiles }), onProgress }, query);
    const { tally } = search;
    const width = out !== undefined || !process.stdout.isTTY ? 0 : (process.stdout.columns ?? 0);
    const beside = { related: options.related, limit: options.limit, sort: options.sort };
    const ledger = (): string | undefined => tally.ledger;
    const exporter = await makeExporter(format, { zone, width }, { query, beside, ledger });
    const counts = new ExportCounts();
    const sink = await openSink(out);
    return sayingCutOff(hasManifest(format) ? out : undefined, async () => {
      await sink.write(exporter.begin());
      for await (const hit of options.sort === undefined ? search.hits() : sorted(search.hits())) {
        progress.clear();
        const isRead = await sink.write(exporter.add(hit));
        counts.add(hit);
        if (!isRead || counts.records === options.limit) break;
      }
      progress.clear();
      await sink.write(exporter.end({ ledger: tally.ledger, checkpoint: tally.log?.checkpoint }));
      const written = await sink.close();
      const isLimited = counts.records === options.limit;
      const isKeyGiven = verifiers.length > 0;
      const said = [
        ...limitLines(isLimited, options),
        ...(await outsideFoundLines(target, tally)),
        ...searchedLines(tally, query, { zone, isKeyGiven, isProving: options.prove !== undefined }),
        ...cache.lines(),
      ];
      const say = format === 'table' || out !== undefined ? print : tell;
      say('');
      said.forEach(say);
      const code = searchExit(tally);
      const isProved =
        options.prove === undefined || tiles === undefined
          ? undefined
          : await writeAnswer(options.prove, { ...deps, tiles }, query, say);
      if (out !== undefined && written !== undefined && hasManifest(format)) {
        const proof = options.prove === undefined ? undefined : { folder: options.prove, isProved: isProved === true };
        const facts = { format, query, beside, counts, tally, isKeyGiven, isLimited, said, proof };
        say(`${await writeManifest(out, written, facts)} says what ${out} has, and what not`);
      }
      return isProved === false && code === EXIT.fine ? EXIT.unknown : code;
    });
  },
);

/** limitLines says that the limit ended it. */
function limitLines(isLimited: boolean, { limit, sort }: OptionValues<typeof OPTIONS>): string[] {
  if (!isLimited) return [];
  return [
    sort === undefined
      ? `stopped at ${limit}, as --limit says: what comes behind was not searched`
      : `shown are the first ${limit}, as --limit says`,
  ];
}

/** refuseUnprovable throws USAGE for what no answer proves. */
function refuseUnprovable(options: OptionValues<typeof OPTIONS>): void {
  if (options.key.length === 0) throw usageError('--prove needs --key: else anybody may have made what is proved');
  if (options.related !== undefined)
    throw usageError('--prove: correlation ids are not in the index, so leave out --related');
  if ((options.by ?? 'hub') !== 'hub') throw usageError("--prove goes by the hub's time, so leave out --by event");
  if (options['no-index']) throw usageError('--prove rests on the index, so leave out --no-index');
  if (options.limit !== undefined) throw usageError('--prove proves all that is found, so leave out --limit');
  const isByText = options.text.length > 0 || options.where.length > 0;
  if (isByText && FIELDS.every((field) => options[field].length === 0))
    throw usageError(
      '--prove goes by fields, so --text or --where alone would hand out all records of that time: give a field too',
    );
}

function queryOf(options: OptionValues<typeof OPTIONS>): Query {
  const terms = new Map<Field | Extra, readonly string[]>();
  for (const field of FIELDS) {
    const values = options[field].map(fold);
    if (values.includes('')) throw usageError(`--${field} is empty`);
    if (values.length > 0) terms.set(field, values);
  }
  if (options.text.includes('')) throw usageError('--text is empty');
  return {
    by: oneOf('--by', options.by ?? 'hub', ['hub', 'event']),
    terms,
    where: options.where.map(whereIn),
    texts: options.text,
  };
}

/** patternLines says of values that look like patterns that they are none. It repeats none: one may be a secret. */
function patternLines(options: OptionValues<typeof OPTIONS>): string[] {
  const starred = FIELDS.filter((field) => options[field].some((value) => value.includes('*')));
  const isRange = options.ip.some((value) => /^[0-9a-f.:]+\/\d{1,3}$/i.test(value));
  return [
    ...starred.map(
      (field) => `--${field}: * stands for itself, because values are compared whole; --text finds a part`,
    ),
    ...(isRange ? ['--ip: an address is compared whole, and a range finds nothing'] : []),
  ];
}

function whereIn(text: string): Where {
  const at = text.indexOf('=');
  if (at < 1) throw usageError('--where must be PATH=VALUE, such as properties.tlsVersion=TLS1_1');
  return { path: text.slice(0, at), value: fold(text.slice(at + 1)) };
}

/** RelatedIn is where a record is looked for. */
interface RelatedIn {
  readonly target: string;
  readonly store: ObjectStore;
  readonly verifiers: readonly VerifierKey[];
}

async function withRelated(query: Query, place: string, { target, store, verifiers }: RelatedIn): Promise<Query> {
  const [, partition = '', record = ''] = /^(\d{1,5})\/(\d{1,15})$/.exec(place) ?? [];
  if (!isPartition(partition)) throw usageError('--related must be PARTITION/RECORD, such as 3/10241');
  const certificates = new Certificates(undefined, verifiers.length > 0 ? verifiers : undefined);
  const found = await findRecord(store, certificates, partition, Number(record));
  const related = found && relatedTo(found.line);
  if (related === undefined)
    throw unusable(
      [`partition ${partition} has no readable record ${Number(record)}`, ...(await outsideLines(target))].join('; '),
    );
  if (related.correlations.length === 0) throw unusable(`record ${place} has no correlation id`);
  return {
    ...query,
    from: Math.max(related.from, query.from ?? -Infinity),
    to: Math.min(related.to, query.to ?? Infinity),
    terms: new Map([...query.terms, ['correlation', related.correlations]]),
  };
}
