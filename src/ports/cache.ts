/** ByteCache keeps bytes that were read, so that they needn't be fetched again. What it gives is checked as if it had been fetched. */
export interface ByteCache {
  /** get gives what was put under a key; undefined if nothing was, or it isn't whole any more. */
  get(key: string): Promise<Buffer | undefined>;
  /** put keeps bytes under a key of letters, digits, `-` and `/`. It fails nothing: what can't be kept is fetched again. */
  put(key: string, bytes: Buffer): Promise<void>;
}
