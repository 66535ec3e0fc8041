import type { Hook } from './azureTools.ts';

/** postprovision says what an operator does next. It does none of it: a lock can't be undone. */
export const postprovision: Hook = async (_tools, env, print) => {
  const target = env['AUDITSEAL_LEDGER_URL'] || 'https://ACCOUNT.blob.core.windows.net/ledger';
  const vault = env['AUDITSEAL_VAULT'] || 'VAULT';
  const sealer = env['AUDITSEAL_SEALER'] || 'SEALER';
  const origin = env['AUDITSEAL_ORIGIN'] || `${sealer}.azurewebsites.net/api/log`;
  const [subscription, group] = [
    env['AZURE_SUBSCRIPTION_ID'] || 'SUBSCRIPTION_ID',
    env['AZURE_RESOURCE_GROUP'] || 'GROUP',
  ];
  const account = env['AUDITSEAL_LEDGER_ACCOUNT'] || 'ACCOUNT';
  const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Storage/storageAccounts/${account}`;
  const isLocked = env['AUDITSEAL_POLICY_STATE'] === 'Locked';
  const lines = [
    '',
    'auditseal: what is next, once the apps are deployed:',
    '  Tell az which subscription, because it may look at another one than azd:',
    `       az account set --subscription ${subscription}`,
    '  1. Get the verifier keys, of the log and of the auditor, and give them to whoever checks:',
    `       az keyvault key show --vault-name ${vault} --name ledger --query key.kid --output tsv`,
    `       npm run -s cli -- keygen --name ${origin} --vault-key URL   (URL is what the line above printed)`,
    `       az keyvault key show --vault-name ${vault} --name auditor --query key.kid --output tsv`,
    `       npm run -s cli -- keygen --name ${origin} --auditor --vault-key URL`,
    '  2. See whether it works, and that a record is sealed and in a signed checkpoint:',
    `       npm run -s cli -- doctor ${target} --resource-id ${id}`,
    '     Then check the whole ledger:',
    `       npm run -s cli -- verify ${target} --key KEY --auditor-key AUDITOR_KEY`,
    isLocked
      ? '  3. The retention policy is locked.'
      : `  3. Lock the retention policy. Until then whoever owns the account can remove it. It can't be undone:\n       npm run -s cli -- lock ${target} --resource-id ${id}`,
    '  Each step is explained in docs/deploy.md.',
  ];
  for (const line of lines) print(line);
};
