import {
  ask,
  closeScene,
  countOf,
  openScene,
  said,
  scene,
  smallEstate,
  SUBSCRIPTION,
} from '../support/coverageScene.ts';
import { HUB, NAMESPACE, noLogsAt } from '../support/madeUpEstate.ts';

beforeEach(openScene);
afterEach(closeScene);

const RG = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers`;

const machine = (rule: object, tables = ['Event', 'Syslog'], vm: object = {}): string => {
  smallEstate();
  noLogsAt(scene.resources, /\/(dataCollectionRules|workspaces)\//);
  const ws = scene.resources.put(`${RG}/Microsoft.OperationalInsights/workspaces/ws`, { location: 'westeurope' }).id;
  scene.resources.put(`${ws}/dataExports/hub`, {
    properties: {
      destination: { resourceId: NAMESPACE, metaData: { eventHubName: 'audit' } },
      enable: true,
      tableNames: tables,
    },
  });
  const id = scene.resources.put(`${RG}/Microsoft.Insights/dataCollectionRules/r`, {
    location: 'westeurope',
    properties: { destinations: { logAnalytics: [{ name: 'w', workspaceResourceId: ws }] }, ...rule },
  }).id;
  const one = scene.resources.put(`${RG}/Microsoft.Compute/virtualMachines/vm`, { location: 'westeurope', ...vm }).id;
  scene.resources.put(`${one}/providers/Microsoft.Insights/dataCollectionRuleAssociations/a`, {
    properties: { dataCollectionRuleId: id },
  });
  return one;
};
const WINDOWS = { properties: { storageProfile: { osDisk: { osType: 'Windows' } } } };
const LINUX = { properties: { storageProfile: { osDisk: { osType: 'Linux' } } } };
const WINDOWS_SOURCES = {
  windowsEventLogs: [{ name: 'e', streams: ['Microsoft-Event'], xPathQueries: ['Security!*'] }],
};
const LINUX_SOURCES = {
  syslog: [{ name: 's', streams: ['Microsoft-Syslog'], facilityNames: ['auth', 'authpriv'], logLevels: ['*'] }],
};
const BOTH = ['Microsoft-Event', 'Microsoft-Syslog'];
const vmCount = async (): Promise<unknown> => countOf(await ask(), 'microsoft.compute/virtualmachines');

test('a machine that sends who signed in, by its system, is routed; of one whose system nobody says both are wanted', async () => {
  const flows = (streams: readonly string[]): object => ({ dataFlows: [{ streams, destinations: ['w'] }] });
  machine({ dataSources: WINDOWS_SOURCES, ...flows(['Microsoft-Event']) }, ['Event'], WINDOWS);
  expect(await vmCount()).toMatchObject({ routed: 1 });
  machine({ dataSources: LINUX_SOURCES, ...flows(['Microsoft-Syslog']) }, ['Syslog'], LINUX);
  expect(await vmCount()).toMatchObject({ routed: 1 });
  machine({ dataSources: LINUX_SOURCES, ...flows(['Microsoft-Syslog']) }, ['Syslog']);
  expect(await vmCount()).toMatchObject({ routed: 0, partly: 1 });
  machine({ dataSources: { ...WINDOWS_SOURCES, ...LINUX_SOURCES }, ...flows(BOTH) });
  expect(await vmCount()).toMatchObject({ routed: 1 });
});

test('a Windows machine whose rule collects syslog only', async () => {
  machine(
    {
      dataSources: { syslog: [{ name: 's', streams: ['Microsoft-Syslog'], facilityNames: ['*'], logLevels: ['*'] }] },
      dataFlows: [{ streams: ['Microsoft-Syslog'], destinations: ['w'] }],
    },
    undefined,
    WINDOWS,
  );
  expect(await vmCount()).toMatchObject({ routed: 0 });
});

test('a Windows machine whose workspace exports Syslog only', async () => {
  machine(
    {
      dataSources: {
        windowsEventLogs: [{ name: 'e', streams: ['Microsoft-Event'], xPathQueries: ['Security!*'] }],
        syslog: [{ name: 's', streams: ['Microsoft-Syslog'] }],
      },
      dataFlows: [{ streams: BOTH, destinations: ['w'] }],
    },
    ['Syslog'],
    WINDOWS,
  );
  expect(await vmCount()).toMatchObject({ routed: 0 });
});

test('a flow with outputStream into another table', async () => {
  machine({
    dataSources: { syslog: [{ name: 's', streams: ['Microsoft-Syslog'] }] },
    dataFlows: [
      { streams: ['Microsoft-Syslog'], destinations: ['w'], transformKql: 'source', outputStream: 'Custom-Other_CL' },
    ],
  });
  expect(await vmCount()).toMatchObject({ routed: 0 });
});

test('a data source that transforms in the agent', async () => {
  machine({
    dataSources: { syslog: [{ name: 's', streams: ['Microsoft-Syslog'], transformKql: 'source | where false' }] },
    dataFlows: [{ streams: ['Microsoft-Syslog'], destinations: ['w'] }],
  });
  expect(await vmCount()).toMatchObject({ routed: 0 });
});

test('a data source without any xPath query, or without facilities', async () => {
  machine({
    dataSources: {
      syslog: [{ name: 's', streams: ['Microsoft-Syslog'], facilityNames: [], logLevels: [] }],
      windowsEventLogs: [{ name: 'e', streams: ['Microsoft-Event'], xPathQueries: [] }],
    },
    dataFlows: [{ streams: BOTH, destinations: ['w'] }],
  });
  expect(await vmCount()).toMatchObject({ routed: 0 });
});

test('a machine without an agent (no extension in the estate) is not routed, or it is said that it was not asked', async () => {
  machine({
    dataSources: { syslog: [{ name: 's', streams: ['Microsoft-Syslog'] }] },
    dataFlows: [{ streams: ['Microsoft-Syslog'], destinations: ['w'] }],
  });
  const coverage = await ask();
  const isSaid = /\bagent\b/.test(coverage.notChecked.join());
  expect([isSaid, countOf(coverage, 'microsoft.compute/virtualmachines')?.routed]).not.toEqual([false, 1]);
});

test.each(['Microsoft.HybridCompute/machines', 'Microsoft.Compute/virtualMachineScaleSets'])(
  '%s are machines too, and have logs',
  async (type) => {
    smallEstate();
    noLogsAt(scene.resources, /\/(machines|virtualMachineScaleSets)\//);
    scene.resources.put(`${RG}/${type}/m`, { location: 'westeurope' });
    expect(countOf(await ask({ promised: 'all' }), type.toLowerCase())).toMatchObject({ withoutLogs: 0 });
  },
);

test('a rule of kind AgentDirectToStore that sends to the hub itself', async () => {
  machine(
    {
      dataSources: LINUX_SOURCES,
      destinations: { eventHubsDirect: [{ name: 'h', eventHubResourceId: HUB }] },
      dataFlows: [{ streams: ['Microsoft-Syslog'], destinations: ['h'] }],
    },
    undefined,
    LINUX,
  );
  const coverage = await ask();
  expect([countOf(coverage, 'microsoft.compute/virtualmachines')?.routed, said(coverage)]).toEqual([1, []]);
});

test('a machine that sends its Application log alone, nothing of Security', async () => {
  machine(
    {
      dataSources: {
        windowsEventLogs: [
          { name: 'e', streams: ['Microsoft-Event'], xPathQueries: ['Application!*[System[EventID=99999]]'] },
        ],
      },
      dataFlows: [{ streams: ['Microsoft-Event'], destinations: ['w'] }],
    },
    undefined,
    WINDOWS,
  );
  expect(await vmCount()).toMatchObject({ routed: 0 });
});
