import type { ARM_OPTIONS } from './options.ts';
import { EXAMPLE_URL } from './target.ts';
import { isUrl, usageError } from './usage.ts';
import type { OptionValues } from './usage.ts';
import type { ContainerPlace } from '../adapters/armPolicy.ts';
import { ARM_ENDPOINTS, isArmEndpoint, parseAccountId } from '../config/azureIds.ts';

const SUBSCRIPTION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const GROUP = /^[\p{L}\p{N}_.()-]{1,90}$/u;

/** containerPlace finds where Azure Resource Manager has the container of TARGET's URL. It throws USAGE, naming what is missing. */
export function containerPlace(target: string, options: OptionValues<typeof ARM_OPTIONS>): ContainerPlace {
  const { account, container } = containerOf(target);
  const { 'resource-id': id, subscription, 'resource-group': resourceGroup } = options;
  const how = `az storage account show --name ${account} --query id --output tsv prints it`;
  if (id !== undefined) {
    if (subscription !== undefined || resourceGroup !== undefined)
      throw usageError('--resource-id names the subscription and the resource group; leave the other two out');
    const given = parseAccountId(id);
    if (given === undefined) throw usageError(`--resource-id must be the resource id of a storage account; ${how}`);
    if (given.account !== account)
      throw usageError(`--resource-id is of the account ${given.account}, and TARGET is in ${account}`);
    return { ...given, container };
  }
  if (subscription === undefined || resourceGroup === undefined) {
    const missing = [
      ...(subscription === undefined ? ['--subscription'] : []),
      ...(resourceGroup === undefined ? ['--resource-group'] : []),
    ];
    const verb = missing.length === 1 ? 'is' : 'are';
    throw usageError(`${missing.join(' and ')} ${verb} missing; or give --resource-id: ${how}`);
  }
  if (!SUBSCRIPTION.test(subscription))
    throw usageError('--subscription must be the id of a subscription, not its name');
  if (!GROUP.test(resourceGroup)) throw usageError('--resource-group must be the name of a resource group');
  return { subscription, resourceGroup, account, container };
}

/** armEndpoint gives where Azure Resource Manager is, undefined for Azure's public cloud. It throws USAGE. */
export function armEndpoint({ arm }: Pick<OptionValues<typeof ARM_OPTIONS>, 'arm'>): string | undefined {
  if (arm === undefined || isArmEndpoint(arm)) return arm;
  throw usageError(`--arm must be one of ${ARM_ENDPOINTS.join(', ')}`);
}

/** containerOf reads account and container from a URL: of the host's name, or of the path where the account is in it too. */
function containerOf(target: string): { account: string; container: string } {
  if (!isUrl(target) || !URL.canParse(target))
    throw usageError('TARGET must be the URL of a container: a copy has no policy');
  const { hostname, pathname } = new URL(target);
  const parts = pathname.split('/').filter((part) => part !== '');
  const [account, container] = parts.length === 2 ? parts : [hostname.split('.')[0], parts[0]];
  const isGood =
    parts.length <= 2 && /^[a-z0-9]{3,24}$/.test(account ?? '') && /^[a-z0-9$-]{1,63}$/.test(container ?? '');
  if (account === undefined || container === undefined || !isGood)
    throw usageError(`TARGET names no container; expected a URL such as ${EXAMPLE_URL}`);
  return { account, container };
}
