import { fold, isSpace } from './fold.ts';
import type { Extra, Field } from './rule.ts';

/** An IPv4 address with a port, and an IPv6 address in brackets, with a port or without. */
const IPV4_PORT = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/;
const IPV6_BRACKETS = /^\[([0-9a-f:.%]+)\](?::\d{1,5})?$/;

/**
 * termsOf gives what a value of a field is found by: itself, folded, and of a resource also its name, the last part of its id; of
 * addresses also each of a list, without its port; of a target also what stands before a query. An empty value gives none.
 */
export function termsOf(field: Field | Extra, value: string): readonly string[] {
  const folded = fold(value);
  if (folded === '') return [];
  if (field === 'resource') return withLastPart(folded);
  if (field === 'ip') return withAddresses(folded);
  if (field === 'target') return [...new Set([folded, withoutQuery(folded)])];
  return [folded];
}

/**
 * indexedTermsOf gives what of that the index has: of addresses each of a list without its port, of a target what stands before a query,
 * and nothing else of them. Who asks for more looks at what the index finds.
 */
export function indexedTermsOf(field: Field, value: string): readonly string[] {
  const folded = fold(value);
  if (folded === '') return [];
  if (field === 'resource') return withLastPart(folded);
  if (field === 'ip') {
    const addresses = addressesIn(folded);
    return addresses.length === 0 ? [folded] : [...new Set(addresses)];
  }
  return [field === 'target' ? withoutQuery(folded) : folded];
}

/** askedTermsOf gives what the index has of a value that is asked for: of a resource's id that itself, and not its name. */
export const askedTermsOf = (field: Field, value: string): readonly string[] =>
  field === 'resource' ? [fold(value)] : indexedTermsOf(field, value);

function withLastPart(id: string): readonly string[] {
  const parts = id.split('/').filter((part) => part !== '');
  const last = parts.at(-1);
  return last === undefined || last === id ? [id] : [id, last];
}

const TARGET_WITH_PATH = /^(?:https?:\/\/|\/)[^?#]*/;

/** Of `https://kv.vault.azure.net/secrets/bank/?api-version=7.6` nobody asks for the end. What is taken off nothing ends with. */
function withoutQuery(target: string): string {
  const path = TARGET_WITH_PATH.exec(target)?.[0];
  if (path === undefined) return target;
  let end = path.length;
  while (end > 0 && (path[end - 1] === '/' || isSpace(path.charCodeAt(end - 1)))) end -= 1;
  return end === 0 ? target : path.slice(0, end);
}

const withAddresses = (value: string): readonly string[] => {
  const items = value.split(',').map(fold);
  return [...new Set([value, ...items.filter((item) => item !== ''), ...addressesIn(value)])];
};

/** addressesIn gives each address of a list, without its port. */
const addressesIn = (value: string): readonly string[] =>
  value
    .split(',')
    .map(fold)
    .filter((item) => item !== '')
    .map((item) => IPV4_PORT.exec(item)?.[1] ?? IPV6_BRACKETS.exec(item)?.[1] ?? item);
