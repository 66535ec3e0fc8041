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

/** hubFault makes a fault of what the client of the hub threw while it did something. */
export function hubFault(what: string, error: unknown): AuditsealError {
  if (error instanceof AuditsealError) return error;
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const why = withoutSecret(message).replace(/\s+/g, ' ').slice(0, MAX_MESSAGE);
  const [kind, advice] = REFUSED.has(code)
    ? ([
        'HUB_REFUSED',
        '; see to it that HUB, HUB_NAME and HUB_REPAIR_GROUP are right, and that this app may receive',
      ] as const)
    : (['HUB_UNAVAILABLE', ''] as const);
  return new AuditsealError(kind, `the event hub could not ${what}: ${why}${advice}`, { cause: error });
}

/** isBeyondEnd tells whether a receiver was refused because nothing lies where it was to begin. */
export const isBeyondEnd = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  error.code === 'ArgumentError' &&
  /supplied (sequence number|offset) .* is invalid/i.test(error.message);
