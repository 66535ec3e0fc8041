import type { Answer } from './errors.ts';
import type { Right } from './operation.ts';
import type { SharedKey, SignedParts } from './sharedKey.ts';
import { splitTarget } from './target.ts';
import { API_VERSION, answerOf } from './upstream.ts';
import type { Upstream } from './upstream.ts';

/** Authorization tells who may do what, so that nobody learns of a policy who couldn't have changed the blob without it. */
export interface Authorization {
  /** isOwner tells whether the request is signed with the account's key. */
  isOwner(parts: SignedParts): boolean;
  /** refusalOf gives the answer to a request that lacks the right, or undefined. It changes nothing. */
  refusalOf(parts: SignedParts, right: Right): Promise<Answer | undefined>;
}

/** TEST_REQUESTS are, for each right, a request that needs it. */
const TEST_REQUESTS: Readonly<Record<Right, { method: string; query: string; headers?: Record<string, string> }>> = {
  create: { method: 'PUT', query: '', headers: { 'x-ms-blob-type': 'BlockBlob' } },
  write: { method: 'PUT', query: 'comp=metadata' },
  add: { method: 'PUT', query: 'comp=appendblock' },
  delete: { method: 'DELETE', query: '' },
  tags: { method: 'PUT', query: 'comp=tags' },
  snapshot: { method: 'PUT', query: 'comp=snapshot' },
  deleteContainer: { method: 'DELETE', query: 'restype=container' },
  batch: { method: 'POST', query: 'comp=batch', headers: { 'content-type': 'multipart/mixed; boundary=none' } },
};

/**
 * createAuthorization verifies shared keys itself. Everything else (SAS of all kinds, no credential, forged ones) it has
 * Azurite judge, by a test request on the same resource that needs the same right and carries the same credential, but
 * an impossible timeout: Azurite checks the timeout after the authorization and before anything else, so the test
 * request is refused with 400 and no error code exactly when it is authorized.
 */
export function createAuthorization(sharedKey: SharedKey, upstream: Upstream): Authorization {
  const isOwner = (parts: SignedParts): boolean => sharedKey.isSigned(parts);
  return {
    isOwner,
    refusalOf: async (parts, right) => {
      if (isOwner(parts)) return undefined;
      const { method, query, headers } = TEST_REQUESTS[right];
      const [path, given] = splitTarget(parts.target);
      const credential = new URLSearchParams(given);
      for (const name of ['comp', 'timeout']) credential.delete(name);
      if (right !== 'batch') credential.delete('restype');
      const target = `${path}?${[query, credential.toString(), 'timeout=-1'].filter((part) => part !== '').join('&')}`;
      const reply = await upstream.send({
        method,
        target,
        headers: {
          ...headers,
          host: parts.headers['host'] ?? '127.0.0.1',
          'x-ms-version': API_VERSION,
          'x-ms-date': parts.headers['x-ms-date'],
          authorization: parts.headers['authorization'],
          'content-length': '0',
        },
      });
      const isAuthorized = reply.status === 400 && reply.headers['x-ms-error-code'] === undefined;
      return isAuthorized ? undefined : answerOf(reply);
    },
  };
}

/** isOverwriteRefusal tells a refusal of a create-only identity for a taken name: Azure has a code of its own for it. */
export function isOverwriteRefusal(parts: SignedParts, status: number, code: unknown): boolean {
  const permissions = new URLSearchParams(splitTarget(parts.target)[1]).get('sp') ?? '';
  return status === 403 && code === 'AuthorizationPermissionMismatch' && permissions.includes('c');
}
