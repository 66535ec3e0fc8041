import { createInterface } from 'node:readline/promises';
import { print, printable } from './output.ts';
import { usageError } from './usage.ts';
import { connectArm } from '../adapters/armPolicy.ts';
import type { ArmConnection, ContainerPlace } from '../adapters/armPolicy.ts';
import { parseAccountId } from '../config/azureIds.ts';
import { AuditsealError } from '../core/errors.ts';
import { parseJsonObject } from '../core/jsonObject.ts';
import { isActionText } from '../core/objects/action.ts';

/** Outside is what commands that work on Azure Resource Manager need of the world besides TARGET. */
export interface Outside {
  connect(subscription: string): Promise<ArmConnection>;
  /** ask puts a question to whoever sits at the terminal; undefined if nobody does. */
  ask(question: string): Promise<string | undefined>;
  readonly now: () => number;
}

/** AZURE is the world outside of tests. */
export const AZURE: Outside = {
  connect: async (subscription) => connectArm(subscription, { managed: false }),
  ask: askAtTerminal,
  now: Date.now,
};

async function askAtTerminal(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } catch (error) {
    // Ctrl+C or Ctrl+D.
    if ((error as Error).name !== 'AbortError') throw error;
    throw cannot('the question was left without an answer; nothing was changed');
  } finally {
    terminal.close();
  }
}

/** ARM_OPTIONS are the options that say where Azure Resource Manager has TARGET. */
export const ARM_OPTIONS = { 'resource-id': 'string', subscription: 'string', 'resource-group': 'string' } as const;

/** ARM_HELP explains them. */
export const ARM_HELP = `  --resource-id ID        resource id of the storage account, which tells subscription and resource group:
                          az storage account show --name ACCOUNT --query id --output tsv
  --subscription ID       instead of it: the subscription's id,
  --resource-group NAME   and the account's resource group`;

const SUBSCRIPTION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const GROUP = /^[\p{L}\p{N}_.()-]{1,90}$/u;

/** containerPlace finds where Azure Resource Manager has the container of TARGET's URL. It throws USAGE, naming what is missing. */
export function containerPlace(
  target: string,
  options: { readonly [K in keyof typeof ARM_OPTIONS]?: string },
): ContainerPlace {
  const { account, container } = containerOf(target);
  const { 'resource-id': id, subscription, 'resource-group': resourceGroup } = options;
  const how = `az storage account show --name ${account} --query id --output tsv prints it`;
  if (id !== undefined) {
    if (subscription !== undefined || resourceGroup !== undefined)
      throw usageError('--resource-id tells subscription and resource group; leave the other two out');
    const given = parseAccountId(id);
    if (given === undefined) throw usageError(`--resource-id must be the resource id of a storage account; ${how}`);
    if (given.account !== account)
      throw usageError(`--resource-id is of the account ${given.account}, and TARGET is in ${account}`);
    return { ...given, container };
  }
  const missing = [
    ...(subscription === undefined ? ['--subscription'] : []),
    ...(resourceGroup === undefined ? ['--resource-group'] : []),
  ];
  if (subscription === undefined || resourceGroup === undefined)
    throw usageError(`${missing.join(' and ')} missing; or give --resource-id: ${how}`);
  if (!SUBSCRIPTION.test(subscription))
    throw usageError('--subscription must be the id of a subscription, not its name');
  if (!GROUP.test(resourceGroup)) throw usageError('--resource-group must be the name of a resource group');
  return { subscription, resourceGroup, account, container };
}

/** containerOf reads account and container from a URL: of the host's name, or of the path where the account is in it too. */
function containerOf(target: string): { account: string; container: string } {
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target))
    throw usageError('TARGET must be the URL of a container: a copy has no policy');
  const { hostname, pathname } = new URL(target);
  const parts = pathname.split('/').filter((part) => part !== '');
  const [account, container] = parts.length === 2 ? parts : [hostname.split('.')[0], parts[0]];
  const isGood =
    parts.length <= 2 && /^[a-z0-9]{3,24}$/.test(account ?? '') && /^[a-z0-9$-]{1,63}$/.test(container ?? '');
  if (account === undefined || container === undefined || !isGood)
    throw usageError('TARGET names no container, such as https://account.blob.core.windows.net/ledger');
  return { account, container };
}

/** whoActs gives the name of who acts, as given or as the token of the sign-in claims, and prints which. */
export async function whoActs(given: string | undefined, arm: ArmConnection): Promise<string> {
  const claimed = given === undefined ? claimedName(await arm.token()) : undefined;
  const who = given ?? claimed;
  if (who === undefined) throw usageError('the sign-in tells no name; give --who');
  if (!isActionText(who)) throw usageError('--who must be a name on one line');
  print(printable(`who         ${who}${claimed === undefined ? '' : ', as the sign-in claims'}`));
  return who;
}

/** The token is only read, not verified: what it claims is what whoever acts could say as well. */
function claimedName(token: string): string | undefined {
  const claims = parseJsonObject(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) ?? {};
  const names = ['upn', 'preferred_username', 'unique_name', 'app_displayname', 'appid', 'oid'];
  return names
    .map((name) => claims[name])
    .find((name): name is string => typeof name === 'string' && isActionText(name));
}

/** whyOf gives the reason that somebody states, as an option or at the terminal. */
export async function whyOf(given: string | undefined, outside: Outside): Promise<string> {
  const why = given ?? (await outside.ask('Why (goes into the ledger): '));
  if (why === undefined) throw usageError('give --why: what the reason is goes into the ledger');
  if (!isActionText(why)) throw usageError('--why must be a reason on one line, of at most 1,000 characters');
  return why;
}

/** cannot makes the fault of an action that the state of the container forbids. */
export const cannot = (why: string): AuditsealError => new AuditsealError('TARGET_INVALID', why);
