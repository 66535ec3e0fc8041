import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseHostOptions } from '../../local/host/hostJson.ts';
import { parseTimeSpan } from '../../local/host/timeSpan.ts';
import { loadConfig } from '../../src/config/config.ts';
import { STREAM } from '../../src/adapters/logsIngestion.ts';
import { COLUMN_NAMES } from '../../src/forward/rows.ts';
import { isPartition } from '../../src/core/text.ts';
import { createSignerKey, formatSignerKey } from '../../src/core/note/signerKey.ts';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { firstCells, readPage, section } from '../docs/pages.ts';
import { OFFERED, RUNBOOK_URL } from './support/parameterSets.ts';
import { guidOf } from './support/runtimeValues.ts';
import { describeTemplates } from './support/templates.ts';
import type { Deployment, Resource } from './support/templates.ts';

const APPS = JSON.parse(readFileSync(join(ROOT, 'infra/functionApps.json'), 'utf8')) as Readonly<
  Record<'sealer' | 'auditor', readonly string[]>
>;
const sources = readdirSync(join(ROOT, 'functions')).map((file) => readFileSync(join(ROOT, 'functions', file), 'utf8'));
const functions = sources.flatMap((text) =>
  [...text.matchAll(/\bapp\.\w+\('(\w+)'/g)].map(([, name]) => name as string),
);

/** settingsOf gives what an app is told. */
function settingsOf({ resources }: Deployment, app: string): Readonly<Record<string, string>> {
  const found = resources.filter(({ name }) => new RegExp(`^func-${app}-\\w+/appsettings$`).test(name));
  expect(found).toHaveLength(1);
  return found[0]?.properties as Readonly<Record<string, string>>;
}

/** seenBy gives settings as the app sees them: what is in the vault takes the place of references to it. */
function seenBy(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const secret = formatSignerKey(createSignerKey(settings['LEDGER_ORIGIN'] as string, Buffer.alloc(32, 7)));
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, value.startsWith('@Microsoft.KeyVault(') ? secret : value]),
  );
}

const HOST_JSON = JSON.parse(readFileSync(join(ROOT, 'host.json'), 'utf8')) as object;
const SIZES = JSON.parse(readFileSync(join(ROOT, 'infra/sizes.json'), 'utf8')) as Readonly<
  Record<
    (typeof OFFERED)[number],
    {
      readonly ingest: { readonly leastEvents: number; readonly maxWaitSeconds: number };
      readonly verifyTimeoutMinutes: number;
    }
  >
>;

interface Criterion {
  readonly metricMeasureColumn?: string;
  readonly threshold: number;
}

test('each function is run by one app', () => {
  expect(functions.length).toBeGreaterThan(3);
  expect([...APPS.sealer, ...APPS.auditor].toSorted()).toEqual(functions.toSorted());
});

