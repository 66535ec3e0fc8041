import { constants, createZstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { ZstdOptions } from 'node:zlib';
import { AuditsealError } from '../errors.ts';
import { MIB } from '../units.ts';

/** MAX_SEGMENT_BYTES bounds what a segment may decompress to: 192 MiB. */
export const MAX_SEGMENT_BYTES = 192 * MIB;
/** MAX_WINDOW_BYTES bounds the memory that a frame may ask a decoder for: 8 MiB, what RFC 8878 section 3.1.1.1.2 recommends to support. */
export const MAX_WINDOW_BYTES = 8 * MIB;
/** MAX_FRAMES bounds the number of frames in a segment, because each costs time and memory however little it holds. */
export const MAX_FRAMES = 4096;
/** MAX_BLOCKS bounds their blocks, all together, for the same reason. An encoder makes one of each 8 KiB at most. */
export const MAX_BLOCKS = 32_768;

const MAGIC = 0xfd2fb528;
const LEVEL = 1;
/** 2 MiB: a usual segment fits, and is compressed 8 % faster and 2 % smaller than with the level's own 512 KiB. */
const WINDOW_LOG = 21;
const UNKNOWN_SIZE_CHUNK = MIB;

const malformed = (why: string): AuditsealError => new AuditsealError('SEGMENT_MALFORMED', why);
const tooLarge = (most: number): AuditsealError =>
  malformed(`it decompresses to more than ${most % MIB === 0 ? `${most / MIB} MiB` : `${most} bytes`}`);

const optionsFor = (bytes: Uint8Array, level: number): ZstdOptions => ({
  params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_windowLog]: WINDOW_LOG },
  chunkSize: Math.max(65_536, Math.ceil(bytes.length / 6)),
});

/** compress makes one Zstandard frame that states its content's size. */
export const compress = (bytes: Uint8Array, level = LEVEL): Buffer => zstdCompressSync(bytes, optionsFor(bytes, level));

/**
 * compressAside makes the same frame on a thread of Node's pool, while this one goes on. The bytes must not change meanwhile.
 *
 * The frame ends with the one write, as that of compress does: so it states its content's size, and its blocks are the same. The
 * stream is never ended: that would add an empty frame.
 */
export async function compressAside(bytes: Uint8Array, level = LEVEL): Promise<Buffer> {
  const engine = createZstdCompress({ ...optionsFor(bytes, level), flush: constants.ZSTD_e_end });
  const parts: Buffer[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      engine.on('data', (part: Buffer) => parts.push(part));
      engine.on('error', reject);
      engine.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    while (engine.read() !== null); // whatever is left goes to the listener too
  } finally {
    engine.close();
  }
  return Buffer.concat(parts);
}

interface Frame {
  readonly start: number;
  readonly end: number;
  readonly blocks: number;
  /** bytes of content, or -1 if the frame does not say */
  readonly contentSize: number;
}

/**
 * readFrames finds the frames that fill `bytes`, by their headers alone, and refuses those above a limit: nothing is
 * decompressed for them.
 *
 * node:zlib decodes only the first frame of its input and takes no notice of what follows, so frames are told apart here.
 */
function readFrames(bytes: Buffer, most: number): Frame[] {
  const frames: Frame[] = [];
  let blocks = 0;
  let stated = 0;
  for (let start = 0; start < bytes.length || start === 0;) {
    if (frames.length === MAX_FRAMES) throw malformed(`it has more than ${MAX_FRAMES} Zstandard frames`);
    const frame = readFrame(bytes, start, MAX_BLOCKS - blocks);
    blocks += frame.blocks;
    stated += Math.max(frame.contentSize, 0);
    if (stated > most) throw tooLarge(most);
    frames.push(frame);
    start = frame.end;
  }
  return frames;
}

