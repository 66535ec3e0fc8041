import { zstdCompressSync } from 'node:zlib';
import { referenceRoot } from './referenceLedger.ts';

// Segments written by hand, right or wrong, without src/core.

export const LEDGER = 'logs.example.com/audit';
export const ZEROS = '0'.repeat(64);

/** timeOf gives the time of the n-th second of the tests. */
export const timeOf = (second: number): string => new Date(Date.UTC(2026, 10, 22) + second * 1000).toISOString();

export const nameOf = (index: number, partition = '0'): string =>
  `segments/${partition}/${String(index).padStart(12, '0')}.jsonl.zst`;

export interface Forged {
  readonly stored: Buffer;
  readonly root: string;
}

/** forgeLines makes a stored segment of a header and record lines. Its end line is right, unless another one is given. */
export function forgeLines(lines: readonly string[], end?: string): Forged {
  const root = referenceRoot(lines.map((line) => Buffer.from(line)));
  const endLine = end ?? `{"_end":{"records":${lines.length - 1},"root":"${root}"}}`;
  return { stored: zstdCompressSync(Buffer.from([...lines, endLine, ''].join('\n'))), root };
}

/** Spec is what a forged segment says; what is left out continues the segment before. */
export interface Spec {
  readonly ledger?: string;
  readonly partition?: string;
  readonly index?: number;
  readonly kind?: string;
  readonly incarnation?: number;
  readonly prev?: string;
  /** number of its first record */
  readonly record?: number;
  /** numbers of its events, with one record each */
  readonly events?: readonly number[];
  readonly gaps?: readonly { first: number; last: number; reason: string }[];
  readonly skipped?: readonly number[];
  /** the event times' second; by default the first event's number */
  readonly second?: number;
  /** members of the header that are replaced */
  readonly header?: Readonly<Record<string, unknown>>;
  /** changes the lines before they are hashed */
  readonly edit?: (lines: string[]) => string[];
  readonly end?: string;
}

/** forge makes a segment. */
export function forge(spec: Spec): Forged {
  const { index = 0, incarnation = 0, record = 0, events = [index], gaps = [], skipped } = spec;
  const kind = spec.kind ?? 'ingest';
  const first = events[0] ?? -1;
  const enqueued = (event: number): string => timeOf((spec.second ?? first) + event - first);
  const header = {
    version: 1,
    ledger: spec.ledger ?? LEDGER,
    partition: spec.partition ?? '0',
    index,
    kind,
    incarnation,
    sealed: timeOf(1_000_000 + index),
    prev: spec.prev ?? ZEROS,
    records: { first: record, count: kind === 'heartbeat' ? 0 : events.length },
    events:
      kind === 'heartbeat'
        ? { first, last: first, count: 0 }
        : {
            first,
            last: events.at(-1) ?? -1,
            count: events.length,
            enqueuedFirst: enqueued(first),
            enqueuedLast: enqueued(events.at(-1) ?? 0),
          },
    duplicates: 0,
    gaps,
    ...(skipped !== undefined && { skipped }),
    ...spec.header,
  };
  const records = kind === 'heartbeat' ? [] : events;
  const lines = [
    JSON.stringify({ _segment: header }),
    ...records.map(
      (event, i) =>
        `{"n":${event},"_seal":{"record":${record + i},"event":${event},"index":0,"enqueued":"${enqueued(event)}"}}`,
    ),
  ];
  return forgeLines(spec.edit?.(lines) ?? lines, spec.end);
}

/**
 * forgeChain makes the objects of one partition, so many or one for each spec; each segment continues the one before unless
 * its spec says otherwise.
 */
export function forgeChain(given: number | readonly Spec[], partition = '0'): Map<string, Buffer> {
  const specs: readonly Spec[] = typeof given === 'number' ? Array.from({ length: given }, () => ({})) : given;
  const objects = new Map<string, Buffer>();
  let prev = ZEROS;
  let record = 0;
  let next = 0;
  specs.forEach((own, i) => {
    const events = own.events ?? [next];
    const spec = { partition, index: i, prev, record, ...own, events };
    const { stored, root } = forge(spec);
    objects.set(nameOf(i, partition), stored);
    prev = root;
    if (own.kind !== 'heartbeat') {
      record = spec.record + events.length;
      next = (events.at(-1) ?? -1) + 1;
    }
  });
  return objects;
}
