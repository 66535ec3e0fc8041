import { Fault } from '../fault.ts';
import { isObject } from '../entry.ts';
import { signerOf } from '../signed/documentSignature.ts';
import type { DocumentSignature } from '../signed/documentSignature.ts';
import { OPERATOR } from '../signed/operatorNotice.ts';
import type { OperatorNotice } from '../signed/operatorNotice.ts';
import { parseVerifierKey } from '../verifierKey.ts';
import type { VerifierKey } from '../verifierKey.ts';
import { count } from './shape.ts';

/** Operator is an operator's key that the log has registered, and the actions for which it counts. */
export interface Operator {
  readonly key: VerifierKey;
  /** number of the first action for which it counts */
  readonly from: number;
  /** number of the first action for which it counts no more, undefined while it isn't revoked */
  readonly until: number | undefined;
}

const MAX_OPERATORS = 32;

const badBatch = (why: string): Fault => new Fault('BATCH_MALFORMED', why);

/**
 * operatorsIn reads the operators that heads list, and throws BATCH_MALFORMED, or KEY_MALFORMED. How they are printed isn't
 * looked at.
 */
export async function operatorsIn(value: unknown): Promise<readonly Operator[]> {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_OPERATORS) throw badBatch('its heads list no operators');
  return Promise.all((value as unknown[]).map(operatorIn));
}

async function operatorIn(value: unknown): Promise<Operator> {
  const { key: text, from, until } = isObject(value) ? value : {};
  const isRange = count(from) && (until === undefined || (count(until) && (until as number) >= (from as number)));
  if (typeof text !== 'string' || !isRange) throw badBatch('its heads list what is no operator');
  const key = await parseVerifierKey(text);
  if (key.type === 'cosignature' || !key.keyName.endsWith(OPERATOR) || key.keyName === OPERATOR)
    throw badBatch('its heads list a key that is of no operator');
  return { key, from: from as number, until: until as number | undefined };
}

/** printOperators gives what heads print of operators; undefined if there are none. */
export const printOperators = (operators: readonly Operator[]): readonly object[] | undefined =>
  operators.length === 0 ? undefined : operators.map(({ key: { text: key }, from, until }) => ({ key, from, until }));

/**
 * operatorsAfter gives the operators of a log behind notices of a batch, before which it had entries of so many actions. It
 * throws BATCH_MALFORMED for a key that is registered or revoked twice, or revoked unregistered. docs/format.md, section 9.2.
 */
export function operatorsAfter(
  before: readonly Operator[],
  notices: readonly OperatorNotice[],
  actions: number,
): readonly Operator[] {
  const operators = [...before];
  for (const { key, isRevoked } of notices) {
    const at = operators.findIndex((it) => it.key.text === key.text);
    const known = operators[at];
    if (isRevoked && known !== undefined && known.until === undefined) operators[at] = { ...known, until: actions };
    else if (!isRevoked && known === undefined) operators.push({ key, from: actions, until: undefined });
    else throw badBatch('it registers an operator that the log has, or revokes one that it has not');
  }
  if (operators.length > MAX_OPERATORS) throw badBatch(`it registers more than ${MAX_OPERATORS} operators`);
  return operators;
}

/** isOfOperator tells whether an operator signed the acknowledgement in the action of that number, while his key counted. */
export async function isOfOperator(
  operators: readonly Operator[],
  number: number,
  name: string,
  signature: DocumentSignature,
): Promise<boolean> {
  const counting = operators.filter(({ from, until = Infinity }) => number >= from && number < until);
  const keys = counting.map(({ key }) => key);
  return (await signerOf(signature, 'acknowledgement', name, keys)) !== undefined;
}
