import type { Config } from '../config.ts';
import { AuditsealError } from '../core/errors.ts';
import type { PosturePromise } from '../pipeline/posture.ts';
import { ArmPolicy, connectArm } from './armPolicy.ts';
import type { ArmConnection } from './armPolicy.ts';

/**
 * openLedgerPolicy connects to what Azure Resource Manager knows of the ledger's container, as who reads the ledger, and
 * gives what is promised of it. It throws CONFIG_INVALID where the app isn't told of the account.
 */
export async function openLedgerPolicy(
  { posture, ledger, container }: Pick<Config, 'posture' | 'ledger' | 'container'>,
  connect: (subscription: string, identity: Parameters<typeof connectArm>[1]) => Promise<ArmConnection> = connectArm,
): Promise<{ reader: ArmPolicy; promise: PosturePromise }> {
  if (posture === undefined) {
    throw new AuditsealError(
      'CONFIG_INVALID',
      'settings are wrong:\n  LEDGER_RESOURCE_ID: is missing; posture asks Azure about that account; in an app that ' +
        'does not, AzureWebJobs.posture.Disabled=true switches posture off',
    );
  }
  const { subscription, resourceGroup, account, retentionDays } = posture;
  const arm = await connect(subscription, ledger.kind === 'identity' ? ledger : { managed: false });
  const place = { subscription, resourceGroup, account, container };
  return { reader: new ArmPolicy(arm, place), promise: { account, container, retentionDays } };
}
