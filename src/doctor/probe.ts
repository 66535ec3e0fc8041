import { setTimeout as delay } from 'node:timers/promises';
import type { LedgerDeps, LedgerKeys } from './ledger.ts';
import { endOf } from './sealing.ts';
import { failed, ok, unknown } from './step.ts';
import type { Outcome } from './step.ts';
import { verifyEvidence } from '../core/objects/evidence.ts';
import { segmentName } from '../core/objects/names.ts';
import type { SegmentPlace } from '../core/objects/names.ts';
import { readSegment } from '../core/segment/reader.ts';
import { Certificates } from '../core/signed/certificate.ts';
import { openSegment } from '../core/signed/segmentFrame.ts';
import { evaluateQuorum, witnessKeys } from '../core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../core/note/witnessPolicy.ts';
import { faultIn } from '../core/errors.ts';
import { readSignature } from '../ledger/objects.ts';
import { indicesFrom, partitionsOf } from '../ledger/partitions.ts';
import { proveRecord } from '../prove/prove.ts';
import type { Probe } from '../ports/probe.ts';
import { WHY_UNREAD } from '../ports/store.ts';

const MAY_SEND =
  'docs/doctor.md#probe says who may: --probe vault takes the right to read the key, --probe hub the role Azure Event Hubs Data Sender';

/** ProvedOptions is what a proof has to have, and how long it is waited for. */
export interface ProvedOptions {
  readonly mostMs: number;
  readonly policy: WitnessPolicy | undefined;
  /** what earlier steps know of what would keep it away */
  readonly hints: () => readonly string[];
  readonly signal: AbortSignal;
}

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

  /** send has the record sent, behind whose end in each partition it is looked for. */
  async send({ origin, verifiers }: LedgerKeys): Promise<Outcome> {
    const { store } = this.#deps;
    const certificates = new Certificates(origin, verifiers);
    for await (const partition of partitionsOf(store))
      this.#from.set(partition, (await endOf(store, partition, certificates)).free);
    try {
      await this.#probe.send(this.#id);
    } catch (error) {
      // It says what whoever is signed in may do here, and nothing of the deployment.
      const { message, kind, cause } = faultIn(error);
      const { statusCode } = Object(cause) as { readonly statusCode?: unknown };
      return kind === 'refused' || statusCode === 401 || statusCode === 403
        ? unknown(message, MAY_SEND)
        : unknown(message, 'run this where it can be reached; --probe hub and --probe vault take different ways');
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
    const { store } = this.#deps;
    const certificates = new Certificates(origin, verifiers);
    const passedOver = new Set<string>();
    const seen = new Set<string>();
    do {
      for await (const partition of partitionsOf(store))
        for await (const index of indicesFrom(store, partition, this.#from.get(partition) ?? 0)) {
          const name = segmentName(partition, index);
          if (seen.has(name)) continue;
          const line = await this.#lineIn(name, certificates, passedOver);
          seen.add(name);
          if (line === undefined) continue;
          this.#place = { segment: { partition, index }, line };
          return ok(`${name} has it, ${this.#elapsed()} after it was sent`);
        }
      await delay(PAUSE_MS);
    } while (!signal.aborted && performance.now() - this.#sent < this.#probe.mostMs);
    const known = [...passedOver, ...hints()];
    return failed(
      `it is in no segment after ${this.#elapsed()}${known.length === 0 ? '' : `; ${known.join('; ')}`}`,
      'look at the log of ingest: whether it is delivered anything, and what it says',
    );
  }

  /** proved waits until the record is in a signed checkpoint, and checks the proof as `check` does, with these keys alone. */
  async proved({ verifiers }: LedgerKeys, { mostMs, policy, hints, signal }: ProvedOptions): Promise<Outcome> {
    const { store, tiles } = this.#deps;
    if (this.#place === undefined) throw new Error('the step sealed is not ok');
    const start = performance.now();
    let why = '';
    do {
      const proved = await proveRecord({ store, tiles, verifiers }, this.#place);
      if (!proved.ok && proved.reason === 'changed') return failed(proved.why);
      if (proved.ok) {
        const result = verifyEvidence(proved.evidence, [...verifiers, ...witnessKeys(policy)]);
        if (!result.ok) return failed(`the proof does not hold: ${result.why}`);
        const quorum = policy === undefined || evaluateQuorum(policy, result.opened.cosignatures).isMet;
        const at = `entry ${result.entryIndex} of the log, in the checkpoint of ${result.opened.checkpoint.size} entries`;
        if (quorum) return ok(`${at}; proved with the log's key, ${this.#elapsed()} after it was sent`);
        why = `${at}, which the witnesses of the policy have not cosigned`;
      } else ({ why } = proved);
      await delay(PAUSE_MS);
    } while (!signal.aborted && performance.now() - start < mostMs);
    return failed([why, ...hints()].join('; '), 'look at the log of integrate');
  }

  /** #lineIn finds the record in a segment that the sealer signed; of others it says why they don't count. */
  async #lineIn(name: string, certificates: Certificates, passedOver: Set<string>): Promise<number | undefined> {
    const { store } = this.#deps;
    const signed = await readSignature(store, name, certificates);
    if (signed === undefined) return undefined;
    const stored = 'foreign' in signed ? undefined : await store.read(name);
    if (typeof stored !== 'object') {
      const why = 'foreign' in signed ? signed.foreign : stored === undefined ? 'it is gone' : WHY_UNREAD[stored];
      passedOver.add(`${name} counts for nothing, because ${why}`);
      return undefined;
    }
    try {
      const { frames } = openSegment(stored, name, certificates);
      let [line, found] = [0, 0];
      readSegment(frames, {
        visit: (bytes, start, end) => {
          line += 1;
          if (bytes.subarray(start, end).includes(this.#id)) found = line;
        },
      });
      return found > 0 ? found : undefined;
    } catch (error) {
      passedOver.add(`${name} counts for nothing, because ${faultIn(error, 'malformed').message}`);
      return undefined;
    }
  }

  #elapsed(): string {
    return `${((performance.now() - this.#sent) / 1000).toFixed(0)} s`;
  }
}
