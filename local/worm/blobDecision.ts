import { createAuthorization, isOverwriteRefusal } from './authorization.ts';
import type { Authorization } from './authorization.ts';
import { REFUSALS, refuse, storageAnswer } from './errors.ts';
import type { Answer, Refusal } from './errors.ts';
import type { Operation } from './operation.ts';
import { appendRefusal, changeRefusal, deleteRefusal, isWorm } from './policy.ts';
import type { ContainerWorm, StoredBlob } from './policy.ts';
import type { SharedKey, SignedParts } from './sharedKey.ts';
import type { BlobTarget } from './target.ts';
import type { Judge, Upstream } from './upstream.ts';
import type { WormState } from './wormState.ts';

/** Decision is what becomes of a request on a blob: an answer at once, or its way to Azurite with a few headers changed. */
type Decision =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'forward'; readonly changes?: HeaderChanges; readonly judge?: Judge };

/** HeaderChanges are headers to set, or to leave out when undefined. */
export type HeaderChanges = Readonly<Record<string, string | undefined>>;

export interface BlobRules {
  decide(parts: SignedParts, target: BlobTarget, operation: Operation): Promise<Decision>;
  readonly authorization: Authorization;
}

export interface BlobRulesDeps {
  readonly account: string;
  readonly upstream: Upstream;
  readonly sharedKey: SharedKey;
  readonly state: WormState;
  readonly now: () => number;
}

/** createBlobRules makes the rules that keep immutable blobs as they are. */
export function createBlobRules(deps: BlobRulesDeps): BlobRules {
  const authorization = createAuthorization(deps.sharedKey, deps.upstream);

  const storedBlob = async (target: BlobTarget): Promise<StoredBlob | Refusal> => readStoredBlob(deps, target);

  /** unauthorized gives the answer for an identity that lacks the right. */
  const unauthorized = async (
    parts: SignedParts,
    target: BlobTarget,
    operation: Extract<Operation, { right: unknown }>,
  ): Promise<Answer | undefined> => {
    const refused = await authorization.refusalOf(parts, operation.right);
    if (refused === undefined || operation.right !== 'create') return refused;
    const isOverwrite = isOverwriteRefusal(parts, refused.status, refused.headers['x-ms-error-code']);
    return isOverwrite && isStored(await storedBlob(target)) ? storageAnswer(REFUSALS.overwrite) : refused;
  };

  /** signed completes a change of headers: what the account's key had signed must be signed anew. */
  const signed = (parts: SignedParts, changes: HeaderChanges): HeaderChanges => {
    if (!authorization.isOwner(parts)) return changes;
    const headers = { ...parts.headers, ...changes };
    return { ...changes, authorization: deps.sharedKey.authorizationOf({ ...parts, headers }) };
  };

  const overwriteJudge =
    (parts: SignedParts, target: BlobTarget): Judge =>
    async (status, headers) => {
      if (!isOverwriteRefusal(parts, status, headers['x-ms-error-code'])) return undefined;
      return isStored(await storedBlob(target)) ? storageAnswer(REFUSALS.overwrite) : undefined;
    };

  /** decideCreate has Azurite itself refuse a taken name, which it does atomically when the request says If-None-Match: *. */
  const decideCreate = async (
    parts: SignedParts,
    target: BlobTarget,
    operation: Extract<Operation, { kind: 'create' }>,
  ): Promise<Decision> => {
    const overwrite = operation.right === 'create' ? overwriteJudge(parts, target) : undefined;
    if (parts.headers['if-none-match'] === '*') return forward(undefined, overwrite);
    const isUnproven = parts.headers['authorization'] !== undefined && !authorization.isOwner(parts);
    const { 'if-match': ifMatch } = parts.headers;
    // Azurite doesn't know Put Blob From URL, and says so before it looks whether the name is taken.
    const isFromUrl = parts.headers['x-ms-blob-type'] !== undefined && parts.headers['x-ms-copy-source'] !== undefined;
    if (isUnproven || isFromUrl || ifMatch !== undefined) {
      const refused = await unauthorized(parts, target, operation);
      if (refused !== undefined) return answer(refused);
    }
    if (isFromUrl || ifMatch !== undefined) {
      const isTaken = isStored(await storedBlob(target));
      const refusal = isTaken ? changeRefusal(deps.state.of(target.container)) : undefined;
      if (refusal !== undefined) return answer(storageAnswer(refusal));
      if (ifMatch !== undefined) return answer(storageAnswer(REFUSALS.condition));
    }
    const judge: Judge = async (status, headers) => {
      if (status !== 409 || headers['x-ms-error-code'] !== 'BlobAlreadyExists') return overwrite?.(status, headers);
      const isTaken = isStored(await storedBlob(target)); // Azurite says the same of a name with uncommitted blocks only
      const refusal = isTaken ? changeRefusal(deps.state.of(target.container)) : undefined;
      return refusal === undefined ? undefined : storageAnswer(refusal);
    };
    const createOnly = { 'if-none-match': '*', 'if-modified-since': undefined, 'if-unmodified-since': undefined };
    return forward(signed(parts, createOnly), judge);
  };

  const decideContainerDelete = async (
    parts: SignedParts,
    worm: ContainerWorm,
    operation: Extract<Operation, { kind: 'deleteContainer' }>,
  ): Promise<Decision> => {
    const refused = await authorization.refusalOf(parts, operation.right);
    return answer(refused ?? storageAnswer(containerDeleteRefusal(worm)));
  };

  /** decideKnown treats the operations that need a blob which is there. */
  const decideKnown = async (
    parts: SignedParts,
    target: BlobTarget,
    operation: Extract<Operation, { kind: 'change' | 'append' | 'delete' | 'stageBlock' }>,
  ): Promise<Decision> => {
    const refused = await unauthorized(parts, target, operation);
    if (refused !== undefined) return answer(refused);
    const blob = await storedBlob(target);
    if (!isStored(blob)) {
      return operation.kind === 'stageBlock' && blob.code === 'BlobNotFound' ? forward() : answer(storageAnswer(blob));
    }
    const worm = deps.state.of(target.container); // asked again: it may have changed while we waited
    const refusal = refusalOf(operation.kind, worm, blob, deps.now());
    if (refusal !== undefined) return answer(storageAnswer(refusal));
    const { 'if-none-match': noneMatch } = parts.headers;
    if (operation.kind === 'delete' && (noneMatch === '*' || noneMatch === blob.etag)) {
      return answer(storageAnswer(REFUSALS.condition));
    }
    const isChosen = parts.headers['if-match'] !== undefined && parts.headers['if-match'] !== '*';
    if (operation.kind !== 'delete' || isChosen) return forward();
    // Only the blob that was judged may go, not one that took its name meanwhile.
    return forward(signed(parts, { 'if-match': blob.etag, 'if-none-match': undefined }));
  };

  return {
    authorization,
    decide: async (parts, target, operation) => {
      const worm = deps.state.of(target.container);
      if (!isWorm(worm)) {
        const isPlainCreate = operation.kind === 'create' && operation.right === 'create';
        return forward(undefined, isPlainCreate ? overwriteJudge(parts, target) : undefined);
      }
      switch (operation.kind) {
        case 'create':
          return decideCreate(parts, target, operation);
        case 'change':
        case 'append':
        case 'delete':
        case 'stageBlock':
          return decideKnown(parts, target, operation);
        case 'deleteContainer':
          return decideContainerDelete(parts, worm, operation);
        case 'pass':
        case 'batch':
        case 'listContainers':
        case 'containerProperties':
        default:
          return forward();
      }
    },
  };
}

