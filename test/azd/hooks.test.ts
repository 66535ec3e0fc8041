import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { faultOf } from '../support/azureCommands.ts';

const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';
const TENANT = '99999999-2222-3333-4444-555555555555';
const ACCOUNT = 'stledgerabcdefghijklm';
const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-logs/providers/Microsoft.Storage/storageAccounts/${ACCOUNT}`;

const ENV = {
  AZURE_ENV_NAME: 'logs',
  AZURE_LOCATION: 'westeurope',
  AZURE_SUBSCRIPTION_ID: SUBSCRIPTION,
  AZURE_TENANT_ID: TENANT,
};

/** What az and azd answer, by the beginning of their arguments; the first that fits counts. */
type Script = readonly (readonly [starts: string, answer: unknown, code?: number, aside?: string])[];

const policyOf = (state: string, days: number): object => ({
  name: 'default',
  properties: { state, immutabilityPeriodSinceCreationInDays: days },
});
const ledger = { name: ACCOUNT, id: ID, type: 'Microsoft.Storage/storageAccounts', location: 'westeurope' };
const hostStorage = { ...ledger, name: 'stsealerabcdefghijklm' };

const deletedVault = (environment: string, location: string): object => ({
  name: 'kv-abcdefghijklm',
  properties: {
    location,
    tags: { 'azd-env-name': environment },
    vaultId: `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-logs/providers/Microsoft.KeyVault/vaults/kv-abcdefghijklm`,
  },
});

const POLICY = `az rest --method get --url ${ID}/blobServices/default/containers/ledger/immutabilityPolicies/default`;
const PERMISSIONS = `az rest --method get --url /subscriptions/${SUBSCRIPTION}/providers`;

const CHECK_STATUS = 'azd auth login --check-status --output json';

/** loginResult is what azd prints, with exit status 0 whatever it says: cli/azd/pkg/contracts/auth.go of Azure/azure-dev. */
const loginResult = (status: 'success' | 'unauthenticated'): object =>
  status === 'success' ? { status, expiresOn: '2026-11-26T11:02:03.456789Z' } : { status };

/** A storage SKU as az lists it: once for each kind, and for each region or some of them. */
const sku = (name: string, location = 'westeurope', restrictions: readonly object[] = []): object => ({
  capabilities: [{ name: 'supportschangenotification', value: 'true' }],
  kind: 'StorageV2',
  locations: [location],
  name,
  resourceType: 'storageAccounts',
  restrictions,
  tier: 'Standard',
});
const SKUS = ['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_RAGZRS'].map((name) => sku(name));
const FLEX = 'az functionapp list-flexconsumption-locations';
const ZONED = `${FLEX} --subscription ${SUBSCRIPTION} --zone-redundant true`;

const FINE: Script = [
  ['azd version', 'azd version 1.19.0'],
  [CHECK_STATUS, loginResult('success')],
  ['azd env set', ''],
  [`az account show --subscription ${SUBSCRIPTION}`, { id: SUBSCRIPTION, state: 'Enabled', tenantId: TENANT }],
  ['az account show', { id: 'another one', state: 'Enabled', tenantId: TENANT }],
  [ZONED, [{ name: 'westeurope' }]],
  [FLEX, [{ name: 'West Europe' }, { name: 'northeurope' }]],
  ['az storage sku list', [...SKUS, sku('Standard_LRS', 'northeurope')]],
  [
    'az functionapp list-flexconsumption-runtimes',
    [
      { name: 'node', version: '20' },
      { name: 'node', version: '22' },
      { name: 'node', version: '24' },
    ],
  ],
  ['az provider show', { registrationState: 'Registered' }],
  ['az keyvault list-deleted', [deletedVault('other', 'westeurope'), deletedVault('logs', 'northeurope')]],
  [`az resource list --subscription ${SUBSCRIPTION} --tag azd-env-name=logs`, [hostStorage, ledger]],
  [POLICY, policyOf('Unlocked', 365)],
  [PERMISSIONS, { value: [{ actions: ['*'], notActions: [] }] }],
];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-hooks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** install puts programs on a path of their own that answer from a script and note how they were called. */
async function install(script: Script, programs: readonly string[]): Promise<void> {
  await writeFile(join(folder, 'script.json'), JSON.stringify(script));
  for (const program of programs) {
    const text = `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs');
