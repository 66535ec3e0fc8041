import { AuditsealError } from '../core/errors.ts';

/** VaultKeyUrl is the address of one version of a key in Azure Key Vault, taken apart. */
export interface VaultKeyUrl {
  /** scheme, host and port */
  readonly vaultUrl: string;
  readonly name: string;
  readonly version: string;
}

/**
 * parseVaultKeyUrl takes `https://NAME.vault.azure.net/keys/KEY/VERSION` apart, and throws KEY_MALFORMED for anything
 * else. Without a version the URL would name another key after each rotation.
 */
export function parseVaultKeyUrl(keyUrl: string): VaultKeyUrl {
  const [, vaultUrl, name, version] =
    /^(https:\/\/[0-9A-Za-z.:-]+)\/keys\/([0-9A-Za-z-]{1,127})\/([0-9A-Za-z]{1,64})$/.exec(keyUrl) ?? [];
  if (vaultUrl === undefined || name === undefined || version === undefined || !URL.canParse(vaultUrl)) {
    throw new AuditsealError(
      'KEY_MALFORMED',
      'the URL of a vault key must name its version: https://NAME.vault.azure.net/keys/KEY/VERSION',
    );
  }
  return { vaultUrl, name, version };
}

/** AccountId is where Azure Resource Manager has a storage account. */
export interface AccountId {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly account: string;
}

const ACCOUNT_ID =
  /^\/subscriptions\/([0-9a-f-]{36})\/resourceGroups\/([^/]{1,90})\/providers\/Microsoft\.Storage\/storageAccounts\/([a-z0-9]{3,24})(\/.*)?$/i;

/** parseAccountId reads the resource id of a storage account, or of something in it; undefined for every other text. */
export function parseAccountId(text: string): AccountId | undefined {
  const [, subscription, resourceGroup, account] = ACCOUNT_ID.exec(text) ?? [];
  if (subscription === undefined || resourceGroup === undefined || account === undefined) return undefined;
  return { subscription, resourceGroup, account: account.toLowerCase() };
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MANAGEMENT_GROUP = /^managementGroups\/[\w.()-]{1,90}$/;
const HUB_ID =
  /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[^/?#\s]{1,90}\/providers\/Microsoft\.EventHub\/namespaces\/[a-z0-9-]{6,50}\/eventhubs\/[\w.-]{1,256}$/i;

/** TENANT is the scope of the logs of Entra ID. */
const TENANT = 'tenant';

/** isSubscriptionId tells whether a text is the id of a subscription. */
export const isSubscriptionId = (text: string): boolean => GUID.test(text);

/** isScope tells whether a text is the id of a subscription, `managementGroups/NAME`, or `tenant`. */
export const isScope = (text: string): boolean => GUID.test(text) || MANAGEMENT_GROUP.test(text) || text === TENANT;

/** isHubId tells whether a text is the resource id of an event hub. */
export const isHubId = (text: string): boolean => HUB_ID.test(text);

/** HubId is the resource id of an event hub, taken apart; all in lower case. */
export interface HubId {
  readonly id: string;
  /** resource id of its resource group */
  readonly group: string;
  /** resource id of its namespace */
  readonly namespace: string;
  readonly name: string;
}

/** parseHubId takes the resource id of an event hub apart, and gives undefined for every other text. */
export function parseHubId(text: string): HubId | undefined {
  const id = text.toLowerCase();
  const [namespace, name] = HUB_ID.test(text) ? [id.slice(0, id.lastIndexOf('/eventhubs/')), id.split('/').at(-1)] : [];
  if (namespace === undefined || name === undefined) return undefined;
  return { id, group: namespace.split('/').slice(0, 5).join('/'), namespace, name };
}

const RULE_ID =
  /^(\/subscriptions\/[^/]+\/resourcegroups\/[^/]+\/providers\/microsoft\.eventhub\/namespaces\/[^/]+)(?:\/eventhubs\/([^/]+))?\/authorizationrules\/[^/]+$/;

/** parseSenderRule gives of which namespace an authorization rule is, and of which hub, if of one alone; all in lower case. */
export function parseSenderRule(id: string): { readonly namespace: string; readonly hub?: string } | undefined {
  const [, namespace, hub] = RULE_ID.exec(id.toLowerCase()) ?? [];
  return namespace === undefined ? undefined : { namespace, ...(hub !== undefined && { hub }) };
}

/** ARM_ENDPOINTS is where Azure Resource Manager is, in the public cloud, the one of the US government, and the one of 21Vianet in China. */
export const ARM_ENDPOINTS = [
  'https://management.azure.com',
  'https://management.usgovcloudapi.net',
  'https://management.chinacloudapi.cn',
] as const;

/** isArmEndpoint tells whether a text is one of these, or a stand-in on this machine: a token must go nowhere else. */
export const isArmEndpoint = (text: string): boolean =>
  (ARM_ENDPOINTS as readonly string[]).includes(text) || isLoopback(text);

/** isLoopback tells whether that is a stand-in on this machine, which nobody signs in to. */
export const isLoopback = (endpoint: string): boolean => /^http:\/\/127\.0\.0\.1:\d{1,5}$/.test(endpoint);

/** MONITOR_AUDIENCES is what a token for Azure Monitor is made for, by the end of an address that rows are posted to. */
const MONITOR_AUDIENCES: Readonly<Record<string, string>> = {
  '.ingest.monitor.azure.com': 'https://monitor.azure.com',
  '.ingest.monitor.azure.us': 'https://monitor.azure.us',
  '.ingest.monitor.azure.cn': 'https://monitor.azure.cn',
};

const INGESTION_ENDPOINT = /^https:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+){0,3}(\.ingest\.monitor\.azure\.(?:com|us|cn))$/;

/** monitorAudience gives what a token for such an address is made for; a stand-in on this machine takes one of the public cloud. */
export function monitorAudience(endpoint: string): string | undefined {
  const [, end = ''] = INGESTION_ENDPOINT.exec(endpoint) ?? [];
  return isLoopbackTls(endpoint) ? 'https://monitor.azure.com' : MONITOR_AUDIENCES[end];
}

/** isIngestionEndpoint tells whether rows may be posted to an address: records and a token must go nowhere else. */
export const isIngestionEndpoint = (text: string): boolean => monitorAudience(text) !== undefined;

const isLoopbackTls = (endpoint: string): boolean => /^https:\/\/127\.0\.0\.1:\d{1,5}$/.test(endpoint);
