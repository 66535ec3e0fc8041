import { ACCOUNT, GROUP, SUBSCRIPTION, startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { armOutside } from '../support/armOutside.ts';
import { HUB, RULE, categoriesAt, hubAt, settingAt, subscriptionAt } from '../support/madeUpEstate.ts';
import { inProcess } from '../support/program.ts';
import { command } from '../../src/cli/commands/posture.ts';
import { isPostureReport } from '../../src/core/objects/reportShape.ts';

const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Storage/storageAccounts/${ACCOUNT}`;
const ESTATE = 'dddddddd-0000-0000-0000-000000000000';
const VAULT = `/subscriptions/${ESTATE}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv\u202eone`;

let stack: Stack;
let count = 0;
let url = '';
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());
beforeEach(async () => {
  const name = `ledger-${++count}`;
  await stack.container(name).create();
  await stack.lockedPolicy(name, 365);
  ({ url } = stack.sasContainer(name, 'rl'));
  const { resources } = stack.gateway;
  hubAt(resources);
  subscriptionAt(resources, ESTATE);
  categoriesAt(resources, /\/vaults\//, { AuditEvent: ['audit'] });
  resources.put(VAULT, { location: 'westeurope' });
});

const posture = (...args: string[]): Promise<{ code: number; out: string }> =>
  inProcess(async () => command.run([url, '--resource-id', ID, ...args], armOutside(stack.gateway, stack.arm)));

test('what is not routed is a warning, unless it was promised; for people and for programs', async () => {
  const warned = await posture('--scope', ESTATE, '--hub', HUB);
  expect(warned.code).toBe(0);
  expect(warned.out).toMatch(/^verified: posture of ledger-1, /);
  expect(warned.out).toContain('coverage: 1 subscription\n');
  expect(warned.out).toContain('    microsoft.keyvault/vaults (key): 0 of 1 routed, 0 partly, 1 not\n');
  expect(warned.out).toContain('warning not-routed: ');
  // A name may hold what moves other characters.
  expect(warned.out).not.toContain('\u202e');
  expect(warned.out).toContain('kv\\u202eone');

  const promised = await posture('--scope', ESTATE, '--hub', HUB, '--promised', 'key', '--json');
  expect(promised.code).toBe(1);
  const report: unknown = JSON.parse(promised.out);
  expect(isPostureReport(report)).toBe(true);
  expect(report).toMatchObject({
    status: 'violated',
    coverage: { scopes: [ESTATE], hubs: [HUB], promised: 'key', subscriptions: [ESTATE], findingsOmitted: 0 },
  });

  settingAt(stack.gateway.resources, VAULT, [{ categoryGroup: 'audit', enabled: true }], { rule: RULE });
  expect(await posture('--scope', ESTATE, '--hub', HUB, '--promised', 'all')).toMatchObject({ code: 0 });
  stack.gateway.resources.remove(`${VAULT}/providers/Microsoft.Insights/diagnosticSettings/auditseal`);
});

test('what could not be asked makes it unverified, and what was not asked is said', async () => {
  stack.gateway.resources.stage({ path: /ResourceGraph/, status: 500, body: {}, times: 4 });
  const { code, out } = await posture('--scope', ESTATE, '--hub', HUB);
  expect(code).toBe(2);
  expect(out).toMatch(/^unverified: /);
  expect(out).toContain("can't list the resources of the subscription (500)");
  expect((await posture()).out).toContain('not checked: which resources send their logs to the hub was not asked');
}, 60_000);

test.each([
  [['--hub', HUB], '--hub and --promised need a --scope'],
  [['--scope', ESTATE], '--scope needs a --hub'],
  [['--scope', 'all', '--hub', HUB], '--scope must be the id of a subscription, managementGroups/NAME, or tenant'],
  [['--scope', ESTATE, '--hub', 'audit'], '--hub must be the resource id of an event hub'],
  [['--scope', ESTATE, '--hub', HUB, '--promised', 'some'], '--promised must be none, key or all'],
])('%j is refused', async (args, said) => {
  await expect(posture(...args)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(said) as string,
  });
});
