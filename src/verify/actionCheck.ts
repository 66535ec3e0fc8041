import { AuditsealError } from '../core/errors.ts';
import { MAX_ACTION_BYTES, parseAction } from '../core/objects/action.ts';
import type { Action } from '../core/objects/action.ts';
import { actionName, parseActionName } from '../core/objects/names.ts';
import type { Finding, FindingCode } from '../core/objects/report.ts';
import type { ObjectStore } from '../ports/store.ts';

export interface ActionCheckDeps {
  readonly store: ObjectStore;
  readonly find: (finding: Finding) => void;
  readonly onUnreadable: (name: string, why: string) => void;
  /** number of the first action that has no entry in the log */
  readonly integrated: number;
  /** what was made before this time (ms since the Unix epoch) must have an entry; NaN: nothing must */
  readonly until: number;
  /** milliseconds since the Unix epoch */
  readonly now: number;
}

/** How long an action may be without its outcome before that is worth a look. */
const UNDERWAY_MS = 10 * 60_000;

/**
 * checkActions reads every action of a ledger: each must be one, their numbers dense, each attempt must have its outcome, and
 * what is old enough an entry in the log. Entries are compared with actions where the log is followed.
 */
export async function checkActions(deps: ActionCheckDeps): Promise<void> {
  const { store, find, onUnreadable, integrated, until, now } = deps;
  const say = (code: FindingCode, object: string, detail: string, severity: Finding['severity'] = 'error'): void =>
    find({ code, severity, object, detail });
  const open = new Map<string, Action>();
  const late: string[] = [];
  let next = 0;
  for await (const { name, size } of store.list('actions/')) {
    const number = parseActionName(name);
    if (number === undefined) continue; // it is found with the other names
    if (number !== next)
      say('foreign-object', name, `no object has the name of the action before, ${actionName(number - 1)}`);
    next = number + 1;
    let action: Action;
    try {
      if (size > MAX_ACTION_BYTES) throw new AuditsealError('ACTION_MALFORMED', 'it is too large to be an action');
      const bytes = await store.read(name);
      if (bytes === undefined) throw new AuditsealError('STORE_UNAVAILABLE', 'it was listed, and is gone');
      action = parseAction(bytes);
    } catch (error) {
      if (!(error instanceof AuditsealError)) throw error;
      if (error.code === 'ACTION_MALFORMED')
        say('foreign-object', name, `it has the name of an action: ${error.message}`);
      else onUnreadable(name, error.message);
      continue;
    }
    if (number >= integrated && Date.parse(action.time) < until) late.push(name);
    if (action.attempt === undefined) open.set(name, action);
    else if (!isOutcomeOf(action, open.get(action.attempt)))
      say(
        'foreign-object',
        name,
        `it says what came of ${action.attempt}, which is no attempt of that kind without outcome`,
      );
    else open.delete(action.attempt);
  }
  const [first, ...others] = late;
  if (first !== undefined) {
    const more = others.length === 0 ? '' : `; nor have ${others.length} after it`;
    say('not-integrated', first, `it has no entry in the log${more}`);
  }
  for (const [name, { kind, time }] of open) {
    if (now - Date.parse(time) > UNDERWAY_MS)
      say('action-unfinished', name, `${kind} was attempted at ${time}, and nothing says what came of it`, 'warning');
  }
}

const isOutcomeOf = (action: Action, attempt: Action | undefined): boolean =>
  attempt !== undefined &&
  action.kind === attempt.kind &&
  action.account === attempt.account &&
  action.container === attempt.container &&
  action.days === attempt.days &&
  action.tag === attempt.tag;
