import type { SignedCheckpoint } from './cosigning.ts';
import { publishLog } from './publish.ts';
import { LogSource } from './source.ts';
import type { Announcements, BatchLimits, Passed, SourceDeps, TakenBatch } from './source.ts';
import type { Indexing, PendingIndex } from './indexing.ts';
import { loadLog } from './loadLog.ts';
import { firstTrust, publishedTree, readCheckpoint } from './state.ts';
import type { LogDeps, LogState } from './state.ts';
import { AuditsealError, faultIn } from '../core/errors.ts';
import { formatCheckpoint, openCheckpoint } from '../core/note/checkpoint.ts';
import { formatNote } from '../core/note/note.ts';
import { formatVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { formatBatch, openNextBatch } from '../core/objects/batch.ts';
import type { LogSoFar } from '../core/objects/batch.ts';
import type { IndexStatement, LogPosition } from '../core/objects/heads.ts';
import { batchName, checkpointName } from '../core/objects/names.ts';
import { MAX_OPERATORS } from '../core/objects/operators.ts';
import type { Operator } from '../core/objects/operators.ts';
import { batchMetadata, signBatch } from '../core/signed/batchSignature.ts';
import { formatKeyNotice } from '../core/signed/keyNotice.ts';
import { formatOperatorNotice } from '../core/signed/operatorNotice.ts';
import type { OperatorNotice } from '../core/signed/operatorNotice.ts';
import { logAfter } from '../ledger/batches.ts';
import type { Sessions } from '../ledger/session.ts';
import type { Logger } from '../ports/host.ts';
import type { Signer } from '../ports/signing.ts';

export interface IntegrateDeps extends LogDeps, Omit<SourceDeps, 'log'> {
  /** every checkpoint carries a signature of each; keys that the log doesn't know yet are announced in it */
  readonly signers: readonly Signer[];
  /** operators' keys that the log is to know: those that count, and those that don't any more */
  readonly operators: { readonly registered: readonly VerifierKey[]; readonly revoked: readonly VerifierKey[] };
  /** of role batches */
  readonly sessions: Sessions;
  readonly limits: BatchLimits;
  /** makes the index, whose state each batch says; without it the log says what it said before */
  readonly indexing?: Indexing;
  /** after this time no further batch is begun */
  readonly budgetMs: number;
}

/** What one run added to the log. */
export interface IntegrateResult {
  batches: number;
  segments: number;
  foreign: number;
  reports: number;
  actions: number;
  storedBytes: number;
}

/** How many times a run that meets other integrations begins again before it leaves the work to them. */
const MAX_TRIES = 8;

/** Integrate orders what is new in the ledger into its log. The state that it keeps is only a saved look-up. */
export class Integrate {
  readonly #deps: IntegrateDeps;
  #state: LogState | undefined;
  #underWay: Promise<IntegrateResult> | undefined;
  /** what the next batch is to say of the index */
  #indexed: PendingIndex | undefined;
  /** what was looked at and has no entry: a saved look-up too */
  readonly #passed: Passed = { report: 0, action: 0, strangers: new Map(), keys: '' };

  constructor(deps: IntegrateDeps) {
    this.#deps = deps;
  }

  /** newest is the newest checkpoint at the end of the last run, stored and published; undefined if there is none. */
  get newest(): SignedCheckpoint | undefined {
    const newest = this.#state?.newest;
    return typeof newest === 'object' ? newest : undefined;
  }

  /**
   * run gives every segment, report and action that has no entry yet an entry, signs and publishes. It is safe to repeat, to run in
   * two places at once, and to die at any line: the next run finishes what is there. A call while a run is under way gets
   * that one: its tree grows as it goes, and serves one run at a time.
   */
  run(log: Logger): Promise<IntegrateResult> {
    this.#underWay ??= this.#run(log).finally(() => (this.#underWay = undefined));
    return this.#underWay;
  }

  async #run(log: Logger): Promise<IntegrateResult> {
    const result: IntegrateResult = { batches: 0, segments: 0, foreign: 0, reports: 0, actions: 0, storedBytes: 0 };
    const isFirst = this.#state === undefined;
    await this.#integrate(result, log);
    // Behind it, because what is signed is stored and published by now.
    await this.#index(log);
    // What this process has indexed the log states with the next segments, unless it ends before: one that began does so at once.
    if (isFirst && this.#indexed !== undefined) await this.#integrate(result, log);
    log.info('integrated', { ...result });
    return result;
  }

  async #integrate(result: IntegrateResult, log: Logger): Promise<void> {
    const { now, budgetMs } = this.#deps;
    const deadline = now() + budgetMs;
    try {
      for (let tries = 1; tries <= MAX_TRIES; tries++) {
        this.#state = await this.#current(log);
        if (await this.#addBatches(deadline, result, log)) break;
        log.warn('another integration took the next batch', { tries });
      }
    } catch (error) {
      // Whether the last write went through isn't known.
      this.#state = undefined;
      throw error;
    }
  }

  async #index(log: Logger): Promise<void> {
    if (this.#state !== undefined) this.#indexed = await this.#deps.indexing?.advance(this.#state, log);
  }

  /** current gives the log as it is now, signed and published if that can be. */
  async #current(log: Logger): Promise<LogState> {
    const { store } = this.#deps;
    const known = this.#state;
    if (known !== undefined && !(await store.exists(batchName(known.next)))) return known;
    const state = await loadLog(this.#deps, log, known);
    if (state.newest === 'wanted') return this.#sign(state);
    if (typeof state.newest === 'object') await publishLog(this.#deps, state.newest);
    return state;
  }

  /** addBatches returns false if another integration takes the number of a batch. */
  async #addBatches(deadline: number, result: IntegrateResult, log: Logger): Promise<boolean> {
    let state = this.#state as LogState;
    const announced = await this.#announce(state.heads, log);
    const source = await LogSource.open({ ...this.#deps, log }, state.heads, announced, this.#passed);
    try {
      do {
        // Where something else has the name of the newest checkpoint, the next one covers its batch: at once.
        const index = this.#newIndex(state.heads);
        const isDue = state.newest === 'taken' || index !== undefined;
        const batch = await source.take(this.#deps.limits, { isDue, ...(index && { index }) });
        if (batch === undefined) return true;
        const { entries, heads, ...counts } = batch;
        const added = await this.#add(state, entries, heads);
        if (added === undefined) return false;
        state = added;
        this.#state = state;
        result.batches += 1;
        for (const [name, count] of Object.entries(counts)) result[name as keyof typeof counts] += count;
      } while (this.#deps.now() < deadline);
      return true;
    } finally {
      await source.close();
    }
  }

  /** newIndex gives what the log is to say of the index, if that was made from what it says: another integration may have come further. */
  #newIndex({ index }: LogPosition): IndexStatement | undefined {
    const { instead, statement } = this.#indexed ?? {};
    return instead === index?.manifest && statement?.manifest !== index?.manifest ? statement : undefined;
  }

  /** announce makes notices of what the log doesn't know of keys yet, signed by all its keys. */
  async #announce({ keys: known, operators }: LogPosition, log: Logger): Promise<Announcements> {
    const { origin, signers } = this.#deps;
    const sign = async (text: string): Promise<string> => {
      const signatures = await Promise.all(signers.map((signer) => signer.sign(text)));
      return formatNote({ text, signatures }).toString('utf8');
    };
    const keys = signers.map(({ verifierKey }) => formatVerifierKey(verifierKey));
    const notices = noticesFor(this.#deps.operators, operators, log);
    return {
      keys: await Promise.all(
        keys
          .filter((key) => !known.includes(key))
          .map(async (key) => ({ key, note: await sign(formatKeyNotice(origin, key)) })),
      ),
      operators: await Promise.all(
        notices.map(async (notice) => ({ notice, note: await sign(formatOperatorNotice(origin, notice)) })),
      ),
    };
  }

  /**
   * add makes a batch and its checkpoint, or gives undefined if the batch's name is taken. It throws CONFIG_INVALID if
   * others would pass over the batch because none of this host's keys is one of the log.
   */
  async #add(
    { log, tree, next, known }: LogState,
    entries: TakenBatch['entries'],
    heads: LogPosition,
  ): Promise<LogState | undefined> {
    const { store, sessions } = this.#deps;
    const session = await sessions.at(heads.time);
    const { number: previous, head } = log;
    const claim = { previous, size: head.size, root: head.rootHash };
    const bytes = signBatch(session, batchName(next), formatBatch(entries), claim);
    this.#checkOwn(bytes, log, next);
    // Durable point. Once this says 'created' the order is final, and nothing was signed before. If we die before the
    // checkpoint is there, the next run, anywhere, makes the same one of this batch.
    if ((await store.create(batchName(next), bytes, batchMetadata(bytes))) === 'exists') return undefined;
    tree.append(entries);
    known.later.set(tree.head.size, tree.head.rootHash);
    return this.#sign({ log: logAfter({ number: next, entries, heads }, tree), tree, heads, next: next + 1, known });
  }

  /** checkOwn keeps a checkpoint from ever being signed over a batch that others would pass over. */
  #checkOwn(bytes: Buffer, log: LogSoFar, next: number): void {
    try {
      openNextBatch(bytes, next, log, firstTrust(this.#deps));
    } catch (error) {
      const { code, message } = faultIn(error, 'malformed');
      if (code !== 'FOREIGN_OBJECT') throw error;
      const why = `what this app integrates would not count: ${message}; a key that the log knows has to announce a new one`;
      throw new AuditsealError('CONFIG_INVALID', why, { cause: error });
    }
  }

  /** sign makes the checkpoint over the last batch, which is stored, and publishes it. */
  async #sign(state: LogState): Promise<LogState> {
    const { store, origin, signers, verifiers } = this.#deps;
    const { tree, log } = state;
    const text = formatCheckpoint({ origin, ...tree.head });
    const signed = formatNote({ text, signatures: await Promise.all(signers.map((signer) => signer.sign(text))) });
    // A checkpoint that nobody can open would stay for ever.
    openCheckpoint(signed, origin, verifiers);
    // Durable point. If we die after it, the checkpoint is not yet to be seen among the tiles; the next run publishes it.
    const outcome = await store.create(checkpointName(log.number), signed);
    const note = outcome === 'created' ? signed : await readCheckpoint(this.#deps, log.number, tree.head, state.known);
    if (typeof note === 'string') return { ...state, newest: note };
    const newest = { number: log.number, note, files: tree.takeFiles() };
    await publishLog(this.#deps, newest);
    return { ...state, newest, known: publishedTree(tree.head) };
  }
}

/** noticesFor gives what a log that knows these operators is to be told of them: new ones first, and no more than it may have. */
function noticesFor(
  { registered, revoked }: IntegrateDeps['operators'],
  known: readonly Operator[],
  log: Logger,
): readonly OperatorNotice[] {
  const isKnown = (text: string): boolean => known.some(({ key }) => key === text);
  const isEnded = (text: string): boolean => revoked.some((key) => formatVerifierKey(key) === text);
  const isCounting = (text: string): boolean => known.some(({ key, until }) => key === text && until === undefined);
  const added = registered.map(formatVerifierKey).filter((key) => !isKnown(key) && !isEnded(key));
  const ended = revoked.map(formatVerifierKey).filter(isCounting);
  const room = Math.max(MAX_OPERATORS - known.length, 0);
  if (added.length > room) log.error('the log takes no more keys of operators', { registered: known.length });
  return [
    ...added.slice(0, room).map((key) => ({ key, isRevoked: false })),
    ...ended.map((key) => ({ key, isRevoked: true })),
  ];
}
