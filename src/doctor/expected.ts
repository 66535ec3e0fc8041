/**
 * FUNCTIONS is which functions each app runs; the others are switched off in it, `forward` too unless somebody switched it on. A test
 * compares infra/functionApps.json.
 */
export const FUNCTIONS = {
  sealer: ['ingest', 'watch', 'integrate', 'log'],
  auditor: ['verify', 'recheck', 'posture', 'evidence'],
} as const;

export type Service = keyof typeof FUNCTIONS;
export const SERVICES = Object.keys(FUNCTIONS) as Service[];

/** ALERT_RULES is which rules a deployment has that are on whatever was chosen. A test compares the templates. */
export const ALERT_RULES = [
  'alert-expiring',
  'alert-findings',
  'alert-integrateRuns',
  'alert-keyUse',
  'alert-losses',
  'alert-postureRuns',
  'alert-recheck',
  'alert-silentSources',
  'alert-standing',
  'alert-tampering',
  'alert-unsealed',
  'alert-verifyRuns',
  'alert-watchRuns',
] as const;

/** What may be done to what, for the steps that ask who has which right. */
export const RIGHTS = {
  receive: 'Microsoft.EventHub/namespaces/messages/receive/action',
  create: 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action',
  replace: 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write',
  read: 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read',
  readKey: 'Microsoft.KeyVault/vaults/keys/read',
  sign: 'Microsoft.KeyVault/vaults/keys/sign/action',
} as const;
