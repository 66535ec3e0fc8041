import type { Hook } from './azureTools.ts';
import { Refusal } from './refusal.ts';
import { command } from '../../src/cli/commands/doctor.ts';

/**
 * doctor says whether what was just deployed works, as far as that can be told at once: it waits for no record. What it finds
 * ends no `azd up`: the deployment is there, and the next run of the command says more.
 */
export const doctor: Hook = async (_tools, env, print) => {
  const read = (name: string): string => {
    const value = env[name] ?? '';
    if (value === '') throw new Refusal(`${name} is not set: azd sets it when it deploys; run azd provision`);
    return value;
  };
  const target = read('AUDITSEAL_LEDGER_URL');
  const group = `/subscriptions/${read('AZURE_SUBSCRIPTION_ID')}/resourceGroups/${read('AZURE_RESOURCE_GROUP')}`;
  const id = `${group}/providers/Microsoft.Storage/storageAccounts/${read('AUDITSEAL_LEDGER_ACCOUNT')}`;
  print('auditseal: does it work? What says unknown takes a right that you may not have yet, or time.');
  await command.run([target, '--resource-id', id, '--probe', 'none']);
  print(
    `auditseal: with a record that is followed into a signed checkpoint: npm run -s cli -- doctor ${target} --resource-id ${id}`,
  );
};
