import { parseEvidence, verifyEvidence } from '../../src/core/objects/evidence.ts';
import { MAX_SEGMENT_BYTES } from '../../src/core/segment/zstd.ts';
import { answerEvidence } from '../../src/prove/api.ts';
import type { EvidenceQuery, LogResponse } from '../../src/prove/api.ts';
import { logged, query, threadFor } from '../support/evidence.ts';
import { forgeChain, nameOf } from '../support/forge.ts';

test('this thread goes on while evidence is made of the largest segment', async () => {
  const pad = 'x'.repeat(4000);
  const count = Math.floor((MAX_SEGMENT_BYTES - 10_000) / 4150);
  const edit = ([header = '', ...records]: string[]): string[] => [
    header,
    ...records.map((record) => record.replace('{', `{"pad":"${pad}",`)),
  ];
  const deps = await logged(forgeChain([{ events: Array.from({ length: count }, (_, i) => i), edit }]));
  /** turnsOf counts the turns of this thread's event loop between the read of the segment and the answer. */
  async function turnsOf(answer: (query: EvidenceQuery) => Promise<LogResponse>): Promise<number> {
    let turns = 0;
    deps.store.beforeRead = (name) => {
      if (name === nameOf(0)) turns = 0;
    };
    let next: NodeJS.Immediate;
    const turn = (): void => {
      turns += 1;
      next = setImmediate(turn);
    };
    turn();
    const { status, body } = await answer(query(count - 1));
    clearImmediate(next!);
    expect(status).toBe(200);
    expect(verifyEvidence(parseEvidence(body as Uint8Array), deps.verifiers)).toMatchObject({ ok: true });
    return turns;
  }
  const here = await turnsOf((one) => answerEvidence(deps, one));
  const there = await turnsOf(threadFor(deps).answer);
  expect(here).toBeLessThan(20);
  expect(there).toBeGreaterThan(1000);
});
