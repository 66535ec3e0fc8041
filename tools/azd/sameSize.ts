import { askJson, memberOf } from './azureTools.ts';
import type { Tools } from './azureTools.ts';
import { plain } from './ledgerPolicy.ts';
import type { Place } from './place.ts';
import { Refusal } from './refusal.ts';

/** Kept is what a size decides when an environment is made, and no deployment can change afterwards. */
export interface Kept {
  readonly size: string;
  /** tier of the hub */
  readonly hubSku: string;
  /** redundancy of the ledger account */
  readonly storageSku: string;
}

const isZoned = (sku: string): boolean => /ZRS$/i.test(sku);

/**
 * requireSameSize refuses another size than the one that is deployed, which Azure would refuse halfway. A hub of tier Standard
 * never becomes a Premium one (MicrosoftDocs/azure-docs, articles/event-hubs/event-hubs-faq.yml), and an account gets or
 * loses its zones by a migration of its own, not by a deployment
 * (https://learn.microsoft.com/powershell/module/az.storage/start-azstorageaccountmigration). Another region can come and go.
 */
export async function requireSameSize(tools: Tools, place: Place, { size, hubSku, storageSku }: Kept): Promise<void> {
  const { environment, location, subscription } = place;
  const tagged = await askJson(
    tools,
    ['resource', 'list', '--subscription', subscription, '--tag', `azd-env-name=${environment}`],
    'whether another size is deployed',
  );
  const skuOf = (type: RegExp, name: RegExp): string | undefined => {
    const found = (Array.isArray(tagged) ? (tagged as unknown[]) : []).find(
      (one) =>
        type.test(String(memberOf(one, 'type'))) &&
        name.test(String(memberOf(one, 'name'))) &&
        plain(memberOf(one, 'location')) === plain(location),
    );
    const sku = memberOf(found, 'sku', 'name');
    return typeof sku === 'string' ? sku : undefined;
  };
  const hub = skuOf(/^Microsoft\.EventHub\/namespaces$/i, /^evhns-/) ?? hubSku;
  const storage = skuOf(/^Microsoft\.Storage\/storageAccounts$/i, /^stledger/) ?? storageSku;
  const wrong = [
    ...(hub === hubSku ? [] : [`a hub of tier ${hub}, and ${size} has ${hubSku}`]),
    ...(isZoned(storage) === isZoned(storageSku) ? [] : [`a ledger with ${storage}, and ${storageSku} is asked for`]),
  ];
  if (wrong.length > 0)
    throw new Refusal(
      `the environment ${environment} has ${wrong.join('; ')}: no deployment changes that. Set AUDITSEAL_SIZE, or AUDITSEAL_REDUNDANCY, to what it was, or begin another environment with \`azd env new NAME\``,
    );
}
