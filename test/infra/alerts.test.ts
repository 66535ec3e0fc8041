import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { OFFERED } from './support/parameterSets.ts';
import { describeTemplates } from './support/templates.ts';
import type { Deployment, Resource } from './support/templates.ts';

/** What the code logs and queries read: constant messages, their level, and their fields. */
const TELEMETRY = JSON.parse(readFileSync(join(ROOT, 'infra/telemetry.json'), 'utf8')) as Readonly<
  Record<string, { readonly level: string; readonly file: string; readonly fields: readonly string[] }>
>;

const QUERIES = readdirSync(join(ROOT, 'infra/queries')).map((file) => ({
  name: file.replace(/\.kql$/, ''),
  text: readFileSync(join(ROOT, 'infra/queries', file), 'utf8'),
}));

/** Columns that Azure Monitor gives its tables, of those that queries read: https://learn.microsoft.com/azure/azure-monitor/reference/tables-index */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  AppTraces: ['TimeGenerated', 'Message', 'SeverityLevel', 'AppRoleName', 'OperationId'],
  AzureMetrics: ['TimeGenerated', 'ResourceProvider', 'Resource', 'MetricName', 'Total', 'Maximum', 'Average'],
  AzureDiagnostics: ['TimeGenerated', 'ResourceProvider', 'OperationName', 'ResultSignature', 'CallerIPAddress'],
  StorageBlobLogs: [
    'TimeGenerated',
    'AccountName',
    'OperationName',
    'Category',
    'StatusText',
    'ObjectKey',
    'CallerIpAddress',
    'ConditionsUsed',
    'RequesterObjectId',
  ],
  Usage: ['TimeGenerated', 'Quantity', 'DataType'],
};

const WORDS = new Set(
  'and bin by coalesce contains count desc extend in let matches not or order parse_json print project regex startswith sum summarize todouble tolong toscalar tostring union where d h'.split(
    ' ',
  ),
);

/** plain gives a query without comments and texts. */
const plain = (text: string): string => text.replaceAll(/^\/\/.*$/gm, '').replaceAll(/"[^"]*"/g, '""');

describe('queries', () => {
  test.each(QUERIES)('$name reads columns that exist', ({ text }) => {
    const body = plain(text);
    const tables = Object.keys(COLUMNS).filter((table) => new RegExp(`\\b${table}\\b`).test(body));
    expect(tables.length).toBeGreaterThan(0);
    const made = [...body.matchAll(/\b(\w+) = /g)].map(([, name]) => name as string);
    const known = new Set([...WORDS, ...tables, ...tables.flatMap((table) => COLUMNS[table] ?? []), ...made]);
    // Members of `log` are what the code logs: the next test.
    const used = body.replaceAll(/\blog\.\w+/g, '').matchAll(/\b[A-Za-z_]\w*\b/g);
    expect([...used].map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  test.each(QUERIES)('$name reads fields that the code logs', ({ text }) => {
    const fields = [...plain(text).matchAll(/\blog\.(\w+)/g)].map(([, name]) => name as string);
    const [, only = '', list = only] = /log\.message (?:== (.*)$|in \(([^)]*)\))/m.exec(text) ?? [];
    const messages = [...list.matchAll(/"([^"]+)"/g)].map(([, message]) => message as string);
    if (fields.length > 0) expect(messages.length).toBeGreaterThan(0);
    expect(messages.filter((message) => !(message in TELEMETRY))).toEqual([]);
    const known = new Set(['message', ...messages.flatMap((message) => TELEMETRY[message]?.fields ?? [])]);
    expect(fields.filter((field) => !known.has(field))).toEqual([]);
  });

  test.each(Object.entries(TELEMETRY))('%s is logged as the table says', (message, { level, file, fields }) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    const isNamed = source.includes(`log.${level}('${message}'`);
    expect(`${message}: ${isNamed}`).toBe(`${message}: true`);
    expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(source))).toEqual([]);
  });
});

const of = ({ resources }: Deployment, type: string): readonly Resource[] =>
  resources.filter((one) => one.type === `Microsoft.Insights/${type}`);

interface QueryRule {
  readonly criteria: {
    readonly allOf: { query: string; timeAggregation: string; metricMeasureColumn: string | null }[];
  };
  readonly actions: unknown;
  readonly autoMitigate: boolean;
  readonly skipQueryValidation: boolean;
  readonly enabled: boolean;
}

