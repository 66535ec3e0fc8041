/** Writes the rules of what records are found by into docs/fields.md: `node tools/pages/rulesTable.ts`. */
import { formatTable } from './formatTable.ts';
import { writeBlock } from './markedBlock.ts';
import { EXTRAS, FIELDS } from '../../src/core/fields/rule.ts';
import type { RulePath } from '../../src/core/fields/rule.ts';
import { RULES } from '../../src/core/fields/rules.ts';

function pathText(rule: RulePath): string {
  const { path, only } = typeof rule === 'object' && 'only' in rule ? rule : { path: rule, only: undefined };
  const text = typeof path === 'string' ? path : path.map((key) => (key.includes('.') ? `[${key}]` : key)).join('.');
  return `\`${text}\`${only === undefined ? '' : `, if it begins with \`${only}\``}`;
}

/** formatRules prints which paths each field has, by the origin of the logs, in the order of the rules. */
export const formatRules = (): string =>
  RULES.map(({ origin, source, paths }) => {
    const rows = [...FIELDS, ...EXTRAS].flatMap((field) => {
      const all = paths[field];
      return all === undefined ? [] : [[field, all.map(pathText).join('; ')]];
    });
    return `**${origin}** (${source})\n\n${formatTable(['field', 'paths'], rows)}`;
  }).join('\n\n');

if (import.meta.main) await writeBlock('docs/fields.md', 'rules', formatRules());
