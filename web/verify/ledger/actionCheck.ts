import { MAX_ACTION_BYTES, parseAction } from './action.ts';
import type { Action } from './action.ts';
import type { FiledAcknowledgement } from './acknowledge.ts';
import type { ClockCheck } from './clock.ts';
import type { Findings } from './findings.ts';
import type { Folder } from './folder.ts';
import { sha256 } from './hash.ts';
import { actionName, parseActionName } from './names.ts';
import { isOfOperator } from './operators.ts';
import type { Operator } from './operators.ts';

/** What the check of actions has to know. Times are ms since the Unix epoch. */
export interface ActionTimes {
  /** number of the first action without an entry in the log */
  readonly integrated: number;
  /** the SHA-256 that its entries state, by number of the action */
  readonly entries: ReadonlyMap<number, string>;
  /** what was filed before must have an entry; NaN: nothing must */
  readonly until: number;
  readonly now: number;
  readonly clock: ClockCheck;
  /** operators' keys that the log has registered */
  readonly operators: readonly Operator[];
}

/** CheckedActions is what the actions say of findings. */
export interface CheckedActions {
  /** acknowledgements that count, each with the name of its action */
  readonly acknowledgements: readonly FiledAcknowledgement[];
  /** names of those that the log has no entry of */
  readonly waiting: readonly string[];
}

/** How long after an attempt its outcome may still be on its way. */
const UNDERWAY_MS = 10 * 60_000;

/** checkActions reads every action: whether it is one, its number, that its attempt is there, and its outcome. */
export async function checkActions(folder: Folder, findings: Findings, times: ActionTimes): Promise<CheckedActions> {
  const acknowledgements: FiledAcknowledgement[] = [];
  const waiting: string[] = [];
  const open = new Map<string, Action>();
  /** what may be an attempt, and can't be read */
  const unread = new Set<string>();
  let last = -1;
  let late: { readonly name: string; count: number } | undefined;
  for (const name of folder.under('actions/')) {
    const number = parseActionName(name);
    if (number === undefined) continue;
    if (number !== last + 1)
      findings.say('foreign-object', name, `there is no ${actionName(number - 1)}, the action before it`);
    last = number;
    const bytes = folder.sizeOf(name) > MAX_ACTION_BYTES ? new Uint8Array() : await folder.readSmall(name);
    if (bytes === undefined) {
      unread.add(name);
      continue;
    }
    const action = parseAction(bytes);
    if (action === undefined) {
      findings.say('foreign-object', name, 'it has the name of an action and is none');
      continue;
    }
    times.clock.date('action', name, action.time);
    if (number >= times.integrated && Date.parse(action.time) < times.until) {
      if (late === undefined) late = { name, count: 1 };
      else late.count += 1;
    }
    const { acknowledgement, time } = action;
    if (acknowledgement !== undefined) {
      const isEntered = number < times.integrated;
      if (isEntered && !(await isOfOperator(times.operators, number, name, acknowledgement.signature)))
        findings.say('foreign-object', name, 'it acknowledges a finding, and no operator whom the log knew signed it');
      else if (!isEntered || !times.entries.has(number)) waiting.push(name);
      // Other bytes are found where entries are compared.
      else if (times.entries.get(number) === sha256(bytes))
        acknowledgements.push({ action: name, time, ...acknowledgement });
    } else if (action.attempt === undefined) open.set(name, action);
    else if (open.get(action.attempt)?.subject === action.subject) open.delete(action.attempt);
    else if (!unread.delete(action.attempt)) {
      const why = `it is the outcome of ${action.attempt}, and there is no such attempt that still has none`;
      findings.say('foreign-object', name, why);
    }
  }
  if (late !== undefined) {
    const others = late.count === 1 ? '' : `; nor have the ${late.count - 1} after it`;
    findings.say('not-integrated', late.name, `it has no entry in the log${others}`);
  }
  for (const [name, { kind, time }] of open) {
    if (times.now - Date.parse(time) > UNDERWAY_MS)
      findings.say(
        'action-unfinished',
        name,
        `at ${time} somebody set out to ${kind}, and no action says what came of it`,
      );
  }
  return { acknowledgements, waiting };
}
