import { askJson, memberOf } from './azureTools.ts';
import type { Tools } from './azureTools.ts';
import { Refusal } from './refusal.ts';

interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/** What a deployment does in the subscription, and when. */
const NEEDED: readonly (readonly [action: string, when: (env: Env) => boolean])[] = [
  ['Microsoft.Resources/deployments/write', () => true],
  ['Microsoft.Resources/subscriptions/resourceGroups/write', () => true],
  ['Microsoft.Storage/storageAccounts/write', () => true],
  ['Microsoft.Authorization/roleAssignments/write', () => true],
  ['Microsoft.Authorization/locks/write', () => true],
  ['Microsoft.Authorization/roleDefinitions/write', (env) => env['AUDITSEAL_CUSTOM_ROLES'] !== 'false'],
  ['Microsoft.Insights/diagnosticSettings/write', (env) => env['AUDITSEAL_ROUTE_ACTIVITY_LOG'] !== 'false'],
  ['Microsoft.Authorization/policyAssignments/write', (env) => (env['AUDITSEAL_ROUTE_BY_POLICY'] ?? 'none') !== 'none'],
];

type Env = Readonly<Record<string, string | undefined>>;

/**
 * requirePermissions refuses if whoever is signed in lacks a right on the subscription. Conditions on role assignments and
 * deny assignments aren't looked at: those show when the deployment runs.
 */
export async function requirePermissions(tools: Tools, subscription: string, env: Env): Promise<void> {
  const url = `/subscriptions/${subscription}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`;
  const answer = await askJson(tools, ['rest', '--method', 'get', '--url', url], 'what you may do in the subscription');
  const value = memberOf(answer, 'value');
  const permissions = (Array.isArray(value) ? value : []).map((each): Permission => ({
    actions: textsIn(each, 'actions'),
    notActions: textsIn(each, 'notActions'),
  }));
  const missing = NEEDED.filter(([action, when]) => when(env) && !permissions.some((each) => allows(each, action)));
  if (missing.length === 0) return;
  const names = missing.map(([action]) => action).join(', ');
  const roles =
    missing.length === 1 && names.includes('roleDefinitions')
      ? ', or `azd env set AUDITSEAL_CUSTOM_ROLES false` where no custom roles may be made (docs/deploy.md says what that costs)'
      : '';
  throw new Refusal(
    `you lack rights in the subscription ${subscription}: ${names}. Ask its owner for the role Owner, or for Contributor together with User Access Administrator${roles}`,
  );
}

const textsIn = (value: unknown, name: string): string[] => {
  const list = memberOf(value, name);
  return (Array.isArray(list) ? list : []).filter((text) => typeof text === 'string');
};

const allows = ({ actions, notActions }: Permission, action: string): boolean =>
  actions.some((pattern) => matches(pattern, action)) && !notActions.some((pattern) => matches(pattern, action));

/** matches tells whether an action is one that a pattern of a role means; a star stands for anything. */
function matches(pattern: string, action: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(action);
}
