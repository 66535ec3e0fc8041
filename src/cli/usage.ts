import { AuditsealError } from '../core/errors.ts';
import { parseArgs } from 'node:util';

/** usageError is for a command line that is wrong: exit status 64, so that it is never taken for a finding. */
export const usageError = (message: string): AuditsealError => new AuditsealError('USAGE', message);

/** An option of type `strings` may be given several times. */
type OptionTypes = Readonly<Record<string, 'string' | 'strings' | 'boolean'>>;
interface Values {
  readonly string: string;
  readonly strings: readonly string[];
  readonly boolean: boolean;
}
type Options<T extends OptionTypes> = { -readonly [K in keyof T]?: Values[T[K]] };

/** parseCommand reads a command's arguments. It throws USAGE for unknown options and for a wrong number of arguments. */
export function parseCommand<const T extends OptionTypes>(
  args: readonly string[],
  names: readonly string[],
  types: T,
): { positionals: string[]; options: Options<T> } {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      strict: true,
      options: Object.fromEntries(
        Object.entries(types).map(([name, type]) => [
          name,
          type === 'strings' ? { type: 'string', multiple: true } : { type },
        ]),
      ),
    });
    if (positionals.length !== names.length) {
      throw usageError(
        `expected ${names.length === 0 ? 'no arguments' : names.join(' ')}, got ${positionals.length} arguments`,
      );
    }
    return { positionals, options: values as Options<T> };
  } catch (error) {
    throw error instanceof AuditsealError ? error : usageError(error instanceof Error ? error.message : String(error));
  }
}

/** wholeNumber reads an argument that must be a whole number in a range. */
export function wholeNumber(text: string, name: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!(number >= least && number <= most)) throw usageError(`${name} must be a whole number from ${least} to ${most}`);
  return number;
}
