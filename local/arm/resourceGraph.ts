import type { Resource } from './resource.ts';
import { armAnswer, jsonAnswer, refuse } from '../worm/errors.ts';
import type { Answer } from '../worm/errors.ts';

/**
 * The form of a query that this stand-in reads: a table, at most one type, at most one column of texts put together, columns, and
 * the order that makes pages possible.
 * Everything else of the query language is refused, so that no query is answered wrongly.
 */
const QUERY =
  /^(\w+)(?: \| where type =~ '([^']+)')?(?: \| extend (\w+) = strcat\(((?:tostring\([\w.]+\)(?:, )?)+)\))? \| project ([\w, ]+) \| order by id asc$/;

/** Tables, and the types that each has. Azure has dozens more. */
const TABLES: Readonly<Record<string, (type: string) => boolean>> = {
  resources: (type) => !EXTENSIONS.test(type) && !/^Microsoft\.(Resources|Management)\//i.test(type),
  resourcecontainers: (type) => /^Microsoft\.Resources\//i.test(type),
  insightsresources: (type) => /^Microsoft\.Insights\/dataCollectionRuleAssociations$/i.test(type),
};

/** Types of what belongs to another resource; what is in no table at all, such as diagnostic settings, is among them. */
const EXTENSIONS =
  /^Microsoft\.(Insights\/(diagnosticSettings|diagnosticSettingsCategories|dataCollectionRuleAssociations)|Authorization\/.*)$/i;

/** isExtension tells whether a type is of what belongs to a resource, and is none itself. */
export const isExtension = (type: string): boolean => EXTENSIONS.test(type);

const MOST = 1000;

/** queryGraph answers a query of Azure Resource Graph (2024-04-01) as far as QUERY goes. */
export function queryGraph(all: readonly Resource[], body: Readonly<Record<string, unknown>>): Answer {
  const { query, subscriptions, options } = body;
  const [, table = '', type, extended, parts = '', columns = ''] = QUERY.exec(String(query)) ?? [];
  const paths = [...parts.matchAll(/tostring\(([\w.]+)\)/g)].map(([, path = '']) => path.split('.'));
  const isInTable = TABLES[table.toLowerCase()];
  if (isInTable === undefined || !Array.isArray(subscriptions))
    return armAnswer(
      refuse(
        400,
        'BadRequest',
        'The local stand-in of Azure Resource Graph reads no such query, or names no subscription.',
      ),
    );
  const { $top = 100, $skipToken } = Object(options) as Readonly<Record<string, unknown>>;
  const scopes = subscriptions.map((id) => `/subscriptions/${String(id).toLowerCase()}`);
  const found = all
    .filter(
      ({ id, type: own }) =>
        isInTable(own) &&
        (type === undefined || own.toLowerCase() === type.toLowerCase()) &&
        scopes.some((scope) => `${id.toLowerCase()}/`.startsWith(`${scope}/`)),
    )
    .toSorted((a, b) => (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1));
  const from = Number($skipToken ?? 0);
  const page = found.slice(from, from + Math.min(Number($top), MOST));
  const names = columns.split(',').map((name) => name.trim());
  return jsonAnswer(200, {
    totalRecords: found.length,
    count: page.length,
    resultTruncated: 'false',
    ...(from + page.length < found.length && { $skipToken: String(from + page.length) }),
    data: page.map((one) =>
      Object.fromEntries(
        names.map((name) => [
          name,
          name === extended ? paths.map((path) => textAt(one, path)).join('') : columnOf(one, name),
        ]),
      ),
    ),
  });
}

/** textAt gives the text that a path of members leads to, '' if there is none. */
function textAt(resource: Resource, path: readonly string[]): string {
  let value: unknown = resource;
  for (const name of path) value = (Object(value) as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : '';
}

/** Resource Graph prints types in lower case, whatever Resource Manager does. */
function columnOf(resource: Resource, name: string): unknown {
  if (name === 'type') return resource.type.toLowerCase();
  if (name === 'subscriptionId') return resource.id.split('/')[2];
  return (resource as unknown as Readonly<Record<string, unknown>>)[name] ?? '';
}
