import { formatHash } from '../../core/hash.ts';
import { Certificates } from '../../core/signed/certificate.ts';
import { originalRecord } from '../../core/segment/recordLine.ts';
import { isPartition } from '../../core/text.ts';
import { findRecord } from '../../prove/findRecord.ts';
import type { FoundRecord } from '../../prove/findRecord.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { requireLogKeys, verifierKeys } from '../keys.ts';
import { TARGET_MEANING } from '../options.ts';
import { print, printJson, printPage, warn } from '../output.ts';
import { openTarget } from '../target.ts';
import { unusable, usageError, wholeNumber } from '../usage.ts';

export const command = defineCommand(
  {
    name: 'show',
    arguments: ['TARGET', 'PARTITION', 'RECORD'],
    usage: ['TARGET PARTITION RECORD [--raw | --json] [--key VKEY]'],
    description: [
      "Shows one record by its number in a partition's chain, with its hash and the root of its segment. It recomputes " +
        'that one segment; it does not check the chain (auditseal verify does).',
      TARGET_MEANING,
    ],
    options: {
      raw: {
        type: 'flag',
        meaning:
          "write the record's original bytes and nothing else, unescaped: a terminal obeys what hostile bytes tell it",
      },
      json: { type: 'flag', meaning: 'print {"segment","leaf","recordHash","segmentRoot","line"}' },
      key: {
        type: 'texts',
        placeholder: 'VKEY',
        meaning:
          'a verifier key of the log, which must have certified whoever signed the segment. Without one, anybody may have ' +
          'signed it',
      },
    },
    exits: {
      fine: 'shown',
      wrong: "the record's segment is not intact",
      unknown: "there is no such record, or it can't be read",
    },
    examples: ['auditseal show ./mirror 0 1017', 'auditseal show ./mirror 0 1017 --raw | jq .'],
  },
  async ({ given: [target, partition, number], options }) => {
    if (!isPartition(partition)) throw usageError('PARTITION must be a partition id, such as 0');
    if (options.raw && options.json) throw usageError('--raw and --json exclude each other');
    const record = wholeNumber(number, 'RECORD', 0);
    const verifiers = verifierKeys(options.key);
    requireLogKeys('--key', verifiers);
    const certificates = new Certificates(undefined, verifiers.length > 0 ? verifiers : undefined);
    const found = await findRecord(await openTarget(target), certificates, partition, record);
    if (found === undefined)
      throw unusable(
        `partition ${partition} has no readable record ${record}${verifiers.length > 0 ? ' that a key which you gave vouches for' : ''}`,
      );
    const { segment, line, reading } = found;
    const isIntact = !reading.endDiffers && reading.contradiction === undefined;
    if (!isIntact)
      warn(`${segment} is not intact: ${reading.contradiction ?? 'its end line states another root or count'}`);
    if (options.raw) printPage(originalRecord(line) ?? line);
    else if (options.json) printJson(asJson(found));
    else printFound(found, verifiers.length > 0);
    return isIntact ? EXIT.fine : EXIT.wrong;
  },
);

const asJson = ({ segment, leaf, line, hash, reading }: FoundRecord): object => ({
  segment,
  leaf,
  recordHash: formatHash(hash),
  segmentRoot: formatHash(reading.root),
  line: line.toString('utf8'),
});

function printFound({ segment, leaf, line, hash, reading }: FoundRecord, isKeyGiven: boolean): void {
  print(line.toString('utf8'));
  print('');
  print(
    `signed        by a session that ${isKeyGiven ? 'a key which you gave certified' : 'anybody may have certified: no --key was given'}`,
  );
  print(`segment       ${segment}`);
  print(`line          ${leaf} (the header is line 0)`);
  print(`record hash   ${formatHash(hash)}`);
  print(`segment root  ${formatHash(reading.root)}`);
  print(`sealed        ${reading.header.sealed}, ledger ${reading.header.ledger}`);
}
