import { formatHash } from '../../core/hash.ts';
import { Certificates } from '../../core/signed/certificate.ts';
import { originalRecord } from '../../core/segment/recordLine.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { isPartition } from '../../core/text.ts';
import type { Query } from '../../find/query.ts';
import { Search } from '../../find/search.ts';
import { findRecord } from '../../prove/findRecord.ts';
import type { FoundRecord } from '../../prove/findRecord.ts';
import type { LedgerInterval } from '../../core/objects/slice.ts';
import type { ObjectStore } from '../../ports/store.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { hitFormat } from '../hits.ts';
import { requireLogKeys, verifierKeys } from '../keys.ts';
import { TARGET_MEANING } from '../options.ts';
import { print, printJson, printPage, some, warn } from '../output.ts';
import { searchedLines, searchExit } from '../searched.ts';
import { outsideLines, sliceClaimOf } from '../sliceFolder.ts';
import { openTarget } from '../target.ts';
import { unusable, usageError, wholeNumber } from '../usage.ts';

export const command = defineCommand(
  {
    name: 'show',
    arguments: ['TARGET', 'PARTITION', 'RECORD'],
    usage: ['TARGET PARTITION RECORD [--raw | --json | --context N] [--key VKEY]'],
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
      context: {
        type: 'number',
        placeholder: 'N',
        least: 1,
        most: 10_000,
        meaning: 'show the record among the N before it and the N behind it in its partition, a line each',
      },
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
    if ([options.raw, options.json, options.context !== undefined].filter(Boolean).length > 1)
      throw usageError('--raw, --json and --context exclude each other');
    const record = wholeNumber(number, 'RECORD', 0);
    const verifiers = verifierKeys(options.key);
    requireLogKeys('--key', verifiers);
    if (options.context !== undefined)
      return showContext(
        await openTarget(target),
        await sliceClaimOf(target),
        { partition, record, context: options.context },
        verifiers,
      );
    const certificates = new Certificates(undefined, verifiers.length > 0 ? verifiers : undefined);
    const passed: { readonly segment: string; readonly why: string }[] = [];
    const found = await findRecord(await openTarget(target), certificates, partition, record, passed);
    if (found === undefined) {
      const whose = verifiers.length > 0 ? ' that a key which you gave vouches for' : '';
      const where = passed.map(({ segment, why }) => `${segment} (${why})`);
      const outside = await outsideLines(target);
      const may = [...(where.length > 0 ? [`it may be in ${some(where)}`] : []), ...outside];
      throw unusable([`partition ${partition} has no readable record ${record}${whose}`, ...may].join('; '));
    }
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

interface InContext {
  readonly partition: string;
  readonly record: number;
  readonly context: number;
}

async function showContext(
  store: ObjectStore,
  slice: LedgerInterval | undefined,
  { partition, record, context }: InContext,
  verifiers: readonly VerifierKey[],
): Promise<number> {
  const query: Query = {
    by: 'hub',
    terms: new Map(),
    where: [],
    texts: [],
    partitions: new Set([partition]),
    records: { first: Math.max(0, record - context), last: record + context },
  };
  const search = new Search({ store, verifiers, ...(slice && { slice }) }, query);
  const width = process.stdout.isTTY ? process.stdout.columns - 2 : 0;
  const table = hitFormat('table', { zone: 'UTC', width });
  print(`  ${table.head.trimEnd()}`);
  let isThere = false;
  for await (const hit of search.hits()) {
    isThere ||= hit.record === record;
    print(`${hit.record === record ? '>' : ' '} ${table.line(hit).trimEnd()}`);
  }
  print('');
  if (!isThere) print(`partition ${partition} has no readable record ${record}`);
  for (const line of searchedLines(search.tally, query, { zone: 'UTC', isKeyGiven: verifiers.length > 0 })) print(line);
  const code = searchExit(search.tally);
  return isThere || code !== EXIT.fine ? code : EXIT.unknown;
}

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
