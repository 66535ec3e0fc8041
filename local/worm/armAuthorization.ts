import { accountId } from './armResource.ts';
import type { ArmDeps, ArmRequest } from './armResource.ts';
import { armAnswer, jsonAnswer, refuse } from './errors.ts';
import type { Answer } from './errors.ts';

/** ArmAuthorization keeps management locks and role assignments. It shows them and enforces none. */
export interface ArmAuthorization {
  /** answer answers a request of Microsoft.Authorization, and gives undefined for any other path. */
  answer(path: string, query: URLSearchParams, request: ArmRequest): Answer | undefined;
}

type Kind = 'locks' | 'roleassignments';

interface Item {
  readonly kind: Kind;
  readonly scope: string;
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

const PATH = /^(\/subscriptions\/.+?)\/providers\/Microsoft\.Authorization\/(locks|roleAssignments)(?:\/([^/]+))?$/i;
const TYPES = { locks: 'locks', roleassignments: 'roleAssignments' } as const;

/** createArmAuthorization starts with none of either; they are gone when the gateway is. */
export function createArmAuthorization(deps: ArmDeps): ArmAuthorization {
  const items: Item[] = [];
  const isOurs = (scope: string): boolean => {
    const account = accountId(deps).toLowerCase();
    return isWithin(account, scope) || isWithin(scope, account) || deps.resources.has(scope);
  };
  return {
    answer: (path, query, { method, properties }) => {
      const [, scope, type, name] = PATH.exec(path) ?? [];
      if (scope === undefined || type === undefined) return undefined;
      if (!isOurs(scope.toLowerCase()))
        return armAnswer(refuse(404, 'ResourceNotFound', 'There is no such resource here.'));
      const kind = type.toLowerCase() as Kind;
      if (name === undefined && method === 'GET') {
        const atScope = query.get('$filter') === 'atScope()';
        const found = items.filter((one) => one.kind === kind && isListed(kind, one.scope, scope, atScope));
        return jsonAnswer(200, { value: found.map(resource) });
      }
      if (name !== undefined && method === 'PUT') {
        const item = { kind, scope, name, properties: kind === 'locks' ? properties : { ...properties, scope } };
        items.push(item);
        return jsonAnswer(201, resource(item));
      }
      return armAnswer(refuse(501, 'NotImplemented', `The local stand-in has no ${method} for ${type}.`));
    },
  };
}

/** Locks are listed of a scope and all below it; role assignments too, and those above, or only those at it and above. */
function isListed(kind: Kind, itemScope: string, scope: string, atScope: boolean): boolean {
  const [item, asked] = [itemScope.toLowerCase(), scope.toLowerCase()];
  if (kind === 'locks') return isWithin(item, asked);
  return isWithin(asked, item) || (!atScope && isWithin(item, asked));
}

const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`);

const resource = ({ kind, scope, name, properties }: Item): object => ({
  id: `${scope}/providers/Microsoft.Authorization/${TYPES[kind]}/${name}`,
  type: `Microsoft.Authorization/${TYPES[kind]}`,
  name,
  properties,
});
