import { formatEvidence } from '../../core/objects/evidence.ts';
import { parseSegmentName } from '../../core/objects/names.ts';
import { isPartition } from '../../core/text.ts';
import { proveRecord } from '../../prove/prove.ts';
import type { RecordPlace } from '../../prove/prove.ts';
import { createFile } from '../files.ts';
import { verifierKeys } from '../keys.ts';
import { tell } from '../output.ts';
import { openTarget, openTiles } from '../target.ts';
import { parseCommand, usageError, wholeNumber } from '../usage.ts';

export const proveHelp = `auditseal prove TARGET (--partition P --record N | --segment NAME --line I) [options]

Writes one file that proves one record: that it is in the log, unchanged, to anyone who has the log's verifier key, with
no network and without trust in this program (auditseal check FILE).
TARGET is a mirror folder or a container's URL (with a SAS, or for your own sign-in).

  --partition P --record N   the record of that number in the partition's chain
  --segment NAME --line I    the record on that line of a segment; line 0 is the segment's header
  --key VKEY                 a key that must have signed the log's checkpoint; may be repeated.
                             Without one no signature is verified here, and the file names no key
  --tlog DIR|URL             where the log's tiles are, if not in TARGET/tlog or in the container tlog beside TARGET
  --out FILE                 write to this file, which must not exist, instead of standard output

Exit status: 0 written, 1 the record's segment is not what the log says, 2 there is no such record in the log yet, or
something can't be read, 64 wrong usage.

  auditseal prove ./mirror --partition 0 --record 1017 --key logs.example.com/prod+22e6b51e+AeMP… --out record.json
  auditseal prove ./mirror --segment segments/0/000000000041.jsonl.zst --line 5
`;

const EXIT_CHANGED = 1;
const EXIT_ABSENT = 2;

export async function proveCommand(args: readonly string[]): Promise<number> {
  const { positionals, options } = parseCommand(args, ['TARGET'], {
    partition: 'string',
    record: 'string',
    segment: 'string',
    line: 'string',
    key: 'strings',
    tlog: 'string',
    out: 'string',
  });
  const place = placeIn(options);
  const verifiers = verifierKeys(options.key);
  const target = positionals[0] as string;
  const store = await openTarget(target);
  const tiles = await openTiles(target, options.tlog);
  const proved = await proveRecord({ store, tiles, verifiers }, place);
  if (!proved.ok) {
    tell(`auditseal: ${proved.why}`);
    return proved.reason === 'changed' ? EXIT_CHANGED : EXIT_ABSENT;
  }
  if (verifiers.length === 0) tell('auditseal: the signature is not verified, because no --key says who may sign');
  const file = formatEvidence(proved.evidence);
  if (options.out === undefined) process.stdout.write(file);
  else await createFile(options.out, file);
  return 0;
}

function placeIn(options: {
  readonly partition?: string;
  readonly record?: string;
  readonly segment?: string;
  readonly line?: string;
}): RecordPlace {
  const { partition, record, segment, line } = options;
  const isNumber = partition !== undefined && record !== undefined && segment === undefined && line === undefined;
  if (isNumber) {
    if (!isPartition(partition)) throw usageError('--partition must be a partition id, such as 0');
    return { partition, record: wholeNumber(record, '--record', 0) };
  }
  if (segment === undefined || line === undefined || partition !== undefined || record !== undefined) {
    throw usageError('give --partition and --record, or --segment and --line');
  }
  const place = parseSegmentName(segment);
  if (place === undefined) throw usageError('--segment must be a name such as segments/0/000000000041.jsonl.zst');
  return { segment: place, line: wholeNumber(line, '--line', 1) };
}
