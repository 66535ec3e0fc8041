import type { Hit } from '../find/hit.ts';
import type { TreeHead } from '../core/merkle/tree.ts';

/** ExportEnd is what is known when the search is over, for the end of a file. */
export interface ExportEnd {
  /** the log's name; undefined where no checkpoint was found that covers the log */
  readonly ledger: string | undefined;
  readonly checkpoint: TreeHead | undefined;
}

/** Exporter makes of hits the bytes of a file, piece by piece: none of them waits for the end of the search. */
export interface Exporter {
  /** what stands before the first hit */
  begin(): string | Uint8Array;
  /** what a hit adds; a piece may be empty, where it waits for others */
  add(hit: Hit): string | Uint8Array;
  /** what stands behind the last one; without it, the file is cut off */
  end(end: ExportEnd): string | Uint8Array;
}
