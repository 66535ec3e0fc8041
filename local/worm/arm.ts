import type { IncomingMessage } from 'node:http';
import { accountResource, changedSettings } from './armAccount.ts';
import { createArmAuthorization } from './armAuthorization.ts';
import { createArmContainers } from './armContainers.ts';
import type { ArmContainers } from './armContainers.ts';
import { createArmPolicies } from './armPolicies.ts';
import type { ArmPolicies } from './armPolicies.ts';
import { accountId } from './armResource.ts';
import type { ArmDeps, ArmRequest } from './armResource.ts';
import { armAnswer, isRefusal, jsonAnswer, refuse } from './errors.ts';
import type { Answer, Refusal } from './errors.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * createArm makes the part of Azure Resource Manager that @azure/arm-storage needs for policies, holds and containers, and
 * the management locks and role assignments on them.
 */
export function createArm(deps: ArmDeps): (request: IncomingMessage) => Promise<Answer> {
  const containers = createArmContainers(deps);
  const policies = createArmPolicies(deps, containers);
  const authorization = createArmAuthorization(deps);
  return async (incoming) => {
    const request = await readRequest(deps, incoming);
    if (isRefusal(request)) return armAnswer(request);
    const { pathname: path, searchParams } = new URL(incoming.url ?? '/', 'http://127.0.0.1');
    const answer = authorization.answer(path, searchParams, request);
    return answer ?? route(deps, containers, policies, request, path);
  };
}

async function route(
  deps: ArmDeps,
  containers: ArmContainers,
  policies: ArmPolicies,
  request: ArmRequest,
  path: string,
): Promise<Answer> {
  const account =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Storage\/storageAccounts\/([^/]+)(\/.*)?$/i;
  const [, subscriptionId = '', resourceGroup = '', name = '', rest = ''] = account.exec(path) ?? [];
  const isOurs =
    subscriptionId.toLowerCase() === deps.subscriptionId.toLowerCase() &&
    resourceGroup.toLowerCase() === deps.resourceGroup.toLowerCase() &&
    name.toLowerCase() === deps.account.toLowerCase();
  if (!isOurs || rest.includes('/providers/')) return deps.resources.answer(request);
  if (rest === '') return accountRoute(deps, containers, request);
  const inContainers = /^\/blobServices\/default\/containers(?:\/([^/]+)(?:\/(.+))?)?$/i;
  const [matched, container, action = ''] = inContainers.exec(rest) ?? [];
  if (matched === undefined) return notProvided(request.method, rest);
  if (container === undefined) {
    return request.method === 'GET' ? containers.list() : notProvided(request.method, rest);
  }
  switch (`${request.method} ${action.toLowerCase()}`) {
    case 'GET ':
      return containers.get(container);
    case 'PUT ':
      return containers.create(container, request);
    case 'PATCH ':
      return containers.update(container, request);
    case 'DELETE ':
      return containers.delete(container);
    case 'GET immutabilitypolicies/default':
      return policies.get(container, request);
    case 'PUT immutabilitypolicies/default':
      return policies.put(container, request);
    case 'DELETE immutabilitypolicies/default':
      return policies.delete(container, request);
    case 'POST immutabilitypolicies/default/lock':
      return policies.lock(container, request);
    case 'POST immutabilitypolicies/default/extend':
      return policies.extend(container, request);
    case 'POST setlegalhold':
      return policies.setHold(container, request);
    case 'POST clearlegalhold':
      return policies.clearHold(container, request);
    default:
      return notProvided(request.method, rest);
  }
}

async function accountRoute(deps: ArmDeps, containers: ArmContainers, request: ArmRequest): Promise<Answer> {
  const show = (): Answer =>
    jsonAnswer(200, accountResource(accountId(deps), deps.account, request.accountUrl, deps.state.account()));
  switch (request.method) {
    case 'GET':
      return show();
    case 'PATCH':
      await deps.state.changeAccount(changedSettings(request.properties));
      return show();
    case 'DELETE':
      return containers.deleteAll();
    default:
      return notProvided(request.method, 'the account');
  }
}

async function readRequest(deps: ArmDeps, incoming: IncomingMessage): Promise<ArmRequest | Refusal> {
  if (!/^Bearer \S+/i.test(incoming.headers.authorization ?? '')) {
    return refuse(
      401,
      'AuthenticationFailed',
      "Authentication failed. The 'Authorization' header is missing or invalid.",
    );
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return refuse(413, 'RequestContentTooLarge', 'The request is larger than 1 MiB.');
    chunks.push(chunk);
  }
  const body = parseObject(Buffer.concat(chunks).toString());
  if (body === undefined) return refuse(400, 'InvalidRequestContent', 'The request content must be a JSON object.');
  const { properties } = body;
  return {
    method: incoming.method ?? '',
    endpoint: `http://${incoming.headers.host ?? '127.0.0.1'}`,
    url: incoming.url ?? '/',
    ifMatch: incoming.headers['if-match'],
    properties: isObject(properties) ? properties : {},
    body,
    accountUrl: `http://${incoming.headers.host ?? '127.0.0.1'}/${deps.account}`,
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const notProvided = (method: string, what: string): Answer =>
  armAnswer(
    refuse(501, 'NotImplemented', `The local stand-in for Azure Resource Manager has no ${method} for ${what}.`),
  );
