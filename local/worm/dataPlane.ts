import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerBatch } from './batch.ts';
import { createBlobRules } from './blobDecision.ts';
import type { BlobRules, BlobRulesDeps, HeaderChanges } from './blobDecision.ts';
import { isRefusal, storageAnswer } from './errors.ts';
import { parseOperation } from './operation.ts';
import type { SignedParts } from './sharedKey.ts';
import { parseTarget } from './target.ts';
import { answerOf, sendAnswer } from './upstream.ts';
import type { RawHeaders } from './upstream.ts';

/** DataPlane serves the blob service's own protocol. */
export interface DataPlane {
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** createDataPlane makes the data plane: Azurite's answers, but for what immutability forbids. */
export function createDataPlane(deps: BlobRulesDeps): DataPlane {
  const rules = createBlobRules(deps);
  return { serve: async (request, response) => serve(deps, rules, request, response) };
}

async function serve(
  deps: BlobRulesDeps,
  rules: BlobRules,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const parts: SignedParts = {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: request.headers,
  };
  const target = parseTarget(parts.target);
  if (isRefusal(target)) return sendAnswer(response, storageAnswer(target), parts.method);
  const operation = parseOperation(parts.method, target, parts.headers);
  if (isRefusal(operation)) return sendAnswer(response, storageAnswer(operation), parts.method);

  if (operation.kind === 'batch' && deps.state.hasAny()) {
    return sendAnswer(response, await answerBatch(deps, rules, request, parts), parts.method);
  }
  if (operation.kind === 'listContainers') {
    const reply = answerOf(await deps.upstream.send(parts));
    return sendAnswer(response, { ...reply, body: withGuards(deps, reply.body.toString()) }, parts.method);
  }
  if (operation.kind === 'containerProperties') {
    const reply = answerOf(await deps.upstream.send(parts));
    const guards = reply.headers['x-ms-has-legal-hold'] === undefined ? {} : guardHeaders(deps, target.container);
    return sendAnswer(response, { ...reply, headers: { ...reply.headers, ...guards } }, parts.method);
  }
  const decision = await rules.decide(parts, target, operation);
  if (decision.kind === 'answer') return sendAnswer(response, decision.answer, parts.method);
  await deps.upstream.forward(request, response, changed(request.rawHeaders, decision.changes), decision.judge);
}

function guardHeaders(deps: BlobRulesDeps, container: string): Record<string, string> {
  const { policy, hold } = deps.state.of(container);
  return {
    'x-ms-has-immutability-policy': String(policy !== undefined),
    'x-ms-has-legal-hold': String(hold !== undefined),
  };
}

/** withGuards puts the truth into a list of containers, where Azurite always says false. */
function withGuards(deps: BlobRulesDeps, list: string): string {
  return list.replaceAll(/<Container><Name>([^<]*)<\/Name>[^]*?<\/Container>/g, (item: string, name: string) => {
    const { policy, hold } = deps.state.of(name);
    return item
      .replace(/(<HasImmutabilityPolicy>)false/, `$1${String(policy !== undefined)}`)
      .replace(/(<HasLegalHold>)false/, `$1${String(hold !== undefined)}`);
  });
}

function changed(raw: RawHeaders, changes: HeaderChanges = {}): RawHeaders {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (!Object.hasOwn(changes, name.toLowerCase())) kept.push(name, raw[i + 1] ?? '');
  }
  for (const [name, value] of Object.entries(changes)) if (value !== undefined) kept.push(name, value);
  return kept;
}
