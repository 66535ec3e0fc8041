import { EXIT } from './exits.ts';
import { formatCount, print, printItem, warn } from './output.ts';
import type { ACTION_OPTIONS } from './options.ts';
import type { Outside } from './outside.ts';
import { usageError } from './usage.ts';
import type { OptionValues } from './usage.ts';
import type { ArmConnection } from '../adapters/arm.ts';
import { NO_SECRET, holdsSecret } from '../config/secrets.ts';
import { parseJsonObject } from '../core/jsonObject.ts';
import { MAX_ACTION_TEXT, isActionText } from '../core/objects/action.ts';
import type { GuardActionResult } from '../guard/change.ts';

/** Words is who changes what guards a container, and why, as they say it. */
export interface Words {
  readonly who: string;
  readonly why: string;
}

/** askWords finds out who acts and why: by the options, else by the sign-in and by a question at the terminal. */
export async function askWords(
  options: OptionValues<typeof ACTION_OPTIONS>,
  arm: ArmConnection,
  outside: Outside,
): Promise<Words> {
  return { who: await whoActs(options.who, arm), why: await whyOf(options.why, outside) };
}

/** askWhoAndWhy finds out the same by the options, or else by questions at the terminal: of who acts without a sign-in. */
export async function askWhoAndWhy(options: OptionValues<typeof ACTION_OPTIONS>, outside: Outside): Promise<Words> {
  const who = options.who ?? (await outside.ask('Who (this goes into the ledger): '));
  if (who === undefined) throw usageError('nobody is at the terminal to ask for a name; give --who');
  if (holdsSecret(who)) throw usageError(`the name ${NO_SECRET}: it would stand in the ledger for ever`);
  if (!isActionText(who)) throw usageError('--who must be a name on one line');
  return { who, why: await whyOf(options.why, outside) };
}

async function whoActs(given: string | undefined, arm: ArmConnection): Promise<string> {
  const claimed = given === undefined ? claimedName(await arm.token()) : undefined;
  const who = given ?? claimed;
  if (who === undefined) throw usageError("the sign-in's token claims no name; give --who");
  if (!isActionText(who)) throw usageError('--who must be a name on one line');
  printItem(`who         ${who}${claimed === undefined ? '' : ', as the sign-in claims'}`);
  return who;
}

/** claimedName is the name that a token claims. The token is only read, not verified: what it claims is what whoever acts could say as well. */
export function claimedName(token: string): string | undefined {
  const claims = parseJsonObject(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) ?? {};
  const names = ['upn', 'preferred_username', 'unique_name', 'app_displayname', 'appid', 'oid'];
  return names
    .map((name) => claims[name])
    .find((name): name is string => typeof name === 'string' && isActionText(name));
}

async function whyOf(given: string | undefined, outside: Outside): Promise<string> {
  const why = given ?? (await outside.ask('Why (this goes into the ledger): '));
  if (why === undefined) throw usageError('nobody is at the terminal to ask for the reason; give --why');
  if (holdsSecret(why)) throw usageError(`the reason ${NO_SECRET}: it would stand in the ledger for ever`);
  if (!isActionText(why))
    throw usageError(`--why must be a reason on one line, of at most ${formatCount(MAX_ACTION_TEXT)} characters`);
  return why;
}

/** tellOutcome says what came of an action, and gives the exit status. */
export function tellOutcome({ outcome, error, isOvertaken, recorded, unrecorded }: GuardActionResult): number {
  print(`recorded    ${recorded.join(', ')}`);
  if (unrecorded !== undefined)
    warn(
      `the outcome couldn't be recorded in the ledger: ${unrecorded}; verify will name the attempt without an outcome`,
    );
  if (isOvertaken) warn('somebody else changed the policy meanwhile; look at it again before you repeat this');
  if (error !== undefined) warn(error);
  if (outcome === 'done') return unrecorded === undefined ? EXIT.fine : EXIT.unknown;
  if (outcome === 'failed') {
    warn('Azure shows that it was not done');
    return EXIT.wrong;
  }
  warn('whether it was done is not known; auditseal posture shows it');
  return EXIT.unknown;
}
