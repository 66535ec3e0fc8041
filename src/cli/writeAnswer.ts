import { join } from 'node:path';
import { createFile, createFolder } from './files.ts';
import { lacksOf } from './answerReport.ts';
import { counted, formatCount } from './output.ts';
import { faultIn } from '../core/errors.ts';
import { checkAnswer } from '../core/index/checkAnswer.ts';
import type { CheckedAnswer } from '../core/index/checkAnswer.ts';
import { ANSWER_FILE, MAX_ANSWER_BYTES, formatAnswer } from '../core/objects/answer.ts';
import { makeAnswer } from '../find/answer.ts';
import type { AnswerDeps } from '../find/answer.ts';
import type { Query } from '../find/query.ts';

/**
 * writeAnswer writes an answer to a folder that is made for it, and says what it proves. It gives false where nothing can be proved, or
 * not that it is complete, and says why. It checks the answer before it writes it: the index may say what isn't so.
 */
export async function writeAnswer(
  folder: string,
  deps: AnswerDeps,
  query: Query,
  say: (line: string) => void,
): Promise<boolean> {
  const notProved = (why: string): false => {
    say(`NOT PROVED: ${why}`);
    return false;
  };
  const answer = await makeAnswer(deps, query);
  if (typeof answer === 'string') return notProved(answer);
  let checked: CheckedAnswer;
  try {
    checked = checkAnswer(answer, deps.verifiers);
  } catch (error) {
    return notProved(`what the index gives is refuted: ${faultIn(error, 'malformed', 'contradicted').message}`);
  }
  const file = formatAnswer(answer);
  if (file.length > MAX_ANSWER_BYTES)
    return notProved(
      `the answer would have ${formatCount(file.length)} bytes, and may have ${formatCount(MAX_ANSWER_BYTES)}`,
    );
  await createFolder('--prove', folder);
  await createFile(join(folder, ANSWER_FILE), file);
  const within = checked.records.filter(({ isWithin }) => isWithin).length;
  const beside = checked.records.length - within;
  const lacks = lacksOf(answer.query, checked);
  // Who signed the report is for check to say, by the auditor's key.
  const whose =
    answer.report === undefined
      ? 'as the signer of the log states'
      : `as the index says that the check of ${answer.report.name} made again`;
  say(
    `proved: the fields and the time find ${formatCount(within)}${lacks.length > 0 ? '' : ' and no other'}, ${whose}: ${join(folder, ANSWER_FILE)}, ${formatCount(file.length)} bytes`,
  );
  for (const line of lacks) say(`NOT COMPLETE: ${line}`);
  if (beside > 0)
    say(
      `${counted(beside, 'more record')} of segments that reach into that time came outside of it, and the file has them too`,
    );
  if (query.terms.size > 0) say('what was found as text, because no field finds it, is no part of what is proved');
  if (query.texts.length > 0 || query.where.length > 0)
    say('--text and --where are no part of what is proved: they only narrow what is shown here');
  return lacks.length === 0;
}
