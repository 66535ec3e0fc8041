import { safeParse } from 'valibot';
import type { GenericSchema, InferOutput } from 'valibot';
import { NO_SECRET, holdsSecret } from './secrets.ts';
import { AuditsealError } from '../core/errors.ts';

/** Environment is where settings come from. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Each says of a setting that it is a list, separated by white space, and what each item is. */
interface Each<Item = GenericSchema<string, unknown>> {
  readonly each: Item;
}

/** Schemas say of each setting what its text has to be and what becomes of it. The message of an issue is what is expected. */
type Schemas = Readonly<Record<string, GenericSchema<string | undefined, unknown> | Each>>;

/** Settings has each setting as its schema makes it. */
export type Settings<S extends Schemas> = {
  readonly [Name in keyof S]: S[Name] extends Each<infer Item extends GenericSchema>
    ? readonly InferOutput<Item>[]
    : S[Name] extends GenericSchema
      ? InferOutput<S[Name]>
      : never;
};

/** Names shorter than this have neighbours that mean something else. */
const LEAST_TYPO = 8;

/**
 * SettingsReader reads settings by their schemas. It collects what is wrong, and gives undefined for what can't be used. Only
 * what `secrets` names may hold a secret; so all others may be logged, sealed and used as names.
 */
export class SettingsReader<S extends Schemas> {
  readonly #env: Environment;
  readonly #values: Record<string, unknown> = {};
  readonly #faults = new Map<string, string[]>();

  constructor(schemas: S, env: Environment, secrets: readonly (keyof S)[]) {
    this.#env = env;
    for (const [name, schema] of Object.entries(schemas)) {
      this.#faults.set(name, []);
      const text = this.#text(name);
      if (text !== undefined && !secrets.includes(name) && holdsSecret(text)) {
        this.#faults.get(name)?.push(NO_SECRET);
      } else if ('each' in schema) {
        const items = text?.split(/\s+/) ?? [];
        this.#values[name] = items.map((item) => this.#parse(name, schema.each, item)).filter((v) => v !== undefined);
      } else this.#values[name] = this.#parse(name, schema, text);
    }
    for (const name of Object.keys(env)) {
      const meant = this.#text(name) === undefined ? undefined : this.#resembledBy(name);
      if (meant !== undefined) this.#faults.set(name, [`is not a setting; did you mean ${meant}?`]);
    }
  }

  /** read gives a setting; undefined where it is wrong or isn't set. Of a list it gives the items that are right. */
  read<Name extends keyof S & string>(name: Name): Settings<S>[Name] | undefined {
    return this.#values[name] as Settings<S>[Name] | undefined;
  }

  isSet(name: keyof S & string): boolean {
    return this.#text(name) !== undefined;
  }

  /** require finds fault with a setting that isn't set. */
  require(name: keyof S & string, expected: string): void {
    if (!this.isSet(name)) this.fault(name, `is missing; ${expected}`);
  }

  /** fault adds something that is wrong with a setting. It must not quote what may be a secret. */
  fault(name: keyof S & string, what: string): void {
    this.#faults.get(name)?.push(what);
  }

  /** settings gives all, or throws CONFIG_INVALID, which names every setting that is wrong, in the order of the schemas. */
  settings(): Settings<S> {
    const lines = [...this.#faults].flatMap(([name, faults]) => faults.map((what) => `  ${name}: ${what}`));
    if (lines.length > 0) throw new AuditsealError('CONFIG_INVALID', ['settings are wrong:', ...lines].join('\n'));
    return this.#values as Settings<S>;
  }

  #text(name: string): string | undefined {
    return this.#env[name]?.trim() || undefined;
  }

  #parse(name: string, schema: GenericSchema<string | undefined, unknown>, text: string | undefined): unknown {
    // The library's own messages quote what they got, which may be a secret.
    const result = safeParse(schema, text, { abortPipeEarly: true, message: 'another value is expected' });
    if (result.success) return result.output;
    for (const { message } of result.issues) {
      this.#faults.get(name)?.push(`is ${text === undefined ? 'missing' : 'wrong'}; ${message}`);
    }
    return undefined;
  }

  /** #resembledBy gives the setting that was meant by a name that is none: one that isn't set and is spelt nearly so. */
  #resembledBy(name: string): string | undefined {
    if (this.#faults.has(name)) return undefined;
    return Object.keys(this.#values).find(
      (known) => known.length >= LEAST_TYPO && this.#text(known) === undefined && isNearly(name, known),
    );
  }
}

/** isNearly tells whether two names differ in one place, by at most two letters, or in case alone. */
function isNearly(one: string, other: string): boolean {
  const [a, b] = [one.toUpperCase(), other.toUpperCase()];
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return Math.max(a.length, b.length) - start - end <= 2;
}
