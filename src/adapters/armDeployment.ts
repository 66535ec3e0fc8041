import { ArmRest } from './arm.ts';
import type { ArmAccess, ArmObject } from './arm.ts';
import { isJsonObject } from '../core/jsonObject.ts';
import type {
  ActionGroup,
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
    const { partitionCount, status } = isJsonObject(found['properties']) ? found['properties'] : {};
    const { disableLocalAuth, status: spaceStatus = 'Active' } = isJsonObject(space['properties'])
      ? space['properties']
      : {};
    const state = status === 'Active' ? spaceStatus : status;
    return {
      partitions: Number(partitionCount ?? 0),
      status: typeof state === 'string' ? state : 'in an unknown state',
      consumerGroups: groups.map(({ name }) => String(name)),
      takesKeys: disableLocalAuth !== true,
    };
  }

  async alertRules(): Promise<readonly AlertRule[]> {
    const rules = await this.#list('list the alert rules', 'Microsoft.Insights/scheduledQueryRules', '2023-12-01');
    return rules.map(({ name, properties }) => {
      const { enabled, actions } = isJsonObject(properties) ? properties : {};
      const groups = isJsonObject(actions) ? actions['actionGroups'] : undefined;
      return {
        name: String(name),
        isEnabled: enabled === true,
        actionGroups: Array.isArray(groups) ? groups.map((id) => String(id).toLowerCase()) : [],
      };
    });
  }

  async actionGroups(): Promise<readonly ActionGroup[]> {
    const groups = await this.#list('list who gets mail', 'Microsoft.Insights/actionGroups', '2023-01-01');
    return groups.map(({ id, properties }) => {
      const { enabled, emailReceivers } = isJsonObject(properties) ? properties : {};
      return {
        id: String(id).toLowerCase(),
        isEnabled: enabled === true,
        addresses: objectsIn(emailReceivers)
          // Whoever unsubscribed is 'Disabled'.
          .filter(({ status }) => status === undefined || status === 'Enabled')
          .map(({ emailAddress }) => String(emailAddress)),
      };
    });
  }

  async #list(what: string, type: string, version: string): Promise<readonly ArmObject[]> {
    return this.#rest.list(what, `${this.#group}/providers/${type}?api-version=${version}`);
  }
}

const objectsIn = (value: unknown): readonly ArmObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);
