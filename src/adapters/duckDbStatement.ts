import type { DuckDBConnection } from '@duckdb/node-api';

/**
 * The functions that may stand where a table does: those that make rows of their arguments alone. Of the others some read files, some
 * run a text as a statement, and some change settings of the engine although these are locked: enable_logging, enable_profiling.
 */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set(['generate_series', 'json_each', 'json_tree', 'range', 'unnest']);

/**
 * refusalOf says in words why a text isn't one statement that only reads, or gives undefined. It goes by the engine's own parser, which
 * serializes nothing but SELECT and what it makes one of (FROM, WITH, VALUES, DESCRIBE, SUMMARIZE, SHOW). Nothing of the text is run.
 */
export async function refusalOf(connection: DuckDBConnection, sql: string): Promise<string | undefined> {
  // Behind one, the parser that runs a statement sees nothing, and the one that is asked here does.
  if (sql.includes('\0')) return 'the SQL has a character U+0000';
  const asking = await connection.prepare('select json_serialize_sql($1::varchar)');
  let parsed: Parsed;
  try {
    asking.bindVarchar(1, sql);
    const [[text] = []] = await (await asking.run()).getRows();
    parsed = JSON.parse(String(text)) as Parsed;
  } finally {
    asking.destroySync();
  }
  if (parsed.error_type === 'parser') return `the SQL: ${parsed.error_message ?? ''}${placeIn(sql, parsed.position)}`;
  if (parsed.error) return 'the SQL must be one statement that reads: SELECT, FROM, WITH, VALUES, DESCRIBE, SUMMARIZE';
  const { statements = [] } = parsed;
  if (statements.length === 0) return 'the SQL is empty';
  if (statements.length > 1) return 'the SQL has several statements, and only one is taken';
  const { hasParameter, tableFunctions } = namedIn(parsed);
  const refused = tableFunctions.find((name) => !TABLE_FUNCTIONS.has(name.toLowerCase()));
  if (refused !== undefined)
    return `the SQL: ${refused} is no function to read from here, only ${[...TABLE_FUNCTIONS].join(', ')}`;
  return hasParameter ? 'the SQL has a parameter ($ or ?), and nothing gives its value' : undefined;
}

interface Parsed {
  readonly error: boolean;
  readonly error_type?: string;
  readonly error_message?: string;
  readonly position?: string;
  readonly statements?: readonly unknown[];
}

/** How much of a statement is shown from where it is wrong. */
const SHOWN = 40;

function placeIn(sql: string, position = ''): string {
  const at = /^\d+$/.test(position) ? Number(position) : -1;
  const rest = at < 0 ? '' : Buffer.from(sql).toString('utf8', at, at + SHOWN);
  return rest === '' ? '' : `, at: ${rest}`;
}

/** namedIn gives the table functions of a parsed statement, however deep they stand, and whether it has parameters. */
function namedIn(parsed: unknown): { readonly tableFunctions: readonly string[]; readonly hasParameter: boolean } {
  const tableFunctions: string[] = [];
  let hasParameter = false;
  const left: unknown[] = [parsed];
  while (left.length > 0) {
    const node = left.pop();
    if (typeof node !== 'object' || node === null) continue;
    const { type, function: called } = node as { type?: unknown; function?: { function_name?: unknown } };
    if (type === 'TABLE_FUNCTION') tableFunctions.push(String(called?.function_name));
    if (type === 'VALUE_PARAMETER') hasParameter = true;
    left.push(...Object.values(node));
  }
  return { tableFunctions, hasParameter };
}
