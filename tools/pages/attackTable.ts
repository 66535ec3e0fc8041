/** Writes the tables of attacks into docs/threat-model.md: `node tools/pages/attackTable.ts`. */
import { ATTACKS } from '../../test/support/attacks.ts';
import { EVIDENCE_ATTACKS } from '../../test/support/evidenceAttacks.ts';
import { formatTable } from './formatTable.ts';
import { writeBlock } from './markedBlock.ts';

/** shorten leaves out zeros and endings: segments/0/2 for segments/0/000000000002.jsonl.zst. */
const shorten = (object: string): string =>
  object.replace(/0{1,11}(?=\d)(?=\d*(?:$|\.json))/, '').replace(/(?<=\d)\.json(l(\.zst)?)?$/, '');

/** describe says what was found: each code once, with its first object. */
function describe(finds: readonly string[]): string {
  if (finds.length === 0) return '**nothing**';
  const objects = new Map<string, string[]>();
  for (const find of finds) {
    const [code, object] = find.split(' ') as [string, string];
    objects.set(code, [...(objects.get(code) ?? []), object === 'kept' ? 'the kept checkpoint' : shorten(object)]);
  }
  const parts = [...objects].map(([code, [first, ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return `\`${code}\` ${first}${more}`;
  });
  return parts.join('; ');
}

/** formatAttacks prints the tables of what the tests attack with, and of what they demand to be found. */
export function formatAttacks(): string {
  const ledger = ATTACKS.map(({ name, does, finds: [alone, key, anchor], says }) => {
    const isSame = (a: readonly string[], b: readonly string[]): boolean => a.join() === b.join();
    const hint = says === undefined ? '' : `; it says: “${says.replaceAll(/\S+\/\d+\S*/g, shorten)}”`;
    return [
      name,
      does,
      describe(alone) + hint,
      isSame(key, alone) ? 'the same' : describe(key),
      isSame(anchor, key) ? 'the same' : describe(anchor),
    ];
  });
  const evidence = EVIDENCE_ATTACKS.map(({ name, does, check, finds }) => {
    const [status, code] = check;
    return [name, does, `**${status}** (${code})`, describe(finds)];
  });
  return [
    formatTable(['attack', 'the attacker', '`verify`', 'with `--key`', 'and with `--anchor`'], ledger),
    'On evidence. Without `--key`, `check` says of every file that nothing was checked (2).',
    formatTable(
      ['attack', 'the attacker', '`check --key`', '`verify --key`, with the file’s checkpoint as `--anchor`'],
      evidence,
    ),
  ].join('\n\n');
}

if (import.meta.main) await writeBlock('docs/threat-model.md', 'attacks', formatAttacks());