const line = ['${program}', ...process.argv.slice(2)].join(' ');
appendFileSync(${JSON.stringify(join(folder, 'calls'))}, line + '\\n');
const script = JSON.parse(readFileSync(${JSON.stringify(join(folder, 'script.json'))}, 'utf8'));
const found = script.find(([starts]) => line.startsWith(starts));
if (found === undefined) { process.stderr.write('ERROR: nobody expects: ' + line + '\\n'); process.exit(99); }
const [, answer, code = 0, aside = ''] = found;
const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
(code === 0 ? process.stdout : process.stderr).write(text + '\\n');
if (aside !== '') process.stderr.write(aside + '\\n');
process.exitCode = code;
`;
    // CommonJS, whatever stands above the folder.
    await writeFile(join(folder, program), text);
    await chmod(join(folder, program), 0o755);
  }
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: string[];
}

async function run(command: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const calls = await readFile(join(folder, 'calls'), 'utf8').catch(() => '');
  return { code, stdout, stderr, calls: calls.split('\n').filter((line) => line !== '') };
}

/** hook runs one with changed answers before the fine ones. */
async function hook(
  name: string,
  changes: Script = [],
  env: Readonly<Record<string, string>> = {},
  programs: readonly string[] = ['az', 'azd'],
): Promise<Ended> {
  await install([...changes, ...FINE], programs);
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', 'tools/azd/hook.ts', name];
  return run(command, { PATH: folder, ...ENV, ...env });
}

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
    const { code, stdout, stderr, calls } = await hook('preprovision', changes);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(says);
    expect(calls.at(-1)).toBe(sets);
  });

  test('in every size it asks for what az and azd have', async () => {
    for (const size of ['development', 'small', 'production']) {
      const { code, calls } = await hook('preprovision', [], { AUDITSEAL_SIZE: size });
      expect({ size, code, faults: calls.map((call) => faultOf(call)).filter((fault) => fault !== undefined) }).toEqual(
        {
          size,
          code: 0,
          faults: [],
        },
      );
    }
  });

  test('it changes nothing but that', async () => {
    const { calls } = await hook('preprovision');
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
    const { code, stderr, calls } = await hook('preprovision', changes, env);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(says) as string });
    expect(stderr).toMatch(/^auditseal: preprovision: .*\n$/);
    expect(calls.filter((call) => call.startsWith('azd env set'))).toEqual([]);
  });

  test('a rights problem is none where that right is not needed', async () => {
    const { code } = await hook('preprovision', [[PERMISSIONS, ALL_BUT_ROLES]], { AUDITSEAL_CUSTOM_ROLES: 'false' });
    expect(code).toBe(0);
  });

  test('less redundancy that was asked for is enough', async () => {
    const changes: Parameters<typeof hook>[1] = [['az storage sku list', SKUS.slice(0, 1)]];
    const { code } = await hook('preprovision', changes, { AUDITSEAL_REDUNDANCY: 'Standard_LRS' });
    expect(code).toBe(0);
  });

  test('the two roles that a pipeline gets are enough', async () => {
    const contributor = {
      actions: ['*'],
      notActions: ['Microsoft.Authorization/*/Delete', 'Microsoft.Authorization/*/Write'],
    };
    const accessAdministrator = { actions: ['*/read', 'Microsoft.Authorization/*'], notActions: [] };
    const { code } = await hook('preprovision', [[PERMISSIONS, { value: [contributor, accessAdministrator] }]]);
    expect(code).toBe(0);
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
  });
});

describe('postprovision', () => {
  const outputs = {
    AUDITSEAL_LEDGER_URL: `https://${ACCOUNT}.blob.core.windows.net/ledger`,
    AUDITSEAL_VAULT: 'kv-x',
    AUDITSEAL_SEALER: 'func-sealer-x',
    AUDITSEAL_LEDGER_ACCOUNT: ACCOUNT,
    AZURE_RESOURCE_GROUP: 'rg-logs',
  };

  test('says what is next, and runs nothing', async () => {
    const { code, stdout, calls } = await hook('postprovision', [], outputs);
    expect({ code, calls }).toEqual({ code: 0, calls: [] });
    expect(stdout).toContain('--vault-name kv-x --name ledger');
    expect(stdout).toContain('keygen --name func-sealer-x.azurewebsites.net/api/log --vault-key URL');
    expect(stdout).toContain(`npm run cli -- lock ${outputs.AUDITSEAL_LEDGER_URL} --resource-id ${ID}`);
  });

  test('of a locked policy it says that there is nothing to lock', async () => {
    const { stdout } = await hook('postprovision', [], { ...outputs, AUDITSEAL_POLICY_STATE: 'Locked' });
    expect(stdout).toContain('3. The retention policy is locked.');
    expect(stdout).not.toContain('cli -- lock');
  });
});