/** containerDeleteRefusal says why a container under a policy or a hold can't be deleted through the blob service. */
function containerDeleteRefusal(worm: ContainerWorm): Refusal {
  if (worm.hold !== undefined) return REFUSALS.containerHold;
  return worm.policy?.state === 'Locked' ? REFUSALS.containerLocked : REFUSALS.containerPolicy;
}

function refusalOf(
  kind: 'change' | 'append' | 'delete' | 'stageBlock',
  worm: ContainerWorm,
  blob: StoredBlob,
  now: number,
): Refusal | undefined {
  if (kind === 'append') return appendRefusal(worm, blob);
  return kind === 'delete' ? deleteRefusal(worm, blob, now) : changeRefusal(worm);
}

async function readStoredBlob(deps: BlobRulesDeps, target: BlobTarget): Promise<StoredBlob | Refusal> {
  const snapshot = target.query.get('snapshot');
  const name = [target.container, ...target.blob.split('/')].map(encodeURIComponent).join('/');
  const query = snapshot === undefined ? '' : `?snapshot=${encodeURIComponent(snapshot)}`;
  const { status, headers } = await deps.upstream.ask('HEAD', `/${deps.account}/${name}${query}`);
  if (status === 404) {
    return headers['x-ms-error-code'] === 'ContainerNotFound' ? REFUSALS.containerNotFound : REFUSALS.blobNotFound;
  }
  const createdAt = Date.parse(String(headers['x-ms-creation-time']));
  const modifiedAt = Date.parse(String(headers['last-modified']));
  if (status !== 200 || Number.isNaN(createdAt) || Number.isNaN(modifiedAt)) {
    return refuse(500, 'InternalError', `Azurite answered ${status} when the gateway asked for the age of the blob.`);
  }
  return { type: String(headers['x-ms-blob-type']), createdAt, modifiedAt, etag: headers.etag ?? '' };
}

const isStored = (blob: StoredBlob | Refusal): blob is StoredBlob => 'createdAt' in blob;

const answer = (given: Answer): Decision => ({ kind: 'answer', answer: given });

const forward = (changes?: HeaderChanges, judge?: Judge): Decision => ({
  kind: 'forward',
  ...(changes === undefined ? {} : { changes }),
  ...(judge === undefined ? {} : { judge }),
});
