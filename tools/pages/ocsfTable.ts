/** Writes the table of what records become in OCSF into docs/ocsf.md: `node tools/pages/ocsfTable.ts`. */
import { formatTable } from './formatTable.ts';
import { writeBlock } from './markedBlock.ts';
import { CLASSES } from '../../src/core/ocsf/classes.ts';
import { MAPPINGS } from '../../src/core/ocsf/mappings.ts';

export const OCSF_PAGE = 'docs/ocsf.md';

const quoted = (names: readonly string[]): string[] => names.map((name) => `\`${name}\``);

/** formatMappings prints which records become events of which class, in the order in which the mappings are tried. */
export function formatMappings(): string {
  const rows = MAPPINGS.map(({ origin, source, product, categories = [], operations = [], to, activities }) => {
    const { uid, name } = CLASSES[to];
    const begins = quoted(operations).map((start) => `operations that begin with ${start}`);
    const which = [...quoted(categories), ...begins].join(', ');
    return [`${origin} (${source})`, which, product.name, `${name} (${uid})`, activities];
  });
  return formatTable(['records', 'categories', 'product', 'class', 'activity'], rows);
}

if (import.meta.main) await writeBlock(OCSF_PAGE, 'ocsf', formatMappings());
