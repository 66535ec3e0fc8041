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
