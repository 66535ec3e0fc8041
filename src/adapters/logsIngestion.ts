import type { TokenCredential } from '@azure/identity';
import { LogsIngestionClient, isAggregateLogsUploadError } from '@azure/monitor-ingestion';
import type { LogsIngestionClientOptions } from '@azure/monitor-ingestion';
import { monitorAudience } from '../config/azureIds.ts';
import type { ForwardSettings } from '../config/forward.ts';
import type { Clock } from '../ports/host.ts';
import type { Posted, Row, RowSink } from '../ports/forward.ts';

/** STREAM is the stream of the rule, which its columns are declared for: infra/modules/forward.bicep. */
export const STREAM = 'Custom-AuditsealRecords_CL';

/** Bounds one request. */
const TIMEOUT_MS = 60_000;

/** How long to wait where the service says that it is too much, and not for how long. Its limits are by the minute. */
const THROTTLED_MS = 10_000;
const MAX_THROTTLED_MS = 600_000;

type Client = Pick<LogsIngestionClient, 'upload'>;

/**
 * IngestedRows posts rows to the Logs Ingestion API, one request at a time.
 *
 * The client splits what it gets at 1,000,000 bytes, counted without commas and brackets, and posts the parts at once; aborted between
 * two, it says nothing of the rest. So it is given no more than one part. It would wait for as long as an answer says, and a run has an
 * end: so it repeats nothing, and whoever posts does.
 */
export class IngestedRows implements RowSink {
  readonly #client: Client;
  readonly #rule: string;
  readonly #now: Clock;

  constructor(client: Client, rule: string, now: Clock) {
    this.#client = client;
    this.#rule = rule;
    this.#now = now;
  }

  async post(rows: readonly Row[]): Promise<Posted> {
    try {
      await this.#client.upload(this.#rule, STREAM, [...rows], {
        maxConcurrency: 1,
        abortSignal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { is: 'taken' };
    } catch (error) {
      return this.#failed(isAggregateLogsUploadError(error) ? (error.errors[0]?.cause ?? error) : error);
    }
  }

  #failed(error: unknown): Posted {
    const { statusCode, name } = Object(error) as { readonly statusCode?: unknown; readonly name?: unknown };
    const code = codeOf(error);
    // Of the library that signs in: no identity, or none that may have a token. It may have the status of who gives tokens, such as 400.
    if (isIdentityError(name, statusCode))
      return { is: 'refused', why: `no token for Azure Monitor (${name}): the app's identity is missing or wrong` };
    if (typeof statusCode !== 'number')
      return { is: 'unavailable', why: `the service does not answer (${code ?? String(name)})` };
    const said = `the service answered ${statusCode}${code === undefined ? '' : ` ${code}`}`;
    if (statusCode === 429) return { is: 'throttled', afterMs: this.#retryAfter(error), why: said };
    if (statusCode === 408 || statusCode >= 500) return { is: 'unavailable', why: said };
    const advice = ADVICE[statusCode];
    if (advice !== undefined) return { is: 'refused', why: `${said}: ${advice}` };
    return { is: 'rejected', why: said };
  }

  #retryAfter(error: unknown): number {
    const { response } = Object(error) as { readonly response?: { readonly headers?: unknown } };
    const headers = Object(response?.headers) as { readonly get?: (name: string) => string | undefined };
    const text = headers.get?.('retry-after') ?? '';
    const until = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - this.#now();
    return Number.isNaN(until) ? THROTTLED_MS : Math.min(Math.max(until, 0), MAX_THROTTLED_MS);
  }
}

const ADVICE: Readonly<Record<number, string>> = {
  401: 'the token is not taken; the clock or the cloud of the app may be wrong',
  403: 'the identity needs the role Monitoring Metrics Publisher on the rule; one that was given now may take half an hour',
  404: 'there is no such rule or stream at this address; compare FORWARD_ENDPOINT and FORWARD_RULE with the rule',
};

/** Who gives tokens may be busy or out, which passes: that is no matter of the identity. */
const isIdentityError = (name: unknown, status: unknown): name is string =>
  /^(Aggregate)?Authentication(Required)?Error$|^CredentialUnavailableError$/.test(String(name)) &&
  !(typeof status === 'number' && (status === 429 || status >= 500));

/** A code is a word; anything else might repeat what was sent. */
function codeOf(error: unknown): string | undefined {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === 'string' && /^\w{1,100}$/.test(code) ? code : undefined;
}

/** openIngestedRows opens a rule for an identity that has the role Monitoring Metrics Publisher on it. */
export function openIngestedRows(
  { endpoint, rule }: Pick<ForwardSettings, 'endpoint' | 'rule'>,
  credential: TokenCredential,
  now: Clock,
  options: LogsIngestionClientOptions = {},
): IngestedRows {
  const audience = monitorAudience(endpoint);
  const client = new LogsIngestionClient(endpoint, credential, {
    ...(audience !== undefined && { audience }),
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: 'auditseal' },
    ...options,
  });
  return new IngestedRows(client, rule, now);
}
