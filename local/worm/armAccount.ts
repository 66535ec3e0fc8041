import type { AccountProperties } from './wormState.ts';

/**
 * DEFAULT_ACCOUNT is what the management plane shows of the account until told otherwise: the settings of a well kept
 * one. They are declared, not enforced: on 127.0.0.1 there is neither TLS nor Microsoft Entra ID.
 */
export const DEFAULT_ACCOUNT: AccountProperties = {
  allowSharedKeyAccess: false,
  allowBlobPublicAccess: false,
  allowCrossTenantReplication: false,
  minimumTlsVersion: 'TLS1_2',
  supportsHttpsTrafficOnly: true,
  encryption: { keySource: 'Microsoft.Storage', requireInfrastructureEncryption: true },
  publicNetworkAccess: 'Disabled',
  networkAcls: { bypass: 'AzureServices', defaultAction: 'Deny', ipRules: [], virtualNetworkRules: [] },
};

/** accountResource shows the account as Azure Resource Manager does. */
export function accountResource(id: string, name: string, blobUrl: string, settings: AccountProperties): object {
  return {
    id,
    name,
    type: 'Microsoft.Storage/storageAccounts',
    location: 'local',
    kind: 'StorageV2',
    sku: { name: 'Standard_ZRS', tier: 'Standard' },
    tags: {},
    properties: {
      provisioningState: 'Succeeded',
      accessTier: 'Hot',
      primaryEndpoints: { blob: `${blobUrl}/` },
      ...settings,
    },
  };
}

/** changedSettings takes the settings this stand-in shows out of an update. */
export function changedSettings(properties: Readonly<Record<string, unknown>>): AccountProperties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => Object.hasOwn(DEFAULT_ACCOUNT, name)));
}
