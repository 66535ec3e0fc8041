/** Writes the worked example into docs/format.md: `node tools/pages/formatExample.ts`. */
import { formatHash, leafHash, sha256, ZERO_HASH } from '../../src/core/hash.ts';
import { createSignerKey, signNote } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { segmentName } from '../../src/core/objects/names.ts';
import { statementOf } from '../../src/core/segment/statement.ts';
import { sealSegment } from '../../src/core/segment/writer.ts';
import { decompress } from '../../src/core/segment/zstd.ts';
import { SIGNED_VERSION, formatCertificate, formatSignedCertificate } from '../../src/core/signed/certificate.ts';
import { findSignatureFrame, signSegment, withSignature } from '../../src/core/signed/segmentFrame.ts';
import type { Session } from '../../src/core/signed/session.ts';
import { writeBlock } from './markedBlock.ts';

const LEDGER = 'logs.example.com/prod';
const FIRST =
  '{"records":[\n  {"time":"2026-11-22T10:00:00Z","category":"AuditEvent","size":9007199254740993},\n  {},\n  17\n],"stamp":"weu-1"}';
const SECOND = 'link "eth0" down';

/** Nobody's keys: their seeds are known. */
const LOG_KEY = createSignerKey(LEDGER, Buffer.alloc(32, 1));
const SESSION_KEY = createSignerKey(LEDGER, Buffer.alloc(32, 2));

function exampleSession(): Session {
  const certificate = {
    ledger: LEDGER,
    version: SIGNED_VERSION,
    role: 'segments',
    publicKey: SESSION_KEY.verifierKey.material,
    from: '2026-11-22T06:30:00.000Z',
    until: '2026-11-23T06:30:00.000Z',
  } as const;
  const signature = signNote(formatCertificate(certificate), LOG_KEY);
  return { certificate, note: formatSignedCertificate(certificate, [signature]), privateKey: SESSION_KEY.privateKey };
}

/** formatExample seals and signs two event bodies and prints every step from them to the stored bytes. */
export function formatExample(): string {
  const event = (sequenceNumber: number, enqueued: string, body: string, properties?: string) => ({
    sequenceNumber,
    enqueued,
    body: Buffer.from(body),
    ...(properties !== undefined && { properties, partitionKey: 'vault-1' }),
  });
  const { header, root, frames, latest } = sealSegment(
    {
      ledger: LEDGER,
      partition: '0',
      index: 0,
      kind: 'ingest',
      incarnation: 0,
      sealed: '2026-11-22T10:00:07.250Z',
      previous: -1,
      prev: ZERO_HASH,
      firstRecord: 0,
      duplicates: 0,
      gaps: [],
      hub: {
        created: '2026-11-20T08:12:31.047Z',
        asked: '2026-11-22T10:00:07.113Z',
        first: 7000,
        last: 7001,
        enqueued: '2026-11-22T10:00:01.125Z',
      },
    },
    [
      event(7000, '2026-11-22T10:00:01.000Z', FIRST, '{"source":"diagnostics"}'),
      event(7001, '2026-11-22T10:00:01.125Z', SECOND),
    ],
    2 ** 20,
  );
  const name = segmentName(header.partition, header.index);
  const created = header.hub?.created as string;
  const statement = statementOf(header, root, sha256(frames), { latest, created });
  const stored = withSignature(frames, signSegment(exampleSession(), name, statement));
  const signed = findSignatureFrame(stored).content.toString('utf8');
  const content = decompress(frames).toString('utf8');
  const lines = content.trimEnd().split('\n');
  const fence = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;
  const hashes = lines.slice(0, -1).map((line, i) => `${i} ${formatHash(leafHash(Buffer.from(line)))}`);
  const base64 = stored.toString('base64').replaceAll(/.{100}/g, '$&\n');
  return [
    'Two events arrive in partition 0 of a new ledger. Their bodies, each as a JSON string:',
    fence('lines', [FIRST, SECOND].map((body) => JSON.stringify(body)).join('\n')),
    `They become \`${name}\`, which decompresses to these ${Buffer.byteLength(content)} bytes, in ${lines.length} lines:`,
    fence('lines', lines.join('\n')),
    'The leaf hashes of the header (leaf 0) and of the records:',
    fence('hashes', hashes.join('\n')),
    'The root over them, which the end line states and which the next segment has as its `prev`:',
    fence('root', formatHash(root)),
    "The log's key, as C2SP signed-note prints verifier keys (its seed is 32 bytes 01, and that of the session's key 32 bytes 02: never use them):",
    fence('key', formatVerifierKey(LOG_KEY.verifierKey)),
    'What the session signs, behind the name of the object: the statement, and its certificate.',
    fence('signed', signed.trimEnd()),
    `The ${stored.length} stored bytes, in base64, of which the last ${stored.length - frames.length} are the signature frame. Another Zstandard encoder may store other bytes for the same lines; then \`frames\` and the signature are others too, and the root is the same:`,
    fence('base64', base64.trimEnd()),
  ].join('\n\n');
}

if (import.meta.main) await writeBlock('docs/format.md', 'example', formatExample());
