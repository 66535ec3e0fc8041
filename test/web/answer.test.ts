import { checkAnswer } from '../../web/verify/answer/checkAnswer.ts';
import { parseAnswer } from '../../web/verify/answer/answer.ts';
import { readKeys } from '../../web/verify/verifierKey.ts';
import { AUDITOR_KEY, LOG_KEY, handAnswer, handLog, printAnswer } from '../support/handAnswer.ts';

test('x', async () => {
  const { keys } = await readKeys(`${LOG_KEY}\n${AUDITOR_KEY}`);
  const log = handLog();
  for (const q of [
    {},
    { hasReport: true },
    { terms: [{ field: 'actor', values: ['alice'] }] },
    { terms: [{ field: 'actor', values: ['alice', 'carol'] }, { field: 'operation', values: ['read'] }] },
    { terms: [{ field: 'actor', values: ['zoe'] }] },
  ]) {
    const out = await checkAnswer(parseAnswer(printAnswer(handAnswer(log, q))), keys);
    console.log(JSON.stringify(q), out.fault, out.steps.map((s) => s.state).join(), JSON.stringify(out.complete?.found.map((f) => [f.segment, f.record])), out.complete?.beside, out.complete?.vouched, out.complete?.looked);
  }
});
