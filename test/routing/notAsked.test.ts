import {
  ask,
  closeScene,
  countOf,
  openScene,
  scene,
  smallEstate,
  SUBSCRIPTION,
  VAULT,
  VAULTS,
} from '../support/coverageScene.ts';
import { categoriesAt, noLogsAt, settingAt } from '../support/madeUpEstate.ts';
import type { CoverageDeps, CoverageQuestion } from '../../src/routing/coverage.ts';
import type { CoverageCount } from '../../src/core/objects/coverage.ts';

beforeEach(openScene);
afterEach(closeScene);

describe('what could not be asked is never taken for routed', () => {
  const unreadable = async (question?: Partial<CoverageQuestion>, deps?: Partial<CoverageDeps>): Promise<string> => {
    const coverage = await ask(question, deps);
    expect(coverage.findings).toEqual([]);
    return coverage.unreadable.map(({ object, why }) => `${object}: ${why}`).join('\n');
  };

  test.each([
    ['some resource groups only', [{ actions: ['Microsoft.KeyVault/vaults/read'] }], 'the role Reader'],
    ['all but something', [{ actions: ['*'], notActions: ['Microsoft.KeyVault/*'] }], 'the role Reader'],
    ['nothing', [], 'the role Reader'],
  ])(
    'of a subscription in which one may read %s: lists leave out what may not be seen',
    async (_what, value, expected) => {
      smallEstate();
      scene.resources.stage({ path: /\/permissions$/i, status: 200, body: { value } });
      expect(await unreadable()).toContain(expected);
      expect(countOf(await ask(), 'microsoft.resources/subscriptions')).toMatchObject({ notAsked: 1, routed: 0 });
    },
  );

  test.each<[string, RegExp, number, object, string]>([
    [
      'a subscription that is not there',
      /\/permissions$/i,
      404,
      { error: { code: 'SubscriptionNotFound' } },
      '404 SubscriptionNotFound',
    ],
    ['Resource Graph without rows', /ResourceGraph/, 200, { totalRecords: 1 }, 'the answer holds no rows'],
    [
      'Resource Graph cut off',
      /ResourceGraph/,
      200,
      { totalRecords: 5, data: [], resultTruncated: 'true' },
      'gave 0 of 5 rows',
    ],
    [
      'Resource Graph with a hostile id',
      /ResourceGraph/,
      200,
      { totalRecords: 1, data: [{ id: '/a/../b', type: 't' }] },
      'an id that is none',
    ],
    [
      'settings refused',
      /kv-one\/.*diagnosticSettings$/,
      403,
      { error: { code: 'AuthorizationFailed' } },
      "can't read the diagnostic settings (403 AuthorizationFailed): whoever asks needs the role Reader",
    ],
    ['settings that are no list', /kv-one\/.*diagnosticSettings$/, 200, { value: 'x' }, 'the answer holds no list'],
    ['categories that are garbage', /diagnosticSettingsCategories$/, 200, { value: [1, 2] }, 'no list of objects'],
    ['categories of no kind', /diagnosticSettingsCategories$/, 200, { value: [{ name: 'x' }] }, "none of Azure's"],
    [
      'a provider that is not registered',
      /kv-one\/.*diagnosticSettings$/,
      409,
      { error: { code: 'MissingSubscriptionRegistration', message: 'm' } },
      'az provider register',
    ],
  ])('%s', async (_what, path, status, body, expected) => {
    smallEstate();
    scene.resources.stage({ path, status, body });
    expect(await unreadable()).toContain(expected);
  });

  test('throttled for a while, everything is asked again; throttled for long, it says so', async () => {
    smallEstate();
    scene.resources.stage({ path: /ResourceGraph|kv-one/, status: 429, headers: { 'retry-after': '1' }, times: 3 });
    expect(await ask()).toMatchObject({ findings: [], unreadable: [] });
    scene.resources.stage({ path: /ResourceGraph/, status: 429, headers: { 'retry-after': '3600' } });
    expect(await unreadable()).toContain('too many questions (429)');
  }, 90_000);

  test('what lies beyond a bound of resources or of time is counted as not asked', async () => {
    smallEstate();
    for (let n = 0; n < 20; n++) {
      const id = scene.resources.put(`${VAULTS}/kv-${n}`, { location: 'westeurope' }).id;
      settingAt(scene.resources, id, [{ category: 'AuditEvent', enabled: true }]);
    }
    expect(await unreadable({}, { mostResources: 8 })).toContain('13 of its 21 resources were not asked');
    let calls = 0;
    const late = await ask({}, { now: () => (calls++ < 10 ? 0 : 1e12), budgetMs: 1000 });
    expect(late.unreadable).toEqual([
      {
        object: expect.stringMatching(/^\d+ of microsoft\.keyvault\/vaults$/) as unknown,
        why: expect.stringContaining('the time that may be spent on asking was over') as unknown,
      },
    ]);
    const { sources, routed, notAsked } = countOf(late, 'microsoft.keyvault/vaults') as CoverageCount;
    expect(sources).toBe(21);
    expect(routed + notAsked).toBe(21);
    expect(notAsked).toBeGreaterThan(5);
  });

  test('a resource that is deleted between two questions is counted as gone', async () => {
    smallEstate();
    scene.resources.put(`${VAULTS}/kv-gone`);
    scene.resources.stage({
      path: /kv-gone\/.*diagnosticSettings$/,
      status: 404,
      body: { error: { code: 'ResourceNotFound' } },
    });
    const coverage = await ask();
    expect(coverage).toMatchObject({ findings: [], unreadable: [] });
    expect(countOf(coverage, 'microsoft.keyvault/vaults')).toMatchObject({ sources: 2, routed: 1, gone: 1 });
  });

  test('a 404 that says nothing of what is missing is no sign that something is gone', async () => {
    smallEstate();
    scene.resources.stage({ path: /kv-one\/.*diagnosticSettings$/, status: 404, body: {} });
    expect(await unreadable()).toContain("can't read the diagnostic settings (404)");
  });

  test('a row that Resource Graph repeats stands in for none that is missing, and pages without an end are given up', async () => {
    smallEstate();
    const body = { totalRecords: 2, data: [{ id: VAULT, type: 't' }], $skipToken: 'again' };
    scene.resources.stage({ path: /ResourceGraph/, status: 200, body });
    expect(await unreadable()).toContain('gave 1 of 2 rows');
  });

  test('a name with spaces, signs and letters of any script is asked for under that name', async () => {
    smallEstate();
    const id = scene.resources.put(`${VAULTS}/Überwachung - 100% #1?`, { location: 'westeurope' }).id;
    settingAt(scene.resources, id, [{ category: 'AuditEvent', enabled: true }]);
    expect(countOf(await ask(), 'microsoft.keyvault/vaults')).toMatchObject({ sources: 2, routed: 2 });
  });

  test('a type that has categories and takes no settings has nothing to send', async () => {
    smallEstate();
    categoriesAt(scene.resources, /\/disks\//, { Odd: [] });
    const disk = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/disks/d`;
    scene.resources.put(disk);
    noLogsAt(scene.resources, /\/disks\/never/);
    scene.resources.stage({
      path: /disks\/d\/.*diagnosticSettings$/,
      status: 400,
      body: { code: 'ResourceTypeNotSupported' },
    });
    const coverage = await ask();
    expect(coverage).toMatchObject({ findings: [], unreadable: [] });
    expect(countOf(coverage, 'microsoft.compute/disks')).toMatchObject({ withoutLogs: 1 });
  });
});
