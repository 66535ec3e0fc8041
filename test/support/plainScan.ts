import { RULES } from '../../src/core/fields/rules.ts';

// What records are found by, told by code of its own: a JSON reader that keeps duplicate keys, and the rules as a list of paths.

/** Read is a JSON value whose objects are lists of members. */
type Read =
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Read])[] }
  | { readonly kind: 'list'; readonly items: readonly Read[] }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'other'; readonly text: string };

/** readJson reads a JSON text, and gives undefined for what is none. */
function readJson(text: string): Read | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  let at = 0;
  const value = (): Read => {
    const token = tokens[at++] ?? '';
    if (token === '{') {
      const members: [string, Read][] = [];
      while (tokens[at] !== '}') {
        const key = JSON.parse(tokens[at] ?? '') as string;
        at += 2;
        members.push([key, value()]);
        if (tokens[at] === ',') at++;
      }
      at++;
      return { kind: 'object', members };
    }
    if (token === '[') {
      const items: Read[] = [];
      while (tokens[at] !== ']') {
        items.push(value());
        if (tokens[at] === ',') at++;
      }
      at++;
      return { kind: 'list', items };
    }
    return token.startsWith('"')
      ? { kind: 'string', text: JSON.parse(token) as string }
      : { kind: 'other', text: token };
  };
  return value();
}

/** remembered is a function that isn't asked twice for one text; it forgets all when there are many. */
function remembered<T>(of: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (!known.has(text)) {
      if (known.size > 20_000) known.clear();
      known.set(text, of(text));
    }
    return known.get(text) as T;
  };
}

const lower = remembered((text) => Array.from(text, (c) => (c >= 'A' && c <= 'Z' ? c.toLowerCase() : c)).join(''));
const folded = remembered((text) =>
  lower(
    Array.from(text, (c) => (/[\uD800-\uDFFF]/.test(c) && c.length === 1 ? '\uFFFD' : c))
      .join('')
      .replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''),
  ),
);

/** readInside reads a string that may be JSON itself. */
const readInside = remembered(readJson);

/** scalarsOf gives everything in a value that is no object and no list; null is nothing. */
function scalarsOf(value: Read): string[] {
  if (value.kind === 'object') return value.members.flatMap(([, member]) => scalarsOf(member));
  if (value.kind === 'list') return value.items.flatMap(scalarsOf);
  return value.kind === 'other' && value.text === 'null' ? [] : [value.text];
}

/** Ends tells of a beginning of a path whether another one leads on from there. */
type Ends = (path: readonly string[]) => boolean;

function valuesAt(
  value: Read,
  path: readonly string[],
  before: readonly string[],
  leadsOn: Ends,
  isOpened: boolean,
): string[] {
  if (value.kind === 'list') return value.items.flatMap((item) => valuesAt(item, path, before, leadsOn, isOpened));
  const [key, ...rest] = path;
  if (key === undefined) {
    if (value.kind !== 'object') return scalarsOf(value);
    return leadsOn(before) ? [] : scalarsOf(value);
  }
  if (value.kind === 'object')
    return value.members
      .filter(([name]) => lower(name) === key)
      .flatMap(([, member]) => valuesAt(member, rest, [...before, key], leadsOn, isOpened));
  const inside =
    value.kind === 'string' && !isOpened && /^[ \t\r\n]*[[{]/.test(value.text) ? readInside(value.text) : undefined;
  return inside === undefined ? [] : valuesAt(inside, path, before, leadsOn, true);
}

interface PlainPath {
  readonly field: string;
  readonly keys: readonly string[];
  readonly only: string;
}

const PATHS: readonly PlainPath[] = RULES.flatMap(({ paths }) =>
  Object.entries(paths).flatMap(([field, all]) =>
    all.map((one) => {
      const { path, only = '' } = typeof one === 'object' && 'only' in one ? one : { path: one };
      return { field, keys: (typeof path === 'string' ? path.split('.') : path).map(lower), only };
    }),
  ),
);

const BEGINNINGS = new Set(
  PATHS.flatMap(({ keys }) => keys.slice(1).map((_, i) => JSON.stringify(keys.slice(0, i + 1)))),
);
const leadsOn: Ends = (before) => BEGINNINGS.has(JSON.stringify(before));

/** topKeys gives the keys with which a path into a value may begin. */
function topKeys(value: Read): ReadonlySet<string> {
  if (value.kind === 'object') return new Set(value.members.map(([name]) => lower(name)));
  if (value.kind === 'list') return new Set(value.items.flatMap((item) => [...topKeys(item)]));
  const inside = value.kind === 'string' ? readInside(value.text) : undefined;
  return inside === undefined || inside.kind === 'string' ? new Set() : topKeys(inside);
}

/** plainTerms gives what a record is found by: by field, the folded values; undefined for what isn't JSON. */
export function plainTerms(record: string): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  const read = readJson(record);
  if (read === undefined) return undefined;
  const found = new Map<string, Set<string>>();
  const top = topKeys(read);
  for (const { field, keys, only } of PATHS) {
    if (!top.has(keys[0] ?? '')) continue;
    for (const value of valuesAt(read, keys, [], leadsOn, false).map(folded)) {
      if (value === '' || !value.startsWith(only)) continue;
      const terms = found.get(field) ?? new Set();
      found.set(field, terms.add(value));
      if (field === 'resource') terms.add(value.split('/').findLast((part) => part !== '') ?? value);
      if (field === 'target' && /^(https?:\/\/|\/)/.test(value)) {
        const bare = value.replace(/[?#].*$/s, '').replace(/[/ \t\r\n]+$/s, '');
        if (bare !== '') terms.add(bare);
      }
      if (field === 'ip')
        for (const item of value.split(',').map(folded).filter(Boolean)) {
          terms.add(item);
          const [, four] = /^(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}):\d{1,5}$/.exec(item) ?? [];
          const [, six] = /^\[([0-9a-f:.%]+)\](:\d{1,5})?$/.exec(item) ?? [];
          terms.add(four ?? six ?? item);
        }
    }
  }
  return found;
}