describe('predown', () => {
  test.each<[string, Script, number, string]>([
    ['locked', [[POLICY, policyOf('Locked', 2555)]], 1, 'is locked at 2555 days: Azure deletes neither'],
    ['unlocked', [], 1, `az lock delete --name ledger-stays --resource-group rg-logs`],
    ['gone', [['az resource list', []]], 0, 'there is no ledger any more'],
    ['an error of az', [['az resource list', 'ERROR: no', 1]], 1, "can't be found out: ERROR: no"],
  ])('%s', async (_, changes, status, says) => {
    const { code, stdout, stderr, calls } = await hook('predown', changes);
    expect(code).toBe(status);
    expect(stdout + stderr).toContain(says);
    expect(calls.filter((call) => !/^az (resource list|rest --method get)/.test(call))).toEqual([]);
  });
});

test.each(['Locked', 'Unlocked'])('policy prints a setting for a pipeline that only looks: %s', async (state) => {
  const { code, stdout, calls } = await hook('policy', [[POLICY, policyOf(state, 365)]]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `AUDITSEAL_POLICY_STATE=${state}\n` });
  expect(calls.filter((call) => !/^az (resource list|rest --method get)/.test(call))).toEqual([]);
});

describe('the wrapper for sh', () => {
  const node = dirname(process.execPath);

  test('runs the hook, from anywhere, with its exit status', async () => {
    await install(FINE, ['az', 'azd']);
    const path = [folder, node, '/usr/bin', '/bin'].join(delimiter);
    const command = ['/bin/sh', '-c', `cd / && sh ${join(ROOT, 'infra/hooks/hook.sh')} preprovision`];
    const fine = await run(command, { PATH: path, HOME: folder, ...ENV });
    expect({ code: fine.code, last: fine.calls.at(-1) }).toEqual({ code: 0, last: SETS_UNLOCKED });
    const refused = await run(command, { PATH: path, HOME: folder, ...ENV, AZURE_LOCATION: '' });
    expect({ code: refused.code, stderr: refused.stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('AZURE_LOCATION is not set') as string,
    });
  });

  test.each(['node', 'npm'])('says that %s is missing', async (missing) => {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await symlink('/usr/bin/dirname', join(bin, 'dirname'));
    if (missing === 'npm') await symlink(process.execPath, join(bin, 'node'));
    const { code, stderr } = await run(['/bin/sh', 'infra/hooks/hook.sh', 'preprovision'], { PATH: bin, ...ENV });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`${missing} is missing: install`) as string,
    });
  });

  test('an unknown hook is none', async () => {
    expect(await hook('preparty')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('no hook "preparty"') as string,
    });
  });
});
