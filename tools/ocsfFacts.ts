/**
 * Takes from a checkout of github.com/ocsf/ocsf-schema what the tests of the mapping go by, and writes it to test/core/ocsf/:
 * `node tools/ocsfFacts.ts FOLDER`. Of the classes and objects that events are made of it takes the names of the attributes, whether they
 * are required, their types and the numbers of their values with their names; of the prose nothing. The schema is under Apache-2.0.
 */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './pages/markedBlock.ts';

/** The classes and objects that src/core/ocsf makes. */
const CLASS_FILES = [
  'events/base_event.json',
  'events/findings/detection_finding.json',
  'events/iam/account_change.json',
  'events/iam/authentication.json',
  'events/iam/entity_management.json',
  'events/network/network_activity.json',
  'events/network/http_activity.json',
  'events/network/dns_activity.json',
  'events/application/api_activity.json',
  'events/application/datastore_activity.json',
];
const OBJECTS = [
  'actor',
  'api',
  'database',
  'databucket',
  'dns_query',
  'finding_info',
  'fingerprint',
  'http_request',
  'http_response',
  'logger',
  'managed_entity',
  'metadata',
  'network_endpoint',
  'observable',
  'product',
  'resource_details',
  'service',
  'url',
  'user',
];

interface Enum {
  readonly [value: string]: { readonly caption: string };
}
interface Attribute {
  readonly type?: string;
  readonly is_array?: boolean;
  readonly requirement?: string;
  readonly enum?: Enum;
  readonly observable?: number;
  readonly profile?: string | null;
}
interface Definition {
  readonly uid?: number;
  readonly name: string;
  readonly caption: string;
  readonly category?: string;
  readonly extends?: string;
  readonly observable?: number;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly constraints?: Readonly<Record<string, readonly string[]>>;
}
interface Dictionary {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly types: { readonly attributes: Readonly<Record<string, TypeDefinition>> };
}
interface TypeDefinition {
  readonly type?: string;
  readonly regex?: string;
  readonly max_len?: number;
  readonly range?: readonly [number, number];
  readonly observable?: number;
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('node tools/ocsfFacts.ts FOLDER');
const read = async <T>(path: string): Promise<T> => JSON.parse(await readFile(join(folder, path), 'utf8')) as T;

async function definitionsIn(path: string): Promise<ReadonlyMap<string, Definition>> {
  const files = (await readdir(join(folder as string, path), { recursive: true })).filter((file) =>
    file.endsWith('.json'),
  );
  const all = await Promise.all(files.map(async (file) => read<Definition>(join(path, file))));
  return new Map(all.map((definition) => [definition.name, definition]));
}

const dictionary = await read<Dictionary>('dictionary.json');
const { version } = await read<{ version: string }>('version.json');
const categories = (await read<{ attributes: Record<string, { uid: number; caption: string }> }>('categories.json'))
  .attributes;
const [events, objects] = [await definitionsIn('events'), await definitionsIn('objects')];

/** lineOf gives a definition and what it extends, the most general first. */
function lineOf(definition: Definition, among: ReadonlyMap<string, Definition>): readonly Definition[] {
  const parent = definition.extends === undefined ? undefined : among.get(definition.extends);
  return parent === undefined ? [definition] : [...lineOf(parent, among), definition];
}

/** Every type of what is observable has its number: so have some attributes and objects. */
const observables: Record<string, string> = { 0: 'Unknown', 99: 'Other' };
const captions = dictionary.types.attributes as Readonly<Record<string, TypeDefinition & { caption?: string }>>;
for (const { observable, caption = '' } of Object.values(captions))
  if (observable !== undefined) observables[observable] = caption;

/** Attributes of profiles are left out: no event is of one. */
function attributesOf(line: readonly Definition[]): Record<string, object> {
  const merged = new Map<string, Attribute>();
  for (const { attributes } of line)
    for (const [name, attribute] of Object.entries(attributes)) {
      if (name === '$include') continue;
      const before = merged.get(name) ?? dictionary.attributes[name] ?? {};
      const values = { ...before.enum, ...attribute.enum };
      merged.set(name, { ...before, ...attribute, ...(Object.keys(values).length > 0 && { enum: values }) });
    }
  return Object.fromEntries(
    [...merged]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { type, is_array: isArray, requirement, enum: values }]) => [
        name,
        {
          type,
          ...(isArray === true && { isArray }),
          ...(requirement === 'required' && { isRequired: true }),
          ...(values !== undefined && {
            values: Object.fromEntries(Object.entries(values).map(([value, { caption }]) => [value, caption])),
          }),
        },
      ]),
  );
}

const constraintsOf = (line: readonly Definition[]): readonly (readonly string[])[] =>
  line.flatMap(({ constraints }) => (constraints?.['at_least_one'] === undefined ? [] : [constraints['at_least_one']]));

/** Types of texts are given with what they must look like, and all others by their base type alone. */
function typesIn(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(dictionary.types.attributes).map(([name, { type, regex, max_len: most, range }]) => [
      name,
      {
        base: type ?? name,
        ...(regex !== undefined && { regex }),
        ...(most !== undefined && { most }),
        ...(range !== undefined && { range }),
      },
    ]),
  );
}

const classes = await Promise.all(
  CLASS_FILES.map(async (file) => {
    const line = lineOf(await read<Definition>(file), events);
    const { uid = 0, caption } = line.at(-1) as Definition;
    const category = line.findLast((each) => each.category !== undefined)?.category ?? 'other';
    const { uid: categoryUid = 0, caption: categoryName = 'Uncategorized' } = categories[category] ?? {};
    const classUid = categoryUid * 1000 + uid;
    // What an event says of its own class and category may only be that.
    const own = {
      class_uid: { type: 'integer_t', isRequired: true, values: { [classUid]: caption } },
      category_uid: { type: 'integer_t', isRequired: true, values: { [categoryUid]: categoryName } },
    };
    return {
      uid: classUid,
      name: caption,
      categoryUid,
      category: categoryName,
      oneOf: constraintsOf(line),
      attributes: { ...attributesOf(line), ...own },
    };
  }),
);

const facts = {
  source: 'github.com/ocsf/ocsf-schema',
  version,
  licence: 'Apache-2.0',
  copyright: 'OCSF a Series of LF Projects, LLC',
  types: typesIn(),
  classes,
  objects: Object.fromEntries(
    OBJECTS.map((name) => {
      const definition = objects.get(name);
      if (definition === undefined) throw new Error(`the schema has no object ${name}`);
      const line = lineOf(definition, objects);
      const attributes = attributesOf(line);
      if (name === 'observable') Object.assign(attributes['type_id'] ?? {}, { values: observables });
      return [name, { oneOf: constraintsOf(line.slice(-1)), attributes }];
    }),
  ),
};
await writeFile(join(ROOT, `test/core/ocsf/ocsf-${version}.json`), `${JSON.stringify(facts, undefined, 1)}\n`);
