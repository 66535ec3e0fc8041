import { ArmRest } from './arm.ts';
import type { ArmAccess, ArmObject } from './arm.ts';
import { graphRows } from './resourceGraph.ts';
import { AuditsealError } from '../core/errors.ts';
import { isJsonObject } from '../core/jsonObject.ts';
import type {
  CollectionRule,
  DiagnosticSetting,
  EstateReader,
  EstateResource,
  HubFacts,
  LogCategory,
  NoAnswer,
  RuleAssociation,
  TableExport,
} from '../ports/coverage.ts';

const INSIGHTS = 'providers/Microsoft.Insights';
const SETTINGS = `${INSIGHTS}/diagnosticSettings?api-version=2021-05-01-preview`;
const CATEGORIES = `${INSIGHTS}/diagnosticSettingsCategories?api-version=2021-05-01-preview`;

const READER = 'whoever asks needs the role Reader there, on the whole subscription';
const ADVICE: Readonly<Record<string, string>> = {
  401: READER,
  403: READER,
  MissingSubscriptionRegistration:
    'the subscription does not know Microsoft.Insights, so it can have no diagnostic settings; az provider register --namespace Microsoft.Insights makes it known',
  SubscriptionNotRegistered:
    'the subscription does not know Microsoft.Insights, so it can have no diagnostic settings; az provider register --namespace Microsoft.Insights makes it known',
};

/**
 * ArmEstate asks Azure Resource Manager, with the role Reader. Bodies are checked for what is read of them: an answer without
 * it is a fault, and never an empty list.
 */
export class ArmEstate implements EstateReader {
  readonly #rest: ArmRest;

  constructor(arm: ArmAccess) {
    this.#rest = new ArmRest(arm, { advice: ADVICE });
  }

  async subscriptionsIn(managementGroup: string): Promise<readonly string[]> {
    const path = `/providers/Microsoft.Management/managementGroups/${encodeURIComponent(managementGroup)}/descendants?api-version=2020-05-01`;
    const below = await this.#rest.list('list what is in the management group', path);
    return below
      .filter(({ type }) => /\/subscriptions$/i.test(String(type)))
      .map(({ name }) => textOf(name, 'a subscription'));
  }

  async requireReader(subscription: string): Promise<void> {
    const what = 'find out what may be read in the subscription';
    const path = `/subscriptions/${subscription}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`;
    const permissions = await this.#rest.list(what, path);
    if (permissions.some(readsAll)) return;
    const why = `can't read all of the subscription: lists would leave out what may not be seen; ${READER}`;
    throw new AuditsealError('STORE_REFUSED', why);
  }

  async resources(subscription: string, most: number): Promise<{ found: readonly EstateResource[]; total: number }> {
    const query = 'resources | project id, type, kind, location | order by id asc';
    const { rows, total } = await graphRows(
      this.#rest,
      'list the resources of the subscription',
      query,
      subscription,
      most,
    );
    return {
      found: rows.map(({ id, type, kind, location }) => ({
        id: idOf(id),
        type: textOf(type, 'a type').toLowerCase(),
        kind: typeof kind === 'string' ? kind : '',
        location: typeof location === 'string' ? location : '',
      })),
      total,
    };
  }

