import { randomUUID } from 'node:crypto';
import { containerId, policyProperties } from './armResource.ts';
import type { ArmContainers } from './armContainers.ts';
import type { ArmDeps, ArmRequest } from './armResource.ts';
import { armAnswer, isRefusal, jsonAnswer, refuse } from './errors.ts';
import type { Answer, Refusal } from './errors.ts';
import { clearHold, deletePolicy, extendPolicy, lockPolicy, putPolicy, setHold } from './policy.ts';
import type { Actor, ContainerWorm, LegalHold, PolicySettings, RetentionPolicy } from './policy.ts';

/** ArmPolicies manages retention policies and legal holds of containers. */
export interface ArmPolicies {
  get(container: string, request: ArmRequest): Promise<Answer>;
  put(container: string, request: ArmRequest): Promise<Answer>;
  delete(container: string, request: ArmRequest): Promise<Answer>;
  lock(container: string, request: ArmRequest): Promise<Answer>;
  extend(container: string, request: ArmRequest): Promise<Answer>;
  setHold(container: string, request: ArmRequest): Promise<Answer>;
  clearHold(container: string, request: ArmRequest): Promise<Answer>;
}

/** Every token names the same caller: the gateway reads no tokens. */
const CALLER = {
  objectIdentifier: '00000000-0000-0000-0000-000000000001',
  tenantId: '00000000-0000-0000-0000-000000000000',
};

/** createArmPolicies makes the policy and hold operations of the management plane. */
export function createArmPolicies(deps: ArmDeps, containers: ArmContainers): ArmPolicies {
  const actor = (): Actor => ({
    etag: randomUUID().replaceAll('-', '').slice(0, 15),
    timestamp: new Date(deps.now()).toISOString(),
    ...CALLER,
  });

  const change = async (
    container: string,
    apply: (worm: ContainerWorm) => ContainerWorm | Refusal,
    show: (worm: ContainerWorm) => Answer,
  ): Promise<Answer> => {
    const missing = await containers.missing(container);
    if (missing !== undefined) return armAnswer(missing);
    const after = await deps.state.change(container, apply);
    return isRefusal(after) ? armAnswer(after) : show(after);
  };

  const changePolicy = async (
    container: string,
    request: ArmRequest,
    apply: (worm: ContainerWorm) => ContainerWorm | Refusal,
    isEtagNeeded = true,
  ): Promise<Answer> =>
    change(
      container,
      (worm) => etagFault(request.ifMatch, worm.policy, isEtagNeeded) ?? apply(worm),
      (worm) => policyAnswer(deps, container, worm.policy),
    );

  return {
    get: async (container, request) => {
      const missing = await containers.missing(container);
      if (missing !== undefined) return armAnswer(missing);
      const { policy } = deps.state.of(container);
      const fault = etagFault(request.ifMatch, policy, false);
      return fault === undefined ? policyAnswer(deps, container, policy) : armAnswer(fault);
    },
    put: async (container, request) =>
      changePolicy(container, request, (worm) => putPolicy(worm, settingsOf(request), actor()), false),
    delete: async (container, request) => changePolicy(container, request, deletePolicy),
    lock: async (container, request) => changePolicy(container, request, (worm) => lockPolicy(worm, actor())),
    extend: async (container, request) =>
      changePolicy(container, request, (worm) => extendPolicy(worm, settingsOf(request), actor())),
    setHold: async (container, request) =>
      change(
        container,
        (worm) => setHold(worm, tagsOf(request), flagOf(request.body, 'allowProtectedAppendWritesAll'), actor()),
        holdAnswer,
      ),
    clearHold: async (container, request) => change(container, (worm) => clearHold(worm, tagsOf(request)), holdAnswer),
  };
}

function policyAnswer(deps: ArmDeps, container: string, policy: RetentionPolicy | undefined): Answer {
  const etag = policy === undefined ? '' : `"${policy.etag}"`;
  const resource = {
    id: `${containerId(deps, container)}/immutabilityPolicies/default`,
    name: 'default',
    type: 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies',
    etag,
    properties: policyProperties(policy),
  };
  return jsonAnswer(200, resource, etag === '' ? {} : { etag });
}

function holdAnswer({ hold }: { hold?: LegalHold }): Answer {
  return jsonAnswer(200, {
    hasLegalHold: hold !== undefined,
    tags: hold?.tags.map(({ tag }) => tag) ?? [],
    allowProtectedAppendWritesAll: hold?.allowProtectedAppendWritesAll ?? false,
  });
}

/** etagFault compares If-Match, quoted or not, with the policy's etag. */
function etagFault(
  ifMatch: string | undefined,
  policy: RetentionPolicy | undefined,
  isNeeded: boolean,
): Refusal | undefined {
  if (ifMatch === undefined || ifMatch === '') {
    return isNeeded
      ? refuse(400, 'MissingRequiredHeader', "The header If-Match is required: give the policy's etag.")
      : undefined;
  }
  const isMatch = ifMatch === '*' || ifMatch.replaceAll('"', '') === policy?.etag;
  return isMatch
    ? undefined
    : refuse(412, 'PreconditionFailed', "If-Match isn't the etag of the immutability policy: read it again.");
}

function settingsOf({ properties }: ArmRequest): PolicySettings {
  const allowWrites = flagOf(properties, 'allowProtectedAppendWrites');
  const allowAll = flagOf(properties, 'allowProtectedAppendWritesAll');
  return {
    periodDays: Number(properties['immutabilityPeriodSinceCreationInDays']),
    ...(allowWrites === undefined ? {} : { allowProtectedAppendWrites: allowWrites }),
    ...(allowAll === undefined ? {} : { allowProtectedAppendWritesAll: allowAll }),
  };
}

function flagOf(object: Readonly<Record<string, unknown>>, name: string): boolean | undefined {
  const value = object[name];
  return typeof value === 'boolean' ? value : undefined;
}

function tagsOf({ body }: ArmRequest): string[] {
  const { tags } = body;
  return Array.isArray(tags) ? tags.map(String) : [];
}
