import { setTimeout as sleep } from 'node:timers/promises';
import type { StorageManagementClient } from '@azure/arm-storage';
import { openCredential } from './credential.ts';
import { isLoopback } from '../config/azureIds.ts';
import type { Identity } from '../config/identity.ts';
import { AuditsealError } from '../core/errors.ts';
import { isJsonObject } from '../core/jsonObject.ts';

const ENDPOINT = 'https://management.azure.com';

/** Bounds one question to Azure Resource Manager, its retries included. */
export const TIMEOUT_MS = 60_000;

/** A list has at most so many pages; beyond it, it counts as unreadable. */
const MAX_PAGES = 50;

/** How often a question is asked again that failed for another reason than too many questions. */
const MAX_RETRIES = 3;

/** ArmAccess is how Azure Resource Manager is reached, whatever is asked. */
export interface ArmAccess {
  /** without a slash at its end */
  readonly endpoint: string;
  token(): Promise<string>;
}

/** ArmConnection is the same for one subscription, with the client of its storage accounts. */
export interface ArmConnection extends ArmAccess {
  readonly client: StorageManagementClient;
}

/** ArmObject is an object that Azure Resource Manager answered. */
export type ArmObject = Readonly<Record<string, unknown>>;

/** connectArm connects as that identity. The library is only loaded where it is used. */
export async function connectArm(
  subscription: string,
  identity: Identity,
  endpoint: string = ENDPOINT,
): Promise<ArmConnection> {
  const { StorageManagementClient } = await import('@azure/arm-storage');
  const options = {
    userAgentOptions: { userAgentPrefix: 'auditseal' },
    retryOptions: { maxRetries: 3 },
    endpoint,
    // The library asks for a token of the public cloud, whatever the endpoint is.
    credentials: { scopes: [`${endpoint}/.default`] },
  };
  if (isLoopback(endpoint)) {
    const client = new StorageManagementClient(NOBODY, subscription, { ...options, allowInsecureConnection: true });
    // The library's own refuses to send a token without TLS; here there is none to keep secret.
    client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
    client.pipeline.addPolicy({
      name: 'loopbackPolicy',
      sendRequest: async (request, next) => {
        request.headers.set('authorization', `Bearer ${NO_TOKEN}`);
        return next(request);
      },
    });
    return { client, endpoint, token: () => Promise.resolve(NO_TOKEN) };
  }
  const credential = await openCredential(identity);
  const client = new StorageManagementClient(credential, subscription, options);
  const token = async (): Promise<string> => {
    const got = await credential.getToken(`${endpoint}/.default`, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
    if (got === null) throw new AuditsealError('STORE_UNAVAILABLE', 'signing in gave no token');
    return got.token;
  };
  return { client, endpoint, token };
}

/** A stand-in on this machine takes anybody. */
const NO_TOKEN = 'nobody';
const NOBODY = { getToken: async () => Promise.resolve({ token: NO_TOKEN, expiresOnTimestamp: Infinity }) };

/** ArmRestOptions bound the questions of an ArmRest. */
export interface ArmRestOptions {
  /** of one question, waiting and retries included (default: TIMEOUT_MS) */
  readonly timeoutMs?: number;
  /** pages of a list (default: 50) */
  readonly maxPages?: number;
  /** what to do about what is missing, by Azure's code or by HTTP status */
  readonly advice?: Readonly<Record<string, string>>;
}

/**
 * ArmRest asks Azure Resource Manager what no client library here has an operation for. Where Azure asks to wait (429, 503 and
 * a Retry-After), it waits and asks again, as long as its time lasts. Each method throws STORE_REFUSED where a right is missing
 * or nothing is there, and STORE_UNAVAILABLE for all else; `what` begins their messages, and reads on from "can't".
 */
export class ArmRest {
  readonly #arm: ArmAccess;
  readonly #options: ArmRestOptions;

  constructor(arm: ArmAccess, options: ArmRestOptions = {}) {
    this.#arm = arm;
    this.#options = options;
  }

  /** advising asks the same way, with other advice. */
  advising(advice: Readonly<Record<string, string>>): ArmRest {
    return new ArmRest(this.#arm, { ...this.#options, advice });
  }

  /** get reads an object. `path` begins with a slash and names its api-version. */
  async get(what: string, path: string): Promise<ArmObject> {
    return this.#ask(what, async (time) => this.#send('GET', this.#arm.endpoint + path, time));
  }

  async post(what: string, path: string, body: ArmObject): Promise<ArmObject> {
    return this.#ask(what, async (time) => this.#send('POST', this.#arm.endpoint + path, time, body));
  }

  /** list reads a list whole, page by page. */
  async list(what: string, path: string): Promise<readonly ArmObject[]> {
    const { maxPages = MAX_PAGES } = this.#options;
    return this.#ask(what, async (time) => {
      const all: ArmObject[] = [];
      let next: string | undefined = `${this.#arm.endpoint}${path}`;
      for (let pages = 0; next !== undefined; pages++) {
        if (pages === maxPages) throw new Error(`the list has more than ${maxPages} pages`);
        const { value, nextLink }: ArmObject = await this.#send('GET', next, time);
        if (!Array.isArray(value) || !value.every(isJsonObject)) throw new Error('the answer holds no list of objects');
        all.push(...value);
        if (nextLink !== undefined && nextLink !== null && typeof nextLink !== 'string')
          throw new Error('the answer names a next page that is no address');
        next = typeof nextLink === 'string' && nextLink !== '' ? nextLink : undefined;
        // The token goes nowhere else.
        if (next !== undefined && !next.startsWith(`${this.#arm.endpoint}/`))
          throw new Error('the answer names a next page on another host');
      }
      return all;
    });
  }

  async #send(method: string, url: string, time: Time, body?: ArmObject): Promise<ArmObject> {
    for (let tries = 0; ; tries++) {
      const response: Response = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${await this.#arm.token()}`,
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: time.signal,
        redirect: 'error',
      });
      const answer: unknown = await response.json().catch(() => undefined);
      if (response.ok && !isJsonObject(answer)) throw new Error('the answer is no JSON object');
      if (response.ok) return answer as ArmObject;
      const isBusy = response.status === 429;
      if (!isBusy && !(response.status >= 500 && response.status !== 501 && tries < MAX_RETRIES))
        throw refusalOf(response.status, answer);
      await pause(response, tries, time);
    }
  }

  async #ask<T>(what: string, question: (time: Time) => Promise<T>): Promise<T> {
    const { timeoutMs = TIMEOUT_MS, advice = {} } = this.#options;
    try {
      return await question({ signal: AbortSignal.timeout(timeoutMs), end: performance.now() + timeoutMs });
    } catch (error) {
      throw armFault(`can't ${what}`, error, advice);
    }
  }
}

