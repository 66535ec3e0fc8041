import type { BlobTarget } from './target.ts';
import { refuse } from './errors.ts';
import type { Refusal } from './errors.ts';

/** Right is what an identity must be allowed to do, named after the request that tests it. */
export type Right = 'create' | 'write' | 'add' | 'delete' | 'tags' | 'snapshot' | 'deleteContainer' | 'batch';

/** Operation is what a request would do, as far as immutability cares. */
export type Operation =
  /** reads, and changes of what no policy guards */
  | { readonly kind: 'pass' }
  /** puts a blob under a name: refused when the name is taken */
  | { readonly kind: 'create'; readonly right: Right }
  /** changes a blob that exists */
  | { readonly kind: 'change'; readonly right: Right }
  | { readonly kind: 'append'; readonly right: Right }
  | { readonly kind: 'delete'; readonly right: Right }
  | { readonly kind: 'stageBlock'; readonly right: Right }
  | { readonly kind: 'deleteContainer'; readonly right: Right }
  | { readonly kind: 'batch'; readonly right: Right }
  | { readonly kind: 'listContainers' }
  | { readonly kind: 'containerProperties' };

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const CHANGES: Readonly<Record<string, Right>> = {
  properties: 'write',
  metadata: 'write',
  page: 'write',
  incrementalcopy: 'write',
  copy: 'write', // abort
  seal: 'write',
  expiry: 'write',
  undelete: 'write',
  lease: 'write',
  immutabilityPolicies: 'write',
  legalhold: 'write',
  tags: 'tags',
  snapshot: 'snapshot',
};

/** Headers that make a request another operation than its comp parameter says. */
const DECISIVE_HEADERS = ['x-ms-blob-type', 'x-ms-copy-source'];

/** COPIES_FROM lists the comp values of operations that have a variant which reads from a URL. */
const COPIES_FROM = new Set(['block', 'page', 'appendblock', 'incrementalcopy']);

/** parseOperation classifies a request, or refuses one that could be taken for two operations. */
export function parseOperation(method: string, target: BlobTarget, headers: Headers): Operation | Refusal {
  if (headers['x-http-method'] !== undefined) return unsupportedHeader('x-http-method');
  const guard = Object.keys(headers).find(
    (name) => name.startsWith('x-ms-immutability-policy-') || name === 'x-ms-legal-hold',
  );
  if (guard !== undefined) return unsupportedHeader(guard);
  if (target.blob !== '') return blobOperation(method, target, headers);
  return target.container === '' ? serviceOperation(method, target) : containerOperation(method, target);
}

function blobOperation(method: string, target: BlobTarget, headers: Headers): Operation | Refusal {
  const comp = target.query.get('comp');
  if (method === 'DELETE')
    return comp === undefined ? { kind: 'delete', right: 'delete' } : { kind: 'change', right: 'write' };
  if (method !== 'PUT') return { kind: 'pass' }; // POST is only a query
  if (comp === undefined) return { kind: 'create', right: 'create' };
  const stray = DECISIVE_HEADERS.find((name) => headers[name] !== undefined);
  if (stray === 'x-ms-blob-type' || (stray === 'x-ms-copy-source' && !COPIES_FROM.has(comp)))
    return unsupportedHeader(stray);
  if (stray !== undefined && headers['content-length'] === undefined) {
    return refuse(411, 'MissingContentLengthHeader', 'The Content-Length header was not specified.');
  }
  switch (comp) {
    case 'blocklist':
      return { kind: 'create', right: 'write' };
    case 'block':
      if (!target.query.get('blockid')) {
        return refuse(400, 'MissingRequiredQueryParameter', 'Put Block needs the query parameter blockid.');
      }
      return { kind: 'stageBlock', right: 'write' };
    case 'appendblock':
      return { kind: 'append', right: 'add' };
    case 'tier':
      return { kind: 'pass' };
    default:
      return { kind: 'change', right: (Object.hasOwn(CHANGES, comp) ? CHANGES[comp] : undefined) ?? 'write' };
  }
}

function containerOperation(method: string, target: BlobTarget): Operation {
  const comp = target.query.get('comp');
  if (method === 'DELETE') return { kind: 'deleteContainer', right: 'deleteContainer' };
  if (method === 'POST' && comp === 'batch') return { kind: 'batch', right: 'batch' };
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead && comp === undefined ? { kind: 'containerProperties' } : { kind: 'pass' };
}

function serviceOperation(method: string, target: BlobTarget): Operation {
  const comp = target.query.get('comp');
  if (method === 'POST' && comp === 'batch') return { kind: 'batch', right: 'batch' };
  return method === 'GET' && comp === 'list' ? { kind: 'listContainers' } : { kind: 'pass' };
}

const unsupportedHeader = (name: string): Refusal =>
  refuse(400, 'UnsupportedHeader', `The header ${name} is not supported for this request: leave it out.`);
