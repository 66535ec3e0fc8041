import { summarizeSegment } from '../../src/core/segment/summary.ts';
import type { SegmentSummary, SummarizeSegment } from '../../src/core/segment/summary.ts';

/** Beyond so many, all are forgotten: whoever changes a segment again and again needs only the others. */
const MOST = 1000;

/** Summaries re-computes segments, each once: objects never change. */
export class Summaries {
  readonly #kept = new Map<string, SegmentSummary>();

  readonly summarize: SummarizeSegment = async (stored, question) => {
    const key = `${JSON.stringify(question)}${stored.toString('latin1')}`;
    const summary = this.#kept.get(key) ?? summarizeSegment(stored, question);
    if (this.#kept.size >= MOST) this.#kept.clear();
    this.#kept.set(key, summary);
    return summary;
  };
}
