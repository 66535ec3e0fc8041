import { differenceOf } from '../log/segmentDifference.ts';
import { LoggedChain } from '../interval/loggedChain.ts';
import { Lookahead } from '../interval/lookahead.ts';
import { Looking } from '../chain/look.ts';
import { trustKeys } from '../context.ts';
import type { Context, VerifyDeps } from '../context.ts';
import { contextOf } from '../outcome.ts';
import { AuditsealError, attempt, faultIn } from '../../core/errors.ts';
import { formatHash, sha256 } from '../../core/hash.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { parseEntry, placeOf } from '../../core/objects/entry.ts';
import type { SegmentEntry } from '../../core/objects/entry.ts';
import { NO_HEADS, NO_POSITION } from '../../core/objects/heads.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import { TLOG, segmentName } from '../../core/objects/names.ts';
import type { PartialResult, PlannedSlice, RecheckPlan } from '../../core/objects/recheck.ts';
import { treeOf } from '../../core/objects/statedTree.ts';
import { RehashedLines } from '../../core/objects/rehashed.ts';
import type { Auditors } from '../../core/objects/reportFile.ts';
import { openKeyNotice } from '../../core/signed/keyNotice.ts';
import { countingEntries } from '../../ledger/entries.ts';
import type { CountingEntry } from '../../ledger/entries.ts';
import { headsBefore, nextIndices, readBatchLines } from '../../ledger/logEntries.ts';
import type { BatchLines } from '../../ledger/logEntries.ts';
import { WHY_UNREAD } from '../../ports/store.ts';
import type { ReadableTiles } from '../../ports/store.ts';

/** SliceDeps is what a slice is verified with. */
export interface SliceDeps extends VerifyDeps {
  readonly tiles: ReadableTiles;
  readonly auditors: Auditors;
  readonly verifiers: readonly VerifierKey[];
}

/** VerifiedSlice is what came of a slice: its result, and the file with the segments that it confirms. */
export interface VerifiedSlice {
  readonly partial: PartialResult;
  readonly rehashed: Buffer;
}

/**
 * verifySlice reads the segments that whole batches of the log took in, re-hashes them, and compares them with their entries and with
 * each other, by the keys that the log had announced at each entry. The entries are proved by the tree that the plan states: where the
 * tiles don't prove them any more, that is found, and no segment confirmed. It throws STORE_UNAVAILABLE where a segment can't be read now.
 */
export async function verifySlice(deps: SliceDeps, plan: RecheckPlan, slice: number): Promise<VerifiedSlice> {
  const { now, auditors, verifiers } = deps;
  const { ledger, pass, log } = plan;
  const planned = plan.slices[slice] as PlannedSlice;
  const started = new Date(now()).toISOString();
  const context = contextOf(deps, { ledger, auditors, verifiers });
  const { findings, tally } = context;
  const entries = await readEntriesOf(deps, plan, planned);
  const check = new SliceCheck(context, entries.before);
  if ('why' in entries) findings.error('tile-mismatch', TLOG, entries.why);
  else
    try {
      await check.run(entries.batches);
    } finally {
      await check.close();
    }
  // It may be readable in a minute: whoever hands out the slice tries again.
  const fault = tally.unreadable.find(({ why }) => why !== WHY_UNREAD.archived);
  if (fault !== undefined) throw new AuditsealError('STORE_UNAVAILABLE', `${fault.object}: ${fault.why}`);
  const rehashed = check.rehashed.finish();
  const partial: PartialResult = {
    version: 1,
    kind: 'partial',
    ledger,
    pass,
    slice,
    from: planned.from,
    to: planned.to,
    log,
    started,
    finished: new Date(now()).toISOString(),
    segments: planned.segments,
    confirmed: check.confirmed,
    unread: check.unread,
    rehashed: formatHash(sha256(rehashed)),
    findings: findings.listed,
    unreadable: tally.unreadable,
  };
  return { partial, rehashed };
}

type EntriesOfSlice = { readonly before: LogPosition } & (
  { readonly batches: readonly BatchLines[] } | { readonly why: string }
);

