import { RIGHTS } from './expected.ts';
import { failed, ok, unknown } from './step.ts';
import type { Outcome } from './step.ts';
import { parseVaultKeyUrl } from '../config/azureIds.ts';
import type { Config } from '../config/config.ts';
import type { Identity } from '../config/identity.ts';
import type { DeploymentReader, RoleRights } from '../ports/deployment.ts';

/** Need is what an app must be allowed to do, and where. */
interface Need {
  readonly who: 'the sealer' | 'the auditor';
  readonly identity: Identity;
  readonly scope: string;
  readonly rights: readonly string[];
}

/** judgeRights compares the roles of the identities that the apps name with what they need; `account` is the ledger's. */
export async function judgeRights(
  reader: DeploymentReader,
  account: string,
  sealer: Config,
  auditor: Config,
): Promise<Outcome> {
  const identities = await reader.identities();
  const needs = [...sealerNeeds(account, sealer), ...auditorNeeds(account, auditor)];
  const missing: string[] = [];
  const nameless: string[] = [];
  for (const { who, identity, scope, rights } of needs) {
    const place = scope.replace(/^\/providers\//, '');
    const { clientId } = identity;
    if (clientId === undefined) {
      nameless.push(`${who} at ${place}`);
      continue;
    }
    const known = identities.find((one) => one.clientId.toLowerCase() === clientId.toLowerCase());
    if (known === undefined) {
      missing.push(`${who} signs in as ${clientId}, and the resource group has no such identity`);
      continue;
    }
    const grants = (await reader.grants(scope)).filter(({ principalId }) => principalId === known.principalId);
    const given = await Promise.all(grants.map(async ({ role }) => reader.role(role)));
    const lacking = rights.filter((right) => !given.some((role) => gives(role, right)));
    const has = grants.length === 0 ? 'no role there' : "roles there that don't give it";
    if (lacking.length > 0)
      missing.push(`${who} (${known.name}) may not ${lacking.join(' nor ')} at ${place}: it has ${has}`);
  }
  if (missing.length > 0)
    return failed(
      missing.join('; '),
      'run azd provision --no-state, which gives the roles again; they count after some minutes',
    );
  if (nameless.length > 0)
    return unknown(
      `the settings name no client id, so nobody can tell which identity it is: ${nameless.join(', ')}`,
      'set NAME__clientId beside NAME__credential, as azd provision does',
    );
  return ok(
    needs.length === 0
      ? 'the apps have keys in their settings, and so need no role'
      : `the apps' identities have what they need, at ${needs.length} ${needs.length === 1 ? 'scope' : 'scopes'}`,
  );
}

const containerScope = (account: string, container: string): string =>
  `/providers/Microsoft.Storage/storageAccounts/${account}/blobServices/default/containers/${container}`;

/** What an app opens with a key in its settings needs no right. */
function sealerNeeds(account: string, config: Config): Need[] {
  const who = 'the sealer';
  const { hub, ledger, tlog } = config;
  const needs: Need[] = [];
  if (hub.connection.kind === 'identity') {
    const namespace = hub.connection.namespace.split('.')[0] ?? '';
    const scope = `/providers/Microsoft.EventHub/namespaces/${namespace}/eventhubs/${hub.hubName}`;
    needs.push({ who, identity: hub.connection, scope, rights: [RIGHTS.receive] });
  }
  if (ledger.kind === 'identity')
    needs.push({
      who,
      identity: ledger,
      scope: containerScope(account, config.container),
      rights: [RIGHTS.read, RIGHTS.create],
    });
  if (tlog.kind === 'identity')
    needs.push({
      who,
      identity: tlog,
      scope: containerScope(account, config.tlogContainer),
      rights: [RIGHTS.read, RIGHTS.replace],
    });
  return [...needs, ...keyNeeds(who, config)];
}

function auditorNeeds(account: string, { ledger, container, auditor }: Config): Need[] {
  const who = 'the auditor';
  const scope = containerScope(account, container);
  const reading: Need[] =
    ledger.kind === 'identity' ? [{ who, identity: ledger, scope, rights: [RIGHTS.read, RIGHTS.create] }] : [];
  return [...reading, ...keyNeeds(who, auditor)];
}

const keyNeeds = (
  who: Need['who'],
  { signerKeyUrls, signerIdentity }: Pick<Config, 'signerKeyUrls' | 'signerIdentity'>,
): Need[] =>
  signerKeyUrls.map((url) => ({
    who,
    identity: signerIdentity,
    scope: keyScope(url),
    rights: [RIGHTS.readKey, RIGHTS.sign],
  }));

function keyScope(url: string): string {
  const { vaultUrl, name } = parseVaultKeyUrl(url);
  return `/providers/Microsoft.KeyVault/vaults/${new URL(vaultUrl).hostname.split('.')[0]}/keys/${name}`;
}

const gives = ({ dataActions, notDataActions }: RoleRights, right: string): boolean =>
  dataActions.some((action) => includes(action, right)) && !notDataActions.some((action) => includes(action, right));

/** includes tells whether an action, which may have wildcards, is or holds another one. */
const includes = (action: string, right: string): boolean =>
  new RegExp(`^${action.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 'i').test(right);
