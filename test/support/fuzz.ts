import { formatHash } from '../../src/core/hash.ts';
import type { SealableEvent } from '../../src/core/segment/seal.ts';
import { originalRecord } from '../../src/core/segment/recordLine.ts';
import { readSegment } from '../../src/core/segment/reader.ts';
import { sealSegment } from '../../src/core/segment/writer.ts';
import { mutatedBody, seedBodies } from './mutations.ts';
import { Random } from './random.ts';
import { expectedRecords } from './referenceBody.ts';
import type { ExpectedRecord } from './referenceBody.ts';
import { readReferenceFrames } from './referenceLedger.ts';
import type { ReferenceRecord } from './referenceLedger.ts';
import { TIME, segmentStart } from './segments.ts';

const EVENTS = 20;

/** FuzzOutcome is what a run went through, and the bodies that came out wrong. */
export interface FuzzOutcome {
  bodies: number;
  bytes: number;
  readonly forms: Record<ExpectedRecord['form'] | 'envelope' | 'none', number>;
  /** what went wrong, with the body in base64 */
  readonly wrong: string[];
}

/**
 * fuzz seals `runs` mutated bodies, reads them back with the pipeline's reader and with the reference reader, and compares
 * all that comes out with what the reference says the bodies hold.
 */
export function fuzz(seed: number, runs: number): FuzzOutcome {
  const random = new Random(seed);
  const seeds = seedBodies();
  const forms = { object: 0, value: 0, text: 0, base64: 0, envelope: 0, none: 0 };
  const outcome: FuzzOutcome = { bodies: 0, bytes: 0, forms, wrong: [] };
  // Every body that is no JSON costs an error in the reference, and jest makes stack traces slow.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  while (outcome.bodies < runs && outcome.wrong.length < 10) {
    const first = random.below(1000);
    const events = Array.from({ length: EVENTS }, (_, i) => eventOf(random, seeds, first + i));
    try {
      checkSegment(events as [SealableEvent], outcome);
    } catch (error) {
      const bodies = events.map(({ body }) => body.toString('base64')).join(' ');
      outcome.wrong.push(`${String(error)}: one of ${bodies}`);
    }
    outcome.bodies += EVENTS;
  }
  Error.stackTraceLimit = stackTraceLimit;
  return outcome;
}

function eventOf(random: Random, seeds: readonly [Buffer, ...Buffer[]], sequenceNumber: number): SealableEvent {
  const event = { body: mutatedBody(random, seeds), sequenceNumber, enqueued: TIME };
  if (random.below(4) > 0) return event;
  const text = mutatedBody(random, seeds).toString('latin1');
  return random.below(2) === 0
    ? { ...event, partitionKey: text }
    : { ...event, partitionKey: '', properties: JSON.stringify({ [text]: text }) };
}

function checkSegment(events: readonly [SealableEvent, ...SealableEvent[]], outcome: FuzzOutcome): void {
  const before = events.map(({ body }) => Buffer.from(body));
  const { frames, root, header } = sealSegment(segmentStart(), events, 1e9);
  const lines: Buffer[] = [];
  const reading = readSegment(frames, {
    visit: (bytes, start, end) => lines.push(Buffer.from(bytes.subarray(start, end))),
  });
  const reference = readReferenceFrames(frames);
  const say = (what: string, body: Buffer): unknown => outcome.wrong.push(`${what}: ${body.toString('base64')}`);

  if (reading.endDiffers || reading.contradiction !== undefined || reading.root !== root)
    say(`readSegment: ${reading.contradiction}`, frames);
  if (reference.root !== formatHash(root) || header.events.count !== events.length) say('another root', frames);
  if (lines.length !== reference.records.length) say('another number of lines', frames);

  let at = 0;
  for (const [i, { body, sequenceNumber, partitionKey, properties }] of events.entries()) {
    const expected = expectedRecords(body);
    outcome.bytes += body.length;
    if (!body.equals(before[i] as Buffer)) say('the body was changed', body);
    if (expected.length === 0) outcome.forms.none++;
    const empty = reference.header.empty?.find(({ event }) => event === sequenceNumber);
    if ((empty !== undefined) !== (expected.length === 0)) say('listed as empty, or not', body);
    if (empty !== undefined) {
      if (empty.partitionKey !== partitionKey) say('another partition key of an empty event', body);
      const own: unknown = properties && JSON.parse(properties);
      if (JSON.stringify(empty.properties) !== JSON.stringify(own)) say('other properties of an empty event', body);
    }
    for (const [index, want] of expected.entries()) {
      const line = lines[at] as Buffer;
      const record = reference.records[at++];
      outcome.forms[want.form]++;
      if (want.envelope !== undefined) outcome.forms.envelope++;
      const what = record === undefined ? 'missing' : difference(record, want, line);
      if (what !== undefined || record === undefined) {
        say(`record ${index} is ${what}`, body);
        return;
      }
      const { seal } = record;
      const isFirst = index === 0;
      if (seal.event !== sequenceNumber || seal.index !== index) say('another event', body);
      if (seal.partitionKey !== (isFirst && partitionKey !== undefined ? JSON.stringify(partitionKey) : undefined))
        say('another partition key', body);
      if (seal.properties !== (isFirst ? properties : undefined)) say('other properties', body);
    }
  }
  if (at !== lines.length) say('there are records that no body holds', frames);
}

/** difference says in what a record is not what it should be. */
function difference(record: ReferenceRecord, want: ExpectedRecord, line: Buffer): string | undefined {
  const { text, original, seal } = record;
  if (!line.equals(record.line)) return 'another line';
  if (originalRecord(line)?.equals(original) !== true) return 'another for originalRecord';
  const envelope = seal.envelope === undefined ? undefined : Buffer.from(seal.envelope).toString('latin1');
  if (envelope !== want.envelope) return 'of another envelope';
  if ((seal.form ?? 'object') !== want.form) return 'of another form';
  if (want.form === 'object' && !text.equals(want.original)) return 'another object';
  return original.equals(want.original) ? undefined : 'not what was received';
}
