import { summarizeSegment } from '../../src/core/segment/summary.ts';
import type { SegmentSummary, SummarizeSegment } from '../../src/core/segment/summary.ts';

/** Summaries re-computes segments, each once: objects never change. */
export class Summaries {
  readonly #kept = new Map<string, SegmentSummary>();

  readonly summarize: SummarizeSegment = async (stored, question) => {
    const key = `${JSON.stringify(question)}${stored.toString('latin1')}`;
    const summary = this.#kept.get(key) ?? summarizeSegment(stored, question);
    this.#kept.set(key, summary);
    return summary;
  };
}
