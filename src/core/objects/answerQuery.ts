import { AuditsealError } from '../errors.ts';
import { FIELDS } from '../fields/rule.ts';
import { indexedTermsOf } from '../fields/values.ts';
import { isPartition } from '../text.ts';

/** AnswerQuery is what an answer answers. docs/format.md, section 9.8. */
export interface AnswerQuery {
  /** times; null for the beginning, and the end */
  readonly from: string | null;
  readonly to: string | null;
  /** null for all */
  readonly partitions: readonly string[] | null;
  /** of each field one of the values, as fold gives them */
  readonly terms: readonly { readonly field: string; readonly values: readonly string[] }[];
}

/** MAX_VALUES is how many values of a field an answer may be asked for. */
const MAX_VALUES = 10_000;

const malformed = (why: string): AuditsealError => new AuditsealError('EVIDENCE_MALFORMED', why);

/** checkQuery refuses what asks for nothing, or for what no index has: its answer would say less than it seems to. */
export function checkQuery({ from, to, partitions, terms }: AnswerQuery): void {
  if (from !== null && to !== null && from >= to) throw malformed('its interval ends before it begins');
  const isAscending = partitions?.every((id, i) => isPartition(id) && Number(id) > Number(partitions[i - 1] ?? -1));
  if (isAscending === false || partitions?.length === 0)
    throw malformed('its partitions are not ids in ascending order');
  if (new Set(terms.map(({ field }) => field)).size < terms.length) throw malformed('it asks for a field twice');
  for (const { field: name, values } of terms) {
    const field = FIELDS.find((one) => one === name);
    if (
      field === undefined ||
      values.length === 0 ||
      values.length > MAX_VALUES ||
      new Set(values).size < values.length
    )
      throw malformed('it asks for a field that no index has, or for no value of one');
    if (!values.every((value) => indexedTermsOf(field, value).includes(value)))
      throw malformed(`it asks for a value of ${field} that no index has`);
  }
}
