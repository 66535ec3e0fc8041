import { readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { APP_NODE_VERSION, APP_NODE_VERSIONS } from '../../tools/appRuntime.ts';
import { ROOT } from '../../tools/pages/markedBlock.ts';
import { SETS } from './support/parameterSets.ts';
import type { SetName } from './support/parameterSets.ts';
import {
  ACTIVITY_LOG_COMPARISONS,
  ACTIVITY_LOG_FIELD,
  DIAGNOSTIC_SETTINGS,
  FLEX_NODE_VERSIONS,
  HUB_METRICS,
  LEAST_ZONED_INSTANCES,
  LOG_ALERT_BYTES,
  LOG_ALERT_FREQUENCIES,
  LOG_ALERT_REFUSES,
  LOG_ALERT_WINDOWS,
  METRIC_ALERT_FREQUENCIES,
  METRIC_ALERT_WINDOWS,
  TRIGGER_LEAST_EVENTS,
  TRIGGER_LONGEST_WAIT,
  isNamedByPrincipal,
  POLICY_ASSIGNMENT_NAME,
  minutesOf,
} from './support/serviceRules.ts';
import { describeTemplates } from './support/templates.ts';
import type { Deployment } from './support/templates.ts';

const EVERY = Object.keys(SETS) as SetName[];

/** Alert is what a rule of either kind has. */
interface Alert {
  readonly name: string;
  readonly properties: {
    readonly evaluationFrequency: string;
    readonly windowSize: string;
    readonly criteria: {
      readonly allOf: readonly {
        readonly query: string;
        readonly metricName: string;
        readonly timeAggregation: string;
      }[];
    };
  };
}

interface Site {
  readonly properties: { readonly functionAppConfig: { readonly runtime: object } };
}

interface Leaf {
  readonly field?: string;
  readonly equals?: string;
  readonly containsAny?: readonly string[];
}

interface ActivityLogAlert {
  readonly name: string;
  readonly properties: {
    readonly condition: { readonly allOf: readonly (Leaf & { readonly anyOf?: readonly Leaf[] })[] };
  };
}

const alertsOf = ({ resources }: Deployment, type: 'scheduledQueryRules' | 'metricAlerts'): readonly Alert[] =>
  resources.filter((one) => one.type === `Microsoft.Insights/${type}`) as unknown as readonly Alert[];

/** Assignment is a role assignment. */
interface Assignment {
  readonly name: string;
  readonly properties: { readonly principalId: string; readonly principalType: string; readonly description: string };
}

const assignmentsIn = (resources: Deployment['resources']): readonly Assignment[] =>
  resources.filter(
    ({ type }) => type === 'Microsoft.Authorization/roleAssignments',
  ) as unknown as readonly Assignment[];

test.each([
  ['PT5M', 5],
  ['PT6H', 360],
  ['P2D', 2880],
])('%s is %d minutes', (duration, minutes) => {
  expect(minutesOf(duration)).toBe(minutes);
});

test.each(['', 'P5M', 'PT1D', 'PT1H30M', '5'])('%j is no duration of one unit', (duration) => {
  expect(() => minutesOf(duration)).toThrow('is no duration of one unit');
});

test('queries read metrics that the hub exports', async () => {
  const folder = join(ROOT, 'infra/queries');
  const texts = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')));
  const read = texts.flatMap((text) =>
    [...text.matchAll(/MetricName\b[^"]*"(\w+)"/g)].map(([, metric = '']) => metric),
  );
  expect(read.length).toBeGreaterThan(0);
  expect(read.filter((metric) => HUB_METRICS[metric]?.isExported !== true)).toEqual([]);
});

test('every Node that the template accepts is one that Flex Consumption has', () => {
  expect(APP_NODE_VERSIONS).toContain(APP_NODE_VERSION);
  expect(APP_NODE_VERSIONS.filter((version) => !FLEX_NODE_VERSIONS.includes(version))).toEqual([]);
  const allowed = APP_NODE_VERSIONS.map((version) => `'${version}'`).join(', ');
  expect(readFileSync(join(ROOT, 'infra/main.bicep'), 'utf8')).toContain(`@allowed([${allowed}])\nparam nodeVersion`);
});

describeTemplates('service rules', (templates) => {
  test.each(EVERY)('%s: log search alerts look back and run as often as Azure allows', async (set) => {
    const rules = alertsOf(await templates.evaluate(set), 'scheduledQueryRules');
    expect(rules.length).toBeGreaterThan(0);
    for (const { name, properties: rule } of rules) {
      const window = minutesOf(rule.windowSize);
      const frequency = minutesOf(rule.evaluationFrequency);
      const [{ query } = { query: '' }] = rule.criteria.allOf;
      expect({
        name,
        window: LOG_ALERT_WINDOWS.includes(window),
        frequency: LOG_ALERT_FREQUENCIES.includes(frequency),
        isSeenWhole: frequency <= window,
        mayRunEachMinute: frequency > 1 || !/\b(union|search|take|limit)\b/.test(query),
        refused: LOG_ALERT_REFUSES.exec(query)?.[0],
        isSmall: Buffer.byteLength(JSON.stringify(rule)) < LOG_ALERT_BYTES,
      }).toEqual({
        name,
        window: true,
        frequency: true,
        isSeenWhole: true,
        mayRunEachMinute: true,
        refused: undefined,
        isSmall: true,
      });
    }
  });

  test.each(EVERY)(
    '%s: metric alerts look back and run as often as Azure allows, at metrics of the hub',
    async (set) => {
      const rules = alertsOf(await templates.evaluate(set), 'metricAlerts');
      expect(rules.length).toBeGreaterThan(0);
      for (const { name, properties } of rules) {
        const { evaluationFrequency, windowSize, criteria } = properties;
        expect([name, METRIC_ALERT_WINDOWS]).toEqual([name, expect.arrayContaining([minutesOf(windowSize)])]);
        expect([name, METRIC_ALERT_FREQUENCIES]).toEqual([
          name,
          expect.arrayContaining([minutesOf(evaluationFrequency)]),
        ]);
        expect(minutesOf(windowSize)).toBeGreaterThan(minutesOf(evaluationFrequency));
        for (const { metricName, timeAggregation } of criteria.allOf) {
          expect([timeAggregation, HUB_METRICS]).toEqual([
            'Total',
            expect.objectContaining({ [metricName]: expect.anything() }),
          ]);
        }
      }
    },
  );

  test.each(EVERY)(
    '%s: the apps run under the Node of infra/runtime.json, or under the one that was asked for',
    async (set) => {
      const { resources } = await templates.evaluate(set);
      const sites = resources.filter(({ type }) => type === 'Microsoft.Web/sites') as unknown as readonly Site[];
      const env: Readonly<Record<string, string>> = SETS[set];
      const version = env['AUDITSEAL_NODE_VERSION'] ?? APP_NODE_VERSION;
      expect(sites.map(({ properties }) => properties.functionAppConfig.runtime)).toEqual(
        ['sealer', 'auditor'].map(() => ({ name: 'node', version })),
      );
    },
  );
  test.each(EVERY)('%s: an identity that is made again gets role assignments of other names', async (set) => {
    const { predictedResources } = JSON.parse((await templates.evaluate(set)).snapshot) as {
      readonly predictedResources: Deployment['resources'];
    };
    const assignments = assignmentsIn(predictedResources);
    const unknown = assignments.filter(({ properties }) => properties.principalId.startsWith('['));
    const known = assignments.filter((each) => !unknown.includes(each));
    expect(unknown.length).toBeGreaterThan(0);
    const wrong = unknown.filter(({ name, properties }) => !isNamedByPrincipal(name, properties.principalId));
    expect(wrong.map(({ properties }) => properties.description)).toEqual([]);
    // The group of the operators is known beforehand, and so are the names.
    expect(known.every(({ properties }) => properties.principalType === 'Group')).toBe(true);
  });

  test('another group of operators gets role assignments of other names', async () => {
    const namesIn = async (set: SetName): Promise<Record<string, string>> => {
      const { resources } = await templates.evaluate(set);
      const ofGroup = assignmentsIn(resources).filter(({ properties }) => properties.principalType === 'Group');
      return Object.fromEntries(ofGroup.map(({ name, properties }) => [properties.description, name]));
    };
    const [one, other] = await Promise.all([namesIn('private'), namesIn('routed')]);
    expect(Object.keys(one).length).toBeGreaterThan(2);
    expect(Object.keys(other)).toEqual(Object.keys(one));
    expect(Object.values(one).filter((name) => Object.values(other).includes(name))).toEqual([]);
  });

  test.each(EVERY)('%s: a zone-redundant app has as many instances that always run as its zones need', async (set) => {
    const { resources } = await templates.evaluate(set);
    const of = (type: string): Deployment['resources'] =>
      resources.filter((one) => one.type === `Microsoft.Web/${type}`);
    const zoned = of('serverfarms').filter(({ properties }) => properties?.['zoneRedundant'] === true);
    const sites = of('sites') as unknown as readonly {
      readonly properties: {
        readonly serverFarmId: string;
        readonly functionAppConfig: {
          readonly scaleAndConcurrency: { readonly alwaysReady: readonly { readonly instanceCount: number }[] };
        };
      };
    }[];
    for (const { properties } of sites.filter((site) => zoned.some(({ id }) => id === site.properties.serverFarmId))) {
      for (const { instanceCount } of properties.functionAppConfig.scaleAndConcurrency.alwaysReady) {
        expect(instanceCount).toBeGreaterThanOrEqual(LEAST_ZONED_INSTANCES);
      }
    }
  });

  test.each(EVERY)('%s: the trigger takes the wait and the number of events that it is told', async (set) => {
    const { resources } = await templates.evaluate(set);
    const sealer = resources.find(({ name }) => /^func-sealer-\w+\/appsettings$/.test(name));
    const { extensions } = JSON.parse(readFileSync(join(ROOT, 'host.json'), 'utf8')) as {
      readonly extensions: { readonly eventHubs: { readonly maxEventBatchSize: number } };
    };
    const settings = sealer?.properties as Readonly<Record<string, string>>;
    const told = (key: string): string => settings[`AzureFunctionsJobHost__extensions__eventHubs__${key}`] ?? '';
    // Texts of one length, so their order is that of the times.
    expect(told('maxWaitTime')).toMatch(/^\d\d:[0-5]\d:[0-5]\d$/);
    expect(told('maxWaitTime') > '00:00:00' && told('maxWaitTime') <= TRIGGER_LONGEST_WAIT).toBe(true);
    expect(Number(told('minEventBatchSize'))).toBeGreaterThanOrEqual(TRIGGER_LEAST_EVENTS);
    expect(Number(told('minEventBatchSize'))).toBeLessThanOrEqual(extensions.eventHubs.maxEventBatchSize);
  });

  test.each(EVERY)('%s: activity-log alerts compare what can be compared', async (set) => {
    const { resources } = await templates.evaluate(set);
    const alerts = resources.filter(
      ({ type }) => type === 'Microsoft.Insights/activityLogAlerts',
    ) as unknown as readonly ActivityLogAlert[];
    expect(alerts.length).toBeGreaterThan(0);
    for (const { name, properties } of alerts) {
      const leaves = properties.condition.allOf.flatMap(({ anyOf, ...leaf }) => anyOf ?? [leaf]);
      const wrong = leaves.filter(({ field = '', ...comparison }) => {
        const [how = '', ...more] = Object.keys(comparison);
        return !ACTIVITY_LOG_FIELD.test(field) || !ACTIVITY_LOG_COMPARISONS.includes(how) || more.length > 0;
      });
      expect([name, wrong]).toEqual([name, []]);
    }
  });

  test('policy assignments have names that a subscription takes', async () => {
    const { resources } = await templates.evaluate('routed');
    const names = resources
      .filter(({ type }) => type === 'Microsoft.Authorization/policyAssignments')
      .map(({ name }) => name);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) expect(name).toMatch(POLICY_ASSIGNMENT_NAME);
  });

  test.each(EVERY)('%s: no resource gets more diagnostic settings than it may have', async (set) => {
    const { resources } = await templates.evaluate(set);
    const scopes = resources
      .filter(({ type }) => type === 'Microsoft.Insights/diagnosticSettings')
      .map(({ id }) => id.replace(/\/providers\/Microsoft\.Insights\/diagnosticSettings\/[^/]+$/, ''));
    expect(scopes.length).toBeGreaterThan(1);
    for (const scope of scopes) {
      expect(scopes.filter((other) => other === scope).length).toBeLessThanOrEqual(DIAGNOSTIC_SETTINGS);
    }
  });
});
