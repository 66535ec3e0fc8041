import type { IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { BlobRules, BlobRulesDeps } from './blobDecision.ts';
import { isRefusal, refuse, storageAnswer } from './errors.ts';
import type { Answer, Refusal } from './errors.ts';
import { parseOperation } from './operation.ts';
import type { SignedParts } from './sharedKey.ts';
import { parseTarget } from './target.ts';
import { answerOf } from './upstream.ts';

interface Part {
  readonly contentId: string;
  readonly parts: SignedParts;
}

const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_PARTS = 256;

/**
 * answerBatch judges the parts of a blob batch one by one. Those that immutability forbids are answered here; the others
 * go on to Azurite as a smaller batch, written anew from what was read here, so that both read the same.
 */
export async function answerBatch(
  deps: BlobRulesDeps,
  rules: BlobRules,
  request: IncomingMessage,
  batch: SignedParts,
): Promise<Answer> {
  const refused = await rules.authorization.refusalOf(batch, 'batch');
  if (refused !== undefined) return refused;
  const body = await readBody(request);
  if (typeof body !== 'string') return storageAnswer(body);
  const parts = parseBatch(String(batch.headers['content-type'] ?? ''), body);
  if (!Array.isArray(parts)) return storageAnswer(parts);

  const answers = new Map<string, string>();
  const onward: Part[] = [];
  for (const part of parts) {
    const decision = await decidePart(rules, part);
    if (decision.kind === 'answer') answers.set(part.contentId, formatPart(part.contentId, decision.answer));
    else onward.push({ ...part, parts: { ...part.parts, headers: { ...part.parts.headers, ...decision.changes } } });
  }
  if (onward.length > 0) {
    const reply = await sendBatch(deps, rules, batch, onward);
    const contentType = reply.headers['content-type'] ?? '';
    if (reply.status !== 202) return reply;
    const received = splitParts(contentType, reply.body.toString());
    if (received.every((text) => contentIdOf(text) === '')) return reply; // Azurite refused the batch as a whole
    for (const text of received) answers.set(contentIdOf(text), text);
  }
  const boundary = `batchresponse_${randomUUID()}`;
  const ordered = parts.map((part) => `--${boundary}\r\n${answers.get(part.contentId) ?? ''}`);
  return {
    status: 202,
    reason: 'Accepted',
    headers: { 'content-type': `multipart/mixed; boundary=${boundary}`, 'x-ms-request-id': randomUUID() },
    body: `${ordered.join('')}--${boundary}--`,
  };
}

async function decidePart(rules: BlobRules, { parts }: Part): ReturnType<BlobRules['decide']> {
  const answer = (refusal: Refusal): Awaited<ReturnType<BlobRules['decide']>> => ({
    kind: 'answer',
    answer: storageAnswer(refusal),
  });
  const target = parseTarget(parts.target);
  if (isRefusal(target)) return answer(target);
  const operation = parseOperation(parts.method, target, parts.headers);
  if (isRefusal(operation)) return answer(operation);
  const isTier = operation.kind === 'pass' && parts.method === 'PUT' && target.query.get('comp') === 'tier';
  if (operation.kind !== 'delete' && !isTier) {
    return answer(refuse(400, 'InvalidInput', 'A batch can only delete blobs or set their tier.'));
  }
  return rules.decide(parts, target, operation);
}

async function sendBatch(
  deps: BlobRulesDeps,
  rules: BlobRules,
  batch: SignedParts,
  onward: readonly Part[],
): Promise<Answer> {
  const boundary = `batch_${randomUUID()}`;
  const body = `${onward.map((part) => `--${boundary}\r\n${formatRequest(part)}`).join('')}--${boundary}--\r\n`;
  const headers = {
    ...batch.headers,
    'content-type': `multipart/mixed; boundary=${boundary}`,
    'content-length': String(Buffer.byteLength(body)),
    'transfer-encoding': undefined,
    connection: undefined,
  };
  const parts = { ...batch, headers };
  const authorization = rules.authorization.isOwner(batch)
    ? deps.sharedKey.authorizationOf(parts)
    : batch.headers['authorization'];
  return answerOf(await deps.upstream.send({ ...parts, headers: { ...headers, authorization } }, body));
}

function formatRequest({ contentId, parts }: Part): string {
  const headers = Object.entries(parts.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${String(value)}`],
  );
  return [
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    `Content-ID: ${contentId}`,
    '',
    `${parts.method} ${parts.target} HTTP/1.1`,
    ...headers,
    '',
    '',
  ].join('\r\n');
}

function formatPart(contentId: string, answer: Answer): string {
  return [
    'Content-Type: application/http',
    `Content-ID: ${contentId}`,
    '',
    `HTTP/1.1 ${answer.status} ${answer.reason ?? ''}`,
    ...Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`),
    '',
    answer.body.toString(),
    '',
  ].join('\r\n');
}

function parseBatch(contentType: string, body: string): Part[] | Refusal {
  const parts: Part[] = [];
  for (const text of splitParts(contentType, body)) {
    const part = parsePart(text);
    if (part === undefined || parts.some((other) => other.contentId === part.contentId)) {
      return refuse(400, 'InvalidInput', 'One of the request inputs is not valid: a part of the batch is malformed.');
    }
    parts.push(part);
  }
  if (parts.length > MAX_PARTS) {
    return refuse(
      400,
      'ExceedsMaxBatchRequestCount',
      'The batch operation exceeds maximum number of allowed subrequests.',
    );
  }
  return parts.length > 0 ? parts : refuse(400, 'InvalidInput', 'One of the request inputs is not valid: no parts.');
}

function parsePart(text: string): Part | undefined {
  const [, request = ''] = text.split(/\r\n\r\n([^]*)/);
  const [line = '', ...lines] = request.split('\r\n');
  const [, method, target] = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(line) ?? [];
  const contentId = contentIdOf(text);
  if (method === undefined || target === undefined || contentId === '') return undefined;
  const headers: Record<string, string> = {};
  for (const header of lines.slice(0, lines.indexOf(''))) {
    const [, name, value] = /^([\w-]+): ?(.*)$/.exec(header) ?? [];
    if (name === undefined || value === undefined || Object.hasOwn(headers, name.toLowerCase())) return undefined;
    headers[name.toLowerCase()] = value;
  }
  return { contentId, parts: { method, target: target.startsWith('/') ? target : `/${target}`, headers } };
}

const contentIdOf = (text: string): string => /^content-id: ?(\d+)\s*$/im.exec(text)?.[1] ?? '';

function splitParts(contentType: string, body: string): string[] {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) return [];
  const [inside = ''] = body.split(`--${boundary}--`);
  return inside.split(`--${boundary}\r\n`).slice(1);
}

async function readBody(request: IncomingMessage): Promise<string | Refusal> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BATCH_BYTES) return refuse(413, 'RequestBodyTooLarge', 'A batch can have at most 4 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
