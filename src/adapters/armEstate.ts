import { ArmRest } from './arm.ts';
import type { ArmAccess, ArmObject } from './arm.ts';
import { graphRows } from './resourceGraph.ts';
import { isSubscriptionId, parseHubId } from '../config/azureIds.ts';
import { AuditsealError } from '../core/errors.ts';
import { isJsonObject } from '../core/jsonObject.ts';
import type {
  CollectionRule,
  CollectionSource,
  Descendants,
  DiagnosticSetting,
  EstateReader,
  EstateResource,
  HubFacts,
  LogCategory,
  NoAnswer,
  RuleAssociation,
  SqlAuditing,
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

  async descendants(managementGroup: string): Promise<Descendants> {
    const below = await this.#rest.list(
      'list what is in the management group',
      `${groupPath(managementGroup)}/descendants?api-version=2020-05-01`,
    );
    const all = below.map(({ type, name }) => ({ type: textOf(type, 'a type'), name: textOf(name, 'a name') }));
    const subscriptions = all.filter(({ type }) => /\/subscriptions$/i.test(type)).map(({ name }) => name);
    if (!subscriptions.every(isSubscriptionId)) throw strange('a subscription whose name is no id');
    return {
      subscriptions,
      groups: all.filter(({ type }) => /\/managementGroups$/i.test(type)).map(({ name }) => name),
    };
  }

  async groupSettings(managementGroup: string): Promise<readonly DiagnosticSetting[] | NoAnswer> {
    const path = `${groupPath(managementGroup)}/${INSIGHTS}/diagnosticSettings?api-version=2020-01-01-preview`;
    return this.#unlessNone(async () =>
      (await this.#rest.list('read the diagnostic settings of the management group', path)).map(settingOf),
    );
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
    // Of a machine, of a scale set, and of a machine that is elsewhere; of each, two are empty.
    const query =
      'resources | extend system = strcat(tostring(properties.storageProfile.osDisk.osType), ' +
      'tostring(properties.virtualMachineProfile.storageProfile.osDisk.osType), tostring(properties.osType)) ' +
      '| project id, type, kind, location, system | order by id asc';
    const { rows, total } = await graphRows(
      this.#rest,
      'list the resources of the subscription',
      query,
      subscription,
      most,
    );
    if (total === 0) await this.#requireEmpty(subscription);
    return {
      found: rows.map(({ id, type, kind, location, system }) => ({
        id: idOf(id),
        type: textOf(type, 'a type').toLowerCase(),
        kind: typeof kind === 'string' ? kind : '',
        location: typeof location === 'string' ? location : '',
        system: typeof system === 'string' ? system.toLowerCase() : '',
      })),
      total,
    };
  }

  /** #requireEmpty throws where Azure Resource Manager knows resources of a subscription that Resource Graph knows nothing of. */
  async #requireEmpty(subscription: string): Promise<void> {
    const what = 'find out whether the subscription is empty';
    const path = `/subscriptions/${subscription}/resources?api-version=2021-04-01&$top=1`;
    const { value } = await this.#rest.get(what, path);
    if (!Array.isArray(value)) throw strange('no list of resources');
    if (value.length > 0)
      throw new AuditsealError(
        'STORE_UNAVAILABLE',
        "Azure Resource Graph doesn't know the resources of the subscription yet: ask again in an hour",
      );
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
        ? [
            {
              resource: idOf(id).replace(
                /\/providers\/microsoft\.insights\/datacollectionruleassociations\/[^/]*$/i,
                '',
              ),
              rule,
            },
          ]
        : [];
    });
  }

  async collectionRule(id: string): Promise<CollectionRule | 'gone'> {
    const rule = await this.#find('read the data collection rule', `${pathOf(id)}?api-version=2024-03-11`);
    if (rule === 'gone') return rule;
    const { dataSources, destinations, dataFlows } = statedProperties(rule);
    const places = new Map(Object.values(isJsonObject(destinations) ? destinations : {}).flatMap(placesIn));
    return {
      id,
      isPlatform: String(rule['kind']).toLowerCase() === 'platformtelemetry',
      location: textOf(rule['location'], 'a location'),
      sources: Object.values(isJsonObject(dataSources) ? dataSources : {})
        .flatMap(objectsIn)
        .map(collectionSource),
      flows: objectsIn(dataFlows).map((flow) => ({
        streams: streamsIn(flow),
        to: textsIn(flow['destinations']).flatMap((name) => places.get(name) ?? []),
        isTransformed: transforms(flow) || goesElsewhere(flow),
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
        const { destination, enable, tableNames } = statedProperties(one);
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

  async auditing(server: string): Promise<SqlAuditing | 'gone'> {
    // The extended settings are the plain ones, and the predicate.
    const path = `${pathOf(server)}/extendedAuditingSettings/default?api-version=2021-11-01`;
    const found = await this.#find("read the server's auditing", path);
    if (found === 'gone') return found;
    const { state, isAzureMonitorTargetEnabled, auditActionsAndGroups, predicateExpression } = statedProperties(found);
    return {
      isOn: textOf(state, 'a state') === 'Enabled' && isAzureMonitorTargetEnabled === true,
      hasActions: textsIn(auditActionsAndGroups).length > 0,
      hasPredicate: typeof predicateExpression === 'string' && predicateExpression.trim() !== '',
    };
  }

  async hub(hub: string): Promise<HubFacts | 'gone'> {
    const { namespace: namespaceId } = parseHubId(hub) ?? {};
    if (namespaceId === undefined) return 'gone';
    const [namespace, found] = await Promise.all([
      this.#find('read the namespace of the hub', `${pathOf(namespaceId)}?api-version=2024-01-01`),
      this.#find('read the hub', `${pathOf(hub)}?api-version=2024-01-01`),
    ]);
    if (namespace === 'gone' || found === 'gone') return 'gone';
    const { disableLocalAuth, status: spaceStatus = 'Active' } = statedProperties(namespace);
    const status = textOf(statedProperties(found)['status'], 'a status');
    return {
      location: textOf(namespace['location'], 'a location'),
      takesKeys: disableLocalAuth !== true,
      status: status === 'Active' ? textOf(spaceStatus, 'a status') : status,
    };
  }

  async maySend(rule: string): Promise<boolean | 'gone'> {
    const found = await this.#find('read the authorization rule', `${pathOf(rule)}?api-version=2024-01-01`);
    if (found === 'gone') return found;
    const { rights } = statedProperties(found);
    if (!Array.isArray(rights)) throw strange('an authorization rule without rights');
    return textsIn(rights).includes('Send');
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
  const { eventHubAuthorizationRuleId, eventHubName, logs } = statedProperties(setting);
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

const strange = (what: string): AuditsealError =>
  new AuditsealError('STORE_UNAVAILABLE', `the answer of Azure Resource Manager has ${what}`);

function textOf(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new AuditsealError('STORE_UNAVAILABLE', `the answer of Azure Resource Manager lacks ${what}`);
}

/** statedProperties gives the properties of what must have some. */
function statedProperties(object: ArmObject): ArmObject {
  if (isJsonObject(object['properties'])) return object['properties'];
  throw new AuditsealError('STORE_UNAVAILABLE', 'the answer of Azure Resource Manager lacks properties');
}

const groupPath = (managementGroup: string): string =>
  `/providers/Microsoft.Management/managementGroups/${encodeURIComponent(managementGroup)}`;

const streamsIn = ({ streams }: ArmObject): readonly string[] => textsIn(streams).map((stream) => stream.toLowerCase());

/** In a query of the rule's own, or by the name of one. */
const transforms = ({ transformKql = 'source', transform }: ArmObject): boolean =>
  transformKql !== 'source' || transform !== undefined;

/** goesElsewhere tells whether what a flow sends ends in another table than that of its stream. */
function goesElsewhere(flow: ArmObject): boolean {
  const { outputStream } = flow;
  return (
    outputStream !== undefined &&
    (typeof outputStream !== 'string' || !streamsIn(flow).includes(outputStream.toLowerCase()))
  );
}

function collectionSource(source: ArmObject): CollectionSource {
  const { xPathQueries, facilityNames, logLevels } = source;
  return {
    streams: streamsIn(source),
    selects: [...textsIn(xPathQueries), ...textsIn(facilityNames)],
    isEmpty: facilityNames !== undefined && textsIn(logLevels).length === 0,
    isTransformed: transforms(source),
  };
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
/**
 * A 404 that doesn't say what was not found says nothing; and where a subscription or a tenant is not found, whoever asks may not see
 * it.
 */
const isGone = (error: unknown): boolean => {
  const cause = Object((Object(error) as { cause?: unknown }).cause) as { statusCode?: unknown; code?: unknown };
  return (
    cause.statusCode === 404 && /^(?!.*(Subscription|Tenant|ManagementGroup)).*NotFound$/i.test(String(cause.code))
  );
};
