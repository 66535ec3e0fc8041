import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './program.ts';
import { sealBodies } from './segments.ts';
import { Matcher } from '../../src/find/match.ts';
import type { Hit } from '../../src/find/hit.ts';
import { visitRecords } from '../../src/core/segment/lines.ts';
import { decompress } from '../../src/core/segment/zstd.ts';

/** hitsOf seals bodies, and gives every record as a search for everything finds it. */
export function hitsOf(...bodies: readonly (Buffer | string)[]): Hit[] {
  const matcher = new Matcher({ by: 'hub', terms: new Map(), where: [], texts: [] });
  const content = decompress(sealBodies(...bodies).frames);
  const hits: Hit[] = [];
  visitRecords(content, ({ start, end, leaf, seal }) => {
    const line = Buffer.from(content.subarray(start, end));
    const { values = {}, shape } = matcher.look(line, seal) ?? {};
    const { record, enqueued, form } = seal;
    const segment = 'segments/0/000000000041.jsonl.zst';
    const isText = shape !== 'fields';
    hits.push({ partition: '0', record, segment, leaf, entry: 17, enqueued, form, values, isText, line });
  });
  return hits;
}

/** exampleHits gives the records of each of local/examples. */
export const exampleHits = (): readonly (readonly [name: string, hits: readonly Hit[]])[] =>
  readdirSync(join(ROOT, 'local', 'examples'))
    .filter((file) => file !== 'README.md')
    .toSorted()
    .map((file) => [file, hitsOf(readFileSync(join(ROOT, 'local', 'examples', file)))] as const);

/** hitOf makes a hit of a record line that nothing sealed, with what a test says otherwise. */
export const hitOf = (line: Buffer, changes: Partial<Hit> = {}): Hit => ({
  partition: '3',
  record: 10_241,
  segment: 'segments/3/000000000007.jsonl.zst',
  leaf: 4,
  entry: 12,
  enqueued: '2026-11-25T14:03:07.123Z',
  form: undefined,
  values: {},
  isText: false,
  line,
  ...changes,
});
