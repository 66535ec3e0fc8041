/** Writes the worked example into docs/format.md: `node tools/pages/formatExample.ts`. */
import { formatHash, leafHash, ZERO_HASH } from '../../src/core/hash.ts';
import { segmentName } from '../../src/core/objects/names.ts';
import { sealSegment } from '../../src/core/segment/writer.ts';
import { decompress } from '../../src/core/segment/zstd.ts';
import { writeBlock } from './markedBlock.ts';

const FIRST =
  '{"records":[\n  {"time":"2026-11-22T10:00:00Z","category":"AuditEvent","size":9007199254740993},\n  {},\n  17\n],"stamp":"weu-1"}';
const SECOND = 'link "eth0" down';

/** formatExample seals two event bodies and prints every step from them to the stored bytes. */
export function formatExample(): string {
  const event = (sequenceNumber: number, enqueued: string, body: string, properties?: string) => ({
    sequenceNumber,
    enqueued,
    body: Buffer.from(body),
    ...(properties !== undefined && { properties, partitionKey: 'vault-1' }),
  });
  const { header, root, stored } = sealSegment(
    {
      ledger: 'logs.example.com/prod',
      partition: '0',
      index: 0,
      kind: 'ingest',
      incarnation: 0,
      sealed: '2026-11-22T10:00:07.250Z',
      prev: ZERO_HASH,
      firstRecord: 0,
      duplicates: 0,
      gaps: [],
    },
    [
      event(7000, '2026-11-22T10:00:01.000Z', FIRST, '{"source":"diagnostics"}'),
      event(7001, '2026-11-22T10:00:01.125Z', SECOND),
    ],
    2 ** 20,
  );
  const content = decompress(stored).toString('utf8');
  const lines = content.trimEnd().split('\n');
  const fence = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;
  const hashes = lines.slice(0, -1).map((line, i) => `${i} ${formatHash(leafHash(Buffer.from(line)))}`);
  const base64 = stored.toString('base64').replaceAll(/.{100}/g, '$&\n');
  return [
    'Two events arrive in partition 0 of a new ledger. Their bodies, each as a JSON string:',
    fence('lines', [FIRST, SECOND].map((body) => JSON.stringify(body)).join('\n')),
    `They become \`${segmentName(header.partition, header.index)}\`, which decompresses to these ${Buffer.byteLength(content)} bytes, in ${lines.length} lines:`,
    fence('lines', lines.join('\n')),
    'The leaf hashes of the header (leaf 0) and of the records:',
    fence('hashes', hashes.join('\n')),
    'The root over them, which the end line states and which the next segment has as its `prev`:',
    fence('root', formatHash(root)),
    `The ${stored.length} stored bytes, in base64. Another Zstandard encoder may store other bytes for the same lines; the root is the same:`,
    fence('base64', base64.trimEnd()),
  ].join('\n\n');
}

if (import.meta.main) await writeBlock('docs/format.md', 'example', formatExample());
