/** The contracts between the pipeline and the world. The pipeline knows these; adapters fulfil them. */
import type { Hash } from '../core/hash.ts';
import type { SealableEvent } from '../core/segment/seal.ts';
import type { SignatureLine } from '../core/note/signatureLine.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { LineOf } from './telemetry.ts';

export interface ObjectInfo {
  readonly name: string;
  readonly size: number;
}

/**
 * ObjectStore holds a ledger's objects. There is no way to replace or remove one.
 *
 * A write is durable when its promise resolves, and visible to every later read. Implementations retry passing faults;
 * what they throw is final: STORE_UNAVAILABLE, STORE_REFUSED, or OBJECT_TOO_LARGE from read. All methods may run
 * concurrently, also from other processes.
 */
export interface ObjectStore {
  /** create stores bytes under name, unless the name is taken. After a lost response it may say 'exists' of its own write. */
  create(name: string, bytes: Uint8Array, metadata?: Readonly<Record<string, string>>): Promise<'created' | 'exists'>;
  /** read gives the bytes under name, or undefined if there are none. */
  read(name: string): Promise<Buffer | undefined>;
  exists(name: string): Promise<boolean>;
  /** list yields what is under prefix in ascending order of names, from the name `from` on. */
  list(prefix: string, from?: string): AsyncIterable<ObjectInfo>;
  /**
   * children yields what is directly under prefix: objects, in ascending order of names, and folders by their full names,
   * which end in a slash.
   */
  children(prefix: string): AsyncIterable<{ readonly name: string; readonly isFolder: boolean }>;
}

/**
 * TileStore holds what can be made again from the ledger: the tiles of the log and its newest checkpoint, under the names
 * of c2sp.org/tlog-tiles. Nothing in it is believed without a proof, and anything in it may be replaced.
 */
