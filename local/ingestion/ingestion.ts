import { once } from 'node:events';
import https from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { Certificate } from '../keyVault/certificate.ts';

/** Ingestion stands in for the Logs Ingestion API of one data collection rule of kind Direct. */
export interface Ingestion {
  /** its address, as the rule's property `logsIngestion` has it */
  readonly endpoint: string;
  /** the rule's immutable id */
  readonly rule: string;
  /** the rows that were taken, as the table has them, in the order in which they came */
  readonly rows: readonly IngestedRow[];
  /** requests that were answered with each status */
  readonly answered: ReadonlyMap<number, number>;
  /** fault decides what the next requests meet; undefined: none. It is given how many requests came before. */
  fault: (request: number) => IngestionFault | undefined;
  /** refuse decides by the rows of a request with which status it is refused; undefined: with none. */
  refuse: (rows: readonly IngestedRow[]) => 400 | 413 | undefined;
  /** clear makes the table one without rows. */
  clear(): void;
  close(): Promise<void>;
}

/** IngestedRow is a row of the table, with when it came. */
export type IngestedRow = Readonly<Record<string, unknown>>;

export type IngestionFault =
  | { readonly status: 400 | 401 | 403 | 404 | 413 | 429 | 500 | 503; readonly retryAfter?: string }
  /** the connection ends before or after the rows are taken */
  | { readonly ends: 'before' | 'after' };

export interface IngestionOptions {
  readonly certificate: Certificate;
  readonly isToken: (token: string, resource: string) => boolean;
  /** columns that the stream declares, each with its type */
  readonly columns: Readonly<Record<string, string>>;
  readonly stream: string;
  /** milliseconds since the Unix epoch */
  readonly now?: () => number;
}

const RULE = `dcr-${'0'.repeat(32)}`;
const RESOURCE = 'https://monitor.azure.com';

// learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits, Logs Ingestion API
const MAX_CALL_BYTES = 1024 * 1024;
const MAX_FIELD_BYTES = 64 * 1024;
const MAX_REQUESTS_A_MINUTE = 12_000;
const MAX_BYTES_A_MINUTE = 2 * 1024 ** 3;
const MINUTE_MS = 60_000;
const TWO_DAYS_MS = 2 * 86_400_000;

/** No more of a body is decompressed. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const CODES: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'OperationFailed',
  404: 'NotFound',
  413: 'ContentLengthLimitExceeded',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
};

/** startIngestion starts the service on 127.0.0.1. */
export async function startIngestion(options: IngestionOptions): Promise<Ingestion> {
  const { certificate, isToken, columns, stream, now = Date.now } = options;
  const rows: IngestedRow[] = [];
  const answered = new Map<number, number>();
  let [requests, minute, inMinute, bytesInMinute] = [0, 0, 0, 0];

  const server = https.createServer(certificate, (request, response) => {
    answer(request).then(
      (given) => send(response, given),
      (error: unknown) => send(response, { status: 500, message: error instanceof Error ? error.message : '' }),
    );
  });

  function send(response: ServerResponse, given: Answer | 'end'): void {
    if (given === 'end') return void response.destroy();
    const { status, code = CODES[status], message = 'refused', headers } = given;
    answered.set(status, (answered.get(status) ?? 0) + 1);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(status === 204 ? undefined : JSON.stringify({ error: { code, message } }));
  }

  async function answer(request: IncomingMessage): Promise<Answer | 'end'> {
    const body = await readBody(request);
    const fault = ingestion.fault(requests++);
    if (fault !== undefined && 'ends' in fault && fault.ends === 'before') return 'end';
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://127.0.0.1');
    const [, token = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (!isToken(token, RESOURCE)) return { status: 401 };
    if (fault !== undefined && 'status' in fault)
      return {
        status: fault.status,
        ...(fault.retryAfter !== undefined && { headers: { 'retry-after': fault.retryAfter } }),
      };
    const [, rule, asked] = /^\/dataCollectionRules\/([^/]+)\/streams\/([^/]+)$/.exec(pathname) ?? [];
    if (request.method !== 'POST' || rule !== RULE || asked !== stream) return { status: 404 };
    if (searchParams.get('api-version') !== '2023-01-01') return { status: 400, message: 'api-version' };
    const text =
      request.headers['content-encoding'] === 'gzip' ? gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES }) : body;
    const limited = limit(text.length);
    if (limited !== undefined) return limited;
    if (text.length > MAX_CALL_BYTES) return { status: 413 };
    const given = parseRows(text);
    if (given === undefined) return { status: 400, message: 'the body is no array of objects' };
    const refusal = ingestion.refuse(given);
    if (refusal !== undefined) return { status: refusal };
    rows.push(...given.map((row) => storedRow(row)));
    return fault === undefined ? { status: 204 } : 'end';
  }

  function limit(bytes: number): Answer | undefined {
    const current = Math.floor(now() / MINUTE_MS);
    if (current !== minute) [minute, inMinute, bytesInMinute] = [current, 0, 0];
    inMinute += 1;
    bytesInMinute += bytes;
    if (inMinute <= MAX_REQUESTS_A_MINUTE && bytesInMinute <= MAX_BYTES_A_MINUTE) return undefined;
    const seconds = Math.ceil(((current + 1) * MINUTE_MS - now()) / 1000);
    return { status: 429, headers: { 'retry-after': String(seconds) } };
  }

  /** storedRow is what the table has of a row: columns that the stream doesn't declare are dropped, and long values are cut. */
  function storedRow(row: Readonly<Record<string, unknown>>): IngestedRow {
    const stored: Record<string, unknown> = {};
    for (const column of Object.keys(columns)) if (column in row) stored[column] = cut(row[column]);
    const time = Date.parse(String(row['TimeGenerated']));
    const isTaken = time >= now() - TWO_DAYS_MS && time <= now() + TWO_DAYS_MS / 2;
    return { ...stored, TimeGenerated: isTaken ? row['TimeGenerated'] : new Date(now()).toISOString() };
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the service has no port');
  const ingestion: Ingestion = {
    endpoint: `https://127.0.0.1:${address.port}`,
    rule: RULE,
    rows,
    answered,
    fault: () => undefined,
    refuse: () => undefined,
    clear: () => void rows.splice(0),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return ingestion;
}

function parseRows(text: Buffer): readonly Readonly<Record<string, unknown>>[] | undefined {
  try {
    const rows: unknown = JSON.parse(text.toString('utf8'));
    const isRow = (row: unknown): boolean => typeof row === 'object' && row !== null && !Array.isArray(row);
    return Array.isArray(rows) && rows.every(isRow) ? (rows as Readonly<Record<string, unknown>>[]) : undefined;
  } catch {
    return undefined;
  }
}

function cut(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const bytes = Buffer.from(value);
  return bytes.length <= MAX_FIELD_BYTES ? value : bytes.toString('utf8', 0, MAX_FIELD_BYTES);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`a body has at most ${MAX_BODY_BYTES} bytes`);
  }
  return Buffer.concat(chunks);
}