/** readFrame finds where the frame at `start` ends, which has at most `mostBlocks`. RFC 8878 section 3.1.1. */
function readFrame(bytes: Buffer, start: number, mostBlocks: number): Frame {
  const need = (at: number, length: number): number => {
    if (at + length > bytes.length) throw malformed(`the Zstandard stream ends within the frame at byte ${start}`);
    return at;
  };
  if (bytes.readUInt32LE(need(start, 5)) !== MAGIC) throw malformed(`no Zstandard frame at byte ${start}`);
  const descriptor = bytes[start + 4] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw malformed(`reserved bit set in the Zstandard frame at byte ${start}`);
  if ((descriptor & 0x03) !== 0) throw malformed(`the Zstandard frame at byte ${start} asks for a dictionary`);
  let at = start + 5;
  let windowSize = 0;
  if (!isSingleSegment) {
    const window = bytes[need(at++, 1)] as number;
    const base = 2 ** (10 + (window >> 3));
    windowSize = base + (base / 8) * (window & 7);
  }
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  let contentSize = -1;
  if (sizeBytes > 0) {
    need(at, sizeBytes);
    contentSize =
      sizeBytes === 8
        ? Number(bytes.readBigUInt64LE(at))
        : bytes.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
    at += sizeBytes;
  }
  if (isSingleSegment) windowSize = contentSize;
  if (windowSize > MAX_WINDOW_BYTES) throw malformed(`a Zstandard window of ${windowSize} bytes is more than 8 MiB`);
  let blocks = 0;
  for (;;) {
    if (blocks === mostBlocks) throw malformed(`it has more than ${MAX_BLOCKS} Zstandard blocks`);
    blocks++;
    const block = bytes.readUIntLE(need(at, 3), 3);
    // Type 1 repeats one byte; types 0 and 2 hold as many bytes as the size says; 3 is reserved.
    const type = (block >> 1) & 3;
    if (type === 3) throw malformed(`reserved block type in the Zstandard frame at byte ${start}`);
    at = need(at + 3, type === 1 ? 1 : block >> 3) + (type === 1 ? 1 : block >> 3);
    if ((block & 1) === 1) break;
  }
  if ((descriptor & 0x04) !== 0) at = need(at, 4) + 4;
  return { start, end: at, blocks, contentSize };
}

/**
 * decompress gives the content of one or more Zstandard frames that fill `bytes` exactly.
 *
 * Throws SEGMENT_MALFORMED for anything else: another format, a cut or damaged stream, skippable frames, bytes after the
 * last frame, more frames or blocks, a larger window or more content than `most` bytes. The result is the caller's to change.
 */
export function decompress(bytes: Buffer, most = MAX_SEGMENT_BYTES): Buffer {
  const parts: Buffer[] = [];
  let total = 0;
  for (const { start, end, contentSize } of readFrames(bytes, most)) {
    const part = decompressFrame(bytes.subarray(start, end), start, contentSize, most - total);
    if (part === undefined) throw tooLarge(most);
    total += part.length;
    parts.push(part);
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, total);
}

/** decompressFrame gives undefined for more content than the limit. */
function decompressFrame(frame: Buffer, start: number, contentSize: number, limit: number): Buffer | undefined {
  if (contentSize > limit) return undefined;
  let content: Buffer;
  try {
    content = zstdDecompressSync(frame, {
      // One byte more than needed, and the whole content lands in one chunk.
      chunkSize: contentSize >= 0 ? Math.max(contentSize + 1, 64) : UNKNOWN_SIZE_CHUNK,
      maxOutputLength: Math.max(limit, 1), // zlib takes no 0
    });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    if (isTooLarge) return undefined;
    throw malformed(`damaged Zstandard frame at byte ${start}`);
  }
  if (content.length > limit) return undefined;
  // A short content would keep a whole chunk alive, and a stream may have many frames.
  return contentSize < 0 && content.length < UNKNOWN_SIZE_CHUNK ? Buffer.from(content) : content;
}