export interface TileStore {
  /** write stores bytes under name, whether it is taken or not. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** read gives the bytes under name, or undefined if there are none. */
  read(name: string): Promise<Buffer | undefined>;
  /** list yields what is under prefix in ascending order of names. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
}

/** ReadableTiles is a TileStore as who only reads has it. */
export type ReadableTiles = Pick<TileStore, 'read' | 'list'>;

/** Signer signs the texts of notes, with a key that need not be in this process. */
export interface Signer {
  readonly verifierKey: VerifierKey;
  sign(text: string): Promise<SignatureLine>;
}

/** CosignRequest asks a witness to cosign a checkpoint. */
export interface CosignRequest {
  /** the newest checkpoint: a note that the log signed */
  readonly checkpoint: Buffer;
  /** the size that the witness cosigned last as far as the log knows; 0 if it doesn't */
  readonly knownSize: number;
  /** proves that the tree of `to` leaves begins with that of `from`, for 0 < from < to */
  readonly proveConsistency: (from: number, to: number) => Promise<readonly Hash[]>;
}

/** Cosigned is what came of asking a witness. */
export type Cosigned =
  | { readonly isCosigned: true; readonly cosignatures: readonly SignatureLine[] }
  | {
      readonly isCosigned: false;
      readonly why: string;
      /** the size that the witness says it cosigned last */
      readonly witnessSize?: number;
      /** the witness says that it cosigned a tree which this one doesn't continue: a fork, a log rolled back, or a lie */
      readonly isContradicted?: true;
    };

/** RemoteWitness is a witness somewhere else. It never rejects, and ends in a time that is bounded. */
export interface RemoteWitness {
  /** of type cosignature */
  readonly verifierKey: VerifierKey;
  /** cosign gives cosignatures that verify under the witness's key, or a reason. */
  cosign(request: CosignRequest): Promise<Cosigned>;
}

/** Delivery is the events of one invocation: of one partition, in ascending order of sequence numbers. */
export interface Delivery {
  readonly partition: string;
  readonly events: readonly SealableEvent[];
}

/** Clock gives milliseconds since the Unix epoch. */
export type Clock = () => number;

export type LogFields = Readonly<Record<string, string | number>>;

/** Log takes the lines of the table in telemetry.ts, each with its fields. They never hold log content. */
export interface Log {
  info(...line: LineOf<'info'>): void;
  warn(...line: LineOf<'warn'>): void;
  error(...line: LineOf<'error'>): void;
}

/**
 * WitnessState holds, of each log, the newest checkpoint that a witness cosigned: the note, signed by the log and the
 * witness. Faults are STORE_UNAVAILABLE. All methods may run concurrently, also from other processes.
 */
export interface WitnessState {
  /** read gives the note kept for an origin, or undefined before the first. */
  read(origin: string): Promise<Buffer | undefined>;
  /**
   * replace keeps the note `next` if what is kept still is `before`, and says whether it does. The comparison and the
   * write are one step, and durable when the promise resolves.
   */
  replace(origin: string, before: Buffer | undefined, next: Buffer): Promise<'replaced' | 'changed'>;
}

/** PolicyUpdate is a change of a retention policy that Azure remembers. */
export interface PolicyUpdate {
  /** 'put', 'lock' or 'extend' */
  readonly update: string;
  readonly days: number;
  readonly time: string;
  /** a sign-in name where Azure tells it, or else an object id */
  readonly who: string;
}

/** RetentionPolicy is a container's time-based retention policy, as Azure shows it. */
export interface RetentionPolicy {
  readonly state: 'Unlocked' | 'Locked';
  readonly days: number;
  /** without quotes */
  readonly etag: string;
  readonly allowsAppends: boolean;
  readonly history: readonly PolicyUpdate[];
}

/** ContainerGuard is what makes a container write-once. */
export interface ContainerGuard {
  readonly policy?: RetentionPolicy;
  readonly allowsHoldAppends: boolean;
  readonly publicAccess: string;
  readonly tags: readonly { readonly tag: string; readonly time: string; readonly who: string }[];
}

/** AccountFacts are the settings of a storage account; what Azure doesn't state is undefined. */
export interface AccountFacts {
  readonly allowSharedKeyAccess: boolean | undefined;
  readonly allowBlobPublicAccess: boolean | undefined;
  readonly allowCrossTenantReplication: boolean | undefined;
  readonly httpsOnly: boolean | undefined;
  readonly minimumTlsVersion: string | undefined;
  readonly publicNetworkAccess: string | undefined;
  readonly networkDefaultAction: string | undefined;
  readonly infrastructureEncryption: boolean | undefined;
  readonly keyExpirationDays: number | undefined;
}

/** RoleAssignment says that somebody has a role at a scope that covers the container. */
export interface RoleAssignment {
  /** last part of the role's id */
  readonly role: string;
  readonly principal: string;
  readonly scope: string;
}

/**
 * PolicyReader reads what Azure says of a ledger's container. Each method throws STORE_REFUSED where a right is missing or
 * nothing is there, and STORE_UNAVAILABLE for all else.
 */
export interface PolicyReader {
  guard(): Promise<ContainerGuard>;
  account(): Promise<AccountFacts>;
  /** locks gives the levels of the management locks on the account or, if it has none, on its resource group. */
  locks(): Promise<readonly string[]>;
  roles(): Promise<readonly RoleAssignment[]>;
}

/** PolicyControl changes what guards a container. Each method throws like those of PolicyReader. */
export interface PolicyControl extends Pick<PolicyReader, 'guard'> {
  /** lock locks the policy of that etag, for ever. */
  lock(etag: string): Promise<void>;
  /** extend lengthens the locked policy of that etag to so many days. */
  extend(etag: string, days: number): Promise<void>;
  setHold(tag: string): Promise<void>;
  clearHold(tag: string): Promise<void>;
}

/** ForbiddenChange is what a write-once container must refuse to do to an object. */
export type ForbiddenChange =
  'overwrite' | 'overwrite by blocks' | 'set metadata' | 'set properties' | 'append' | 'delete';

/** Tried is what came of a forbidden change. */
export interface Tried {
  /** 'refused': because the object is immutable. 'unverified': for any other reason, which says nothing of that. */
  readonly outcome: 'refused' | 'done' | 'unverified';
  /** status and code of the store's answer */
  readonly said: string;
}

/** Canaries are objects that hold nothing, for trying on them what a write-once container must refuse. */
export interface Canaries {
  /** make creates one as that kind of blob, unless it is there. It throws STORE_UNAVAILABLE for every failure. */
  make(name: string, kind: 'block' | 'append'): Promise<void>;
  /** attempt tries to change one that is there. It never rejects. */
  attempt(name: string, change: ForbiddenChange): Promise<Tried>;
}
