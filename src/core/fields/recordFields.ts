import { fold } from './fold.ts';
import { newNode, nodeAt, readPaths } from './pathReader.ts';
import type { PathNode } from './pathReader.ts';
import { EXTRAS, FIELDS } from './rule.ts';
import { RULES } from './rules.ts';
import type { Extra, Field } from './rule.ts';
import type { Seal } from '../segment/recordLine.ts';

/** Taken says which field takes a value, and in which place of its order. */
interface Taken {
  readonly field: Field | Extra;
  readonly rank: number;
  /** how a value must begin, when it is folded */
  readonly only?: string;
}

const RULE_PATHS = newNode<Taken>();
for (const field of [...FIELDS, ...EXTRAS])
  for (const [rank, rule] of RULES.flatMap(({ paths }) => paths[field] ?? []).entries()) {
    const { path, only } = typeof rule === 'object' && 'only' in rule ? rule : { path: rule, only: undefined };
    const { tags } = nodeAt(RULE_PATHS, path);
    if (!tags.some((tag) => tag.field === field)) tags.push({ field, rank, ...(only !== undefined && { only }) });
  }

/** A record that is a string, a list or a number stands in a member of its line: docs/format.md, section 5.2. */
const VALUE = '_value';

/**
 * pathsInLine puts paths where they stand in a record line whose seal has that form: undefined for a record that isn't JSON. What is
 * made for a form is kept by who calls.
 */
export function pathsInLine<T>(root: PathNode<T>, form: Seal['form']): PathNode<T> | undefined {
  if (form === undefined) return root;
  return form === 'value' ? { tags: [], children: new Map([[VALUE, root]]) } : undefined;
}

const IN_VALUES = pathsInLine(RULE_PATHS, 'value') as PathNode<Taken>;

/** FieldVisitor is given each value that the rules take: `rank` is its path's place among those of the field. */
export type FieldVisitor = (field: Field | Extra, value: string, rank: number) => void;

/**
 * readRecordFields gives every value that the rules take from a record line whose seal has that form. It gives false for a record that
 * isn't JSON. The line's seal is no part of the record, and no rule leads into it.
 */
export function readRecordFields(line: Buffer, form: Seal['form'], visit: FieldVisitor): boolean {
  if (form !== undefined && form !== 'value') return false;
  return readPaths(line, form === undefined ? RULE_PATHS : IN_VALUES, ({ field, rank, only }, value) => {
    if (only === undefined || fold(value).startsWith(only)) visit(field, value, rank);
  });
}

/** readFieldValues gives the values of fields alone, as readRecordFields does: what may be searched for, and the index has. */
export const readFieldValues = (
  line: Buffer,
  form: Seal['form'],
  visit: (field: Field, value: string) => void,
): boolean =>
  readRecordFields(line, form, (field, value) => {
    if (field !== 'time' && field !== 'correlation') visit(field, value);
  });
