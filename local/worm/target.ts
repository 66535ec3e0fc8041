import { refuse } from './errors.ts';
import type { Refusal } from './errors.ts';

/** BlobTarget is what a request of the blob service is about. Container and blob are empty when the path stops before them. */
export interface BlobTarget {
  readonly container: string;
  readonly blob: string;
  readonly query: ReadonlyMap<string, string>;
}

const MAX_PARAMETERS = 100;

/**
 * parseTarget reads a request target as Azurite reads it, and refuses what the two might read differently:
 * a request that is judged under one name and carried out under another would get around every rule.
 */
export function parseTarget(rawTarget: string): BlobTarget | Refusal {
  if (!/^\/[^#\\\s]*$/.test(rawTarget)) return invalidUri('it must be an absolute path');
  const [rawPath, rawQuery] = splitTarget(rawTarget);
  let path: string;
  try {
    path = decodeURIComponent(rawPath);
  } catch {
    return invalidUri('a percent sign is not followed by UTF-8');
  }
  const [, container = '', ...rest] = path.slice(1).split('/');
  const query = parseQuery(rawQuery);
  if (!(query instanceof Map)) return query;
  return { container, blob: rest.join('/'), query };
}

/** splitTarget parts a request target into path and query, both still encoded. */
export function splitTarget(rawTarget: string): readonly [path: string, query: string] {
  const mark = rawTarget.indexOf('?');
  return mark < 0 ? [rawTarget, ''] : [rawTarget.slice(0, mark), rawTarget.slice(mark + 1)];
}

function parseQuery(rawQuery: string): Map<string, string> | Refusal {
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    const isSpelledOtherwise = name !== name.toLowerCase() && ['comp', 'restype'].includes(name.toLowerCase());
    if (query.has(name) || isSpelledOtherwise || /[[\]]/.test(name) || query.size === MAX_PARAMETERS) {
      return refuse(
        400,
        'InvalidQueryParameterValue',
        'Each query parameter may be given once, plainly spelled, and there may be at most 100 of them.',
      );
    }
    query.set(name, value);
  }
  return query;
}

const invalidUri = (why: string): Refusal => refuse(400, 'InvalidUri', `The request URI can't be read: ${why}.`);
