import { askJson, memberOf } from './azureTools.ts';
import type { Tools } from './azureTools.ts';
import { plain } from './ledgerPolicy.ts';
import type { Place } from './place.ts';
import { Refusal } from './refusal.ts';

/** Needs are what a deployment wants of its region. */
export interface Needs {
  readonly network: string;
  readonly nodeVersion: string;
  /** whether instances are spread over zones */
  readonly zones: boolean;
  /** redundancy of the storage accounts */
  readonly storageSkus: readonly string[];
}

const ANOTHER = 'choose another region with `azd env set AZURE_LOCATION REGION`';

/**
 * requireRegion refuses a region that lacks Flex Consumption, zones for it, its version of Node, or the redundancy of a storage
 * account, and a subscription where a network can't be made. Azure would refuse the same, minutes later and halfway.
 */
export async function requireRegion(tools: Tools, place: Place, needs: Needs): Promise<void> {
  await requireFlex(tools, place, needs.zones);
  await requireNode(tools, place, needs.nodeVersion);
  await requireStorage(tools, place, needs.storageSkus);
  if (needs.network === 'private') await requireNetworkProvider(tools, place.subscription);
}

async function requireFlex(tools: Tools, { location, subscription }: Place, zones: boolean): Promise<void> {
  const namesOf = async (filter: readonly string[]): Promise<string[]> => {
    const list = ['functionapp', 'list-flexconsumption-locations', '--subscription', subscription, ...filter];
    const regions = await askJson(tools, list, 'which regions offer Flex Consumption');
    return listOf(regions).map((region) => plain(memberOf(region, 'name')));
  };
  const names = await namesOf([]);
  if (!names.includes(plain(location)))
    throw new Refusal(`the region ${location} has no Flex Consumption plan: ${ANOTHER}. There are ${names.join(', ')}`);
  if (!zones) return;
  const zoned = await namesOf(['--zone-redundant', 'true']);
  if (!zoned.includes(plain(location)))
    throw new Refusal(
      `the region ${location} has no zones for Flex Consumption, which this size needs: ${ANOTHER}, or a smaller size with \`azd env set AUDITSEAL_SIZE small\`. There are ${zoned.join(', ')}`,
    );
}

async function requireNode(tools: Tools, { location, subscription }: Place, version: string): Promise<void> {
  const list = ['functionapp', 'list-flexconsumption-runtimes', '--subscription', subscription];
  const runtimes = await askJson(
    tools,
    [...list, '--location', plain(location), '--runtime', 'node'],
    `which versions of Node ${location} offers`,
  );
  const versions = listOf(runtimes).map((each) => String(memberOf(each, 'version')));
  if (!versions.includes(version))
    throw new Refusal(
      `the region ${location} has no Node ${version} for Flex Consumption, only ${versions.join(', ') || 'none'}: ${ANOTHER}, or another Node with \`azd env set AUDITSEAL_NODE_VERSION VERSION\``,
    );
}

async function requireStorage(
  tools: Tools,
  { location, subscription }: Place,
  wanted: readonly string[],
): Promise<void> {
  const what = `which storage accounts ${location} offers`;
  const skus = listOf(await askJson(tools, ['storage', 'sku', 'list', '--subscription', subscription], what));
  const isHere = (place: unknown): boolean => plain(place) === plain(location);
  const offered = skus
    .filter((sku) => memberOf(sku, 'kind') === 'StorageV2' && listOf(memberOf(sku, 'locations')).some(isHere))
    .filter(
      (sku) => !listOf(memberOf(sku, 'restrictions')).some((each) => listOf(memberOf(each, 'values')).some(isHere)),
    )
    .map((sku) => String(memberOf(sku, 'name')));
  const missing = wanted.filter((name) => !offered.includes(name));
  if (missing.length > 0)
    throw new Refusal(
      `the region ${location} has no ${missing.join(' and no ')} storage for this subscription, only ${offered.join(', ') || 'none'}: ${ANOTHER}, or another redundancy of the ledger with \`azd env set AUDITSEAL_REDUNDANCY NAME\`, or another size with \`azd env set AUDITSEAL_SIZE SIZE\``,
    );
}

/** requireNetworkProvider: a subnet can only be given to a provider that is registered; no deployment does that by itself. */
async function requireNetworkProvider(tools: Tools, subscription: string): Promise<void> {
  const provider = await askJson(
    tools,
    ['provider', 'show', '--subscription', subscription, '--namespace', 'Microsoft.App'],
    'whether Microsoft.App is registered',
  );
  if (memberOf(provider, 'registrationState') !== 'Registered')
    throw new Refusal(
      `a private network needs the provider Microsoft.App: run \`az provider register --namespace Microsoft.App --subscription ${subscription} --wait\``,
    );
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
