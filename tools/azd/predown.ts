import type { Hook } from './azureTools.ts';
import { readLedgerPolicy } from './ledgerPolicy.ts';
import { placeOf } from './place.ts';
import { Refusal } from './refusal.ts';

/** predown says what `azd down` can't take away, and stops it where it could only fail. */
export const predown: Hook = async (tools, env, print) => {
  const policy = await readLedgerPolicy(tools, placeOf(env));
  if (policy.state === 'Locked')
    throw new Refusal(
      `the retention policy of ${policy.account} is locked at ${policy.days} days: Azure deletes neither the account nor its resource group while a blob is younger than that. Nothing was deleted. What may go is in docs/deploy.md, "Taking it down"`,
    );
  if (policy.state === 'Unlocked')
    throw new Refusal(
      `the account ${policy.account} has the lock ledger-stays, so that nobody deletes the ledger by mistake. Nothing was deleted. If you mean it: \`az lock delete --name ledger-stays --resource-group ${policy.group} --resource-type Microsoft.Storage/storageAccounts --resource ${policy.account}\`, take away hub-stays and keys-stay where they are, remove the retention policy (\`ETAG=$(az storage container immutability-policy show --account-name ${policy.account} --container-name ledger --query etag --output tsv)\`, then \`az storage container immutability-policy delete --account-name ${policy.account} --container-name ledger --resource-group ${policy.group} --if-match "$ETAG"\`) and the custom roles, and run azd down again; docs/deploy.md, "Taking it down"`,
    );
  print(
    'auditseal: there is no ledger any more. The key vault stays for its days of soft deletion, and its name with it.',
  );
  print(
    'auditseal: the setting of the activity log and policy assignments belong to the subscription, and stay; custom roles too, if they were not deleted before. docs/deploy.md, "Taking it down"',
  );
};
