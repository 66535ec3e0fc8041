/**
 * Commands of az, azd and gh that are used here, and their options, written down by hand: none of the three is at hand.
 * az functionapp list-flexconsumption-… are as in Azure/azure-cli, src/azure-cli/azure/cli/command_modules/appservice/_params.py
 * at 008a954, az storage sku as in https://learn.microsoft.com/cli/azure/storage/sku.
 */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'az account list': [],
  'az account set': ['--subscription'],
  'az ad app federated-credential delete': ['--id', '--federated-credential-id'],
  'az ad group create': ['--display-name', '--mail-nickname', '--query', '--output'],
  'az ad group delete': ['--group'],
  'az ad group member add': ['--group', '--member-id'],
  'az ad group member remove': ['--group', '--member-id'],
  'az ad signed-in-user show': ['--query', '--output'],
  'az ad sp show': ['--id', '--query', '--output'],
  'az account show': ['--subscription', '--output'],
  'az bicep install': [],
  'az deployment mg create': ['--management-group-id', '--location', '--parameters'],
  'az deployment sub create': ['--location', '--parameters'],
  'az deployment tenant create': ['--location', '--template-file', '--parameters'],
  'az deployment sub what-if': ['--location', '--parameters', '--validation-level', '--result-format'],
  'az eventhubs eventhub authorization-rule create': [],
  'az functionapp list-flexconsumption-locations': ['--subscription', '--zone-redundant', '--output'],
  'az feature register': ['--namespace', '--name'],
  'az functionapp start': ['--name', '--resource-group'],
  'az functionapp list-flexconsumption-runtimes': ['--subscription', '--location', '--runtime', '--output'],
  'az group create': ['--name', '--location'],
  'az group delete': [],
  'az identity federated-credential create': [
    '--name',
    '--identity-name',
    '--resource-group',
    '--issuer',
    '--subject',
    '--audiences',
  ],
  'az identity federated-credential delete': ['--name', '--identity-name', '--resource-group', '--yes'],
  'az identity federated-credential list': ['--identity-name', '--resource-group', '--query', '--output'],
  'az keyvault key create': ['--vault-name', '--name', '--kty', '--curve', '--ops'],
  'az keyvault key show': ['--vault-name', '--name', '--query', '--output'],
  'az keyvault list-deleted': ['--resource-type', '--subscription', '--output'],
  'az keyvault recover': ['--name'],
  'az keyvault secret set': ['--vault-name', '--name', '--file', '--output'],
  'az lock delete': ['--name', '--resource-group', '--resource-type', '--resource'],
  'az login': ['--tenant'],
  'az policy assignment delete': ['--name', '--scope'],
  'az monitor private-link-scope scoped-resource create': [],
  'az network nat gateway delete': ['--resource-group', '--name'],
  'az network public-ip delete': ['--resource-group', '--name'],
  'az network private-dns link vnet create': [
    '--name',
    '--resource-group',
    '--zone-name',
    '--virtual-network',
    '--registration-enabled',
  ],
  'az network vnet peering create': [
    '--name',
    '--resource-group',
    '--vnet-name',
    '--remote-vnet',
    '--allow-vnet-access',
  ],
  'az network private-dns zone list': ['--subscription', '--resource-group', '--output'],
  'az network vnet show': ['--ids', '--output'],
  'az network vnet subnet list': ['--resource-group', '--vnet-name', '--query'],
  'az network vnet subnet update': ['--ids', '--delegations'],
  'az monitor diagnostic-settings subscription delete': ['--name', '--yes'],
  'az provider register': ['--namespace', '--subscription', '--wait'],
  'az provider show': ['--subscription', '--namespace', '--output'],
  'az resource list': ['--subscription', '--tag', '--output'],
  'az rest': ['--method', '--url', '--output'],
  'az role assignment create': ['--role', '--assignee', '--scope'],
  'az role assignment delete': ['--ids', '--role', '--assignee', '--scope'],
  'az role assignment list': ['--all', '--query', '--output'],
  'az role definition create': ['--role-definition'],
  'az role definition delete': ['--name', '--scope'],
  'az role definition list': ['--custom-role-only', '--scope', '--query', '--output'],
  'az storage account show': ['--name', '--query', '--output'],
  'az storage container immutability-policy create': [],
  'az storage container immutability-policy delete': [
    '--account-name',
    '--container-name',
    '--resource-group',
    '--if-match',
  ],
  'az storage container immutability-policy extend': [],
  'az storage container legal-hold set': [],
  'az storage container immutability-policy show': ['--account-name', '--container-name', '--query', '--output'],
  'az storage message clear': ['--queue-name', '--auth-mode', '--account-name'],
  'az storage message peek': ['--queue-name', '--auth-mode', '--account-name'],
  'az storage sku list': ['--subscription', '--output'],
  'az upgrade': [],
  'azd auth login': ['--client-id', '--tenant-id', '--federated-credential-provider', '--check-status', '--output'],
  'azd deploy': ['--from-package', '--no-prompt'],
  'azd down': [],
  'azd env get-value': [],
  'azd env get-values': [],
  'azd env new': [],
  'azd env select': [],
  'azd env set': [],
  'azd package': [],
  'azd pipeline config': [],
  'azd provision': ['--no-prompt', '--no-state'],
  'azd up': [],
  'azd version': [],
  'gh attestation verify': ['--repo'],
  'gh pr comment': ['--edit-last', '--create-if-none', '--body-file'],
  'gh variable delete': [],
  'gh variable set': ['--body'],
};

/**
 * Options without which a command asks or does something else than is meant. Without a scope the roles of a resource group
 * aren't found: az lists and deletes what can be assigned at the subscription (Azure/azure-cli,
 * src/azure-cli/azure/cli/command_modules/role/custom.py, list_role_definitions and delete_role_definition).
 */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'az role assignment create': ['--scope'],
  'az role definition delete': ['--scope'],
  'az role definition list': ['--scope'],
  'az storage container immutability-policy delete': ['--if-match'],
  'az storage container immutability-policy show': ['--query'],
};

/** faultOf says what is wrong with a command line of az, azd or gh, or nothing. */
export function faultOf(line: string): string | undefined {
  const command = Object.keys(KNOWN)
    .filter((known) => line === known || line.startsWith(`${known} `))
    .toSorted((a, b) => b.length - a.length)[0];
  if (command === undefined) return 'no known command';
  const unknown = [...line.matchAll(/ (--[\w-]+)/g)].find(
    ([, option]) => KNOWN[command]?.includes(option as string) !== true,
  );
  if (unknown !== undefined) return `no known option ${unknown[1]}`;
  // A command that stands alone is spoken of, and not run.
  const missing = line === command ? undefined : NEEDED[command]?.find((option) => !line.includes(` ${option} `));
  return missing === undefined ? undefined : `lacks ${missing}`;
}