describeTemplates('alerts', (templates) => {
  test('each asks one of the queries, measures a column of it, and tells the same people', async () => {
    const deployment = await templates.evaluate('production');
    const [people, ...more] = of(deployment, 'actionGroups');
    expect(more).toEqual([]);
    const rules = of(deployment, 'scheduledQueryRules').map(({ name, properties }) => ({
      name: name.replace('alert-', ''),
      rule: properties as unknown as QueryRule,
    }));
    expect(rules.map(({ name }) => name)).toEqual([
      'findings',
      'losses',
      'tampering',
      'keyUse',
      'verifyRuns',
      'postureRuns',
      'integrateRuns',
      'unsealed',
    ]);
    for (const { name, rule } of rules) {
      expect(rule).toMatchObject({
        enabled: true,
        autoMitigate: false,
        skipQueryValidation: true,
        actions: { actionGroups: [people?.id] },
      });
      const [criterion] = rule.criteria.allOf;
      expect(criterion?.query).toBe(QUERIES.find((query) => query.name === name)?.text);
      const column = criterion?.metricMeasureColumn ?? null;
      expect(criterion?.timeAggregation).toBe(column === null ? 'Count' : 'Total');
      if (column !== null) expect(criterion?.query).toMatch(new RegExp(`(summarize|print) ${column} = `));
    }
  });

  test('metrics that no query sees are watched at the hub itself', async () => {
    const deployment = await templates.evaluate('production');
    const [people] = of(deployment, 'actionGroups');
    const hub = deployment.resources.find(({ type }) => type === 'Microsoft.EventHub/namespaces');
    const watched = of(deployment, 'metricAlerts').map(({ properties }) => {
      expect(properties).toMatchObject({
        enabled: true,
        scopes: [hub?.id],
        actions: [{ actionGroupId: people?.id }],
        criteria: {
          allOf: [{ metricNamespace: 'Microsoft.EventHub/namespaces', operator: 'GreaterThan', threshold: 0 }],
        },
      });
      const { allOf } = (properties as unknown as { criteria: { allOf: { metricName: string }[] } }).criteria;
      return allOf.map(({ metricName }) => metricName).join(' and ');
    });
    expect(watched).toEqual(['ThrottledRequests', 'QuotaExceededErrors', 'ServerErrors']);
  });

  test.each(OFFERED)(
    '%s: what is not sealed shows before half of the time is over that the hub keeps it',
    async (set) => {
      const deployment = await templates.evaluate(set);
      const rule = of(deployment, 'scheduledQueryRules').find(({ name }) => name === 'alert-unsealed');
      const hub = deployment.resources.find(({ type }) => type === 'Microsoft.EventHub/namespaces/eventhubs');
      const { windowSize } = (rule as unknown as { properties: { windowSize: string } }).properties;
      const [, days, hours] = /^P(?:(\d+)D)?(?:T(\d+)H)?$/.exec(windowSize) ?? [];
      const windowHours = Number(days ?? 0) * 24 + Number(hours ?? 0);
      const { retentionTimeInHours } = (
        hub as unknown as { properties: { retentionDescription: { retentionTimeInHours: number } } }
      ).properties.retentionDescription;
      expect(windowHours).toBeGreaterThan(0);
      expect(windowHours * 2).toBeLessThanOrEqual(retentionTimeInHours);
    },
  );

  test('every query is used, in an alert or in the workbook', async () => {
    const deployment = await templates.evaluate('production');
    const [workbook] = of(deployment, 'workbooks');
    const { serializedData } = (workbook as unknown as { properties: { serializedData: string } }).properties;
    const { items } = JSON.parse(serializedData) as { items: { content: { query?: string } }[] };
    const shown = items.flatMap(({ content }) => content.query ?? []);
    const asked = of(deployment, 'scheduledQueryRules').map(
      ({ properties }) => (properties as unknown as QueryRule).criteria.allOf[0]?.query,
    );
    const texts = QUERIES.map(({ text }) => text);
    expect(shown.filter((query) => !texts.includes(query))).toEqual([]);
    expect(
      QUERIES.filter(({ text }) => !shown.includes(text) && !asked.includes(text)).map(({ name }) => name),
    ).toEqual([]);
  });

  test('the activity log is watched for what would weaken the ledger', async () => {
    const deployment = await templates.evaluate('production');
    const alerts = of(deployment, 'activityLogAlerts');
    const operations = alerts.flatMap(({ properties }) => {
      expect(properties).toMatchObject({ enabled: true, scopes: [deployment.resources[0]?.id] });
      return [...JSON.stringify(properties).matchAll(/"field":"operationName","equals":"([^"]+)"/g)].map(
        ([, name]) => name as string,
      );
    });
    const containers = 'Microsoft.Storage/storageAccounts/blobServices/containers';
    for (const name of [
      ...['write', 'delete', 'lock/action', 'extend/action'].map((end) => `${containers}/immutabilityPolicies/${end}`),
      `${containers}/setLegalHold/action`,
      `${containers}/clearLegalHold/action`,
      'Microsoft.Authorization/roleAssignments/write',
      'Microsoft.Authorization/locks/delete',
      'Microsoft.Insights/diagnosticSettings/write',
      'Microsoft.Insights/diagnosticSettings/delete',
      'Microsoft.Network/networkSecurityGroups/securityRules/write',
      'Microsoft.KeyVault/vaults/write',
    ]) {
      expect(operations).toContain(name);
    }
    expect(new Set(operations).size).toBe(operations.length);
    for (const name of operations) expect(name).toMatch(/^Microsoft\.\w+(\/\w+)+\/(write|delete|action)$/);
  });

  test('mail goes to who is named', async () => {
    const { resources } = await templates.evaluate('longest');
    const group = resources.find(({ type }) => type === 'Microsoft.Insights/actionGroups');
    expect(group?.properties?.['emailReceivers']).toEqual(
      ['a@example.com', 'b@example.com'].map((emailAddress, i) => ({
        name: `mail-${i}`,
        emailAddress,
        useCommonAlertSchema: true,
      })),
    );
  });
});
