import { readFor } from './context.ts';
import type { Context } from './context.ts';
import { faultIn } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import { ACTION_UNDERWAY_MS } from '../core/limits.ts';
import type { FiledAcknowledgement } from './acknowledge.ts';
import { parseFiledAction } from '../core/objects/acknowledgement.ts';
import type { Acknowledgement } from '../core/objects/acknowledgement.ts';
import type { Action } from '../core/objects/action.ts';
import { parseActionName } from '../core/objects/names.ts';
import { isSignedByOperator, openOperators } from '../core/objects/operators.ts';
import type { Operator, OperatorKey } from '../core/objects/operators.ts';
import { GONE, WHY_UNREAD } from '../ports/store.ts';
import { CHANGED } from './log/loggedAction.ts';
import type { LoggedAction } from './log/loggedAction.ts';

/** LoggedActions is what the log says of actions. */
export interface LoggedActions {
  /** number of the first one without an entry */
  readonly integrated: number;
  /** what was made before, in ms since the Unix epoch, must have an entry; NaN: nothing must */
  readonly until: number;
  readonly operators: readonly Operator[];
  /** entryOf gives the entry of the action of that number; undefined if none is found. */
  readonly entryOf: (number: number) => Promise<LoggedAction | undefined>;
}

/**
 * checkActions reads every action of a ledger: each must be one, their numbers dense, each attempt must have its outcome, and
 * what is old enough an entry in the log. It gives the acknowledgements that count: that an operator signed whose key the log
 * knew, and whose bytes are those of their entry. Other actions are compared with their entries where the log is followed.
 */
export async function checkActions(context: Context, logged: LoggedActions): Promise<readonly FiledAcknowledgement[]> {
  const { store, findings } = context;
  const { integrated, until } = logged;
  const keys = openOperators(logged.operators);
  const acknowledgements: FiledAcknowledgement[] = [];
  const open = new Map<string, Action>();
  /** what may be an attempt, and can't be read */
  const unread = new Set<string>();
  const late: string[] = [];
  let next = 0;
  for await (const { name } of store.list('actions/')) {
    const number = parseActionName(name);
    if (number === undefined) continue; // it is found with the other names
    if (number !== next) findings.hole({ type: 'action', number });
    next = number + 1;
    const filed = await readAction(context, name);
    if (filed === 'unreadable') unread.add(name);
    if (typeof filed !== 'object') continue;
    const { action, bytes } = filed;
    context.clock.date('action', name, action.time);
    if (number >= integrated && Date.parse(action.time) < until) late.push(name);
    if (action.kind === 'acknowledge') {
      if (await isCounted(context, { name, number, bytes }, keys, logged)) acknowledgements.push({ name, ...action });
    } else if (action.attempt === undefined) open.set(name, action);
    else if (isOutcomeOf(action, open.get(action.attempt))) open.delete(action.attempt);
    else if (!unread.delete(action.attempt)) {
      const detail = `it says what came of ${action.attempt}, which is no attempt of that kind without outcome`;
      findings.error('foreign-object', name, detail);
    }
  }
  const [first, ...others] = late;
  if (first !== undefined) {
    const more = others.length === 0 ? '' : `; nor have ${others.length} after it`;
    findings.error('not-integrated', first, `it has no entry in the log${more}`);
  }
  sayUnfinished(context, open);
  return acknowledgements;
}

/** FiledBytes is an acknowledgement as it is stored. */
interface FiledBytes {
  readonly name: string;
  readonly number: number;
  readonly bytes: Buffer;
}

/** isCounted tells whether an acknowledgement counts, and says why it doesn't. */
async function isCounted(
  { findings, tally }: Context,
  { name, number, bytes }: FiledBytes,
  keys: readonly OperatorKey[],
  { integrated, entryOf }: LoggedActions,
): Promise<boolean> {
  if (number < integrated && !isSignedByOperator(keys, number, bytes)) {
    findings.error('foreign-object', name, NOT_SIGNED);
    return false;
  }
  const entry = number < integrated ? await entryOf(number) : undefined;
  const isOfEntry = entry?.sha256 === sha256(bytes);
  if (entry === undefined) tally.acknowledgementsWithoutEntry.push(name);
  else if (!isOfEntry) findings.error('entry-mismatch', name, `${CHANGED} (${entry.where})`);
  return isOfEntry;
}

const NOT_SIGNED =
  "it is an acknowledgement, and none of the operators' keys that the log knew at its number signed it";

/** ReadAction is an action, and the bytes that it was read from. */
interface ReadAction {
  readonly action: Action | Acknowledgement;
  readonly bytes: Buffer;
}

async function readAction(context: Context, name: string): Promise<ReadAction | 'unreadable' | undefined> {
  const { store, findings, tally } = context;
  const bytes = await readFor(context, store, name);
  if (bytes === undefined) tally.addUnreadable(name, GONE);
  if (bytes === undefined || bytes === 'unreadable') return 'unreadable';
  try {
    if (typeof bytes === 'object') return { action: parseFiledAction(bytes), bytes };
    findings.error('foreign-object', name, `it has the name of an action: ${WHY_UNREAD[bytes]}`);
  } catch (error) {
    findings.error('foreign-object', name, `it has the name of an action: ${faultIn(error, 'malformed').message}`);
  }
  return undefined;
}

function sayUnfinished({ findings, now }: Context, open: ReadonlyMap<string, Action>): void {
  for (const [name, { kind, time }] of open) {
    if (now() - Date.parse(time) > ACTION_UNDERWAY_MS)
      findings.warn('action-unfinished', name, `${kind} was attempted at ${time}, and nothing says what came of it`);
  }
}

const isOutcomeOf = (action: Action, attempted: Action | undefined): boolean =>
  attempted !== undefined &&
  action.kind === attempted.kind &&
  action.account === attempted.account &&
  action.container === attempted.container &&
  action.days === attempted.days &&
  action.tag === attempted.tag;
