import type { Hash } from '../../core/hash.ts';
import { batchName } from '../../core/objects/names.ts';

/** LoggedAction is what an entry of the log says of an action. */
export interface LoggedAction {
  readonly sha256: Hash;
  /** where the entry stands, in words */
  readonly where: string;
}

/** whereOf says where an entry stands. */
export const whereOf = (batch: number, entry: number): string => `entry ${entry} of ${batchName(batch)}`;

/** CHANGED is what is wrong with a report or an action whose entry is of other bytes. */
export const CHANGED = 'its bytes have another SHA-256 than its entry in the log';
