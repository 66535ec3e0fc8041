import { parseHeader } from './header.ts';
import type { SegmentHeader } from './header.ts';
import { LineCursor } from './lineCursor.ts';
import type { Seal } from './recordLine.ts';
import { AuditsealError } from '../errors.ts';

const LF = 0x0a;

/**
 * RecordLine is a record line of a segment: bytes[start, end), without its LF, and its number among the segment's leaves. The bytes are
 * those of all lines: copy what is kept.
 */
export interface RecordLine {
  readonly start: number;
  readonly end: number;
  readonly leaf: number;
  readonly seal: Seal;
}

/**
 * visitRecords gives each record line of a segment's content, and its header back. It recomputes nothing: this is for bytes whose hash
 * somebody vouches for. It throws SEGMENT_MALFORMED for what isn't lines that end in seals.
 */
export function visitRecords(bytes: Buffer, visit: (line: RecordLine) => void): SegmentHeader {
  const headerEnd = bytes.indexOf(LF);
  const header = parseHeader(bytes.subarray(0, Math.max(headerEnd, 0)));
  const lines = new LineCursor(bytes, headerEnd + 1);
  // The last line is no record.
  for (let leaf = 1; lines.next() && lines.end + 1 < bytes.length; leaf++) {
    const seal = lines.seal();
    if (seal === undefined) throw new AuditsealError('SEGMENT_MALFORMED', `record line ${leaf} does not end in a seal`);
    visit({ start: lines.start, end: lines.end, leaf, seal });
  }
  return header;
}
