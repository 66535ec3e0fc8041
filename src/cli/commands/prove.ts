import { formatEvidence } from '../../core/objects/evidence.ts';
import { parseSegmentName } from '../../core/objects/names.ts';
import { isPartition } from '../../core/text.ts';
import { proveRecord } from '../../prove/prove.ts';
import type { RecordPlace } from '../../prove/prove.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { createFile } from '../files.ts';
import { verifierKeys } from '../keys.ts';
import { TARGET_MEANING } from '../options.ts';
import { printPage, warn } from '../output.ts';
import { proveSeveral, readRecords } from '../proveSeveral.ts';
import type { OutsideOf } from '../proveSeveral.ts';
import { outsideLines } from '../sliceFolder.ts';
import { openTarget, openTiles } from '../target.ts';
import { usageError } from '../usage.ts';
import type { OptionTable, OptionValues } from '../usage.ts';

const OPTIONS = {
  partition: { type: 'text', placeholder: 'P', meaning: 'the partition of the record, together with --record' },
  record: { type: 'number', placeholder: 'N', least: 0, meaning: "the record's number in the partition's chain" },
  segment: { type: 'text', placeholder: 'NAME', meaning: 'the segment of the record, together with --line' },
  line: {
    type: 'number',
    placeholder: 'I',
    least: 1,
    meaning: "the record's line in the segment, where the header is line 0",
  },
  key: {
    type: 'texts',
    placeholder: 'VKEY',
    meaning:
      "a key that must have signed the log's checkpoint. Without one, no signature is verified here, and the file names " +
      'no key',
  },
  tlog: {
    type: 'target',
    placeholder: 'DIR|URL',
    meaning: "where the log's tiles are, if not in TARGET/tlog or in the container tlog beside TARGET",
  },
  records: {
    type: 'file',
    placeholder: 'FILE',
    meaning:
      'prove several records: on each line of this file a partition and a number, such as 0 1017, or a line of ' +
      'JSON of auditseal find. It needs --out, and goes on behind a record that cannot be proved',
  },
  out: {
    type: 'file',
    placeholder: 'FILE',
    meaning:
      'write to this file, which must not exist yet, instead of to standard output; with --records to this folder, which is ' +
      'made, a file for each record',
  },
} as const satisfies OptionTable;

export const command = defineCommand(
  {
    name: 'prove',
    arguments: ['TARGET'],
    usage: [
      'TARGET --partition P --record N [options]',
      'TARGET --segment NAME --line I [options]',
      'TARGET --records FILE --out DIR [options]',
    ],
    description: [
      'Writes one file that proves one record: that it is in the log, unchanged. Anyone who has the verifier key of the ' +
        'log can check it without a network and without trust in this program (auditseal check FILE).',
      TARGET_MEANING,
    ],
    options: OPTIONS,
    exits: {
      fine: 'written; of several records, all',
      wrong: "the record's segment is not what the log says",
      unknown: "the log has no such record yet, or something can't be read",
    },
    examples: [
      'auditseal prove ./mirror --records hits.jsonl --out ./evidence --key logs.example.com/prod+22e6b51e+AeMP…',
      'auditseal prove ./mirror --partition 0 --record 1017 --key logs.example.com/prod+22e6b51e+AeMP… --out record.json',
      'auditseal prove ./mirror --segment segments/0/000000000041.jsonl.zst --line 5',
    ],
  },
  async ({ given: [target], options }) => {
    const asked = options.records === undefined ? placeIn(options) : await severalIn(options, options.records);
    const verifiers = verifierKeys(options.key);
    const store = await openTarget(target);
    const tiles = await openTiles(target, options.tlog);
    const deps = { store, tiles, verifiers };
    const outsideOf: OutsideOf = async (segment) => {
      const [line] = segment === undefined || (await store.exists(segment)) ? [] : await outsideLines(target);
      return line && `${segment} is not here: ${line}`;
    };
    if ('records' in asked) return proveSeveral({ ...deps, outsideOf }, asked.records, asked.folder);
    const proved = await proveRecord(deps, asked);
    if (!proved.ok) {
      const outside = await outsideOf(proved.segment);
      warn(outside ?? proved.why);
      return proved.reason === 'changed' && outside === undefined ? EXIT.wrong : EXIT.unknown;
    }
    if (verifiers.length === 0) warn('no signature is verified, because no --key says whose signature counts');
    const file = formatEvidence(proved.evidence);
    if (options.out === undefined) printPage(file);
    else await createFile(options.out, file);
    return EXIT.fine;
  },
);

/** severalIn reads which records are to be proved, and where to. */
async function severalIn(
  { partition, record, segment, line, out }: OptionValues<typeof OPTIONS>,
  path: string,
): Promise<{ readonly records: Awaited<ReturnType<typeof readRecords>>; readonly folder: string }> {
  if ([partition, record, segment, line].some((given) => given !== undefined))
    throw usageError('--records excludes --partition, --record, --segment and --line');
  if (out === undefined) throw usageError('--records needs --out DIR, the folder for the files of evidence');
  return { records: await readRecords(path), folder: out };
}

function placeIn({ partition, record, segment, line }: OptionValues<typeof OPTIONS>): RecordPlace {
  const isNumber = partition !== undefined && record !== undefined && segment === undefined && line === undefined;
  if (isNumber) {
    if (!isPartition(partition)) throw usageError('--partition must be a partition id, such as 0');
    return { partition, record };
  }
  if (segment === undefined || line === undefined || partition !== undefined || record !== undefined)
    throw usageError('give --partition and --record, or --segment and --line');
  const place = parseSegmentName(segment);
  if (place === undefined) throw usageError('--segment must be a name such as segments/0/000000000041.jsonl.zst');
  return { segment: place, line };
}
