import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { APP_NODE_VERSION, APP_NODE_VERSIONS } from '../appRuntime.ts';
import { ROOT } from '../pages/markedBlock.ts';
import { ask, jsonIn, memberOf, wordsOf } from './azureTools.ts';
import type { Hook, Tools } from './azureTools.ts';
import { requireNoDeletedVault } from './deletedVault.ts';
import { readLedgerPolicy } from './ledgerPolicy.ts';
import { placeOf } from './place.ts';
import { requirePermissions } from './permissions.ts';
import { requireNetwork } from './privateNetwork.ts';
import { requireRegion } from './region.ts';
import type { Needs } from './region.ts';
import { Refusal } from './refusal.ts';
import { requireSameSize } from './sameSize.ts';
import type { Kept } from './sameSize.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * preprovision finds what would stop a deployment halfway, and tells the template whether the retention policy is locked. It
 * changes one thing, at its end: AUDITSEAL_POLICY_STATE in the azd environment.
 */
export const preprovision: Hook = async (tools, env, print) => {
  const place = placeOf(env);
  const needs = await readNeeds(env);
  await requireSignIn(tools, place.subscription, env['AZURE_TENANT_ID']);
  await requireRegion(tools, place, needs);
  await requireNetwork(tools, place, env, needs.network, print);
  await requirePermissions(tools, place.subscription, env);
  await requireNoDeletedVault(tools, place);
  await requireSameSize(tools, place, needs);
  const policy = await readLedgerPolicy(tools, place);
  const state = policy.state === 'Locked' ? 'Locked' : 'Unlocked';
  const saved = await ask(tools, 'azd', ['env', 'set', 'AUDITSEAL_POLICY_STATE', state]);
  if (saved.code !== 0) throw new Refusal(`azd can't keep AUDITSEAL_POLICY_STATE: ${wordsOf(saved)}`);
  if (policy.state === 'Absent') print('auditseal: there is no ledger yet; its policy will be made, unlocked');
  else if (policy.state === 'Unlocked')
    print(`auditseal: the policy of ${policy.account} is unlocked (${policy.days} days); it will be set again`);
  else
    print(
      `auditseal: the policy of ${policy.account} is locked at ${policy.days} days; it is left as it is. \`auditseal lock --extend DAYS\` makes it longer`,
    );
  if (policy.state !== 'Absent')
    print(
      'auditseal: azd sends nothing if templates and settings are those of the last deployment; `azd provision --no-state` puts back what was changed or deleted since',
    );
};

const REDUNDANCIES = ['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS', 'Standard_RAGZRS'];

/** readNeeds checks the settings that the template would refuse only later, and gives what they need of a region and of what is there. */
async function readNeeds(env: Env): Promise<Needs & Kept> {
  const sizes: unknown = JSON.parse(await readFile(join(ROOT, 'infra', 'sizes.json'), 'utf8'));
  const names = Object.keys(sizes as object);
  const size = env['AUDITSEAL_SIZE'] || 'small';
  if (!names.includes(size)) throw new Refusal(`AUDITSEAL_SIZE is ${size}: it is one of ${names.join(', ')}`);
  const days = env['AUDITSEAL_RETENTION_DAYS'] || '1';
  if (!/^\d{1,6}$/.test(days) || Number(days) < 1 || Number(days) > 146_000)
    throw new Refusal(`AUDITSEAL_RETENTION_DAYS is ${days}: it is a whole number from 1 to 146000`);
  const group = env['AUDITSEAL_OPERATORS'] ?? '';
  if (group !== '' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(group))
    throw new Refusal(
      `AUDITSEAL_OPERATORS is ${group}: it is the object id of an Entra group; \`az ad group create\` prints one`,
    );
  const network = env['AUDITSEAL_NETWORK'] || String(memberOf(sizes, size, 'network'));
  if (network !== 'public' && network !== 'private')
    throw new Refusal(`AUDITSEAL_NETWORK is ${network}: it is public or private`);
  const nodeVersion = env['AUDITSEAL_NODE_VERSION'] || APP_NODE_VERSION;
  if (!APP_NODE_VERSIONS.includes(nodeVersion))
    throw new Refusal(`AUDITSEAL_NODE_VERSION is ${nodeVersion}: it is one of ${APP_NODE_VERSIONS.join(', ')}`);
  const redundancy = env['AUDITSEAL_REDUNDANCY'] || String(memberOf(sizes, size, 'storageSku'));
  if (!REDUNDANCIES.includes(redundancy))
    throw new Refusal(`AUDITSEAL_REDUNDANCY is ${redundancy}: it is one of ${REDUNDANCIES.join(', ')}`);
  const zones = memberOf(sizes, size, 'app', 'zoneRedundant') === true;
  return {
    size,
    hubSku: String(memberOf(sizes, size, 'hub', 'sku')),
    storageSku: redundancy,
    network,
    nodeVersion,
    zones,
    // The ledger's, and what infra/modules/functionApp.bicep takes for the hosts'.
    storageSkus: [...new Set([redundancy, zones ? 'Standard_ZRS' : 'Standard_LRS', 'Standard_LRS'])],
  };
}

/** requireSignIn refuses unless both programs are signed in, and az sees the subscription in the same tenant. */
async function requireSignIn(tools: Tools, subscription: string, tenant: string | undefined): Promise<void> {
  const version = await ask(tools, 'azd', ['version']);
  if (version.code !== 0) throw new Refusal(`azd doesn't run: ${wordsOf(version)}`);
  if ((await ask(tools, 'az', ['account', 'show', '--output', 'json'])).code !== 0)
    throw new Refusal('az is not signed in: run `az login`, or in a pipeline sign in with azure/login');
  await requireAzdSignIn(tools);
  const answer = await ask(tools, 'az', ['account', 'show', '--subscription', subscription, '--output', 'json']);
  if (answer.code !== 0)
    throw new Refusal(
      `az doesn't see the subscription ${subscription}: sign in to its tenant with \`az login --tenant TENANT\`, or choose another one with \`azd env set AZURE_SUBSCRIPTION_ID ID\``,
    );
  const account = jsonIn(answer.stdout);
  const [state, home] = [memberOf(account, 'state'), memberOf(account, 'tenantId')];
  if (state !== 'Enabled')
    throw new Refusal(
      `the subscription ${subscription} is ${String(state)}, not Enabled: nothing can be deployed to it`,
    );
  if (tenant !== undefined && tenant !== '' && tenant !== home)
    throw new Refusal(
      `az is signed in to the tenant ${String(home)}, and azd to ${tenant}: run \`az login --tenant ${tenant}\``,
    );
}

/** requireAzdSignIn reads what azd prints: its exit status is 0 whether it is signed in or not. */
async function requireAzdSignIn(tools: Tools): Promise<void> {
  const answer = await ask(tools, 'azd', ['auth', 'login', '--check-status', '--output', 'json']);
  const status = memberOf(jsonIn(answer.stdout), 'status');
  if (status === 'success') return;
  // A sign-in that has expired, or that a policy refuses, is explained on the other channel.
  const why = answer.stderr.trim() === '' ? '' : ` (${wordsOf(answer)})`;
  if (status === 'unauthenticated')
    throw new Refusal(
      `azd is not signed in${why}: run \`azd auth login\`, or in a pipeline with --federated-credential-provider`,
    );
  throw new Refusal(`whether azd is signed in can't be found out: ${wordsOf(answer)}`);
}
