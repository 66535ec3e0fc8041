import { startStack } from '../worm/harness.ts';
import type { Stack } from '../worm/harness.ts';
import { ArmRest } from '../../../src/adapters/arm.ts';

const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-0000000000bb';
const VAULTS = `${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults`;

let stack: Stack;
let rest: ArmRest;
beforeEach(async () => {
  stack = await startStack();
  rest = new ArmRest(
    { endpoint: stack.gateway.armUrl, token: async () => Promise.resolve('token') },
    { timeoutMs: 5000 },
  );
});
afterEach(() => stack.close());

const idsOf = (rows: readonly Readonly<Record<string, unknown>>[]): unknown[] => rows.map(({ id }) => id);

describe('the made-up estate, as the real client of this program asks it', () => {
  test('what was put is found by its id, in its lists, page by page, and gone when it is removed', async () => {
    const { resources } = stack.gateway;
    resources.put(SUBSCRIPTION);
    for (let n = 100; n < 350; n++) resources.put(`${VAULTS}/kv-${n}`, { location: 'westeurope' });
    expect(await rest.get('read', `${VAULTS.toUpperCase()}/KV-100?api-version=1`)).toMatchObject({
      type: 'Microsoft.KeyVault/vaults',
      name: 'kv-100',
    });
    const all = Array.from({ length: 250 }, (_, n) => `${VAULTS}/kv-${n + 100}`);
    for (const path of [
      VAULTS,
      `${SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults`,
      `${SUBSCRIPTION}/resources`,
      `${SUBSCRIPTION}/resourceGroups/rg/resources`,
    ])
      expect(idsOf(await rest.list('list', `${path}?api-version=1`))).toEqual(all);
    expect(idsOf(await rest.list('list', '/subscriptions?api-version=1'))).toEqual([SUBSCRIPTION]);
    resources.remove(`${VAULTS}/kv-100`);
    await expect(rest.get('read the vault', `${VAULTS}/kv-100?api-version=1`)).rejects.toThrow(
      "can't read the vault (404 ResourceNotFound)",
    );
  });

  test('Resource Graph pages through a subscription, and refuses what it does not read', async () => {
    const { resources } = stack.gateway;
    for (let n = 0; n < 5; n++) resources.put(`${VAULTS}/kv-${n}`);
    resources.put(`${VAULTS}/kv-0/providers/Microsoft.Insights/diagnosticSettings/one`);
    resources.put(VAULTS.replace(/bb/, 'cc') + '/kv-other');
    const ask = async (query: string, $skipToken?: unknown): Promise<Readonly<Record<string, unknown>>> =>
      rest.post('ask', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', {
        query,
        subscriptions: [SUBSCRIPTION.split('/')[2]],
        options: { $top: 3, ...($skipToken !== undefined && { $skipToken }) },
      });
    const first = await ask('resources | project id, type | order by id asc');
    expect(first).toMatchObject({ totalRecords: 5, count: 3, resultTruncated: 'false' });
    const second = await ask('resources | project id, type | order by id asc', first['$skipToken']);
    expect(second).toMatchObject({ count: 2 });
    expect(second['$skipToken']).toBeUndefined();
    expect([first['data'], second['data']].flat()).toEqual(
      [0, 1, 2, 3, 4].map((n) => ({ id: `${VAULTS}/kv-${n}`, type: 'microsoft.keyvault/vaults' })),
    );
    await expect(ask('resources | take 5')).rejects.toThrow('400');
  });

  test('a throttled question is asked again when Azure says so; one that would take too long says why it ended', async () => {
    const { resources } = stack.gateway;
    resources.put(`${VAULTS}/kv`);
    const path = /vaults\/kv$/;
    resources.stage({ path, status: 429, headers: { 'retry-after': '1' }, times: 2 });
    expect(await rest.get('read', `${VAULTS}/kv?api-version=1`)).toMatchObject({ name: 'kv' });
    expect(resources.asked.get(`${VAULTS}/kv`.toLowerCase())).toBe(3);
    resources.stage({ path, status: 429, headers: { 'retry-after': '600' } });
    await expect(rest.get('read', `${VAULTS}/kv?api-version=1`)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('too many questions (429)') as unknown,
    });
  });
});
