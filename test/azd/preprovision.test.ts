import { faultOf } from '../support/azureCommands.ts';
import {
  TENANT,
  policyOf,
  ledger,
  hostStorage,
  deletedVault,
  POLICY,
  PERMISSIONS,
  CHECK_STATUS,
  loginResult,
  sku,
  SKUS,
  hook,
  preprovisioned,
} from './support.ts';
import type { Script } from './support.ts';

/** What is deployed, as az lists it. */
const deployedLedger = (name: string, location = 'westeurope'): object => ({ ...ledger, location, sku: { name } });
const deployedHub = (name: string, location = 'westeurope'): object => ({
  name: 'evhns-abcdefghijklm',
  type: 'Microsoft.EventHub/namespaces',
  location,
  sku: { name, tier: name },
});

const SETS_LOCKED = 'azd env set AUDITSEAL_POLICY_STATE Locked';
const SETS_UNLOCKED = 'azd env set AUDITSEAL_POLICY_STATE Unlocked';

describe('preprovision tells the template what the policy is', () => {
  test.each<[string, Script, string, string]>([
    ['unlocked', [], SETS_UNLOCKED, 'is unlocked (365 days)'],
    ['locked', [[POLICY, policyOf('Locked', 2555)]], SETS_LOCKED, 'is locked at 2555 days; it is left as it is'],
    ['no account yet', [['az resource list', [hostStorage]]], SETS_UNLOCKED, 'there is no ledger yet'],
    ['nothing yet', [['az resource list', []]], SETS_UNLOCKED, 'there is no ledger yet'],
    [
      'an account without a container',
      [[POLICY, 'ERROR: Not Found({"error":{"code":"ContainerNotFound","message":"…"}})', 3]],
      SETS_UNLOCKED,
      'there is no ledger yet',
    ],
    ['a container without a policy', [[POLICY, policyOf('Unlocked', 0)]], SETS_UNLOCKED, 'there is no ledger yet'],
    [
      'an account of the same environment name in another region',
      [['az resource list', [{ ...ledger, location: 'northeurope' }]]],
      SETS_UNLOCKED,
      'there is no ledger yet',
    ],
  ])('%s', async (_, changes, sets, says) => {
    const { refused, printed, calls } = await preprovisioned(changes);
    expect(refused).toBeUndefined();
    expect(printed).toContain(says);
    expect(calls.at(-1)).toBe(sets);
  });

  test('where there is a ledger it says what azd does not put back, and where there is none it does not', async () => {
    const again = await hook('preprovision');
    expect(again.stdout).toContain('`azd provision --no-state` puts back what was changed or deleted');
    const first = await hook('preprovision', [['az resource list', []]]);
    expect(first.stdout).not.toContain('--no-state');
  });

  test('in every size it asks for what az and azd have', async () => {
    for (const size of ['development', 'small', 'production']) {
      const { refused, calls } = await preprovisioned([], { AUDITSEAL_SIZE: size });
      const faults = calls.map((call) => faultOf(call)).filter((fault) => fault !== undefined);
      expect({ size, refused, faults }).toEqual({ size, refused: undefined, faults: [] });
    }
  });

  test('it changes nothing but that', async () => {
    const { code, stdout, stderr, calls } = await hook('preprovision');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('is unlocked (365 days)');
    const changing = calls.filter(
      (call) =>
        !/^(az|azd) (version|auth|account show|rest --method get|resource list|functionapp list-|storage sku list|provider show|keyvault list-deleted)/.test(
          call,
        ),
    );
    expect(changing).toEqual([SETS_UNLOCKED]);
  });
});

