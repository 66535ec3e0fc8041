import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { APP_NODE_VERSION, APP_NODE_VERSIONS } from '../appRuntime.ts';
import { ROOT } from '../markedBlock.ts';
import { ask, askJson, memberOf, wordsOf } from './azureTools.ts';
import type { Hook, Tools } from './azureTools.ts';
import { requireNoDeletedVault } from './deletedVault.ts';
import { plain, readLedgerPolicy } from './ledgerPolicy.ts';
import { placeOf } from './place.ts';
import type { Place } from './place.ts';
import { requirePermissions } from './permissions.ts';
import { Refusal } from './refusal.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * preprovision finds what would stop a deployment halfway, and tells the template whether the retention policy is locked. It
 * changes one thing, at its end: AUDITSEAL_POLICY_STATE in the azd environment.
 */
export const preprovision: Hook = async (tools, env, print) => {
  const place = placeOf(env);
  const network = await readNetwork(env);
  const nodeVersion = readNodeVersion(env);
  await requireSignIn(tools, place.subscription, env['AZURE_TENANT_ID']);
  await requireRegion(tools, place, network, nodeVersion);
  await requirePermissions(tools, place.subscription, env);
  await requireNoDeletedVault(tools, place);
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
};

/** readNetwork checks the settings that the template would refuse only later, and gives the kind of network they mean. */
async function readNetwork(env: Env): Promise<string> {
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
  return network;
}

function readNodeVersion(env: Env): string {
  const version = env['AUDITSEAL_NODE_VERSION'] || APP_NODE_VERSION;
  if (!APP_NODE_VERSIONS.includes(version))
    throw new Refusal(`AUDITSEAL_NODE_VERSION is ${version}: it is one of ${APP_NODE_VERSIONS.join(', ')}`);
  return version;
}

/** requireSignIn refuses unless both programs are signed in, and az sees the subscription in the same tenant. */
async function requireSignIn(tools: Tools, subscription: string, tenant: string | undefined): Promise<void> {
  const version = await ask(tools, 'azd', ['version']);
  if (version.code !== 0) throw new Refusal(`azd doesn't run: ${wordsOf(version)}`);
  if ((await ask(tools, 'az', ['account', 'show', '--output', 'json'])).code !== 0)
    throw new Refusal('az is not signed in: run `az login`, or in a pipeline sign in with azure/login');
  if ((await ask(tools, 'azd', ['auth', 'login', '--check-status'])).code !== 0)
    throw new Refusal('azd is not signed in: run `azd auth login`');
  const answer = await ask(tools, 'az', ['account', 'show', '--subscription', subscription, '--output', 'json']);
  if (answer.code !== 0)
    throw new Refusal(
      `az doesn't see the subscription ${subscription}: sign in to its tenant with \`az login --tenant TENANT\`, or choose another one with \`azd env set AZURE_SUBSCRIPTION_ID ID\``,
    );
  const account: unknown = JSON.parse(answer.stdout);
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

/** requireRegion refuses a region where Flex Consumption or its Node version isn't offered, or a network can't be made. */
async function requireRegion(
  tools: Tools,
  { location, subscription }: Place,
  network: string,
  nodeVersion: string,
): Promise<void> {
  const regions = await askJson(
    tools,
    ['functionapp', 'list-flexconsumption-locations', '--subscription', subscription],
    'which regions offer Flex Consumption',
  );
  const names = (Array.isArray(regions) ? regions : []).map((region) => plain(memberOf(region, 'name')));
  if (!names.includes(plain(location)))
    throw new Refusal(
      `the region ${location} has no Flex Consumption plan: choose another one with \`azd env set AZURE_LOCATION REGION\`. There are ${names.join(', ')}`,
    );
  const list = ['functionapp', 'list-flexconsumption-runtimes', '--subscription', subscription];
  const runtimes = await askJson(
    tools,
    [...list, '--location', plain(location), '--runtime', 'node'],
    `which versions of Node ${location} offers`,
  );
  const versions = (Array.isArray(runtimes) ? runtimes : []).map((each) => String(memberOf(each, 'version')));
  if (!versions.includes(nodeVersion))
    throw new Refusal(
      `the region ${location} has no Node ${nodeVersion} for Flex Consumption, only ${versions.join(', ') || 'none'}: choose another region with \`azd env set AZURE_LOCATION REGION\`, or another Node with \`azd env set AUDITSEAL_NODE_VERSION VERSION\``,
    );
  if (network !== 'private') return;
  // A subnet can only be given to a provider that is registered; no deployment does that by itself.
  const provider = await askJson(
    tools,
    ['provider', 'show', '--subscription', subscription, '--namespace', 'Microsoft.App'],
    'whether Microsoft.App is registered',
  );
  if (memberOf(provider, 'registrationState') !== 'Registered')
    throw new Refusal(
      `a private network needs the provider Microsoft.App: run \`az provider register --namespace Microsoft.App --subscription ${subscription} --wait\``,
    );
}
