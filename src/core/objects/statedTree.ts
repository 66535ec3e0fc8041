import { formatHash, parseHash } from '../hash.ts';
import type { Hash } from '../hash.ts';
import type { TreeHead } from '../merkle/tree.ts';

/** StatedTree is a tree of the log as documents state it. */
export interface StatedTree {
  readonly size: number;
  /** in hex */
  readonly root: string;
}

/** statedTree is a tree as documents state it. */
export const statedTree = ({ size, rootHash }: TreeHead): StatedTree => ({ size, root: formatHash(rootHash) });

/** treeOf is the inverse of statedTree, for a root that this program printed or has read before. */
export const treeOf = ({ size, root }: StatedTree): TreeHead => ({ size, rootHash: parseHash(root) as Hash });
