import type { SegmentEntry } from '../core/objects/entry.ts';

/** EntryQuestion asks for the entry of the segment at an index, or of the one that holds a record of the chain. */
export type EntryQuestion = { readonly index: number } | { readonly record: number };

/** isAnswer tells whether an entry is what a question asks for. */
export const isAnswer = (question: EntryQuestion, { index, records }: SegmentEntry): boolean =>
  'index' in question
    ? index === question.index
    : records.first <= question.record && question.record < records.first + records.count;
