import { withoutSecret } from '../config/secrets.ts';
import { AuditsealError } from '../core/errors.ts';

/** faultLines says what went wrong: of a fault of ours its message, of any other where in the program it was. */
export function faultLines(error: unknown): readonly [first: string, ...more: string[]] {
  const isOurs = error instanceof AuditsealError;
  const text = isOurs
    ? error.message
    : `internal fault, please report it: ${(error instanceof Error ? error.stack : undefined) ?? String(error)}`;
  // What a library says of a fault may quote a URL and its SAS.
  const [first = '', ...more] = isOurs ? text.split('\n') : text.split('\n').map(withoutSecret);
  return [first, ...more];
}
