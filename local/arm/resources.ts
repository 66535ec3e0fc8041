import type { Resource } from './resource.ts';
import { isExtension, queryGraph } from './resourceGraph.ts';
import { armAnswer, jsonAnswer, refuse } from '../worm/errors.ts';
import type { Answer } from '../worm/errors.ts';

/** ResourceRequest is a request for what isn't the ledger's account. */
export interface ResourceRequest {
  readonly method: string;
  /** http://127.0.0.1:PORT */
  readonly endpoint: string;
  /** path and query */
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Staged is an answer that is given in the place of what would be answered. */
export interface Staged {
  readonly method?: string;
  /** what the path without its query is matched with */
  readonly path: RegExp;
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** how often (default: always) */
  readonly times?: number;
}

/** ArmResources is a made-up estate: it knows the resources that were put into it, and keeps them in memory. */
export interface ArmResources {
  /** put adds a resource or takes the place of one; id and type are told from the path. */
  put(id: string, resource?: Omit<Partial<Resource>, 'id' | 'type' | 'name'>): Resource;
  remove(id: string): void;
  /** stage has an answer given from now on; the one that was staged last counts. */
  stage(staged: Staged): void;
  /** has tells whether something was put there or below. */
  has(scope: string): boolean;
  /** asked is how many requests each path, in lower case and without its query, got. */
  readonly asked: ReadonlyMap<string, number>;
  answer(request: ResourceRequest): Answer;
}

/** Types that can be listed, in lower case; a list of them may be empty. */
const LISTS: ReadonlySet<string> = new Set([
  'microsoft.eventhub/namespaces/eventhubs/consumergroups',
  'microsoft.insights/actiongroups',
  'microsoft.insights/activitylogalerts',
  'microsoft.insights/datacollectionruleassociations',
  'microsoft.insights/diagnosticsettings',
  'microsoft.insights/diagnosticsettingscategories',
  'microsoft.insights/metricalerts',
  'microsoft.insights/scheduledqueryrules',
  'microsoft.keyvault/vaults',
  'microsoft.managedidentity/userassignedidentities',
  'microsoft.operationalinsights/workspaces/dataexports',
  'microsoft.web/sites',
]);

/** How many items a page of a list has. */
const PAGE = 100;

/** createArmResources starts with nothing. */
export function createArmResources(): ArmResources {
  const resources = new Map<string, Resource>();
  /** by the path that lists them */
  const lists = new Map<string, Map<string, Resource>>();
  const staged: { times: number; readonly answer: Staged }[] = [];
  const asked = new Map<string, number>();

  const stagedFor = (method: string, path: string): Staged | undefined => {
    const found = staged.findLast(
      ({ times, answer }) => times > 0 && (answer.method ?? method) === method && answer.path.test(path),
    );
    if (found === undefined) return undefined;
    found.times--;
    return found.answer;
  };

  const listed = (path: string, query: URLSearchParams): Resource[] | undefined => {
    const key = path.toLowerCase();
    if (!/^\/subscriptions$|\/resources$/.test(key) && !LISTS.has(namedBy(`${key}/any`).type)) return undefined;
    const wanted = /^resourceType eq '([^']+)'$/i.exec(query.get('$filter') ?? '')?.[1]?.toLowerCase();
    const all = [...(lists.get(key)?.values() ?? [])];
    return wanted === undefined ? all : all.filter((one) => one.type.toLowerCase() === wanted);
  };

  return {
    put: (id, resource = {}) => {
      const made = { ...resource, id, ...namedBy(id) };
      resources.set(id.toLowerCase(), made);
      for (const list of listsOf(made)) {
        const items = lists.get(list) ?? new Map<string, Resource>();
        lists.set(list, items.set(id.toLowerCase(), made));
      }
      return made;
    },
    remove: (id) => {
      const found = resources.get(id.toLowerCase());
      resources.delete(id.toLowerCase());
      for (const list of found === undefined ? [] : listsOf(found)) lists.get(list)?.delete(id.toLowerCase());
    },
    stage: (answer) => void staged.push({ times: answer.times ?? Infinity, answer }),
    has: (scope) => [...resources.keys()].some((id) => `${id}/`.startsWith(`${scope.toLowerCase()}/`)),
    asked,
    answer: ({ method, endpoint, url, body }) => {
      const { pathname, searchParams } = new URL(url, endpoint);
      const path = decodeURIComponent(pathname);
      asked.set(path.toLowerCase(), (asked.get(path.toLowerCase()) ?? 0) + 1);
      const instead = stagedFor(method, path);
      if (instead !== undefined) return jsonAnswer(instead.status, instead.body ?? {}, instead.headers);
      if (method === 'POST' && path === '/providers/Microsoft.ResourceGraph/resources')
        return queryGraph([...resources.values()], body);
      const found = resources.get(path.toLowerCase());
      if (method === 'GET' && found !== undefined) return jsonAnswer(200, found);
      const list = method === 'GET' ? listed(path, searchParams) : undefined;
      if (list !== undefined) return pageOf(list, new URL(url, endpoint));
      return armAnswer(refuse(404, 'ResourceNotFound', `There is no ${method} ${path} here: nobody put it.`));
    },
  };
}

/** namedBy tells type and name from an id, as Azure composes it. */
function namedBy(id: string): { name: string; type: string } {
  const name = id.split('/').at(-1) ?? '';
  const [, provider, path = ''] = /^.*\/providers\/([^/]+)\/(.+)$/.exec(id) ?? [];
  if (provider !== undefined) {
    const types = path.split('/').filter((_, index) => index % 2 === 0);
    return { name, type: [provider, ...types].join('/') };
  }
  return {
    name,
    type: /\/resourceGroups\/[^/]+$/i.test(id)
      ? 'Microsoft.Resources/resourceGroups'
      : 'Microsoft.Resources/subscriptions',
  };
}

/** An extension, such as a diagnostic setting, is no resource of its own in a list of resources; nor is a resource in another. */
const isTopLevel = (id: string): boolean => /^(?:(?!\/providers\/).)*\/providers\/[^/]+\/[^/]+\/[^/]+$/.test(id);

/** listsOf gives the paths of the lists that show a resource: of what it is in and, from a group, of the subscription. */
function listsOf({ id, type }: Resource): string[] {
  const [lower, ofType] = [id.toLowerCase(), `/providers/${type.toLowerCase()}`];
  const own = lower.slice(0, lower.lastIndexOf('/'));
  if (type === 'Microsoft.Resources/subscriptions') return ['/subscriptions'];
  const scope = lower.slice(0, lower.lastIndexOf(`${ofType}/`));
  const subscription = /^(\/subscriptions\/[^/]+)\/resourcegroups\/[^/]+$/.exec(scope)?.[1];
  const wider = subscription === undefined ? [] : [`${subscription}${ofType}`];
  if (!isTopLevel(id) || isExtension(type)) return [own, ...wider];
  return [own, ...wider, `${scope}/resources`, ...(subscription === undefined ? [] : [`${subscription}/resources`])];
}

function pageOf(list: readonly Resource[], url: URL): Answer {
  const from = Number(url.searchParams.get('$skiptoken') ?? 0);
  const value = list.slice(from, from + PAGE);
  if (from + PAGE >= list.length) return jsonAnswer(200, { value });
  url.searchParams.set('$skiptoken', String(from + PAGE));
  return jsonAnswer(200, { value, nextLink: url.href });
}