/** readEntriesOf gives the batches of a slice, and the heads before them, or says why the tiles don't prove them. */
async function readEntriesOf(
  { tiles }: SliceDeps,
  { log }: RecheckPlan,
  { from, to }: PlannedSlice,
): Promise<EntriesOfSlice> {
  const head = treeOf(log);
  try {
    const before = await headsBefore(tiles, head, from);
    if (before === undefined) return { before: NO_HEADS, why: `no batch ends before entry ${from}` };
    const batches: BatchLines[] = [];
    for await (const batch of readBatchLines(tiles, head, from, to)) batches.push(batch);
    return { before, batches };
  } catch (error) {
    return { before: NO_HEADS, why: faultIn(error, 'malformed').message };
  }
}

/** announcedIn gives the keys that entries of a batch announce, and that its heads know, in order. */
function announcedIn({ lines, first, heads }: BatchLines): { readonly leaf: number; readonly key: string }[] {
  return lines.flatMap((line, i) => {
    if (!line.subarray(0, KEY_ENTRY.length).equals(KEY_ENTRY)) return [];
    const entry = attempt(() => parseEntry(line), 'malformed');
    const key = entry?.type === 'key' ? openKeyNotice(entry.note, undefined) : undefined;
    return key !== undefined && heads.keys.includes(key) ? [{ leaf: first + i, key }] : [];
  });
}

/** How every entry of a key begins. */
const KEY_ENTRY = Buffer.from('{"type":"key",');

class SliceCheck {
  readonly rehashed = new RehashedLines();
  confirmed = 0;
  unread = 0;
  readonly #context: Context;
  readonly #before: LogPosition;
  readonly #lookahead: Lookahead;
  readonly #chains = new Map<string, LoggedChain>();

  constructor(context: Context, before: LogPosition) {
    this.#context = context;
    this.#before = before;
    this.#lookahead = new Lookahead(context, new Looking(context));
  }

  async run(batches: readonly BatchLines[]): Promise<void> {
    const { ledger } = this.#context;
    const next = nextIndices(this.#before);
    const counting = batches.map(({ lines, first, heads }) => [...countingEntries(lines, first, heads, next)]);
    trustKeys(ledger, this.#before.keys);
    await this.#lookahead.expect(counting.flat().flatMap(({ entry }) => (entry.type === 'segment' ? [entry] : [])));
    for (const [i, batch] of batches.entries()) {
      const announced = announcedIn(batch);
      for (const counted of counting[i] as readonly CountingEntry[]) {
        while (announced[0] !== undefined && announced[0].leaf < counted.leaf) this.#trust(announced.shift()?.key);
        await this.#add(counted);
      }
      trustKeys(ledger, batch.heads.keys);
    }
  }

  #trust(key: string | undefined): void {
    const { ledger } = this.#context;
    const { keys = [] } = ledger;
    if (key !== undefined && !keys.includes(key)) trustKeys(ledger, [...keys, key]);
  }

  async #add({ entry, line }: CountingEntry): Promise<void> {
    if (entry.type === 'segment') return this.#addSegment(entry, line);
    const place = placeOf(entry);
    if (place !== undefined) this.#chainOf(place.partition).passForeign(place.index);
  }

  async #addSegment(entry: SegmentEntry, line: Buffer): Promise<void> {
    const { findings, ledger } = this.#context;
    const { partition, index } = entry;
    const name = segmentName(partition, index);
    const chain = this.#chainOf(partition);
    const { summary, size, isGone } = await this.#lookahead.take(entry);
    if (summary === undefined) {
      chain.lose(entry);
      this.unread += 1;
      if (isGone === true)
        findings.error('segment-missing', name, 'no object has this name, and it has an entry in the log');
      return;
    }
    chain.add(entry, summary);
    // What was dismissed by its end has no hash, and a finding already.
    if (!summary.ok && summary.sha256 === undefined) return;
    const difference = differenceOf({ entry, line }, { size, summary, stored: summary.sha256 });
    if (difference !== undefined) findings.error(difference.code, name, difference.detail);
    else if (summary.ok && this.rehashed.add({ partition, index, size, keys: ledger.keys ?? [], summary }))
      this.confirmed += 1;
  }

  #chainOf(partition: string): LoggedChain {
    let chain = this.#chains.get(partition);
    if (chain === undefined) {
      const position = this.#before.positions.get(partition) ?? NO_POSITION;
      this.#chains.set(partition, (chain = new LoggedChain(this.#context, partition, position)));
    }
    return chain;
  }

  close = (): Promise<void> => this.#lookahead.close();
}
