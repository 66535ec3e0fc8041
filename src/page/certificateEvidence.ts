import { refutedOutcome, untrustedOutcome } from './certificate.ts';
import type { CertificateOutcome } from './certificate.ts';
import { isShownWhole, joinList, plainWords, recordLine, wayOf } from './certificateParts.ts';
import { cosigned, signedBy } from './certificateSigners.ts';
import { markup, untrusted } from './markup.ts';
import type { Markup } from './markup.ts';
import { pageSection } from './parts.ts';
import { number, plural } from './reportValues.ts';
import { attempt } from '../core/errors.ts';
import { formatHash, leafHash } from '../core/hash.ts';
import { openCheckpoint, parseCheckpointNote } from '../core/note/checkpoint.ts';
import { parseTlogProof } from '../core/note/tlogProof.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { parseEntry } from '../core/objects/entry.ts';
import type { SegmentEntry } from '../core/objects/entry.ts';
import type { Evidence, EvidenceResult } from '../core/objects/evidence.ts';
import { segmentName } from '../core/objects/names.ts';
import { readSeal } from '../core/segment/recordLine.ts';

/** EvidenceCheck is evidence, and what came of checking it; `keys` are those that signatures were looked for of. */
export interface EvidenceCheck {
  readonly evidence: Evidence;
  readonly keys: readonly VerifierKey[];
  /** undefined where no key was given, so that nothing was checked */
  readonly result: EvidenceResult | undefined;
  /** why it is refuted though the result holds: a policy's quorum */
  readonly lacking?: string | undefined;
}

/** evidenceOutcome is what a certificate says of evidence. */
export function evidenceOutcome(check: EvidenceCheck): CertificateOutcome {
  const { result, lacking } = check;
  const sections = evidenceSections(check);
  if (result === undefined) return untrustedOutcome(sections);
  if (!result.ok || lacking !== undefined)
    return refutedOutcome(
      result.ok ? (lacking ?? '') : result.why,
      'Nothing that the file says is proved. What is below is what it claims, and which step fails.',
      sections,
    );
  const { seal, entry, entryIndex, opened } = result;
  const { origin, size } = opened.checkpoint;
  const shown = isShownWhole(check.evidence.line)
    ? 'as shown below'
    : 'as the file has it, of which a part is printed below';
  return {
    tone: 'verified',
    title: 'Proved',
    word: 'Proved',
    sentences: [
      `Record ${seal.record} of partition ${entry.partition} stands in the log ${origin} exactly ${shown}: not a byte of it was changed since it was sealed.`,
      `It is in ${segmentName(entry.partition, entry.index)}, entry ${entryIndex} of the log’s ${plural(size, 'entry', 'entries')} at the time of the checkpoint.`,
      ...signedBy(opened),
    ],
    notProved: [
      ...cosigned(opened),
      `The checkpoint covers the log’s first ${plural(size, 'entry', 'entries')} and states no time of its own.`,
      `The time ${seal.enqueued} at which the record came in is what the event hub said. It can’t have been altered since, but nothing proves that it was right.`,
      'Whether what the record says is true, and which other records there are, is another question.',
    ],
    sections,
  };
}

function evidenceSections(check: EvidenceCheck): Markup[] {
  const { evidence, result, lacking } = check;
  const isProved = result?.ok === true && lacking === undefined;
  const claimed = isProved ? '' : ', which is not proved';
  const { line } = evidence;
  const seal = readSeal(line, 0, line.length);
  const entry = segmentEntryOf(evidence);
  const place: (readonly [string, string])[] = [
    ['Place', `record ${seal?.record ?? 'unknown'} of partition ${entry?.partition ?? 'unknown'}`],
    ['Came in, as the event hub said', seal?.enqueued ?? 'unknown'],
    ['Event', seal === undefined ? 'unknown' : `sequence number ${seal.event}, record ${seal.index} within it`],
  ];
  return [
    pageSection(
      'words',
      `Who, what and when${claimed}`,
      markup`<p>Read from the record itself. Whether what it says is true is another question.</p>`,
      plainWords(line, place),
    ),
    pageSection('path', 'From the record to the signature', stepsOf(check, entry, isProved)),
    pageSection(
      'record',
      `The record${isProved ? ', as it was proved' : ', as the file claims it'}`,
      recordLine(line, 'All of it is in the file, in its member line, and auditseal check prints it.'),
    ),
    pageSection(
      'claims',
      'What the file claims',
      markup`<p>Nothing in this list is proved: whoever made the file could write anything here. The keys that it carries:</p>`,
      evidence.verifierKeys.length === 0
        ? markup`<p>None.</p>`
        : markup`<ul>${evidence.verifierKeys.map((key) => markup`<li><code>${untrusted(key)}</code></li>\n`)}</ul>`,
    ),
  ];
}

function segmentEntryOf({ entry: bytes }: Evidence): SegmentEntry | undefined {
  const entry = attempt(() => parseEntry(bytes), 'malformed', 'contradicted');
  return entry?.type === 'segment' ? entry : undefined;
}

type State = 'holds' | 'fails' | 'open';

