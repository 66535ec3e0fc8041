import type { Random } from './random.ts';
import { RULES } from '../../src/core/fields/rules.ts';

// Records that try to be read in two ways: keys twice and in other cases, lists in lists, JSON in strings, odd values.

const PATHS: readonly (readonly string[])[] = RULES.flatMap(({ paths }) => Object.values(paths).flat()).map((one) => {
  const path = typeof one === 'object' && 'only' in one ? one.path : one;
  return typeof path === 'string' ? path.split('.') : path;
});

/** Values as JSON prints them, so that they can be what no printer makes. */
const SCALARS = [
  '"alice@contoso.example"',
  '"Alice@Contoso.example "',
  '" \\t alice@contoso.example"',
  '"\\u0061lice@contoso.example"',
  '"\\ud800lone"',
  '"ends in \\udc00"',
  '"\\ud83d\\ude00"',
  '"İSTANBUL"',
  '"192.0.2.7:443"',
  '"[2001:DB8::1]:443"',
  '"192.0.2.8, 192.0.2.9:80 ,"',
  '"/subscriptions/S/providers/Microsoft.KeyVault/vaults/KV/"',
  '"https://kv.vault.azure.net/secrets/bank/?api-version=7.6#x"',
  '"https://"',
  '"https://kv.vault.azure.net/secrets/a / ?x=1"',
  '"blobs/x/"',
  '"//"',
  '"/?x"',
  '"=cmd|\' /C calc\'!A0"',
  '"<script>alert(1)</script>"',
  '"a\\u0000b\\u202e"',
  '""',
  '"   "',
  '"[1,2"',
  '0',
  '-0.0',
  '9007199254740993',
  '1e400',
  'true',
  'false',
  'null',
] as const;

function spelled(key: string, random: Random): string {
  const name = random.below(4) === 0 ? key.toUpperCase() : key;
  if (random.below(8) > 0) return JSON.stringify(name);
  const at = random.below(name.length);
  const escape = `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return `"${JSON.stringify(name.slice(0, at)).slice(1, -1)}${escape}${JSON.stringify(name.slice(at + 1)).slice(1, -1)}"`;
}

function valueAt(keys: readonly string[], random: Random, opened = false): string {
  const [key, ...rest] = keys;
  const how = random.below(14);
  if (key === undefined) {
    if (how === 0) return `[${SCALARS[random.below(SCALARS.length)]},[${SCALARS[random.below(SCALARS.length)]}]]`;
    if (how === 1) return `{"value":${SCALARS[random.below(SCALARS.length)]},"more":[{"x":"deep"}]}`;
    if (how === 2) return JSON.stringify(`{"value":"in a string"}`);
    return SCALARS[random.below(SCALARS.length)] as string;
  }
  if (how === 0) return `[${valueAt(keys, random, opened)},"beside"]`;
  if (how === 1 && !opened) return JSON.stringify(` ${valueAt(keys, random, true)}`);
  if (how === 2 && opened) return JSON.stringify(valueAt(keys, random, true));
  const member = `${spelled(key, random)}:${valueAt(rest, random, opened)}`;
  const again = how === 3 ? `,${spelled(key, random)}:${valueAt(rest, random, opened)}` : '';
  return how === 4 ? `{"other":1 , ${member}${again}}` : `{${member}${again}}`;
}

/** hostileRecord makes a record of a few members that rules look at, as JSON text. */
export function hostileRecord(random: Random): string {
  const members = Array.from({ length: 1 + random.below(6) }, () => {
    const path = PATHS[random.below(PATHS.length)] ?? [];
    const whole = valueAt(path, random);
    return whole.startsWith('{') && whole.endsWith('}') ? whole.slice(1, -1).trim() : `"x":${whole}`;
  });
  const text = `{${members.join(',')}}`;
  return random.below(50) === 0 ? text.slice(0, -1) : text;
}
