import { actionName } from './names.ts';
import { AuditsealError, attempt } from '../errors.ts';
import { isJsonObject } from '../jsonObject.ts';
import { parseVerifierKey } from '../note/verifierKey.ts';
import type { VerifierKey } from '../note/verifierKey.ts';
import { isAcknowledgedBy, ledgerOfOperator } from '../signed/acknowledgementSignature.ts';
import type { OperatorNotice } from '../signed/operatorNotice.ts';

/** Operator is an operator's key that the log has registered, and the actions for which it counts. */
export interface Operator {
  /** as formatVerifierKey prints it */
  readonly key: string;
  /** number of the first action for which it counts */
  readonly from: number;
  /** number of the first action for which it doesn't count any more; left out while it isn't revoked */
  readonly until?: number;
}

/** MAX_OPERATORS is how many operators' keys a log can have registered, revoked ones too: the heads of each batch list them. */
export const MAX_OPERATORS = 32;

const malformed = (why: string): AuditsealError => new AuditsealError('BATCH_MALFORMED', why);

/**
 * operatorsAfter gives the operators of a log behind notices of a batch, before which the log had entries of so many actions.
 * It throws BATCH_MALFORMED for notices that don't follow: a key is registered once, and revoked once.
 */
export function operatorsAfter(
  before: readonly Operator[],
  notices: readonly OperatorNotice[],
  actions: number,
): readonly Operator[] {
  const operators = new Map(before.map((operator) => [operator.key, operator]));
  for (const { key, isRevoked } of notices) {
    const known = operators.get(key);
    if (isRevoked ? known === undefined || known.until !== undefined : known !== undefined)
      throw malformed("it registers an operator's key that the log has, or revokes one that it hasn't");
    operators.set(key, isRevoked && known !== undefined ? { ...known, until: actions } : { key, from: actions });
  }
  if (operators.size > MAX_OPERATORS)
    throw malformed(`it registers more than the ${MAX_OPERATORS} operators' keys that a log may have`);
  return [...operators.values()];
}

/** formatOperators prints operators as the members of heads; undefined if there are none. */
export const formatOperators = (operators: readonly Operator[]): readonly Operator[] | undefined =>
  operators.length === 0
    ? undefined
    : operators.map(({ key, from, until }) => ({ key, from, ...(until !== undefined && { until }) }));

/**
 * parseOperators is the inverse of formatOperators; undefined for what can't be operators. The printing is compared by the
 * caller.
 */
export function parseOperators(value: unknown): readonly Operator[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_OPERATORS || !value.every(isOperator)) return undefined;
  return value;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isOperator(value: unknown): value is Operator {
  const { key, from, until } = isJsonObject(value) ? value : {};
  const verifier = typeof key === 'string' ? attempt(() => parseVerifierKey(key), 'malformed') : undefined;
  const isKey = verifier !== undefined && verifier.type !== 'cosignature' && isOfOperator(verifier);
  return isKey && isCount(from) && (until === undefined || (isCount(until) && until >= from));
}

const isOfOperator = ({ keyName }: VerifierKey): boolean => ledgerOfOperator(keyName) !== undefined;

/** OperatorKey is an operator whose key is read. */
export interface OperatorKey extends Operator {
  readonly verifier: VerifierKey;
}

/** openOperators reads the keys of operators. */
export const openOperators = (operators: readonly Operator[]): readonly OperatorKey[] =>
  operators.map((operator) => ({ ...operator, verifier: parseVerifierKey(operator.key) }));

/** isSignedByOperator tells whether an operator signed the action of that number, while his key counted. */
export const isSignedByOperator = (operators: readonly OperatorKey[], number: number, bytes: Buffer): boolean =>
  operators.some(
    ({ verifier, from, until = Infinity }) =>
      number >= from && number < until && isAcknowledgedBy(verifier, bytes, actionName(number)),
  );
