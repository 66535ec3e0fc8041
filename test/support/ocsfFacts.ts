import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './program.ts';

// Checks events against facts of the schema of OCSF: test/core/ocsf/ocsf-1.8.0.json, which tools/ocsfFacts.ts takes from the schema.

interface AttributeFacts {
  readonly type: string;
  readonly isArray?: boolean;
  readonly isRequired?: boolean;
  readonly values?: Readonly<Record<string, string>>;
}
interface Shape {
  readonly oneOf: readonly (readonly string[])[];
  readonly attributes: Readonly<Record<string, AttributeFacts>>;
}
export interface ClassFacts extends Shape {
  readonly uid: number;
  readonly name: string;
  readonly category: string;
  readonly categoryUid: number;
}
interface TypeFacts {
  readonly base: string;
  readonly regex?: string;
  readonly most?: number;
  readonly range?: readonly [number, number];
}
interface Facts {
  readonly version: string;
  readonly types: Readonly<Record<string, TypeFacts>>;
  readonly classes: readonly ClassFacts[];
  readonly objects: Readonly<Record<string, Shape>>;
}

export const FACTS = JSON.parse(readFileSync(join(ROOT, 'test/core/ocsf/ocsf-1.8.0.json'), 'utf8')) as Facts;

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** faultsIn gives what of an event the schema doesn't allow, each with its place. */
export function faultsIn(event: Json): string[] {
  const found = FACTS.classes.find(({ uid }) => uid === event['class_uid']);
  if (found === undefined) return [`there is no class ${String(event['class_uid'])}`];
  const { activity_id: activity, type_uid: type } = event;
  const stated = [
    ['class_name', found.name],
    ['category_name', found.category],
    ['category_uid', found.categoryUid],
  ].flatMap(([name = '', value]) => (event[name] === value ? [] : [`${name}: expected ${String(value)}`]));
  const isType = type === found.uid * 100 + Number(activity);
  return [
    ...stated,
    ...(isType ? [] : ['type_uid is not that of the class and activity']),
    ...shapeFaults(event, found, ''),
  ];
}

function shapeFaults(object: Json, { attributes, oneOf }: Shape, at: string): string[] {
  const missing = Object.entries(attributes)
    .filter(([name, { isRequired }]) => isRequired === true && object[name] === undefined)
    .map(([name]) => `${at}${name} is required`);
  const none = oneOf
    .filter((names) => names.every((name) => object[name] === undefined))
    .map((names) => `${at}: one of ${names.join()} is required`);
  const wrong = Object.entries(object).flatMap(([name, value]) => {
    const facts = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (facts === undefined) return [`${at}${name} is no attribute`];
    if (facts.isArray !== true) return valueFaults(value, facts, `${at}${name}`);
    if (!Array.isArray(value)) return [`${at}${name} is no array`];
    return value.flatMap((item, i) => valueFaults(item, facts, `${at}${name}[${i}]`));
  });
  // The name of an enumerated value stands beside it, without the `_id`.
  const named = Object.entries(attributes).flatMap(([name, { values }]) => {
    const sibling = name.replace(/_id$/, name === 'activity_id' ? '_name' : '');
    const [value, text] = [object[name], object[sibling]];
    if (values === undefined || sibling === name || typeof value !== 'number' || value === 99 || text === undefined)
      return [];
    const wanted = values[String(value)];
    return wanted === text ? [] : [`${at}${sibling}: expected ${wanted}, got ${JSON.stringify(text)}`];
  });
  return [...missing, ...none, ...wrong, ...named];
}

function valueFaults(value: unknown, { type, values }: AttributeFacts, at: string): string[] {
  if (values !== undefined && !Object.hasOwn(values, String(value))) return [`${at}: ${String(value)} is no value`];
  const facts = FACTS.types[type];
  // `object` is one of any members.
  if (facts === undefined) {
    if (!isObject(value)) return [`${at}: expected an object`];
    if (type === 'object') return [];
    const shape = FACTS.objects[type];
    return shape === undefined ? [`${at}: the facts have no ${type}`] : shapeFaults(value, shape, `${at}.`);
  }
  const { base, regex, most, range } = facts;
  if (base === 'string_t') {
    if (typeof value !== 'string') return [`${at}: expected a string`];
    if (most !== undefined && value.length > most) return [`${at}: longer than ${most}`];
    return regex === undefined || new RegExp(regex).test(value) ? [] : [`${at}: ${value} is no ${type}`];
  }
  if (base === 'boolean_t') return typeof value === 'boolean' ? [] : [`${at}: expected a boolean`];
  if (base === 'integer_t' || base === 'long_t' || base === 'timestamp_t') {
    if (!Number.isSafeInteger(value)) return [`${at}: expected a whole number`];
    const [least = -Infinity, largest = Infinity] = range ?? [];
    return Number(value) < least || Number(value) > largest ? [`${at}: out of range`] : [];
  }
  return [`${at}: the checker knows no ${base}`];
}
