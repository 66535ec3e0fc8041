import { setTimeout as delay } from 'node:timers/promises';
import type { LedgerDeps, LedgerKeys } from './ledger.ts';
import { failed, ok, unknown } from './step.ts';
import type { Outcome } from './step.ts';
import { verifyEvidence } from '../core/objects/evidence.ts';
import { segmentName } from '../core/objects/names.ts';
import type { SegmentPlace } from '../core/objects/names.ts';
import { readSegment } from '../core/segment/reader.ts';
import { Certificates } from '../core/signed/certificate.ts';
import { openSegment } from '../core/signed/segmentFrame.ts';
import { evaluateQuorum } from '../core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../core/note/witnessPolicy.ts';
import { faultIn } from '../core/errors.ts';
import { isPartition } from '../core/text.ts';
import { firstFree } from '../ledger/dense.ts';
import { proveRecord } from '../prove/prove.ts';
import type { Probe } from '../ports/probe.ts';
import { WHY_UNREAD } from '../ports/store.ts';

/** How long is waited before the ledger is looked at again. */
const PAUSE_MS = 2000;

/** ProbeSteps follows one record from the hub into a signed checkpoint. */
export class ProbeSteps {
  readonly #deps: Pick<LedgerDeps, 'store' | 'tiles' | 'now'>;
  readonly #probe: Probe;
  readonly #id: string;
  /** by partition, the index that was free before the record was sent */
  readonly #from = new Map<string, number>();
  #sent = 0;
  #place: { readonly segment: SegmentPlace; readonly line: number } | undefined;

  /** `id` is what the record is told by: a random UUID. */
  constructor(deps: Pick<LedgerDeps, 'store' | 'tiles' | 'now'>, probe: Probe, id: string) {
    this.#deps = deps;
    this.#probe = probe;
    this.#id = id;
  }

  async send(): Promise<Outcome> {
    for await (const partition of this.#partitions()) this.#from.set(partition, await this.#freeIn(partition, 0));
    try {
      await this.#probe.send(this.#id);
    } catch (error) {
      // Nobody may do this by default, so it says nothing of the deployment.
      return unknown(
        faultIn(error).message,
        'docs/deploy.md says who may: --probe vault needs the right to read the key, --probe hub the role Azure Event Hubs Data Sender',
      );
    }
    this.#sent = performance.now();
    return ok(`a record with the id ${this.#id} is on its way, ${this.#probe.way}`);
  }

  /** mostMs is how long the record may take to be sealed. */
  get mostMs(): number {
    return this.#probe.mostMs;
  }

  /** sealed waits for a segment that has the record; `hints` is what earlier steps know of what would keep it away. */
  async sealed(
    { origin, verifiers }: LedgerKeys,
    hints: () => readonly string[],
    signal: AbortSignal,
  ): Promise<Outcome> {
    const certificates = new Certificates(origin, verifiers);
    const passedOver = new Set<string>();
    while (!signal.aborted && performance.now() - this.#sent < this.#probe.mostMs) {
      for await (const partition of this.#partitions()) {
        const first = this.#from.get(partition) ?? 0;
        const free = await this.#freeIn(partition, first);
        for (let index = first; index < free; index++) {
          const line = await this.#lineIn({ partition, index }, certificates, passedOver);
          if (line === undefined) continue;
          this.#place = { segment: { partition, index }, line };
          return ok(`${segmentName(partition, index)} has it, ${this.#elapsed()} after it was sent`);
        }
        this.#from.set(partition, free);
      }
      await delay(PAUSE_MS);
    }
    const known = [...passedOver, ...hints()];
    return failed(
      `it is in no segment after ${this.#elapsed()}${known.length === 0 ? '' : `; ${known.join('; ')}`}`,
      'look at the log of ingest: whether it is delivered anything, and what it says',
    );
  }

  /** proved waits until the record is in a signed checkpoint, and checks the proof as `check` does, with these keys alone. */
  async proved(
    { verifiers }: LedgerKeys,
    mostMs: number,
    policy: WitnessPolicy | undefined,
    hints: () => readonly string[],
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { store, tiles } = this.#deps;
    if (this.#place === undefined) throw new Error('the step sealed is not ok');
    const start = performance.now();
    let why = '';
    while (!signal.aborted && performance.now() - start < mostMs) {
      const proved = await proveRecord({ store, tiles, verifiers }, this.#place);
      if (!proved.ok && proved.reason === 'changed') return failed(proved.why);
      if (proved.ok) {
        const witnesses = (policy?.witnesses ?? []).map(({ verifierKey }) => verifierKey);
        const result = verifyEvidence(proved.evidence, [...verifiers, ...witnesses]);
        if (!result.ok) return failed(`the proof does not hold: ${result.why}`);
        const quorum = policy === undefined || evaluateQuorum(policy, result.opened.cosignatures).isMet;
        const at = `entry ${result.entryIndex} of the log, in the checkpoint of ${result.opened.checkpoint.size} entries`;
        if (quorum) return ok(`${at}; proved with the log's key, ${this.#elapsed()} after it was sent`);
        why = `${at}, which the witnesses of the policy have not cosigned`;
      } else ({ why } = proved);
      await delay(PAUSE_MS);
    }
    return failed([why, ...hints()].join('; '), 'look at the log of integrate');
  }

  async *#partitions(): AsyncGenerator<string> {
    for await (const { name, isFolder } of this.#deps.store.children('segments/')) {
      const partition = name.slice('segments/'.length, -1);
      if (isFolder && isPartition(partition)) yield partition;
    }
  }

  async #freeIn(partition: string, from: number): Promise<number> {
    return firstFree((index) => this.#deps.store.exists(segmentName(partition, index)), from);
  }

  /** #lineIn finds the record in a segment that the sealer signed; of others it says why they don't count. */
  async #lineIn(place: SegmentPlace, certificates: Certificates, passedOver: Set<string>): Promise<number | undefined> {
    const name = segmentName(place.partition, place.index);
    const stored = await this.#deps.store.read(name);
    if (typeof stored !== 'object') {
      if (stored !== undefined) passedOver.add(`${name} was not read: ${WHY_UNREAD[stored]}`);
      return undefined;
    }
    try {
      const { frames } = openSegment(stored, name, certificates);
      let [line, found] = [0, 0];
      readSegment(frames, (bytes, start, end) => {
        line += 1;
        if (bytes.subarray(start, end).includes(this.#id)) found = line;
      });
      return found > 0 ? found : undefined;
    } catch (error) {
      passedOver.add(`${name} counts for nobody: ${faultIn(error, 'malformed').message}`);
      return undefined;
    }
  }

  #elapsed(): string {
    return `${((performance.now() - this.#sent) / 1000).toFixed(0)} s`;
  }
}
