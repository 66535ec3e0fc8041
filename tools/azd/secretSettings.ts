import { NO_SECRET, holdsSecret } from '../../src/config/secrets.ts';
import { Refusal } from './refusal.ts';

/** What azd keeps of an environment, and hooks and templates repeat. None of it is a secret. */
const SETTING = /^(AUDITSEAL_\w+|AZURE_(ENV_NAME|LOCATION|RESOURCE_GROUP|SUBSCRIPTION_ID|TENANT_ID))$/;

/** refuseSecrets refuses a setting that holds a secret: hooks print settings, and deployments keep them. */
export function refuseSecrets(env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value = ''] of Object.entries(env))
    if (SETTING.test(name) && holdsSecret(value)) throw new Refusal(`${name} ${NO_SECRET}`);
}
