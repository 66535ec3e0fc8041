/** What Azure's own roles allow, of those that the templates give: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */

export interface Role {
  readonly name: string;
  readonly actions: readonly string[];
  readonly dataActions: readonly string[];
}

const CONTAINERS = 'Microsoft.Storage/storageAccounts/blobServices/containers';
const QUEUES = 'Microsoft.Storage/storageAccounts/queueServices/queues';
const DELEGATE = 'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action';
const KEYS = 'Microsoft.KeyVault/vaults/keys';
const SECRETS = 'Microsoft.KeyVault/vaults/secrets';

const each = (start: string, ends: readonly string[]): string[] => ends.map((end) => `${start}/${end}`);

export const BUILT_IN_ROLES: Readonly<Record<string, Role>> = {
  'acdd72a7-3385-48ef-bd42-f606fba81ae7': { name: 'Reader', actions: ['*/read'], dataActions: [] },
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': {
    name: 'Storage Blob Data Owner',
    actions: [`${CONTAINERS}/*`, DELEGATE],
    dataActions: [`${CONTAINERS}/blobs/*`],
  },
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': {
    name: 'Storage Blob Data Contributor',
    actions: [...each(CONTAINERS, ['read', 'write', 'delete']), DELEGATE],
    dataActions: each(`${CONTAINERS}/blobs`, ['read', 'write', 'delete', 'move/action', 'add/action']),
  },
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1': {
    name: 'Storage Blob Data Reader',
    actions: [`${CONTAINERS}/read`, DELEGATE],
    dataActions: [`${CONTAINERS}/blobs/read`],
  },
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': {
    name: 'Storage Queue Data Contributor',
    actions: each(QUEUES, ['delete', 'read', 'write']),
    dataActions: each(`${QUEUES}/messages`, ['delete', 'read', 'write', 'process/action']),
  },
  'a638d3c7-ab3a-418d-83e6-5f17a39d4fde': {
    name: 'Azure Event Hubs Data Receiver',
    actions: ['Microsoft.EventHub/*/eventhubs/consumergroups/read'],
    dataActions: ['Microsoft.EventHub/*/receive/action'],
  },
  '3913510d-42f4-4e42-8a64-420c390055eb': {
    name: 'Monitoring Metrics Publisher',
    actions: [
      'Microsoft.Insights/Register/Action',
      'Microsoft.Support/*',
      'Microsoft.Resources/subscriptions/resourceGroups/read',
    ],
    dataActions: ['Microsoft.Insights/Metrics/Write', 'Microsoft.Insights/Telemetry/Write'],
  },
  '12338af0-0e69-4776-bea7-57ae8d297424': {
    name: 'Key Vault Crypto User',
    actions: [],
    dataActions: [
      `${KEYS}/read`,
      ...each(KEYS, ['update', 'backup', 'encrypt', 'decrypt', 'wrap', 'unwrap', 'sign', 'verify']).map(
        (name) => `${name}/action`,
      ),
    ],
  },
  '21090545-7ca7-4776-b22c-e363652d74d2': {
    name: 'Key Vault Reader',
    actions: [
      'Microsoft.Authorization/*/read',
      'Microsoft.Insights/alertRules/*',
      'Microsoft.Resources/deployments/*',
      'Microsoft.Resources/subscriptions/resourceGroups/read',
      'Microsoft.Support/*',
      'Microsoft.KeyVault/checkNameAvailability/read',
      'Microsoft.KeyVault/deletedVaults/read',
      'Microsoft.KeyVault/locations/*/read',
      'Microsoft.KeyVault/vaults/*/read',
      'Microsoft.KeyVault/operations/read',
    ],
    dataActions: ['Microsoft.KeyVault/vaults/*/read', `${SECRETS}/readMetadata/action`],
  },
  '4633458b-17de-408a-b874-0445c86b69e6': {
    name: 'Key Vault Secrets User',
    actions: [],
    dataActions: [`${SECRETS}/getSecret/action`, `${SECRETS}/readMetadata/action`],
  },
  'e147488a-f6f5-4113-8e2d-b22465e65bf6': {
    name: 'Key Vault Crypto Service Encryption User',
    actions: each('Microsoft.EventGrid/eventSubscriptions', ['write', 'read', 'delete']),
    dataActions: [`${KEYS}/read`, `${KEYS}/wrap/action`, `${KEYS}/unwrap/action`],
  },
};
