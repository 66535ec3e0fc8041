/**
 * release gives the memory of a large buffer back at once. The collector would come for it late: it sees small objects,
 * not the megabytes behind them. The buffer is empty afterwards, and so is every view of it. Small buffers share their
 * memory with others, and are left alone.
 */
export function release(bytes: Buffer): void {
  const memory = bytes.buffer;
  if (memory instanceof ArrayBuffer && memory.byteLength > Buffer.poolSize) memory.transfer(0);
}
