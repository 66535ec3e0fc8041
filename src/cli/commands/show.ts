import { AuditsealError } from '../../core/errors.ts';
import { formatHash } from '../../core/hash.ts';
import { originalRecord } from '../../core/segment/recordLine.ts';
import { isPartition } from '../../core/text.ts';
import { findRecord } from '../../prove/findRecord.ts';
import { print, printable, tell } from '../output.ts';
import { openTarget } from '../target.ts';
import { parseCommand, usageError, wholeNumber } from '../usage.ts';

export const showHelp = `auditseal show TARGET PARTITION RECORD [--raw | --json]

Shows one record by its number in a partition's chain, with its hash and its segment's root. It re-computes that one
segment; it does not check the chain (auditseal verify does).

  --raw     write the record's original bytes and nothing else, as they are: look out on a terminal
  --json    print {"segment","leaf","recordHash","segmentRoot","line"}

Exit status: 0 shown, 1 the record's segment is not intact, 2 there is no such record or it can't be read, 64 wrong usage.

  auditseal show ./mirror 0 1017
  auditseal show ./mirror 0 1017 --raw | jq .
`;

export async function showCommand(args: readonly string[]): Promise<number> {
  const { positionals, options } = parseCommand(args, ['TARGET', 'PARTITION', 'RECORD'], {
    raw: 'boolean',
    json: 'boolean',
  });
  const [target, partition, number] = positionals as [string, string, string];
  if (!isPartition(partition)) throw usageError('PARTITION must be a partition id, such as 0');
  if (options.raw === true && options.json === true) throw usageError('--raw and --json exclude each other');
  const record = wholeNumber(number, 'RECORD', 0);
  const found = await findRecord(await openTarget(target), partition, record);
  if (found === undefined) {
    throw new AuditsealError('TARGET_INVALID', `partition ${partition} has no readable record ${record}`);
  }
  const { segment, leaf, line, hash, reading } = found;
  const isIntact = !reading.endDiffers && reading.contradiction === undefined;
  if (!isIntact)
    tell(
      `auditseal: ${segment} is not intact: ${printable(reading.contradiction ?? 'its end line states another root')}`,
    );
  if (options.raw === true) process.stdout.write(originalRecord(line) ?? line);
  else if (options.json === true) {
    const text = line.toString('utf8');
    const segmentRoot = formatHash(reading.root);
    print(printable(JSON.stringify({ segment, leaf, recordHash: formatHash(hash), segmentRoot, line: text })));
  } else {
    print(printable(line.toString('utf8')));
    print('');
    print(`segment       ${segment}`);
    print(`line          ${leaf} (the header is line 0)`);
    print(`record hash   ${formatHash(hash)}`);
    print(`segment root  ${formatHash(reading.root)}`);
    print(`sealed        ${reading.header.sealed}, ledger ${printable(reading.header.ledger)}`);
  }
  return isIntact ? 0 : 1;
}
