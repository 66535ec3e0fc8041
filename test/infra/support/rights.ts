import { BUILT_IN_ROLES } from './builtInRoles.ts';
import type { Role } from './builtInRoles.ts';
import type { Deployment, Resource } from './templates.ts';

/** Right is one action that an identity may take on a scope; `paths` limits it to blobs of such names. */
export interface Right {
  readonly identity: string;
  /** the scope as a resource id */
  readonly scope: string;
  /** the scope in words */
  readonly on: string;
  readonly role: string;
  readonly action: string;
  readonly isData: boolean;
  /** patterns of blob names; undefined: all */
  readonly paths?: readonly string[];
}

const ASSIGNMENT = '/providers/Microsoft.Authorization/roleAssignments/';

/** rightsIn gives every right that a deployment gives to anybody. It throws for a role or a condition that it can't read. */
export function rightsIn({ resources }: Deployment): Right[] {
  const assignments = resources.filter(({ type }) => type === 'Microsoft.Authorization/roleAssignments');
  return assignments.flatMap((assignment) => {
    const { principalId, principalType, roleDefinitionId, condition } = assignment.properties as Readonly<
      Record<string, string | null>
    >;
    const scope = assignment.id.slice(0, assignment.id.lastIndexOf(ASSIGNMENT));
    // There is one group that a template gives roles to.
    const identity =
      principalType === 'Group' ? 'operators' : /^principal of id-(\w+)-\w{13}$/.exec(principalId as string)?.[1];
    if (identity === undefined) throw new Error(`${assignment.id} is for ${String(principalId)}`);
    const role = roleOf(resources, roleDefinitionId as string);
    const limits = condition === undefined || condition === null ? [] : readCondition(condition);
    const base = { identity, scope, on: inWords(scope), role: role.name };
    return [
      ...role.actions.map((action) => ({ ...base, action, isData: false })),
      ...role.dataActions.flatMap((action) => {
        const paths = pathsOf(action, limits);
        if (paths?.length === 0) return [];
        return [{ ...base, action, isData: true, ...(paths !== undefined && { paths }) }];
      }),
    ];
  });
}

function roleOf(resources: readonly Resource[], id: string): Role {
  const name = id.split('/').at(-1) as string;
  const builtIn = BUILT_IN_ROLES[name];
  if (builtIn !== undefined) return builtIn;
  const made = resources.find((one) => one.type === 'Microsoft.Authorization/roleDefinitions' && one.name === name);
  const { roleName, permissions } = (made?.properties ?? {}) as unknown as {
    readonly roleName: string;
    readonly permissions: readonly (Omit<Role, 'name'> & { notActions: unknown[]; notDataActions: unknown[] })[];
  };
  const [permission] = permissions ?? [];
  if (
    permission === undefined ||
    permissions.length > 1 ||
    permission.notActions.length + permission.notDataActions.length > 0
  )
    throw new Error(`the role ${id} is unknown, or has more than one list of what it allows`);
  return { ...permission, name: roleName.replace(/ \(\w{13}\)$/, '') };
}

/** Limit is one clause of a condition: these actions only on blobs of such names. */
interface Limit {
  readonly actions: readonly string[];
  readonly paths: readonly string[];
}

const ACTION = /^!\(ActionMatches\{'([\w./]+)'\}\)$/;
const PATH =
  /^@Resource\[Microsoft\.Storage\/storageAccounts\/blobServices\/containers\/blobs:path\] StringLike '([\w/*]+)'$/;

/** readCondition reads the one form of conditions that the templates write: ((not these actions) OR (on such paths)) AND ... */
function readCondition(condition: string): Limit[] {
  const all = (text: string, pattern: RegExp, between: string): string[] =>
    text.split(between).map((part) => {
      const found = pattern.exec(part)?.[1];
      if (found === undefined) throw new Error(`can't read ${part} in the condition ${condition}`);
      return found;
    });
  return condition.split(/(?<=\)\)) AND (?=\(\()/).map((clause) => {
    const [, actions, paths] = /^\(\((.+?)\) OR \((.+)\)\)$/.exec(clause) ?? [];
    if (actions === undefined || paths === undefined) throw new Error(`can't read ${clause}`);
    return { actions: all(actions, ACTION, ' AND '), paths: all(paths, PATH, ' OR ') };
  });
}

/** pathsOf gives the names of blobs that limits leave to an action: undefined for all, an empty list for none. */
function pathsOf(action: string, limits: readonly Limit[]): readonly string[] | undefined {
  const that = limits.filter(({ actions }) => actions.includes(action));
  if (that.length > 1) throw new Error(`${action} has more than one limit`);
  // No object is called that: it is how a condition says nowhere.
  return that[0]?.paths.filter((path) => path !== 'never');
}

/** inWords says what a scope is. It throws for one that it doesn't know. */
function inWords(scope: string): string {
  const path = scope.replace(/^.*\/providers\//, '');
  const known: readonly (readonly [RegExp, string])[] = [
    [/^Microsoft\.Storage\/storageAccounts\/stledger\w{13}$/, 'ledger account'],
    [/^Microsoft\.Storage\/storageAccounts\/stledger\w{13}\/blobServices\/default\/containers\/(\w+)$/, 'container $1'],
    [/^Microsoft\.Storage\/storageAccounts\/st(sealer|auditor)\w{13}$/, 'host storage of $1'],
    [/^Microsoft\.Storage\/storageAccounts\/stauditor\w{13}\/queueServices\/default\/queues\/([\w-]+)$/, 'queue $1'],
    [/^Microsoft\.EventHub\/namespaces\/evhns-\w{13}\/eventhubs\/(\w+)$/, 'hub $1'],
    [/^Microsoft\.KeyVault\/vaults\/kv-\w{13}\/(key|secret)s\/([\w-]+)$/, '$1 $2'],
    [/^\/subscriptions\/[0-9a-f-]{36}$/, 'subscription'],
    [/^Microsoft\.Insights\/components\/appi-\w{13}$/, 'Application Insights'],
    [/^Microsoft\.Insights\/dataCollectionRules\/dcr-records-\w{13}$/, 'rule for records'],
  ];
  const [pattern, words] = known.find(([pattern]) => pattern.test(path)) ?? [];
  if (pattern === undefined) throw new Error(`a role on ${scope}, which nothing should have`);
  return path.replace(pattern, words as string);
}

/** allows tells whether what a role lists, wildcards and all, includes an action. */
export const allows = (listed: string, action: string): boolean =>
  new RegExp(`^${listed.replaceAll('.', '\\.').replaceAll('*', '.*')}$`, 'i').test(action);
