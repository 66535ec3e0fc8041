import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, Tools } from '../../tools/azd/azureTools.ts';
import { preprovision } from '../../tools/azd/preprovision.ts';
import { Refusal } from '../../tools/azd/refusal.ts';
import { ROOT } from '../../tools/pages/markedBlock.ts';

const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';
export const TENANT = '99999999-2222-3333-4444-555555555555';
export const ACCOUNT = 'stledgerabcdefghijklm';
export const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-logs/providers/Microsoft.Storage/storageAccounts/${ACCOUNT}`;

export const ENV = {
  AZURE_ENV_NAME: 'logs',
  AZURE_LOCATION: 'westeurope',
  AZURE_SUBSCRIPTION_ID: SUBSCRIPTION,
  AZURE_TENANT_ID: TENANT,
};

/** What az and azd answer, by the beginning of their arguments; the first that fits counts. */
export type Script = readonly (readonly [starts: string, answer: unknown, code?: number, aside?: string])[];

export const policyOf = (state: string, days: number): object => ({
  name: 'default',
  properties: { state, immutabilityPeriodSinceCreationInDays: days },
});
export const ledger = { name: ACCOUNT, id: ID, type: 'Microsoft.Storage/storageAccounts', location: 'westeurope' };
export const hostStorage = { ...ledger, name: 'stsealerabcdefghijklm' };

export const deletedVault = (environment: string, location: string): object => ({
  name: 'kv-abcdefghijklm',
  properties: {
    location,
    tags: { 'azd-env-name': environment },
    vaultId: `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-logs/providers/Microsoft.KeyVault/vaults/kv-abcdefghijklm`,
  },
});

export const POLICY = `az rest --method get --url ${ID}/blobServices/default/containers/ledger/immutabilityPolicies/default`;
export const PERMISSIONS = `az rest --method get --url /subscriptions/${SUBSCRIPTION}/providers`;

export const CHECK_STATUS = 'azd auth login --check-status --output json';

/** loginResult is what azd prints, with exit status 0 whatever it says: cli/azd/pkg/contracts/auth.go of Azure/azure-dev. */
export const loginResult = (status: 'success' | 'unauthenticated'): object =>
  status === 'success' ? { status, expiresOn: '2026-11-26T11:02:03.456789Z' } : { status };

/** A storage SKU as az lists it: once for each kind, and for each region or some of them. */
export const sku = (name: string, location = 'westeurope', restrictions: readonly object[] = []): object => ({
  capabilities: [{ name: 'supportschangenotification', value: 'true' }],
  kind: 'StorageV2',
  locations: [location],
  name,
  resourceType: 'storageAccounts',
  restrictions,
  tier: 'Standard',
});
export const SKUS = ['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_RAGZRS'].map((name) => sku(name));
const FLEX = 'az functionapp list-flexconsumption-locations';
const ZONED = `${FLEX} --subscription ${SUBSCRIPTION} --zone-redundant true`;

export const FINE: Script = [
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

export let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auditseal-hooks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** install puts programs on a path of their own that answer from a script and note how they were called. */
export async function install(script: Script, programs: readonly string[]): Promise<void> {
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

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: string[];
}

export async function run(command: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
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
export async function hook(
  name: string,
  changes: Script = [],
  env: Readonly<Record<string, string>> = {},
  programs: readonly string[] = ['az', 'azd'],
): Promise<Ended> {
  await install([...changes, ...FINE], programs);
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', 'tools/azd/hook.ts', name];
  const compiled = process.env['NODE_COMPILE_CACHE'];
  return run(command, {
    PATH: folder,
    ...(compiled !== undefined && { NODE_COMPILE_CACHE: compiled }),
    ...ENV,
    ...env,
  });
}

/** preprovisioned runs preprovision in this process: what it printed and asked, and why it refused, if it did. */
export async function preprovisioned(
  changes: Script = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly refused: string | undefined; readonly printed: string; readonly calls: readonly string[] }> {
  const script = [...changes, ...FINE];
  const calls: string[] = [];
  const printed: string[] = [];
  const tools: Tools = {
    run: async (program, args): Promise<Answer> => {
      const line = [program, ...args].join(' ');
      calls.push(line);
      const found = script.find(([starts]) => line.startsWith(starts));
      if (found === undefined) throw new Error(`nobody expects: ${line}`);
      const [, answer, code = 0, aside = ''] = found;
      const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
      return code === 0 ? { code, stdout: text, stderr: aside } : { code, stdout: '', stderr: text };
    },
  };
  try {
    await preprovision(tools, { ...ENV, ...env }, (line) => void printed.push(line));
    return { refused: undefined, printed: printed.join('\n'), calls };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { refused: error.message, printed: printed.join('\n'), calls };
  }
}