  async associations(subscription: string): Promise<readonly RuleAssociation[]> {
    const type = 'microsoft.insights/datacollectionruleassociations';
    const query = `insightsresources | where type =~ '${type}' | project id, properties | order by id asc`;
    const what = 'list the associations of data collection rules in the subscription';
    const { rows } = await graphRows(this.#rest, what, query, subscription, Infinity);
    return rows.flatMap(({ id, properties }) => {
      const { dataCollectionRuleId: rule } = isJsonObject(properties) ? properties : {};
      // One that is of an endpoint names no rule.
      return typeof rule === 'string'
        ? [{ resource: idOf(id).split(/\/providers\/microsoft\.insights\//i)[0] ?? '', rule }]
        : [];
    });
  }

  async collectionRule(id: string): Promise<CollectionRule | 'gone'> {
    const rule = await this.#find('read the data collection rule', `${pathOf(id)}?api-version=2024-03-11`);
    if (rule === 'gone') return rule;
    const { dataSources, destinations, dataFlows } = propertiesOf(rule);
    // What no source gives, no flow sends.
    const sources = Object.values(isJsonObject(dataSources) ? dataSources : {}).flatMap(objectsIn);
    const collected = new Set(sources.flatMap(({ streams }) => textsIn(streams)).map((stream) => stream.toLowerCase()));
    const places = new Map(Object.values(isJsonObject(destinations) ? destinations : {}).flatMap(placesIn));
    return {
      id,
      isPlatform: String(rule['kind']).toLowerCase() === 'platformtelemetry',
      location: textOf(rule['location'], 'a location'),
      flows: objectsIn(dataFlows).map(({ streams, destinations: to, transformKql = 'source' }) => ({
        streams: textsIn(streams).filter((stream) => collected.has(stream.toLowerCase())),
        to: textsIn(to).flatMap((name) => places.get(name) ?? []),
        isTransformed: transformKql !== 'source',
      })),
    };
  }

  async settings(id: string): Promise<readonly DiagnosticSetting[] | NoAnswer> {
    return this.#unlessNone(async () =>
      (await this.#rest.list('read the diagnostic settings', `${pathOf(id)}/${SETTINGS}`)).map(settingOf),
    );
  }

  async categories(id: string): Promise<readonly LogCategory[] | NoAnswer> {
    return this.#unlessNone(async () => {
      const all = await this.#rest.list('find out which logs there are', `${pathOf(id)}/${CATEGORIES}`);
      return all.flatMap((category) => {
        const { categoryType, categoryGroups } = propertiesOf(category);
        if (categoryType === 'Metrics') return [];
        if (categoryType !== 'Logs')
          throw new AuditsealError(
            'STORE_UNAVAILABLE',
            "can't find out which logs there are: the answer is none of Azure's",
          );
        return [{ name: textOf(category['name'], 'a category'), groups: textsIn(categoryGroups) }];
      });
    });
  }

  async tenantSettings(): Promise<readonly DiagnosticSetting[]> {
    const path = '/providers/microsoft.aadiam/diagnosticSettings?api-version=2017-04-01';
    const advice =
      'whoever asks needs to read the diagnostic settings of the tenant, as a Security Reader of Entra ID with the role Reader at its root may';
    const rest = this.#rest.advising({ 401: advice, 403: advice });
    return (await rest.list('read the diagnostic settings of Entra ID', path)).map(settingOf);
  }

  async exports(workspace: string): Promise<readonly TableExport[] | 'gone'> {
    try {
      const path = `${pathOf(workspace)}/dataExports?api-version=2020-08-01`;
      const all = await this.#rest.list('read what the workspace exports', path);
      return all.flatMap((one) => {
        const { destination, enable, tableNames } = propertiesOf(one);
        const { resourceId, metaData } = isJsonObject(destination) ? destination : {};
        if (enable !== true || typeof resourceId !== 'string') return [];
        const { eventHubName } = isJsonObject(metaData) ? metaData : {};
        return [
          {
            namespace: resourceId,
            ...(typeof eventHubName === 'string' && { hubName: eventHubName }),
            tables: textsIn(tableNames),
          },
        ];
      });
    } catch (error) {
      if (isGone(error)) return 'gone';
      throw error;
    }
  }

  async isAudited(server: string): Promise<boolean | 'gone'> {
    const found = await this.#find(
      "read the server's auditing",
      `${pathOf(server)}/auditingSettings/default?api-version=2021-11-01`,
    );
    if (found === 'gone') return found;
    const { state, isAzureMonitorTargetEnabled } = propertiesOf(found);
    return state === 'Enabled' && isAzureMonitorTargetEnabled === true;
  }

  async hub(hub: string): Promise<HubFacts | 'gone'> {
    const [namespaceId = ''] = pathOf(hub).split(/\/eventhubs\//i);
    const [namespace, found] = await Promise.all([
      this.#find('read the namespace of the hub', `${namespaceId}?api-version=2024-01-01`),
      this.#find('read the hub', `${pathOf(hub)}?api-version=2024-01-01`),
    ]);
    if (namespace === 'gone' || found === 'gone') return 'gone';
    return {
      location: textOf(namespace['location'], 'a location'),
      takesKeys: propertiesOf(namespace)['disableLocalAuth'] !== true,
      status: textOf(propertiesOf(found)['status'], 'a status'),
    };
  }

  async maySend(rule: string): Promise<boolean | 'gone'> {
    const found = await this.#find('read the authorization rule', `${pathOf(rule)}?api-version=2024-01-01`);
    return found === 'gone' ? found : textsIn(propertiesOf(found)['rights']).includes('Send');
  }

  async #find(what: string, path: string): Promise<ArmObject | 'gone'> {
    try {
      return await this.#rest.get(what, path);
    } catch (error) {
      if (isGone(error)) return 'gone';
      throw error;
    }
  }

  async #unlessNone<T>(question: () => Promise<T>): Promise<T | NoAnswer> {
    try {
      return await question();
    } catch (error) {
      if (codeOf(error) === 'ResourceTypeNotSupported') return 'no-logs';
      if (isGone(error)) return 'gone';
      throw error;
    }
  }
}

