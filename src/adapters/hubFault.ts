import { withoutSecret } from '../config/secrets.ts';
import { AuditsealError } from '../core/errors.ts';

/** What the client calls answers after which a human has to do something. */
const REFUSED: ReadonlySet<unknown> = new Set([
  'MessagingEntityNotFoundError',
  'MessagingEntityDisabledError',
  'UnauthorizedError',
  'ArgumentError',
  'ArgumentOutOfRangeError',
  'InvalidOperationError',
]);

/** The longest message of the client that is repeated. */
const MAX_MESSAGE = 300;

const RECEIVE = 'check HUB, HUB_NAME and HUB_REPAIR_GROUP, and that this app may receive from the event hub';

/** hubFault makes a fault of what the client of the hub threw while it did something; `advice` is for where it was refused. */
export function hubFault(what: string, error: unknown, advice = RECEIVE): AuditsealError {
  const last = lastOf(error);
  if (last instanceof AuditsealError) return last;
  const message = last instanceof Error ? last.message : String(last);
  const why = withoutSecret(message)
    .replace(/\s+/g, ' ')
    .slice(0, MAX_MESSAGE)
    .replace(/[.\s]+$/, '');
  const failed = `the event hub could not ${what}: ${why}`;
  if (!REFUSED.has(codeOf(last))) return new AuditsealError('HUB_UNAVAILABLE', failed, { cause: error });
  return new AuditsealError('HUB_REFUSED', `${failed}; ${advice}`, { cause: error });
}

/** isBeyondEnd tells whether a receiver was refused because nothing lies where it was to begin. */
export const isBeyondEnd = (error: unknown): boolean =>
  error instanceof Error &&
  codeOf(error) === 'ArgumentError' &&
  /supplied (sequence number|offset) .* is invalid/i.test(error.message);

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** lastOf gives the error of the last try, where the client tells of several. */
const lastOf = (error: unknown): unknown =>
  error instanceof AggregateError && error.errors.length > 0 ? lastOf(error.errors.at(-1)) : error;
