import { parseArgs } from 'node:util';
import { NO_SECRET, holdsSecret, withoutSecret } from '../config/secrets.ts';
import { AuditsealError } from '../core/errors.ts';

/** usageError is for a command line that is wrong: exit status 64, so that it is never taken for a finding. */
export const usageError = (message: string): AuditsealError => new AuditsealError('USAGE', message);

/** unusable is for a file, folder, URL or container that doesn't allow what was asked: exit status 2. */
export const unusable = (message: string, cause?: unknown): AuditsealError =>
  new AuditsealError('TARGET_INVALID', message, { cause });

interface Flag {
  readonly type: 'flag';
  readonly meaning: string;
}

/**
 * An option of type `texts` may be given several times, and one of type `names` too: it holds names of objects, which somebody
 * else made up. One of type `file` is the path of a file, and one of type `target` a folder or a container's URL, as TARGET is.
 */
interface TextOption<T extends 'text' | 'file' | 'texts' | 'names' | 'target'> {
  readonly type: T;
  readonly placeholder: string;
  readonly meaning: string;
}

interface NumberOption {
  readonly type: 'number';
  readonly placeholder: string;
  readonly least: number;
  readonly most?: number;
  readonly meaning: string;
}

/** Option is one option of a command: what the parser takes, and what the help says of it. */
export type Option =
  | Flag
  | TextOption<'text'>
  | TextOption<'file'>
  | TextOption<'texts'>
  | TextOption<'names'>
  | TextOption<'target'>
  | NumberOption;

/** OptionTable is the options of a command by their names, without the dashes. */
export type OptionTable = Readonly<Record<string, Option>>;

interface Values {
  readonly flag: boolean;
  readonly text: string | undefined;
  readonly file: string | undefined;
  readonly target: string | undefined;
  readonly texts: readonly string[];
  readonly names: readonly string[];
  readonly number: number | undefined;
}

/** OptionValues is what was given for the options of a table. */
export type OptionValues<O extends OptionTable> = { readonly [K in keyof O]: Values[O[K]['type']] };

/** Input is a command line that was read. */
export interface Input<A extends readonly string[], O extends OptionTable> {
  readonly given: { readonly [K in keyof A]: string };
  /** what was given beyond the arguments, where the last one's name ends in … */
  readonly more: readonly string[];
  readonly options: OptionValues<O>;
}

/** SEVERAL ends the name of a last argument of which there may be several. */
const SEVERAL = '…';

/** ARGUMENT_TARGET is the name of an argument that is a folder or a container's URL. */
const ARGUMENT_TARGET = 'TARGET';
/** ARGUMENT_SQL is the name of an argument that may ask for what looks like a secret: somebody may be looking for one that was logged. */
const ARGUMENT_SQL = 'SQL';

/**
 * parseArguments reads what follows a command's name. `names` are its arguments, each of which must be there. It throws USAGE,
 * also for a secret anywhere but in the query of a target's URL: so what the rest of the command line gets may be printed,
 * filed and used as a name, and only of a target the URL never is. Names of objects may look like secrets: no fault repeats such a one.
 */
export function parseArguments<const A extends readonly string[], const O extends OptionTable>(
  args: readonly string[],
  names: A,
  table: O,
): Input<A, O> {
  const { tokens } = parseArgs({ args: [...args], options: parserOptions(table), strict: false, tokens: true });
  const given: string[] = [];
  const texts = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') {
      const name = names[given.length] ?? 'an argument';
      if (name !== ARGUMENT_SQL) refuseSecret(token.value, name, name === ARGUMENT_TARGET);
      given.push(token.value);
    }
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (option === undefined || token.rawName !== `--${token.name}`)
      throw usageError(`there is no option ${withoutSecret(token.rawName)}`);
    checkValue(token, option);
    if (option.type !== 'names') refuseSecret(token.value ?? '', token.rawName, option.type === 'target');
    texts.set(token.name, [...(texts.get(token.name) ?? []), token.value ?? '']);
  }
  const hasMore = given.length > names.length && names.at(-1)?.endsWith(SEVERAL) === true;
  if (given.length !== names.length && !hasMore) {
    const got = given.length === 0 ? 'nothing' : given.length === 1 ? '1 argument' : `${given.length} arguments`;
    throw usageError(`expected ${names.join(' ') || 'no arguments'}, got ${got}`);
  }
  const values = Object.entries(table).map(([name, option]) => [name, valueOf(name, option, texts.get(name))] as const);
  return {
    given: given.slice(0, names.length) as unknown as Input<A, O>['given'],
    more: given.slice(names.length),
    options: Object.fromEntries(values) as unknown as OptionValues<O>,
  };
}

const parserOptions = (table: OptionTable): Record<string, { type: 'string' | 'boolean' }> =>
  Object.fromEntries(
    Object.entries(table).map(([name, { type }]) => [name, { type: type === 'flag' ? 'boolean' : 'string' }]),
  );

/** isUrl tells whether a target is the URL of a container; if not, it is a folder. */
export const isUrl = (target: string): boolean => /^https?:\/\//i.test(target);

function refuseSecret(text: string, name: string, isTarget: boolean): void {
  const beforeQuery = isTarget && isUrl(text) ? text.replace(/\?.*$/s, '') : text;
  if (!holdsSecret(beforeQuery)) return;
  const place = isTarget
    ? 'a SAS belongs in the query of a URL that begins with http:// or https://'
    : 'a key that signs stays in its file, and only the name of that is given';
  throw usageError(`${name} ${NO_SECRET}; ${place}`);
}

/** What was given is not repeated: it may be a secret. */
function checkValue(
  { rawName, value, inlineValue }: { rawName: string; value: string | undefined; inlineValue: boolean | undefined },
  option: Option,
): void {
  if (option.type === 'flag') {
    if (value !== undefined) throw usageError(`${rawName} takes no value`);
    return;
  }
  if (value === undefined) throw usageError(`${rawName} needs a value: ${rawName} ${option.placeholder}`);
  if (inlineValue !== true && value.length > 1 && value.startsWith('-'))
    throw usageError(
      `${rawName} is followed by another option; a value that begins with - is given as ${rawName}=VALUE`,
    );
}

function valueOf(name: string, option: Option, given: readonly string[] | undefined): Values[Option['type']] {
  if (option.type === 'flag') return given !== undefined;
  if (option.type === 'texts' || option.type === 'names') return given ?? [];
  const last = given?.at(-1);
  if (option.type !== 'number' || last === undefined) return last;
  return wholeNumber(last, `--${name}`, option.least, option.most);
}

/** wholeNumber reads an argument that must be a whole number in a range. */
export function wholeNumber(text: string, name: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!(number >= least && number <= most)) throw usageError(`${name} must be a whole number from ${least} to ${most}`);
  return number;
}