/** readsAll tells whether a permission lets everything be read, and takes nothing of that away. */
function readsAll({ actions, notActions }: ArmObject): boolean {
  const gives = textsIn(actions).some((action) => action === '*' || action.toLowerCase() === '*/read');
  return gives && !textsIn(notActions).some((action) => /(\*|\/read)$/i.test(action));
}

/** placesIn reads the destinations of one kind of a data collection rule: their names, and what they are. */
function placesIn(kind: unknown): [name: string, id: string][] {
  return objectsIn(kind).flatMap(({ name, workspaceResourceId, eventHubResourceId }) => {
    const id = workspaceResourceId ?? eventHubResourceId;
    return typeof name === 'string' && typeof id === 'string' ? [[name, id]] : [];
  });
}

function settingOf(setting: ArmObject): DiagnosticSetting {
  const { eventHubAuthorizationRuleId, eventHubName, logs } = propertiesOf(setting);
  const enabled = objectsIn(logs).filter(({ enabled }) => enabled === true);
  return {
    name: typeof setting['name'] === 'string' ? setting['name'] : '',
    ...(typeof eventHubAuthorizationRuleId === 'string' && { ruleId: eventHubAuthorizationRuleId }),
    ...(typeof eventHubName === 'string' && { hubName: eventHubName }),
    categories: textsIn(enabled.map(({ category }) => category)),
    groups: textsIn(enabled.map(({ categoryGroup }) => categoryGroup)),
  };
}

const propertiesOf = ({ properties }: ArmObject): ArmObject => (isJsonObject(properties) ? properties : {});
const objectsIn = (value: unknown): readonly ArmObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);
const textsIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

function textOf(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new AuditsealError('STORE_UNAVAILABLE', `the answer of Azure Resource Manager lacks ${what}`);
}

/** idOf is an id as Azure writes it. It goes into the path of the next question, so nothing in it may lead elsewhere. */
function idOf(id: unknown): string {
  const text = textOf(id, 'an id');
  if (text.startsWith('/') && !text.split('/').some((part) => part === '.' || part === '..')) return text;
  throw new AuditsealError('STORE_UNAVAILABLE', 'the answer of Azure Resource Manager holds an id that is none');
}

/** Names of some resources hold spaces and letters of any script. */
const pathOf = (id: string): string => idOf(id).split('/').map(encodeURIComponent).join('/');

/** codeOf is Azure's code of a fault that ArmRest threw. */
const codeOf = (error: unknown): unknown =>
  (Object((Object(error) as { cause?: unknown }).cause) as { code?: unknown }).code;
/** A 404 that doesn't say what was not found says nothing. */
const isGone = (error: unknown): boolean => {
  const cause = Object((Object(error) as { cause?: unknown }).cause) as { statusCode?: unknown; code?: unknown };
  return cause.statusCode === 404 && String(cause.code).endsWith('NotFound');
};
