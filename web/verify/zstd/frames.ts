import { damaged } from './bits.ts';

/** Block is a piece of a frame: as it is, one byte repeated, or compressed. */
export interface Block {
  readonly type: 'raw' | 'repeat' | 'compressed';
  /** where its bytes are */
  readonly start: number;
  readonly end: number;
  /** what the header states: bytes of content, or, of a compressed one, of data */
  readonly size: number;
}

/** Frame is what the headers of a Zstandard frame state. */
export interface Frame {
  readonly start: number;
  /** where the first block begins */
  readonly blocks: number;
  readonly blockCount: number;
  readonly end: number;
  /** bytes of content, if it is stated */
  readonly contentSize: number | undefined;
  readonly windowSize: number;
  readonly hasChecksum: boolean;
}

/** MAX_CONTENT_BYTES bounds what all frames of a segment hold together, and any stored object: 192 MiB. */
export const MAX_CONTENT_BYTES = 192 * 1024 * 1024;
export const MAX_BLOCK_BYTES = 128 * 1024;

const MAX_WINDOW_BYTES = 8 * 1024 * 1024;
const MAX_FRAMES = 4096;
/** of all frames together */
const MAX_BLOCKS = 32_768;
const MAGIC = 0xfd2fb528;
const TYPES = ['raw', 'repeat', 'compressed'] as const;

/** readFrames finds the frames that fill `bytes`, by their headers alone, and refuses what docs/format.md, section 3, does. */
export function readFrames(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  let blocks = 0;
  let stated = 0;
  for (let start = 0; start < bytes.length || start === 0;) {
    if (frames.length === MAX_FRAMES) throw damaged(`it has more than ${MAX_FRAMES} Zstandard frames`);
    const frame = readFrame(bytes, start, MAX_BLOCKS - blocks);
    blocks += frame.blockCount;
    stated += frame.contentSize ?? 0;
    if (stated > MAX_CONTENT_BYTES) throw damaged('it decompresses to more than 192 MiB');
    frames.push(frame);
    start = frame.end;
  }
  return frames;
}

function readFrame(bytes: Uint8Array, start: number, mostBlocks: number): Frame {
  const where = `Zstandard frame at byte ${start}`;
  const number = (at: number, count: number): number => {
    if (at + count > bytes.length) throw damaged(`the ${where} is cut off`);
    let value = 0;
    for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] as number);
    return value;
  };
  if (number(start, 4) !== MAGIC) throw damaged(`there is no ${where}`);
  const flags = number(start + 4, 1);
  if ((flags & 0x08) !== 0) throw damaged(`the ${where} has a reserved bit set`);
  if ((flags & 0x03) !== 0) throw damaged(`the ${where} asks for a dictionary`);
  const isSingle = (flags & 0x20) !== 0;
  const window = isSingle ? 0 : number(start + 5, 1);
  const sizeAt = start + (isSingle ? 5 : 6);
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] as number;
  const contentSize = sizeBytes === 0 ? undefined : number(sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const base = 2 ** (10 + (window >> 3));
  const windowSize = isSingle ? (contentSize as number) : base + (base / 8) * (window & 7);
  if (windowSize > MAX_WINDOW_BYTES) throw damaged(`the ${where} asks for a window above 8 MiB`);
  const blocks = sizeAt + sizeBytes;
  let end = blocks;
  let blockCount = 0;
  for (let isLast = false; !isLast; blockCount++) {
    if (blockCount === mostBlocks) throw damaged(`it has more than ${MAX_BLOCKS} Zstandard blocks`);
    const header = number(end, 3);
    isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    if (type === 3) throw damaged(`the ${where} has a block of the reserved type`);
    end += 3 + (type === 1 ? 1 : header >> 3);
    if (end > bytes.length) throw damaged(`the ${where} is cut off`);
  }
  const hasChecksum = (flags & 0x04) !== 0;
  if (hasChecksum) number(end, 4);
  return { start, blocks, blockCount, end: end + (hasChecksum ? 4 : 0), contentSize, windowSize, hasChecksum };
}

/** blocksOf gives the blocks of a frame that readFrames found. */
export function* blocksOf(bytes: Uint8Array, frame: Frame): Generator<Block> {
  for (let at = frame.blocks; ;) {
    const header = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    const type = TYPES[(header >> 1) & 3] as Block['type'];
    const size = header >> 3;
    const end = at + 3 + (type === 'repeat' ? 1 : size);
    yield { type, start: at + 3, end, size };
    if ((header & 1) === 1) return;
    at = end;
  }
}
