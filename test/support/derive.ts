import { readReferenceSegment } from './referenceLedger.ts';
import type { ReferenceHeader, ReferenceSegment } from './referenceLedger.ts';
import { ZEROS, nameOf } from './forge.ts';

export interface DerivedEvent {
  readonly incarnation: number;
  readonly number: number;
  /** what its records were made of */
  readonly originals: readonly string[];
}

export interface DerivedChain {
  readonly headers: readonly ReferenceHeader[];
  readonly events: readonly DerivedEvent[];
  /** indices whose names something else has taken */
  readonly foreign: readonly number[];
  readonly root: string;
}

/**
 * deriveChain re-derives a partition's chain from the stored bytes alone, by the rules of docs/format.md. It throws where
 * a chain that continues breaks a rule.
 */
export function deriveChain(objects: ReadonlyMap<string, Buffer>, partition = '0'): DerivedChain {
  const headers: ReferenceHeader[] = [];
  const events: DerivedEvent[] = [];
  const foreign: number[] = [];
  let pending: number[] = [];
  let root = ZEROS;
  let record = 0;
  let index = 0;
  for (; objects.has(nameOf(index, partition)); index++) {
    const segment = segmentOf(objects.get(nameOf(index, partition)) as Buffer, partition, index);
    const skipped = segment?.header.skipped ?? [];
    if (segment === undefined || segment.header.prev !== root || skipped.join() !== pending.join()) {
      pending.push(index);
      foreign.push(index);
      continue;
    }
    const { header } = segment;
    if (header.records.first !== record) throw new Error(`segment ${index}: records begin at ${header.records.first}`);
    checkSequence(headers.at(-1), header);
    for (let number = header.events.first; header.events.count > 0 && number <= header.events.last; number++) {
      const originals = segment.records
        .filter(({ seal }) => seal.event === number)
        .map(({ original }) => original.toString());
      events.push({ incarnation: header.incarnation, number, originals });
    }
    headers.push(header);
    record += segment.records.length;
    ({ root } = segment);
    pending = [];
  }
  const names = [...objects.keys()].filter((name) => name.startsWith(`segments/${partition}/`));
  if (names.length !== index) throw new Error(`the names are not dense: ${names.join(' ')}`);
  return { headers, events, foreign, root };
}

function segmentOf(stored: Buffer, partition: string, index: number): ReferenceSegment | undefined {
  let segment: ReferenceSegment;
  try {
    segment = readReferenceSegment(stored);
  } catch {
    return undefined; // foreign
  }
  return segment.header.partition === partition && segment.header.index === index ? segment : undefined;
}

function checkSequence(
  before: ReferenceHeader | undefined,
  { incarnation, index, events, gaps }: ReferenceHeader,
): void {
  if (before === undefined || events.count === 0) return;
  if (incarnation !== before.incarnation) {
    if (incarnation !== before.incarnation + 1) throw new Error(`segment ${index}: incarnation ${incarnation}`);
    return;
  }
  let next = before.events.last + 1;
  for (const gap of gaps) {
    if (gap.first !== next) throw new Error(`segment ${index}: a gap from ${gap.first}, not ${next}`);
    next = gap.last + 1;
  }
  if (events.first !== next) throw new Error(`segment ${index}: events from ${events.first}, not ${next}`);
}