const NO_RIGHTS = { value: [{ actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'] }] };
const ALL_BUT_ROLES = { value: [{ actions: ['*'], notActions: ['Microsoft.Authorization/roleDefinitions/write'] }] };

describe('preprovision refuses, says how to go on, and changes nothing', () => {
  test.each<[string, Script, Readonly<Record<string, string>>, RegExp]>([
    [
      'az not signed in',
      [['az account show', 'ERROR: Please run az login', 1]],
      {},
      /az is not signed in: run `az login`/,
    ],
    [
      'azd not signed in',
      [[CHECK_STATUS, loginResult('unauthenticated')]],
      {},
      /azd is not signed in: run `azd auth login`/,
    ],
    [
      'an azd that prints no status',
      [[CHECK_STATUS, 'Logged in to Azure as ann@example.com']],
      {},
      /whether azd is signed in can't be found out/,
    ],
    [
      'an azd whose sign-in has expired',
      [[CHECK_STATUS, loginResult('unauthenticated'), 0, 'reauthentication required, run `azd auth login` to log in']],
      {},
      /azd is not signed in \(reauthentication required, run `azd auth login` to log in\): run/,
    ],
    ['an azd that fails', [[CHECK_STATUS, 'ERROR: no config', 1]], {}, /azd is signed in .*: ERROR: no config/],
    [
      'a subscription that az does not see',
      [[`az account show --subscription`, "ERROR: The subscription doesn't exist in cloud 'AzureCloud'.", 1]],
      {},
      /doesn't see the subscription 1{8}.*`az login --tenant TENANT`.*`azd env set AZURE_SUBSCRIPTION_ID ID`/,
    ],
    [
      'a disabled subscription',
      [['az account show --subscription', { state: 'Disabled', tenantId: TENANT }]],
      {},
      /is Disabled, not Enabled/,
    ],
    ['another tenant', [], { AZURE_TENANT_ID: 'other' }, /`az login --tenant other`/],
    ['no subscription', [], { AZURE_SUBSCRIPTION_ID: '' }, /AZURE_SUBSCRIPTION_ID is not set: run `azd env set/],
    ['a subscription that is none', [], { AZURE_SUBSCRIPTION_ID: 'x; rm -rf /' }, /AZURE_SUBSCRIPTION_ID is wrong/],
    ['no region', [], { AZURE_LOCATION: '' }, /AZURE_LOCATION is not set/],
    [
      'a region without the plan',
      [],
      { AZURE_LOCATION: 'moon' },
      /no Flex Consumption plan.*There are westeurope, northeurope/,
    ],
    [
      'a region without the runtime',
      [['az functionapp list-flexconsumption-runtimes', [{ version: '22' }]]],
      {},
      /has no Node 24 for Flex Consumption, only 22: .*`azd env set AUDITSEAL_NODE_VERSION VERSION`/,
    ],
    [
      'another Node, which the region does not have either',
      [['az functionapp list-flexconsumption-runtimes', [{ version: '24' }]]],
      { AUDITSEAL_NODE_VERSION: '22' },
      /has no Node 22 for Flex Consumption, only 24/,
    ],
    [
      'a Node that is too old',
      [],
      { AUDITSEAL_NODE_VERSION: '20' },
      /AUDITSEAL_NODE_VERSION is 20: it is one of 22, 24/,
    ],
    [
      'a region without zones',
      [],
      { AUDITSEAL_SIZE: 'production', AZURE_LOCATION: 'northeurope' },
      /northeurope has no zones for Flex Consumption.*There are westeurope$/m,
    ],
    [
      'a region without the redundancy of the ledger',
      [['az storage sku list', SKUS.slice(0, 2)]],
      { AUDITSEAL_SIZE: 'production' },
      /westeurope has no Standard_RAGZRS storage for this subscription, only Standard_LRS, Standard_ZRS: /,
    ],
    [
      'a region without the redundancy that was asked for',
      [],
      { AUDITSEAL_REDUNDANCY: 'Standard_GZRS' },
      /westeurope has no Standard_GZRS storage .*`azd env set AUDITSEAL_REDUNDANCY NAME`/,
    ],
    [
      'a small ledger in a region without zones',
      [['az storage sku list', SKUS.slice(0, 1)]],
      { AUDITSEAL_SIZE: 'small' },
      /westeurope has no Standard_ZRS storage for this subscription, only Standard_LRS: /,
    ],
    ['an unknown redundancy', [], { AUDITSEAL_REDUNDANCY: 'ZRS' }, /it is one of Standard_LRS, Standard_ZRS, /],
    [
      'storage that the subscription may not have',
      [
        [
          'az storage sku list',
          [
            ...SKUS.slice(0, 3),
            sku('Standard_RAGZRS', 'westeurope', [
              { reasonCode: 'NotAvailableForSubscription', type: 'location', values: ['westeurope'] },
            ]),
          ],
        ],
      ],
      { AUDITSEAL_SIZE: 'production' },
      /has no Standard_RAGZRS storage/,
    ],
    [
      'storage of another kind alone',
      [['az storage sku list', SKUS.map((each) => ({ ...each, kind: 'BlockBlobStorage' }))]],
      {},
      /has no Standard_ZRS and no Standard_LRS storage for this subscription, only none/,
    ],
    [
      'a larger size than the deployed one',
      [['az resource list', [hostStorage, deployedLedger('Standard_ZRS'), deployedHub('Standard')]]],
      { AUDITSEAL_SIZE: 'production' },
      /logs has a hub of tier Standard, and production has Premium: .*`azd env new NAME`/,
    ],
    [
      'a smaller size than the deployed one',
      [['az resource list', [deployedHub('Premium'), deployedLedger('Standard_RAGZRS')]]],
      { AUDITSEAL_SIZE: 'development' },
      /a hub of tier Premium, and development has Standard; a ledger with Standard_RAGZRS, and Standard_LRS is asked/,
    ],
    [
      'zones for a ledger that has none',
      [['az resource list', [deployedHub('Standard'), deployedLedger('Standard_LRS')]]],
      { AUDITSEAL_SIZE: 'small' },
      /a ledger with Standard_LRS, and Standard_ZRS is asked for: no deployment changes that/,
    ],
    ['an unknown size', [], { AUDITSEAL_SIZE: 'huge' }, /it is one of development, small, production/],
    ['a group by name', [], { AUDITSEAL_OPERATORS: 'auditseal-operators' }, /it is the object id of an Entra group/],
    ['no days', [], { AUDITSEAL_RETENTION_DAYS: '0' }, /a whole number from 1 to 146000/],
    ['an unknown network', [], { AUDITSEAL_NETWORK: 'none' }, /it is public or private/],
    [
      'a private network without its provider',
      [['az provider show', { registrationState: 'NotRegistered' }]],
      { AUDITSEAL_SIZE: 'production' },
      /`az provider register --namespace Microsoft.App/,
    ],
    ['a contributor', [[PERMISSIONS, NO_RIGHTS]], {}, /roleAssignments\/write.*roleDefinitions\/write.*role Owner/],
    [
      'nobody who may make roles',
      [[PERMISSIONS, ALL_BUT_ROLES]],
      {},
      /roleDefinitions\/write.*`azd env set AUDITSEAL_CUSTOM_ROLES false`/,
    ],
    ['a reader', [[PERMISSIONS, { value: [{ actions: ['*/read'], notActions: [] }] }]], {}, /deployments\/write/],
    [
      'a vault that was deleted',
      [['az keyvault list-deleted', [deletedVault('logs', 'West Europe')]]],
      {},
      /`az group create --name rg-logs --location westeurope`, then `az keyvault recover --name kv-abcdefghijklm`/,
    ],
    [
      'an error of az',
      [['az resource list', 'WARNING: slow\nERROR: (AuthorizationFailed) no', 1]],
      {},
      /can't be found out: ERROR: \(AuthorizationFailed\) no/,
    ],
    [
      'an error about the policy',
      [[POLICY, 'ERROR: (503) try later', 1]],
      {},
      /whether the retention policy of stledger\w+ is locked can't be found out: ERROR: \(503\)/,
    ],
    ['a policy without a state', [[POLICY, { properties: {} }]], {}, /the answer names no state/],
    ['something else than JSON', [['az resource list', 'Hello']], {}, /run `az upgrade`/],
    [
      'two ledgers',
      [['az resource list', [ledger, { ...ledger, name: 'stledger0000000000000' }]]],
      {},
      /more than one ledger/,
    ],
  ])('%s', async (_, changes, env, says) => {
    const { refused, calls } = await preprovisioned(changes, env);
    expect(refused).toMatch(says);
    expect(refused).not.toContain('\n');
    expect(calls.filter((call) => call.startsWith('azd env set'))).toEqual([]);
  });

  test('a rights problem is none where that right is not needed', async () => {
    const { refused } = await preprovisioned([[PERMISSIONS, ALL_BUT_ROLES]], { AUDITSEAL_CUSTOM_ROLES: 'false' });
    expect(refused).toBeUndefined();
  });

  test.each<[string, readonly object[], Readonly<Record<string, string>>]>([
    ['the same size', [deployedHub('Standard'), deployedLedger('Standard_ZRS')], {}],
    [
      'another region for a ledger with zones',
      [deployedHub('Standard'), deployedLedger('Standard_ZRS')],
      { AUDITSEAL_REDUNDANCY: 'Standard_RAGZRS' },
    ],
    [
      'a larger size in another region',
      [deployedHub('Premium', 'northeurope'), deployedLedger('Standard_LRS', 'northeurope')],
      {},
    ],
  ])('%s is no change of size', async (_, deployed, env) => {
    const { code, stderr } = await hook('preprovision', [['az resource list', deployed]], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('less redundancy that was asked for is enough', async () => {
    const changes: Script = [['az storage sku list', SKUS.slice(0, 1)]];
    const { refused } = await preprovisioned(changes, { AUDITSEAL_REDUNDANCY: 'Standard_LRS' });
    expect(refused).toBeUndefined();
  });

  test('the two roles that a pipeline gets are enough', async () => {
    const contributor = {
      actions: ['*'],
      notActions: ['Microsoft.Authorization/*/Delete', 'Microsoft.Authorization/*/Write'],
    };
    const accessAdministrator = { actions: ['*/read', 'Microsoft.Authorization/*'], notActions: [] };
    const { refused } = await preprovisioned([[PERMISSIONS, { value: [contributor, accessAdministrator] }]]);
    expect(refused).toBeUndefined();
  });

  test.each([
    ['az', /az is missing: install the Azure CLI/],
    ['azd', /azd is missing: install the Azure Developer CLI/],
  ])('%s missing', async (missing, says) => {
    const { code, stderr } = await hook(
      'preprovision',
      [],
      {},
      ['az', 'azd'].filter((name) => name !== missing),
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(says) as string });
  });

  test('azd can not keep what was found', async () => {
    const { code, stderr } = await hook('preprovision', [['azd env set', 'ERROR: read-only', 1]]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('ERROR: read-only') as string });
    expect(stderr).toMatch(/^auditseal: preprovision: .*\n$/);
  });
});