/** Time is how long a question may take. */
interface Time {
  readonly signal: AbortSignal;
  /** by performance.now() */
  readonly end: number;
}

/** pause waits as long as Azure asks to, or a little longer each time. */
async function pause(response: Response, tries: number, { signal, end }: Time): Promise<void> {
  const stated = Number(response.headers.get('retry-after'));
  const waitMs = stated > 0 ? stated * 1000 : 2 ** Math.min(tries, 5) * 500;
  if (performance.now() + waitMs > end) {
    const said = response.status === 429 ? 'too many questions (429)' : `the status ${response.status}`;
    throw new Error(`Azure answered ${said}, and asked to wait longer than this question may take; ask again later`);
  }
  await sleep(waitMs, undefined, { signal });
}

/** Some services leave out the envelope `error`. */
function refusalOf(statusCode: number, answer: unknown): Error {
  const outer = isJsonObject(answer) ? answer : {};
  const error = isJsonObject(outer['error']) ? outer['error'] : outer;
  const { message, code } = error;
  return Object.assign(new Error(typeof message === 'string' ? message : 'the answer says no more'), {
    statusCode,
    code,
  });
}

const adviceFor = (key: unknown, advice: Readonly<Record<string, string>>): string | undefined =>
  (typeof key === 'string' || typeof key === 'number') && Object.hasOwn(advice, key) ? advice[key] : undefined;

/** armFault turns what a question was answered with into a fault that says what is missing. */
export function armFault(what: string, error: unknown, advice: Readonly<Record<string, string>>): AuditsealError {
  if (error instanceof AuditsealError) return error;
  const { statusCode, code, name } = Object(error) as Readonly<Record<'statusCode' | 'code' | 'name', unknown>>;
  const said = [statusCode, code].filter((part) => typeof part === 'string' || typeof part === 'number').join(' ');
  const message = error instanceof Error ? error.message : String(error);
  const isSignIn =
    typeof name === 'string' && /^(CredentialUnavailable|Authentication|AggregateAuthentication)/.test(name);
  const hint = isSignIn
    ? 'nobody is signed in: on a machine sign in with az login, an app needs its managed identity'
    : (adviceFor(code, advice) ?? adviceFor(statusCode, advice));
  const text = `${what}${said === '' ? '' : ` (${said})`}: ${hint ?? message.slice(0, 500)}`;
  const isRefused = statusCode === 401 || statusCode === 403 || statusCode === 404;
  return new AuditsealError(isRefused ? 'STORE_REFUSED' : 'STORE_UNAVAILABLE', text, { cause: error });
}
