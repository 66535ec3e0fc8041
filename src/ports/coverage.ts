/** EstateResource is a resource as a list of an estate shows it. */
export interface EstateResource {
  readonly id: string;
  /** in lower case */
  readonly type: string;
  readonly kind: string;
  readonly location: string;
  /** of a machine: 'windows' or 'linux'; '' where nobody says */
  readonly system: string;
}

/** DiagnosticSetting is what a diagnostic setting sends to an event hub, and which; of what isn't stated it has no member. */
export interface DiagnosticSetting {
  readonly name: string;
  /** resource id of the authorization rule that it sends with */
  readonly ruleId?: string;
  readonly hubName?: string;
  /** categories of logs that are switched on, and groups of them */
  readonly categories: readonly string[];
  readonly groups: readonly string[];
}

/** LogCategory is a category of logs that a resource has, with the groups that it is in. */
export interface LogCategory {
  readonly name: string;
  readonly groups: readonly string[];
}

/** CollectionRule is a data collection rule, as far as it sends logs somewhere. */
export interface CollectionRule {
  readonly id: string;
  readonly location: string;
  /** whether it is of kind PlatformTelemetry */
  readonly isPlatform: boolean;
  readonly sources: readonly CollectionSource[];
  readonly flows: readonly CollectionFlow[];
}

/** CollectionSource is what a rule collects. */
export interface CollectionSource {
  /** in lower case */
  readonly streams: readonly string[];
  /** of the log of a machine: queries of Windows events, facilities of Syslog */
  readonly selects: readonly string[];
  /** whether it leaves everything out: Syslog without any level */
  readonly isEmpty: boolean;
  /** whether a transformation may drop records */
  readonly isTransformed: boolean;
}

/** CollectionFlow is streams that a rule sends, and where to. */
export interface CollectionFlow {
  /** in lower case */
  readonly streams: readonly string[];
  /** event hubs or workspaces, by their resource ids */
  readonly to: readonly string[];
  /** whether a transformation may drop records, or another table gets them */
  readonly isTransformed: boolean;
}

/** RuleAssociation says that a data collection rule is of a resource. */
export interface RuleAssociation {
  readonly resource: string;
  readonly rule: string;
}

/** TableExport is what a workspace exports to event hubs. */
export interface TableExport {
  readonly namespace: string;
  readonly hubName?: string;
  readonly tables: readonly string[];
}

/** HubFacts is what there is at the end of the way. */
export interface HubFacts {
  readonly location: string;
  /** whether keys are taken at all: diagnostic settings send with one */
  readonly takesKeys: boolean;
  /** 'Active', or why it takes nothing */
  readonly status: string;
}

/** Descendants is what is below a management group. */
export interface Descendants {
  readonly subscriptions: readonly string[];
  readonly groups: readonly string[];
}

/** SqlAuditing is what a SQL server audits: to Azure Monitor, without groups of actions nothing, with a predicate not all. */
export interface SqlAuditing {
  readonly isOn: boolean;
  readonly hasActions: boolean;
  readonly hasPredicate: boolean;
}

/** NoAnswer says that there is no such thing: logs of that type, or the resource itself. */
export type NoAnswer = 'no-logs' | 'gone';

/**
 * EstateReader asks what there is in an estate, and what is sent where. Each method throws STORE_REFUSED where a right is
 * missing or nothing is there, and STORE_UNAVAILABLE for all else; the messages don't name the resource.
 */
export interface EstateReader {
  /** descendants gives the ids of the subscriptions below a management group, and the names of the groups. */
  descendants(managementGroup: string): Promise<Descendants>;
  /** groupSettings gives the diagnostic settings of a management group's own activity log. */
  groupSettings(managementGroup: string): Promise<readonly DiagnosticSetting[] | NoAnswer>;
  /** requireReader throws STORE_REFUSED unless everything in a subscription may be read: lists leave out what may not. */
  requireReader(subscription: string): Promise<void>;
  /** resources lists at most so many resources of a subscription; `total` is how many there are. */
  resources(
    subscription: string,
    most: number,
  ): Promise<{ readonly found: readonly EstateResource[]; readonly total: number }>;
  associations(subscription: string): Promise<readonly RuleAssociation[]>;
  collectionRule(id: string): Promise<CollectionRule | 'gone'>;
  /** settings gives the diagnostic settings of a resource, of a part of one, or of a subscription. */
  settings(id: string): Promise<readonly DiagnosticSetting[] | NoAnswer>;
  categories(id: string): Promise<readonly LogCategory[] | NoAnswer>;
  tenantSettings(): Promise<readonly DiagnosticSetting[]>;
  exports(workspace: string): Promise<readonly TableExport[] | 'gone'>;
  /** auditing gives what a SQL server writes of its audit into its logs. */
  auditing(server: string): Promise<SqlAuditing | 'gone'>;
  hub(hub: string): Promise<HubFacts | 'gone'>;
  /** maySend tells whether an authorization rule may send. */
  maySend(rule: string): Promise<boolean | 'gone'>;
}
