import type { Hook } from './azureTools.ts';
import { readLedgerPolicy } from './ledgerPolicy.ts';
import { placeOf } from './place.ts';

/**
 * policyState prints what the template is told of the retention policy, as a line NAME=VALUE. It is no hook of azd: a pipeline
 * that only looks has fewer rights than preprovision asks for.
 */
export const policyState: Hook = async (tools, env, print) => {
  const { state } = await readLedgerPolicy(tools, placeOf(env));
  print(`AUDITSEAL_POLICY_STATE=${state === 'Locked' ? 'Locked' : 'Unlocked'}`);
};
