import { askJson, memberOf } from './azureTools.ts';
import type { Tools } from './azureTools.ts';
import { plain } from './ledgerPolicy.ts';
import type { Place } from './place.ts';
import { Refusal } from './refusal.ts';

/**
 * requireNoDeletedVault refuses when the vault of an earlier deployment is deleted and not yet purged. A deployment of the same
 * environment would give its vault the same name, which is still taken; and in the old one is the key of the log.
 */
export async function requireNoDeletedVault(tools: Tools, place: Place): Promise<void> {
  const { environment, location, subscription } = place;
  const deleted = await askJson(
    tools,
    ['keyvault', 'list-deleted', '--resource-type', 'vault', '--subscription', subscription],
    'whether an earlier key vault is in the way',
  );
  const old = (Array.isArray(deleted) ? deleted : []).find(
    (vault) =>
      memberOf(vault, 'properties', 'tags', 'azd-env-name') === environment &&
      plain(memberOf(vault, 'properties', 'location')) === plain(location),
  );
  if (old === undefined) return;
  const name = String(memberOf(old, 'name'));
  const [, group = 'GROUP'] = /\/resourceGroups\/([^/]+)\//i.exec(String(memberOf(old, 'properties', 'vaultId'))) ?? [];
  throw new Refusal(
    `the key vault ${name} of an earlier deployment is deleted and not purged, so its name is taken. Take it back: \`az group create --name ${group} --location ${plain(location)}\`, then \`az keyvault recover --name ${name}\`; or begin another environment with \`azd env new NAME\``,
  );
}
