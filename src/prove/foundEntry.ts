import type { SegmentEntry } from '../core/objects/entry.ts';

/** FoundEntry is a segment's entry and where it is. */
export interface FoundEntry {
  readonly entry: SegmentEntry;
  /** its bytes: the data of its leaf */
  readonly line: Buffer;
  /** number of the batch that holds it */
  readonly batch: number;
  /** number of its leaf in the log, as its batch says; a proof shows whether that is so */
  readonly leaf: number;
}

/** EntryQuestion asks for the entry of the segment at an index, or of the one that holds a record of the chain. */
export type EntryQuestion = { readonly index: number } | { readonly record: number };

/** isAnswer tells whether an entry is what a question asks for. */
export const isAnswer = (question: EntryQuestion, { index, records }: SegmentEntry): boolean =>
  'index' in question
    ? index === question.index
    : records.first <= question.record && question.record < records.first + records.count;
