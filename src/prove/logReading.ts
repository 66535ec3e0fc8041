import type { ProveDeps } from './entryProof.ts';
import { isAnswer } from './entryQuestion.ts';
import type { EntryQuestion } from './entryQuestion.ts';
import { trustIn } from '../core/signed/certificate.ts';
import type { SegmentInLog } from '../ledger/entries.ts';
import { fromTheFirst } from '../ledger/batches.ts';
import { readLog } from '../ledger/entries.ts';

/** findByReading reads the log from its first batch on. This is for who can't be sure otherwise, since it reads all batches. */
export async function findByReading(
  { store, verifiers }: ProveDeps,
  partition: string,
  question: EntryQuestion,
): Promise<SegmentInLog | undefined> {
  for await (const { segments } of readLog(store, trustIn(verifiers), fromTheFirst()))
    for (const found of segments)
      if (found.entry.partition === partition && isAnswer(question, found.entry)) return found;
  return undefined;
}
