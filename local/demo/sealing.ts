import { appLine } from './appLine.ts';
import type { HostLine } from '../host/client.ts';

/** SealingProgress is what the app said that it sealed. */
export interface SealingProgress {
  readonly events: number;
  readonly records: number;
  readonly segments: number;
  readonly rawBytes: number;
  readonly storedBytes: number;
}

const COUNTS = ['events', 'records', 'segments', 'rawBytes', 'storedBytes'] as const;

/** Sealing follows the app's log and tells how far it has come. */
export class Sealing {
  readonly #onProgress: (progress: SealingProgress) => void;
  readonly #last = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  /** partitions that records were sealed in */
  readonly partitions = new Set<string>();
  progress: SealingProgress = { events: 0, records: 0, segments: 0, rawBytes: 0, storedBytes: 0 };

  constructor(onProgress: (progress: SealingProgress) => void) {
    this.#onProgress = onProgress;
  }

  add(line: HostLine): void {
    if (line.type === 'error') process.stderr.write(`host: ${line.message}\n`);
    // What function posture finds is told by itself: here the policy is not locked, which it says each time.
    const isTold = appLine(line, 'posture') !== undefined;
    if (!isTold && line.type === 'log' && (line.level === 'error' || line.level === 'warning')) {
      process.stderr.write(`${line.level}: ${line.message}\n`);
    }
    const said = appLine(line, 'ingest');
    if (said?.['message'] === 'sealed') this.#count(said);
    if (line.type === 'invocation' && line.outcome === 'failed') {
      process.stderr.write(`function ${line.function} failed: ${line.error?.message ?? ''}\n`);
    }
    if (line.type === 'invocation' && line.outcome === 'succeeded' && line.delivery !== undefined) {
      this.#last.set(line.delivery.partitionId, line.delivery.lastSequenceNumber);
      for (const check of this.#waiting) check();
    }
  }

  #count(fields: Readonly<Record<string, unknown>>): void {
    if (Number(fields['records']) > 0) this.partitions.add(String(fields['partition']));
    const added = COUNTS.map((name) => [name, this.progress[name] + Number(fields[name])] as const);
    this.progress = Object.fromEntries(added) as unknown as SealingProgress;
    this.#onProgress(this.progress);
  }

  /** until resolves when each partition is sealed up to its number. */
  until(numbers: ReadonlyMap<string, number>): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if ([...numbers].every(([partition, number]) => (this.#last.get(partition) ?? -1) >= number)) resolve();
      };
      this.#waiting.push(check);
      check();
    });
  }
}
