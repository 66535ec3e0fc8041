import { AUDITOR_KEY, LOG_KEY, handLog, keyHex } from '../support/handLog.ts';
import type { Json, Lies } from '../support/handLog.ts';
import { handAnswer, printAnswer, provedRecord } from '../support/handAnswer.ts';
import type { HandQuery } from '../support/handAnswer.ts';
import { parseAnswer } from '../../web/verify/answer/answer.ts';
import { checkAnswer } from '../../web/verify/answer/checkAnswer.ts';
import type { AnswerOutcome } from '../../web/verify/answer/checkAnswer.ts';
import { readKeys } from '../../web/verify/verifierKey.ts';

export const { keys } = await readKeys(`${LOG_KEY}\n${AUDITOR_KEY}`);
export const RIGHT = handLog();
export const ACTOR = (...values: string[]): HandQuery => ({ terms: [{ field: 'actor', values }] });

export const check = (answer: Json, given = keys): Promise<AnswerOutcome> =>
  checkAnswer(parseAnswer(printAnswer(answer)), given);

/** fault gives what is said of a wrong answer. */
export async function fault(answer: Json, given = keys): Promise<string> {
  const { fault, complete, steps } = await check(answer, given);
  expect(steps.filter(({ state }) => state === 'fails')).toHaveLength(1);
  expect(fault?.code).not.toBe('SIGNATURE_INVALID');
  expect(complete).toBeUndefined();
  return fault?.message ?? 'nothing';
}

/** lied gives an answer from a log that whoever signs it made so. */
export const lied = (lies: Lies, query = ACTOR('alice')): Json => handAnswer(handLog(lies), query);

/** change gives a right answer that was changed afterwards. */
export function change(edit: (answer: Json) => void, query = ACTOR('alice')): Json {
  const answer = structuredClone(handAnswer(RIGHT, query));
  edit(answer);
  return answer;
}
export const termOf = (answer: Json, unit: number, key: string): Json =>
  answer.units[unit].terms.find((term: Json) => term.key === key);
export const unitTerms = (unit: number): ReadonlyMap<string, Buffer> =>
  RIGHT.units[unit]?.terms ?? new Map<string, Buffer>();
export const ALICE = keyHex('actor', 'alice');
export const ROWS = keyHex('_segments', '0');
export const record = (segment: number, number: number, place: number): Json =>
  provedRecord(RIGHT.segments[segment] as Json, place, number);