describeTemplates('settings', (templates) => {
  describe.each(OFFERED)('%s', (set) => {
    test.each(['sealer', 'auditor'] as const)('%s accepts its settings', async (app) => {
      const deployment = await templates.evaluate(set);
      const config = loadConfig(seenBy(settingsOf(deployment, app)));
      const account = deployment.resources.find(({ name }) => name.startsWith('stledger'));
      expect(config.ledger).toMatchObject({
        kind: 'identity',
        managed: true,
        serviceUri: `https://${account?.name}.blob.core.windows.net`,
      });
    });

    test.each(['sealer', 'auditor'] as const)('%s gets no setting that nobody knows', async (app) => {
      const read = new Set<string>();
      const env = new Proxy<Record<string, string>>({}, { get: (_target, name) => void read.add(String(name)) });
      expect(() => loadConfig(env)).toThrow('settings are wrong');
      const hosts = firstCells(section(readPage('docs/operations.md'), '## Settings of the Functions host'));
      const switches = functions.map((name) => `AzureWebJobs.${name}.Disabled`);
      const known = new Set([...read, ...hosts, ...switches]);
      const settings = settingsOf(await templates.evaluate(set), app);
      expect(Object.keys(settings).filter((name) => !known.has(name))).toEqual([]);
      expect(Object.values(settings).filter((value) => typeof value !== 'string')).toEqual([]);
    });

    test('each app runs its own functions, and has those of the other switched off', async () => {
      const deployment = await templates.evaluate(set);
      for (const app of ['sealer', 'auditor'] as const) {
        const settings = settingsOf(deployment, app);
        const off = functions.filter((name) => settings[`AzureWebJobs.${name}.Disabled`] === 'true');
        // Records are handed on where that was asked for.
        const left = functions.filter((name) => !APPS[app].includes(name) || name === 'forward');
        expect(off.toSorted()).toEqual(left.toSorted());
      }
    });

    test('evidence is made where nothing is sealed', async () => {
      const deployment = await templates.evaluate(set);
      expect(settingsOf(deployment, 'sealer')['AzureWebJobs.evidence.Disabled']).toBe('true');
      const settings = settingsOf(deployment, 'auditor');
      expect(settings).not.toHaveProperty('AzureWebJobs.evidence.Disabled');
      for (const sealing of ['ingest', 'integrate']) expect(settings[`AzureWebJobs.${sealing}.Disabled`]).toBe('true');
    });

    test('the host waits for deliveries as the size says, and keeps all else of host.json', async () => {
      const settings = settingsOf(await templates.evaluate(set), 'sealer');
      const { leastEvents, maxWaitSeconds } = SIZES[set].ingest;
      const { eventHubs, ...rest } = parseHostOptions(HOST_JSON);
      expect(parseHostOptions(HOST_JSON, settings)).toEqual({
        ...rest,
        eventHubs: { ...eventHubs, minEventBatchSize: leastEvents, maxWaitTimeMs: maxWaitSeconds * 1000 },
      });
    });

    test('events that wait for a delivery are fewer than those that an alert takes for a backlog', async () => {
      const deployment = await templates.evaluate(set);
      const { minEventBatchSize } = parseHostOptions(HOST_JSON, settingsOf(deployment, 'sealer')).eventHubs;
      const hub = deployment.resources.find(({ type }) => type === 'Microsoft.EventHub/namespaces/eventhubs');
      const partitions = Number(hub?.properties?.['partitionCount']);
      const criteria = deployment.resources
        .filter(({ type }) => type === 'Microsoft.Insights/scheduledQueryRules')
        .flatMap(({ properties }) => (properties as unknown as { criteria: { allOf: Criterion[] } }).criteria.allOf)
        .filter(({ metricMeasureColumn }) => metricMeasureColumn === 'unsealed');
      expect(criteria).toHaveLength(1);
      expect(partitions * (minEventBatchSize - 1)).toBeLessThan(criteria[0]?.threshold as number);
    });

    test('events that wait for a delivery are not stuck', async () => {
      const settings = settingsOf(await templates.evaluate(set), 'sealer');
      const { maxWaitTimeMs } = parseHostOptions(HOST_JSON, settings).eventHubs;
      expect(Number(settings['STUCK_MINUTES']) * 60_000).toBeGreaterThanOrEqual(maxWaitTimeMs + 10 * 60_000);
    });

    test('rechecks get the time that the size says, and end before an alert misses their report', async () => {
      const settings = settingsOf(await templates.evaluate(set), 'auditor');
      const timeout = parseTimeSpan(settings['AzureFunctionsJobHost__functionTimeout'] as string);
      expect(timeout).toBe(SIZES[set].verifyTimeoutMinutes * 60_000);
      expect(timeout).toBeLessThan(6 * 3_600_000);
      expect(parseHostOptions(HOST_JSON, settings)).toEqual(parseHostOptions(HOST_JSON));
    });

    test('settings that triggers name are given', async () => {
      const deployment = await templates.evaluate(set);
      const named = sources.flatMap((text) => [...text.matchAll(/'%(\w+)%'/g)].map(([, name]) => name as string));
      expect(named).toContain('HUB_NAME');
      const missing = (['sealer', 'auditor'] as const).flatMap((app) =>
        named.filter((name) => (settingsOf(deployment, app)[name] ?? '') === ''),
      );
      expect(missing).toEqual([]);
      const connections = sources.flatMap((text) =>
        [...text.matchAll(/connection: '(\w+)'/g)].map(([, name]) => name as string),
      );
      expect(connections.toSorted()).toEqual(['AzureWebJobsStorage', 'HUB']);
      const { RECHECK_QUEUE: queue, AzureWebJobsStorage__queueServiceUri: uri } = settingsOf(deployment, 'auditor');
      const [account] = /(?<=^https:\/\/)\w+(?=\.queue\.core\.windows\.net\/$)/.exec(uri ?? '') ?? [];
      const queues = deployment.resources.filter(({ type }) => type.endsWith('/queueServices/queues'));
      // The host puts what fails for good into the second.
      expect(queues.map(({ name }) => name)).toEqual(['', '-poison'].map((end) => `${account}/default/${queue}${end}`));
      expect(settingsOf(deployment, 'sealer')).toMatchObject({
        HUB__credential: 'managedidentity',
        HUB__clientId: expect.any(String) as string,
      });
    });

    test('the trigger finds its hub, its group and its partitions', async () => {
      const deployment = await templates.evaluate(set);
      const settings = settingsOf(deployment, 'sealer');
      const of = (type: string): Deployment['resources'] => deployment.resources.filter((one) => one.type === type);
      const [namespace] = of('Microsoft.EventHub/namespaces');
      const [hub] = of('Microsoft.EventHub/namespaces/eventhubs');
      expect(settings['HUB__fullyQualifiedNamespace']).toBe(`${namespace?.name}.servicebus.windows.net`);
      expect(hub?.name).toBe(`${namespace?.name}/${settings['HUB_NAME']}`);
      const groups = of('Microsoft.EventHub/namespaces/eventhubs/consumergroups').map(({ name }) => name);
      expect(groups).toContain(`${hub?.name}/${settings['HUB_CONSUMER_GROUP']}`);
      // Reading again is done beside the trigger.
      expect(groups).toContain(`${hub?.name}/${settings['HUB_REPAIR_GROUP']}`);
      expect(new Set(groups).size).toBe(2);

      const { partitionCount, retentionDescription } = (
        hub as unknown as {
          properties: { partitionCount: number; retentionDescription: { retentionTimeInHours: number } };
        }
      ).properties;
      const { sku } = namespace as unknown as { sku: { name: string } };
      expect(isPartition(String(partitionCount - 1))).toBe(true);
      expect(Number(settings['HUB_RETENTION_HOURS'])).toBe(retentionDescription.retentionTimeInHours);
      expect(retentionDescription.retentionTimeInHours).toBeLessThanOrEqual(sku.name === 'Standard' ? 168 : 2160);
      const sites = of('Microsoft.Web/sites').map(
        ({ properties }) =>
          properties as unknown as {
            functionAppConfig: { scaleAndConcurrency: { maximumInstanceCount: number } };
          },
      );
      for (const { functionAppConfig } of sites) {
        expect(functionAppConfig.scaleAndConcurrency.maximumInstanceCount).toBeGreaterThanOrEqual(partitionCount);
      }
    });

    test('the auditor asks about the account of the ledger, expects the days that are deployed, and drills as the drill', async () => {
      const deployment = await templates.evaluate(set);
      const of = (type: string): Deployment['resources'] => deployment.resources.filter((one) => one.type === type);
      const account = of('Microsoft.Storage/storageAccounts').find(({ name }) => name.startsWith('stledger'));
      const [policy] = of('Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies');
      const settings = settingsOf(deployment, 'auditor');
      expect(settings['LEDGER_RESOURCE_ID']).toBe(account?.id);
      expect(Number(settings['RETENTION_DAYS'])).toBe(policy?.properties?.['immutabilityPeriodSinceCreationInDays']);
      const clientIds = Object.fromEntries(
        of('Microsoft.ManagedIdentity/userAssignedIdentities').map(({ name }) => [
          name.replace(/^id-(\w+)-\w+$/, '$1'),
          guidOf(name),
        ]),
      );
      expect(settings['LEDGER__clientId']).toBe(clientIds['auditor']);
      expect(settings['DRILL__clientId']).toBe(clientIds['drill']);
      expect(clientIds['drill']).not.toBe(clientIds['auditor']);
      expect(loadConfig(seenBy(settings)).posture).toMatchObject({ drill: { managed: true } });
      expect(loadConfig(seenBy(settingsOf(deployment, 'sealer')))).not.toHaveProperty('posture');
    });

    test('the auditor can sign nothing of the log and receive nothing', async () => {
      const settings = settingsOf(await templates.evaluate(set), 'auditor');
      expect(
        Object.keys(settings).filter((name) => /^(SIGNER__keyUrl|LEDGER_SIGNER_KEY|HUB__clientId)$/.test(name)),
      ).toEqual([]);
      expect(settings['LEDGER_VERIFIER_KEYS']).toMatch(
        /^https:\/\/kv-\w+\.vault\.azure\.net\/keys\/ledger\/[0-9a-f]{32}$/,
      );
    });

    test('the auditor alone signs reports, with a key of its own, and the sealer knows that key', async () => {
      const deployment = await templates.evaluate(set);
      const [sealer, auditor] = [settingsOf(deployment, 'sealer'), settingsOf(deployment, 'auditor')];
      const key = auditor['AUDITOR__keyUrl'];
      expect(key).toMatch(/^https:\/\/kv-\w+\.vault\.azure\.net\/keys\/auditor\/[0-9a-f]{32}$/);
      expect(loadConfig(seenBy(auditor)).auditor).toMatchObject({ signerKeys: [], signerKeyUrls: [key] });
      expect(loadConfig(seenBy(sealer)).auditor).toMatchObject({ signerKeyUrls: [], verifierKeyUrls: [key] });
      expect(auditor['AUDITOR__clientId']).toBe(auditor['LEDGER__clientId']);
      expect(sealer['AUDITOR__clientId']).toBe(sealer['SIGNER__clientId']);
    });
  });

  test.each([
    ['longest', 545],
    ['private', 600],
  ] as const)('the host waits as long as is asked for: %s, %d s', async (set, seconds) => {
    const settings = settingsOf(await templates.evaluate(set), 'sealer');
    expect(parseHostOptions(HOST_JSON, settings).eventHubs.maxWaitTimeMs).toBe(seconds * 1000);
  });

  test('the auditor alone is told which sources must come, and what its pages link to where that is an address', async () => {
    const [told, untold] = await Promise.all([templates.evaluate('longest'), templates.evaluate('small')]);
    expect(loadConfig(seenBy(settingsOf(told, 'auditor')))).toMatchObject({
      sources: {
        silentHours: 8784,
        expected: new Map([
          ['AuditLogs', 6],
          ['Policy', 0],
        ]),
      },
      runbook: RUNBOOK_URL,
    });
    const config = loadConfig(seenBy(settingsOf(untold, 'auditor')));
    expect(config.sources).toEqual({ silentHours: 24, expected: new Map() });
    expect(config).not.toHaveProperty('runbook');
    for (const name of ['SOURCE_SILENT_HOURS', 'SOURCES_EXPECTED', 'RUNBOOK_URL'])
      expect(settingsOf(told, 'sealer')).not.toHaveProperty(name);
  });

  test('an address is one whatever the case of its scheme, and gets the mark that a section begins with', async () => {
    const parameters = readFileSync(join(ROOT, 'infra/main.bicepparam'), 'utf8').replace(
      /^param runbookUrl = .*$/m,
      "param runbookUrl = 'HTTPS://wiki.example.com/Runbook'",
    );
    const deployment = await templates.evaluateFile(parameters);
    expect(settingsOf(deployment, 'auditor')['RUNBOOK_URL']).toBe('HTTPS://wiki.example.com/Runbook#');
  });

  test('records are handed on by the auditor alone, where that is asked for, whatever is wrong with how', async () => {
    const deployment = await templates.evaluate('forwarded');
    const [sealer, auditor] = (['sealer', 'auditor'] as const).map((app) => settingsOf(deployment, app));
    expect(auditor).not.toHaveProperty('AzureWebJobs.forward.Disabled');
    const config = loadConfig(seenBy(auditor as Readonly<Record<string, string>>));
    expect(config.forward).toMatchObject({
      endpoint: expect.stringMatching(
        /^https:\/\/dcr-records-\w{13}-abcd\.westeurope-1\.ingest\.monitor\.azure\.com$/,
      ) as unknown,
      rule: expect.stringMatching(/^dcr-[0-9a-f]{32}$/) as unknown,
      from: 'beginning',
      identity: {
        managed: true,
        clientId: guidOf(deployment.resources.find(({ name }) => name.startsWith('id-auditor-'))?.name ?? ''),
      },
    });
    expect(auditor?.['FORWARD_SCHEDULE']).toBe('0 */5 * * * *');
    expect(Object.keys(sealer ?? {}).filter((name) => name.startsWith('FORWARD'))).toEqual(['FORWARD_SCHEDULE']);
    expect(sealer).toMatchObject({ FORWARD_SCHEDULE: '15 * * * * *', 'AzureWebJobs.forward.Disabled': 'true' });
  });

  test('the rule takes what a row may have, and puts it into the table of the workspace that was named', async () => {
    const { resources } = await templates.evaluate('forwarded');
    const [rule] = resources.filter(({ type }) => type === 'Microsoft.Insights/dataCollectionRules');
    const [table] = resources.filter(({ type }) => type === 'Microsoft.OperationalInsights/workspaces/tables');
    const columns = COLUMN_NAMES.toSorted();
    const names = (list: unknown): string[] => (list as { name: string }[]).map(({ name }) => name).toSorted();
    const { streamDeclarations, dataFlows, destinations } = (rule as Resource).properties as unknown as {
      readonly streamDeclarations: Readonly<Record<string, { readonly columns: unknown }>>;
      readonly dataFlows: unknown;
      readonly destinations: unknown;
    };
    expect(Object.keys(streamDeclarations)).toEqual([STREAM]);
    expect(names(streamDeclarations[STREAM]?.columns)).toEqual(columns);
    expect(dataFlows).toMatchObject([{ streams: [STREAM], outputStream: STREAM }]);
    expect(destinations).toMatchObject({
      logAnalytics: [{ workspaceResourceId: expect.stringContaining('/rg-sentinel/') as unknown }],
    });
    const { schema, plan } = (table as Resource).properties as unknown as {
      readonly schema: { readonly name: string; readonly columns: unknown };
      readonly plan: string;
    };
    expect([`Custom-${schema.name}`, plan]).toEqual([STREAM, 'Analytics']);
    expect(names(schema.columns)).toEqual(columns);
    expect(JSON.parse(JSON.stringify(rule))).toMatchObject({ kind: 'Direct', location: 'northeurope' });
  });

  test('integrate runs when it is asked to', async () => {
    const settings = settingsOf(await templates.evaluate('longest'), 'sealer');
    expect(settings['INTEGRATE_SCHEDULE']).toBe('30 */5 * * * *');
  });
});