/** stepsOf redoes the way for people: each hash, how it follows from the one before, and whether it is the one that it must be. */
function stepsOf(
  { evidence, keys, result }: EvidenceCheck,
  entry: SegmentEntry | undefined,
  isProved: boolean,
): Markup {
  const { line, segmentProof } = evidence;
  const inSegment = wayOf(segmentProof, leafHash(line));
  const proof = attempt(() => parseTlogProof(evidence.proof), 'malformed');
  const checkpoint = proof && attempt(() => parseCheckpointNote(Buffer.from(proof.checkpoint)), 'malformed');
  const entryHash = leafHash(evidence.entry);
  const inLog =
    proof && checkpoint && wayOf({ index: proof.index, size: checkpoint.size, hashes: proof.hashes }, entryHash);
  const opened =
    proof && checkpoint && keys.length > 0
      ? attempt(
          () => openCheckpoint(Buffer.from(proof.checkpoint), checkpoint.origin, keys),
          'malformed',
          'contradicted',
        )
      : undefined;
  const same = (found: string | undefined, stated: string | undefined): State =>
    stated === undefined ? 'open' : found === stated ? 'holds' : 'fails';
  const step = (state: State, holds: string, fails: string, ...more: readonly Markup[]): Markup => {
    const [tone, word] = {
      holds: isProved ? ['verified', '✓ checked: it fits'] : ['fits', '✓ fits so far'],
      fails: ['error', '✗ checked: it fails'],
      open: ['warning', 'not checked'],
    }[state] as [string, string];
    return markup`<p><span class="badge ${tone}">${word}</span> ${state === 'fails' ? fails : state === 'open' ? 'It needs what can’t be read.' : holds}</p>${more}`;
  };
  const hash = (value: string | undefined): Markup => markup`<p><code>${value ?? 'can’t be read'}</code></p>`;
  const signed = result === undefined ? 'open' : opened === undefined ? 'fails' : 'holds';
  return markup`<p class="small soft">The sign ‖ means that bytes are joined.</p>
<ol class="steps">
<li><h3>The record</h3><p>The hash of its line, byte for byte. It is the leaf hash SHA-256(0x00 ‖ line):</p>${hash(formatHash(leafHash(line)))}
${step(
  same(inSegment && formatHash(inSegment.root), entry && formatHash(entry.root)),
  'Joined with the hashes of its neighbours, each time as SHA-256(0x01 ‖ left ‖ right), it gives exactly the root of the whole segment.',
  'Joined with the hashes that the file gives, each time as SHA-256(0x01 ‖ left ‖ right), it doesn’t give the root of the segment.',
  ...(inSegment === undefined ? [] : [joinList(inSegment)]),
)}</li>
<li><h3>The segment</h3><p>${entry === undefined ? 'Its entry can’t be read.' : markup`A stored block of consecutive records: <code>${segmentName(entry.partition, entry.index)}</code>, ${plural(entry.size, 'byte')}, SHA-256 <code>${formatHash(entry.sha256)}</code>. The record is on line ${number(segmentProof.index)} of ${number(entry.records.count)} behind its header. Its root, as the log’s entry states it:`}</p>${entry === undefined ? '' : hash(formatHash(entry.root))}
${step(placeState(evidence, entry), 'The numbers that the record states are those of its place in this segment.', 'The numbers that the record states are not those of its place in this segment.')}</li>
<li><h3>${proof === undefined ? 'The log’s entry' : `Entry ${proof.index} of the log`}</h3><p>The log lists every segment with its root. The hash of this entry is the leaf hash SHA-256(0x00 ‖ entry):</p>${hash(formatHash(entryHash))}
${step(
  same(inLog && formatHash(inLog.root), checkpoint && formatHash(checkpoint.rootHash)),
  'Joined with the hashes of other entries in the same way, it gives exactly the root of the whole log.',
  'Joined with the hashes that the file gives, in the same way, it doesn’t give the root of the log.',
  ...(inLog === undefined ? [] : [joinList(inLog)]),
)}</li>
<li><h3>The checkpoint</h3><p>${checkpoint === undefined ? 'It can’t be read.' : markup`The state of the whole log <code>${untrusted(checkpoint.origin)}</code> over ${plural(checkpoint.size, 'entry', 'entries')}, in one root, as the checkpoint states it:`}</p>${checkpoint === undefined ? '' : hash(formatHash(checkpoint.rootHash))}
${signed === 'open' ? markup`<p><span class="badge warning">not checked</span> No key was given, so no signature was looked for.</p>` : step(signed, `The signature is over exactly this checkpoint, by ${(opened?.signatures ?? []).map(({ keyName, keyId }) => `${keyName} (key ID ${keyId})`).join(' and ')}, which was given.`, 'None of the keys that were given signed it.')}</li>
</ol>`;
}

/** placeState tells whether the record's own numbers are those of its place. */
function placeState({ line, segmentProof: { index, size } }: Evidence, entry: SegmentEntry | undefined): State {
  if (entry === undefined) return 'open';
  const seal = readSeal(line, 0, line.length);
  const { records, events } = entry;
  const isInPlace =
    seal !== undefined &&
    index > 0 &&
    size === records.count + 1 &&
    seal.record === records.first + index - 1 &&
    seal.event >= events.first &&
    seal.event <= events.last;
  return isInPlace ? 'holds' : 'fails';
}
