import { connectArm } from './arm.ts';
import type { ArmConnection } from './arm.ts';
import { ArmEstate } from './armEstate.ts';
import { ArmPolicy } from './armPolicy.ts';
import { BlobCanaries } from './blobCanaries.ts';
import { connectContainer } from './blobConnection.ts';
import type { Config } from '../config/config.ts';
import { AuditsealError } from '../core/errors.ts';
import type { PosturePromise } from '../core/objects/guard.ts';
import type { Canaries } from '../ports/guard.ts';

/**
 * openLedgerPolicy connects to what Azure Resource Manager knows of the ledger's container, with the identity that reads the
 * ledger, to what it knows of the estate around it, and gives what is promised of it. It throws CONFIG_INVALID where the app isn't told of the account.
 */
export async function openLedgerPolicy(
  { posture, ledger, container }: Pick<Config, 'posture' | 'ledger' | 'container'>,
  connect: (...where: Parameters<typeof connectArm>) => Promise<ArmConnection> = connectArm,
): Promise<{ reader: ArmPolicy; estate: ArmEstate; promise: PosturePromise }> {
  if (posture === undefined) {
    throw new AuditsealError(
      'CONFIG_INVALID',
      'settings are wrong:\n  LEDGER_RESOURCE_ID: is missing; posture asks Azure about that account; in an app that ' +
        'does not, AzureWebJobs.posture.Disabled=true switches posture off',
    );
  }
  const { subscription, resourceGroup, account, retentionDays, armEndpoint } = posture;
  const arm = await connect(subscription, ledger.kind === 'identity' ? ledger : { managed: false }, armEndpoint);
  const place = { subscription, resourceGroup, account, container };
  return {
    reader: new ArmPolicy(arm, place),
    estate: new ArmEstate(arm),
    promise: { account, container, retentionDays },
  };
}

/** openCanaries connects to the canaries in the ledger's container, as who holds drills; undefined if nobody does. */
export async function openCanaries({
  posture,
  container,
}: Pick<Config, 'posture' | 'container'>): Promise<Canaries | undefined> {
  if (posture?.drill === undefined) return undefined;
  return new BlobCanaries(await connectContainer(posture.drill, container));
}
