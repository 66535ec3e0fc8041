import { ArmRest } from './arm.ts';
import type { ArmAccess, ArmObject } from './arm.ts';
import { isJsonObject } from '../core/jsonObject.ts';
import type {
  AlertRule,
  AppFacts,
  DeployedHub,
  DeploymentReader,
  Grant,
  IdentityFacts,
  RoleRights,
  SecretReference,
} from '../ports/deployment.ts';

const READER = 'whoever is signed in needs the role Reader on the resource group';
const ADVICE: Readonly<Record<string, string>> = { 401: READER, 403: READER };

/** The tag by which azd finds the app of a service. */
const SERVICE = 'azd-service-name';

/** Kinds of rules, and how each is listed. */
const RULES = [
  ['scheduledQueryRules', '2023-12-01'],
  ['metricAlerts', '2018-03-01'],
  ['activityLogAlerts', '2020-10-01'],
] as const;

/** ArmDeployment asks Azure Resource Manager, with the role Reader; settings of apps take the role Website Contributor. */
export class ArmDeployment implements DeploymentReader {
  readonly #rest: ArmRest;
  /** of the resource group */
  readonly #group: string;

  constructor(arm: ArmAccess, { subscription, resourceGroup }: { subscription: string; resourceGroup: string }) {
    this.#rest = new ArmRest(arm, { advice: ADVICE });
    this.#group = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`;
  }

  async apps(): Promise<readonly AppFacts[]> {
    const sites = await this.#list('list the function apps', 'Microsoft.Web/sites', '2024-04-01');
    return sites.map(({ id, name, tags, properties }) => ({
      id: String(id),
      name: String(name),
      service: isJsonObject(tags) ? String(tags[SERVICE]) : '',
      state: isJsonObject(properties) ? String(properties['state']) : 'unknown',
    }));
  }

  async settings(app: string): Promise<Readonly<Record<string, string>>> {
    const advice =
      'whoever is signed in needs the right Microsoft.Web/sites/config/list/action on it, which Contributor and Website Contributor have';
    const rest = this.#rest.advising({ 401: advice, 403: advice });
    const { properties } = await rest.post(
      "read the app's settings",
      `${app}/config/appsettings/list?api-version=2024-04-01`,
      {},
    );
    const settings = Object.entries(isJsonObject(properties) ? properties : {});
    return Object.fromEntries(settings.map(([name, value]) => [name, String(value)]));
  }

  async references(app: string): Promise<readonly SecretReference[]> {
    const path = `${app}/config/configreferences/appsettings?api-version=2024-04-01`;
    return (await this.#rest.list('read the references to Key Vault', path)).map(({ name, properties }) => ({
      name: String(name),
      status: isJsonObject(properties) ? String(properties['status']) : 'unknown',
    }));
  }

  async identities(): Promise<readonly IdentityFacts[]> {
    const type = 'Microsoft.ManagedIdentity/userAssignedIdentities';
    return (await this.#list('list the identities', type, '2024-11-30')).map(({ name, properties }) => {
      const { clientId, principalId } = isJsonObject(properties) ? properties : {};
      return { name: String(name), clientId: String(clientId), principalId: String(principalId) };
    });
  }

  async grants(scope: string): Promise<readonly Grant[]> {
    const path = `${this.#group}${scope}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=atScope()`;
    return (await this.#rest.list('read the role assignments', path)).flatMap(({ properties }) => {
      const { roleDefinitionId, principalId } = isJsonObject(properties) ? properties : {};
      return [{ role: String(roleDefinitionId), principalId: String(principalId) }];
    });
  }

  async role(id: string): Promise<RoleRights> {
    const { properties } = await this.#rest.get('read the role', `${id}?api-version=2022-04-01`);
    const { roleName, permissions } = isJsonObject(properties) ? properties : {};
    const all = (member: string): string[] =>
      objectsIn(permissions).flatMap((one) => {
        const actions = one[member];
        return Array.isArray(actions) ? actions.map(String) : [];
      });
    return { name: String(roleName), dataActions: all('dataActions'), notDataActions: all('notDataActions') };
  }

  async hub(namespace: string, hub: string): Promise<DeployedHub> {
    const path = `${this.#group}/providers/Microsoft.EventHub/namespaces/${namespace}`;
    const version = 'api-version=2024-01-01';
    const [space, found, groups] = await Promise.all([
      this.#rest.get('read the namespace of the hub', `${path}?${version}`),
      this.#rest.get('read the hub', `${path}/eventhubs/${hub}?${version}`),
      this.#rest.list('list its consumer groups', `${path}/eventhubs/${hub}/consumergroups?${version}`),
    ]);
    const { partitionCount } = isJsonObject(found['properties']) ? found['properties'] : {};
    const { disableLocalAuth } = isJsonObject(space['properties']) ? space['properties'] : {};
    return {
      partitions: Number(partitionCount ?? 0),
      consumerGroups: groups.map(({ name }) => String(name)),
      takesKeys: disableLocalAuth !== true,
    };
  }

  async alertRules(): Promise<readonly AlertRule[]> {
    const lists = await Promise.all(
      RULES.map(async ([type, version]) => this.#list('list the alert rules', `Microsoft.Insights/${type}`, version)),
    );
    return lists.flat().map(({ name, properties }) => ({
      name: String(name),
      isEnabled: isJsonObject(properties) && properties['enabled'] === true,
    }));
  }

  async mailReceivers(): Promise<number> {
    const groups = await this.#list('list who gets mail', 'Microsoft.Insights/actionGroups', '2023-01-01');
    return groups
      .map(({ properties }) => (isJsonObject(properties) ? objectsIn(properties['emailReceivers']).length : 0))
      .reduce((sum, count) => sum + count, 0);
  }

  async #list(what: string, type: string, version: string): Promise<readonly ArmObject[]> {
    return this.#rest.list(what, `${this.#group}/providers/${type}?api-version=${version}`);
  }
}

const objectsIn = (value: unknown): readonly ArmObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);
