/** Answers requests for evidence in a thread of its own, and reads what it needs by way of the thread that asked. */
import type { MessagePort } from 'node:worker_threads';
import { borrowStores } from './lentStores.ts';
import { serve } from './serve.ts';
import { parseVerifierKey } from '../core/note/verifierKey.ts';
import { answerEvidence } from '../prove/api.ts';
import type { EvidenceQuery, LogResponse } from '../prove/api.ts';

/** EvidenceTask is a request for evidence. */
export interface EvidenceTask {
  readonly query: EvidenceQuery;
  readonly verifierKeys: readonly string[];
  /** where stores are lent */
  readonly lender: MessagePort;
}

async function work({ query, verifierKeys, lender }: EvidenceTask): Promise<LogResponse> {
  try {
    return await answerEvidence({ ...borrowStores(lender), verifiers: verifierKeys.map(parseVerifierKey) }, query);
  } finally {
    lender.close();
  }
}

serve(work);
