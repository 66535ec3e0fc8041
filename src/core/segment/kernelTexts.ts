import { CATEGORY_KEY } from './categories.ts';
import { SEAL_TEXT, VALUE_TEXT } from './sealText.ts';
import type { Kernel } from '../wasm/kernel.ts';

/** A slot of wasm/texts.ts: how many bytes the text has, in 32 bits, and 16 bytes behind its start the text. */
const SLOT_BYTES = 80;
const TEXT_AT = 16;
const MOST_TEXT = SLOT_BYTES - TEXT_AT;

/** The slots that are the same for all segments, in the order of wasm/texts.ts. */
const FIXED = [
  VALUE_TEXT.start,
  `${VALUE_TEXT.end},`,
  SEAL_TEXT.record,
  SEAL_TEXT.event,
  SEAL_TEXT.index,
  SEAL_TEXT.enqueued,
  SEAL_TEXT.valueForm,
  SEAL_TEXT.envelope,
  CATEGORY_KEY,
];
const FIXED_SLOTS = Buffer.alloc(FIXED.length * SLOT_BYTES);
for (const [i, text] of FIXED.entries()) putText(FIXED_SLOTS, i * SLOT_BYTES, text);

/** putText writes a text of ASCII into a slot, and tells whether it has room. */
function putText(bytes: Buffer, slot: number, text: string): boolean {
  if (text.length > MOST_TEXT) return false;
  bytes.writeUInt32LE(text.length, slot);
  bytes.write(text, slot + TEXT_AT, 'latin1');
  return true;
}

/** putTexts hands the kernel the texts of the format, and those of one event, and tells whether there is room for them. */
export function putTexts({ bytes, texts }: Kernel, ...ofEvent: readonly string[]): boolean {
  bytes.set(FIXED_SLOTS, texts);
  return ofEvent.every((text, i) => putText(bytes, texts + FIXED_SLOTS.length + i * SLOT_BYTES, text));
}
