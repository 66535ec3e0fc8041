import { askJson, ask, jsonIn, memberOf, wordsOf } from './azureTools.ts';
import type { Tools } from './azureTools.ts';
import { Refusal } from './refusal.ts';

/** Names that infra/shared.bicep gives. */
const LEDGER_ACCOUNT = /^stledger[a-z0-9]{13}$/;
const LEDGER_CONTAINER = 'ledger';
const API_VERSION = '2025-08-01';

/** LedgerPolicy is the retention policy that the ledger of an environment has, if there is one. */
export type LedgerPolicy =
  | { readonly state: 'Absent' }
  | { readonly state: 'Unlocked' | 'Locked'; readonly days: number; readonly account: string; readonly group: string };

/**
 * readLedgerPolicy asks Azure, and not what azd remembers: a pipeline begins with an empty memory, and a wrong answer would
 * make the next deployment try to change a locked policy. The account is found by the tag that every resource of an
 * environment has.
 */
export async function readLedgerPolicy(
  tools: Tools,
  { environment, location, subscription }: { environment: string; location: string; subscription: string },
): Promise<LedgerPolicy> {
  // az takes a tag and no other filter beside it.
  const tagged = await askJson(
    tools,
    ['resource', 'list', '--subscription', subscription, '--tag', `azd-env-name=${environment}`],
    'whether there is a ledger',
  );
  if (!Array.isArray(tagged)) throw new Refusal("whether there is a ledger can't be found out: az printed no list");
  const accounts = tagged.filter(
    (account) =>
      /^Microsoft\.Storage\/storageAccounts$/i.test(String(memberOf(account, 'type'))) &&
      LEDGER_ACCOUNT.test(String(memberOf(account, 'name'))) &&
      plain(memberOf(account, 'location')) === plain(location),
  );
  if (accounts.length > 1) {
    const names = accounts.map((account) => String(memberOf(account, 'name'))).join(', ');
    throw new Refusal(
      `the environment ${environment} has more than one ledger (${names}): give the other one's resources another tag azd-env-name`,
    );
  }
  const [found] = accounts;
  if (found === undefined) return { state: 'Absent' };
  const [account, id] = [String(memberOf(found, 'name')), String(memberOf(found, 'id'))];
  const url = `${id}/blobServices/default/containers/${LEDGER_CONTAINER}/immutabilityPolicies/default?api-version=${API_VERSION}`;
  const answer = await ask(tools, 'az', ['rest', '--method', 'get', '--url', url, '--output', 'json']);
  // The account may be there and its container not, after a deployment that failed in between.
  if (answer.code !== 0 && /\b(ContainerNotFound|ResourceNotFound)\b/.test(answer.stderr)) return { state: 'Absent' };
  if (answer.code !== 0)
    throw new Refusal(`whether the retention policy of ${account} is locked can't be found out: ${wordsOf(answer)}`);
  const policy = policyIn(answer.stdout, account);
  // Azure answers so when there is no policy.
  return policy.days === 0 ? { state: 'Absent' } : { ...policy, account, group: groupOf(id) };
}

function policyIn(text: string, account: string): { state: 'Unlocked' | 'Locked'; days: number } {
  const properties = memberOf(jsonIn(text), 'properties');
  const [state, days] = [memberOf(properties, 'state'), memberOf(properties, 'immutabilityPeriodSinceCreationInDays')];
  if ((state !== 'Locked' && state !== 'Unlocked') || typeof days !== 'number')
    throw new Refusal(
      `whether the retention policy of ${account} is locked can't be found out: the answer names no state`,
    );
  return { state, days };
}

const groupOf = (id: string): string => /\/resourceGroups\/([^/]+)\//i.exec(id)?.[1] ?? '';

/** plain makes one of the two ways in which regions are written: `West Europe` and `westeurope`. */
export const plain = (location: unknown): string => String(location).toLowerCase().replaceAll(' ', '');
