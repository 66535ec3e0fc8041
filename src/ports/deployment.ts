/** AppFacts is a function app of a deployment. */
export interface AppFacts {
  readonly id: string;
  readonly name: string;
  /** the service of azure.yaml that it runs: sealer or auditor */
  readonly service: string;
  /** 'Running', or why it doesn't */
  readonly state: string;
}

/** SecretReference is a setting that stands for a secret in Key Vault. */
export interface SecretReference {
  readonly name: string;
  /** 'Resolved', or why it isn't */
  readonly status: string;
}

/** IdentityFacts is a user-assigned identity. */
export interface IdentityFacts {
  readonly name: string;
  readonly clientId: string;
  readonly principalId: string;
}

/** Grant is a role that a principal has at a scope or above it. */
export interface Grant {
  readonly principalId: string;
  /** resource id of the role's definition */
  readonly role: string;
}

/** RoleRights is what a role gives. */
export interface RoleRights {
  readonly name: string;
  readonly dataActions: readonly string[];
  /** taken away of those */
  readonly notDataActions: readonly string[];
}

/** AlertRule is a rule over a query that wakes somebody up. */
export interface AlertRule {
  readonly name: string;
  readonly isEnabled: boolean;
  /** resource ids of the action groups that it tells, in lower case */
  readonly actionGroups: readonly string[];
}

/** ActionGroup is whom an alert rule tells. */
export interface ActionGroup {
  /** resource id, in lower case */
  readonly id: string;
  readonly isEnabled: boolean;
  /** the addresses that get mail */
  readonly addresses: readonly string[];
}

/** DeployedHub is an event hub as Azure Resource Manager shows it. */
export interface DeployedHub {
  readonly partitions: number;
  /** 'Active', or why it or its namespace doesn't work: 'SendDisabled' ... */
  readonly status: string;
  readonly consumerGroups: readonly string[];
  readonly takesKeys: boolean;
}

/**
 * DeploymentReader asks what a resource group has of a deployment. Each method throws STORE_REFUSED where a right is missing
 * or nothing is there, and STORE_UNAVAILABLE for all else.
 */
export interface DeploymentReader {
  apps(): Promise<readonly AppFacts[]>;
  /** settings gives the settings of an app, which may hold secrets: reading them takes a right to write. */
  settings(app: string): Promise<Readonly<Record<string, string>>>;
  /** references gives the state of the settings that stand for secrets; their values are references there. */
  references(app: string): Promise<readonly SecretReference[]>;
  identities(): Promise<readonly IdentityFacts[]>;
  /** grants gives the roles at a scope, and at those above it. */
  grants(scope: string): Promise<readonly Grant[]>;
  role(id: string): Promise<RoleRights>;
  hub(namespace: string, hub: string): Promise<DeployedHub>;
  alertRules(): Promise<readonly AlertRule[]>;
  actionGroups(): Promise<readonly ActionGroup[]>;
}
