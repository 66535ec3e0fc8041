import { readFieldValues } from '../fields/recordFields.ts';
import { indexedTermsOf } from '../fields/values.ts';
import type { AnswerQuery } from '../objects/answerQuery.ts';
import type { Seal } from '../segment/recordLine.ts';

/** hasAsked tells whether a record has, of each field that a query names, one of the values, by its line whose seal has that form. */
export function hasAsked(line: Buffer, form: Seal['form'], { terms }: AnswerQuery): boolean {
  const left = new Map<string, readonly string[]>(terms.map(({ field, values }) => [field, values]));
  if (left.size === 0) return true;
  const isJson = readFieldValues(line, form, (field, value) => {
    const asked = left.get(field);
    if (asked !== undefined && indexedTermsOf(field, value).some((term) => asked.includes(term))) left.delete(field);
  });
  return isJson && left.size === 0;
}
