import { FIELDS } from '../../core/fields/rule.ts';
import type { Field } from '../../core/fields/rule.ts';
import { FieldCounts } from '../../find/fieldCounts.ts';
import { Search } from '../../find/search.ts';
import { defineCommand } from '../command.ts';
import { requireLogKeys, verifierKeys } from '../keys.ts';
import { formatMoment } from '../moment.ts';
import { TARGET_MEANING, jsonOption } from '../options.ts';
import { counted, formatCount, print, printJson } from '../output.ts';
import { Progress } from '../progress.ts';
import { CACHE_OPTION, cacheIn, spanIn, SPAN_OPTIONS } from '../searchOptions.ts';
import { SEARCH_EXITS, searchedLines, searchExit } from '../searched.ts';
import { sliceClaimOf, outsideFoundLines } from '../sliceFolder.ts';
import { openTarget } from '../target.ts';
import { usageError } from '../usage.ts';
import type { OptionTable } from '../usage.ts';

const OPTIONS = {
  ...SPAN_OPTIONS,
  ...CACHE_OPTION,
  field: {
    type: 'texts',
    placeholder: 'NAME',
    meaning: `this field alone: ${FIELDS.join(', ')}`,
  },
  limit: {
    type: 'number',
    placeholder: 'N',
    least: 1,
    meaning: 'of each field the N most frequent values (default: 20)',
  },
  json: jsonOption('all values'),
} as const satisfies OptionTable;

const LIMIT = 20;

export const command = defineCommand(
  {
    name: 'fields',
    arguments: ['TARGET'],
    usage: ['TARGET [--from TIME] [--to TIME] [options]'],
    description: [
      'Shows which categories, operations, actors, targets, resources, results and addresses there are: how often each, and ' +
        'when the hub got the first and the last record with it. It reads all segments of that time.',
      TARGET_MEANING,
    ],
    options: OPTIONS,
    exits: SEARCH_EXITS,
    examples: ['auditseal fields ./mirror --from 2026-11-25 --field actor --field operation'],
  },
  async ({ given: [target], options }) => {
    const { zone, ...span } = spanIn(options);
    const fields = fieldsIn(options.field);
    const verifiers = verifierKeys(options.key);
    requireLogKeys('--key', verifiers);
    const query = { by: 'hub', terms: new Map(), where: [], texts: [], ...span } as const;
    const cache = cacheIn(options);
    const progress = Progress.ofSearch('fields');
    const onProgress = progress.showSegments.bind(progress);
    const counts = new FieldCounts();
    const onTaken = counts.add.bind(counts);
    const slice = await sliceClaimOf(target);
    const deps = { store: await openTarget(target), verifiers, ...(slice && { slice }), ...cache.deps };
    const search = new Search({ ...deps, onProgress, onTaken }, query);
    for await (const _hit of search.hits());
    progress.clear();
    const searched = [
      ...(await outsideFoundLines(target, search.tally)),
      ...searchedLines(search.tally, query, { zone, isKeyGiven: verifiers.length > 0 }),
      ...cache.lines(),
    ];
    if (options.json) printJson({ ...asJson(counts, fields), searched });
    else {
      for (const field of fields) printField(counts, field, zone, options.limit ?? LIMIT);
      print('');
      for (const line of searched) print(line);
    }
    return searchExit(search.tally);
  },
);

function fieldsIn(names: readonly string[]): readonly Field[] {
  for (const name of names)
    if (!FIELDS.some((field) => field === name)) throw usageError(`--field must be one of ${FIELDS.join(', ')}`);
  return names.length === 0 ? FIELDS : FIELDS.filter((field) => names.includes(field));
}

const asJson = (counts: FieldCounts, fields: readonly Field[]): object => ({
  version: 1,
  kind: 'fields',
  fields: Object.fromEntries(
    fields.map((field) => [field, { values: counts.of(field), notToldApart: counts.beyond(field) }]),
  ),
});

function printField(counts: FieldCounts, field: Field, zone: string, limit: number): void {
  const all = counts.of(field);
  print(`${field.toUpperCase()}: ${counted(all.length, 'value')}`);
  for (const { value, count, first, last } of all.slice(0, limit)) {
    const [from, to] = [first, last].map((time) => formatMoment(Date.parse(time), zone));
    print(`${formatCount(count).padStart(12)}  ${from}  ${to}  ${value.replace(/[\r\n\t]+/g, ' ')}`);
  }
  if (all.length > limit) print(`${'…'.padStart(12)}  ${formatCount(all.length - limit)} more: --limit`);
  const beyond = counts.beyond(field);
  if (beyond > 0) print(`${'…'.padStart(12)}  ${formatCount(beyond)} of values that were too many to tell apart`);
}
