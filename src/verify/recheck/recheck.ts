import { RecheckFiles } from './files.ts';
import type { RecheckFilesDeps } from './files.ts';
import { JoinedSlices } from './joined.ts';
import { mergeSlices, planSlices, printedBytes, totalOf, weightOf } from './plan.ts';
import { Findings } from '../findings.ts';
import { AuditsealError, faultIn } from '../../core/errors.ts';
import { DAY_MS, MINUTE_MS } from '../../core/units.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { formatMessage, partialName, newPass, rehashedName } from '../../core/objects/recheck.ts';
import type { PartialResult, PlannedSlice, RecheckPlan } from '../../core/objects/recheck.ts';
import { statedTree } from '../../core/objects/statedTree.ts';
import type { Finding, Report } from '../../core/objects/report.ts';
import type { Pausing, RecheckSoFar } from '../options.ts';
import { NO_HEADS } from '../../core/objects/heads.ts';
import { mapInOrder } from '../../ledger/concurrency.ts';
import { headsBefore } from '../../ledger/logEntries.ts';
import { openPublished } from '../../ledger/published.ts';
import type { PublishedLog } from '../../ledger/published.ts';
import type { Logger } from '../../ports/host.ts';
import type { RecheckQueue } from '../../ports/recheck.ts';
import type { ReadableTiles } from '../../ports/store.ts';

/** RecheckRules says when a recheck is cut into slices, and how. */
export interface RecheckRules {
  /** a ledger that weighs no more is re-hashed whole, in one run; see weightOf */
  readonly wholeBytes: number;
  /** what a slice weighs, about */
  readonly sliceBytes: number;
  /** over how long the slices of a pass are spread; 0: all are handed out at once */
  readonly spreadMs: number;
  /** what the slices of a plan take at most when it is made, printed; see MOST_PLAN_BYTES */
  readonly planBytes: number;
  /** so long a run joins slices before it leaves what is left to the next one */
  readonly joinMs: number;
  /** a pass that began longer ago is given up, and begun anew */
  readonly mostMs: number;
}

export interface RecheckDeps extends RecheckFilesDeps, RecheckRules {
  /** of the log */
  readonly tiles: ReadableTiles;
  readonly verifiers: readonly VerifierKey[];
  readonly queue: RecheckQueue;
  readonly log: Logger;
}

/** How many results are read at one time. */
const AHEAD = 8;
/** Where no slice was done for so long, messages are taken for lost. */
const STALLED_MS = 15 * MINUTE_MS;

/** A plan may grow to so many times what its slices take when it is made. */
const MOST_GROWTH = 1.5;

/** A recheck in slices that isn't due comes no sooner behind the last one. */
const AGAIN_MS = DAY_MS;

/** Joining is what joins slices in one run or more. */
export interface Joining extends Pausing {
  /** keep files what this run came to, for the next one to go on from. */
  keep(report: Report): Promise<void>;
}

/** RecheckTurn is what a run of the timer has to do: re-hash all by itself, join the slices that did, or leave it to them. */
export type RecheckTurn = 'whole' | (RecheckSoFar & { readonly joining?: Joining });

/** Since is what a run knows of rechecks before. */
export interface Since {
  /** a full check is due, by the clock or because there is no report */
  readonly isDue: boolean;
  /** a check can go on from the newest report; if not, nothing but a full one tells how the ledger is */
  readonly canGoOn: boolean;
  /** when the last one ended (ms since the Unix epoch); NaN: none is known */
  readonly lastFull: number;
  /** how many entries the log had by the newest report; 0: it isn't known */
  readonly entries: number;
}

/** Beginning is how a pass is to begin. */
interface Beginning {
  /** all slices are handed out at once */
  readonly isHasty: boolean;
  /** it is too soon for one in slices */
  readonly isSoon: boolean;
  /** where the log can't be cut, one run is not the way either */
  readonly isLarge: boolean;
}

/**
 * Recheck cuts full checks of a large ledger into slices, hands these out as messages, and puts together what came of them. It keeps no
 * state of its own: plan and results, each signed by the auditor, say how far a pass has come. A lost message is sent again, a doubled one
 * finds the slice done, and what an auditor's key didn't sign for this pass counts for nothing.
 */
export class Recheck {
  readonly #deps: RecheckDeps;
  readonly #files: RecheckFiles;

  constructor(deps: RecheckDeps) {
    this.#deps = deps;
    this.#files = new RecheckFiles(deps);
  }

  /** turn says what this run has to do; undefined where no full check is due, and none under way. */
  async turn({ isDue, canGoOn, lastFull, entries }: Since): Promise<RecheckTurn | undefined> {
    const { now, mostMs } = this.#deps;
    await this.#sayPoisoned();
    // What began before the last full check ended is over, whoever put it there again.
    const after = Math.max(Number.isNaN(lastFull) ? -Infinity : lastFull, now() - mostMs);
    const plan = await this.#files.newestPlan(after);
    const isHasty = Number.isNaN(lastFull);
    if (plan !== undefined) return this.#goOn(plan, isHasty);
    if (!isDue && canGoOn) return undefined;
    // What nobody can read stays so for days: that is no reason to read all of a large ledger all the time.
    const isSoon = !isDue && now() - lastFull < AGAIN_MS;
    // An entry is a segment at most. Of a ledger that may be too large for one run, what is new is checked at least.
    const isLarge = canGoOn && weightOf({ segments: entries, bytes: 0 }) > this.#deps.wholeBytes;
    return this.#begin({ isHasty, isSoon, isLarge });
  }

  /** end forgets all passes, once a full check was filed. */
  end = (): Promise<void> => this.#files.clean();

  async #begin({ isHasty, isSoon, isLarge }: Beginning): Promise<RecheckTurn | undefined> {
    const { auditors, now, log, wholeBytes, planBytes } = this.#deps;
    // Before the first check nothing need be published.
    const published = await this.#published(!isHasty);
    const cut = published && (await this.#cut(published, 0));
    const slices = cut && mergeSlices(cut, planBytes);
    if (published === undefined || slices === undefined) return isLarge ? undefined : 'whole';
    const total = totalOf(slices);
    if (weightOf(total) <= wholeBytes) return 'whole';
    if (isSoon) return undefined;
    const begun = new Date(now()).toISOString();
    const pass = newPass(begun);
    const { ledger } = auditors;
    const plan: RecheckPlan = {
      version: 1,
      kind: 'plan',
      ledger,
      pass,
      begun,
      log: statedTree(published.checkpoint),
      slices,
    };
    await this.#files.clean();
    await this.#files.writePlan(plan);
    log.info('recheck begun', { pass, slices: slices.length, segments: total.segments, storedBytes: total.bytes });
    await this.#handOut(plan, this.#dueOf(plan, isHasty));
    return { underway: { slices: slices.length, done: 0, findings: [] } };
  }

  async #goOn(plan: RecheckPlan, isHasty: boolean): Promise<RecheckTurn> {
    const { now, queue, log } = this.#deps;
    const { partials, findings } = await this.#partials(plan);
    const done = partials.filter((partial) => partial !== undefined);
    const again = await this.#inVain(plan, done);
    if (done.length === plan.slices.length && again.size === 0) {
      const longer = await this.#longer(plan);
      if (longer !== undefined) return this.#goOn(longer, isHasty);
      return { rehashed: new JoinedSlices(this.#files, plan, done), joining: await this.#joining(plan) };
    }
    const missing = this.#dueOf(plan, isHasty).filter((slice) => {
      const partial = partials[slice];
      return partial === undefined || again.has(partial);
    });
    // Messages that somebody holds back would else be waited for.
    const isStalled = now() - lastStepOf(plan, done, now()) > STALLED_MS;
    const sent = missing.length > 0 && (isStalled || (await queue.waiting()) === 0) ? missing : [];
    await this.#handOut(plan, sent);
    const { pass, slices } = plan;
    const count = done.length - again.size;
    log.info('recheck under way', { pass, slices: slices.length, done: count, sent: sent.length });
    return { underway: { slices: slices.length, done: count, findings } };
  }

  async #joining(plan: RecheckPlan): Promise<Joining> {
    const { now, joinMs } = this.#deps;
    const begun = now();
    const before = await this.#files.joined(plan);
    return {
      ...(before && { before }),
      isDue: () => now() - begun > joinMs,
      keep: (report) => this.#files.writeJoined(plan, report),
    };
  }

  /**
   * inVain gives results of slices that ended without a look at their segments, removed, where all are done and that is more than whoever
   * joins can read himself: where tiles were wrong for a while, it is looked at again.
   */
  async #inVain(plan: RecheckPlan, done: readonly PartialResult[]): Promise<ReadonlySet<PartialResult>> {
    const { wholeBytes, sliceBytes } = this.#deps;
    const inVain = done.filter(isInVain);
    const weight = inVain.reduce((sum, { slice }) => sum + weightOf(plan.slices[slice] as PlannedSlice), 0);
    if (done.length < plan.slices.length || weight <= Math.max(wholeBytes, sliceBytes)) return new Set();
    for (const partial of inVain) await this.#files.discard(partial);
    return new Set(inVain);
  }

  /**
   * partials gives the result of each slice that has one which counts, with its file, and what all of them found, no more of it than a
   * report lists: where much is gone, each slice finds thousands.
   */
  async #partials(plan: RecheckPlan): Promise<{
    readonly partials: readonly (PartialResult | undefined)[];
    readonly findings: readonly Finding[];
  }> {
    const names = await this.#files.names(plan.pass);
    const read = mapInOrder(plan.slices.keys(), AHEAD, async (slice) =>
      names.has(partialName(plan.pass, slice)) && names.has(rehashedName(plan.pass, slice))
        ? this.#files.partial(plan, slice)
        : undefined,
    );
    const partials: (PartialResult | undefined)[] = [];
    const found = new Findings();
    for await (const partial of read) {
      found.take(partial?.findings ?? []);
      partials.push(partial && { ...partial, findings: partial.findings.filter(isOfTiles), unreadable: [] });
    }
    return { partials, findings: found.listed };
  }

  /** longer gives a plan that has too what the log took in meanwhile, filed; undefined where whoever joins can read that himself, or has to. */
  async #longer(plan: RecheckPlan): Promise<RecheckPlan | undefined> {
    const { wholeBytes, sliceBytes, planBytes } = this.#deps;
    const published = await this.#published(true);
    const end = plan.slices.at(-1)?.to ?? 0;
    const more = published && published.checkpoint.size > end ? await this.#cut(published, end) : undefined;
    if (published === undefined || more === undefined) return undefined;
    if (weightOf(totalOf(more)) <= Math.max(wholeBytes, sliceBytes)) return undefined;
    const slices = [...plan.slices, ...mergeSlices(more, planBytes)];
    if (printedBytes(slices) > MOST_GROWTH * planBytes) return undefined;
    const longer = { ...plan, log: statedTree(published.checkpoint), slices };
    await this.#files.writePlan(longer);
    return longer;
  }

  /** dueOf gives the numbers of the slices that are to be handed out by now. */
  #dueOf({ begun, slices }: RecheckPlan, isHasty: boolean): readonly number[] {
    const { now, spreadMs } = this.#deps;
    if (spreadMs === 0 || isHasty) return [...slices.keys()];
    const most = (weightOf(totalOf(slices)) * (now() - Date.parse(begun))) / spreadMs;
    const due: number[] = [];
    let before = 0;
    for (const [number, slice] of slices.entries()) {
      if (before > most) break;
      due.push(number);
      before += weightOf(slice);
    }
    return due;
  }

  async #handOut({ pass }: RecheckPlan, slices: readonly number[]): Promise<void> {
    if (slices.length > 0) await this.#deps.queue.send(slices.map((slice) => formatMessage({ pass, slice })));
  }

  async #sayPoisoned(): Promise<void> {
    const messages = await this.#deps.queue.poisoned();
    if (messages > 0) this.#deps.log.error('recheck messages given up', { messages });
  }

  /** published gives the published log. That there is none is said where there must be one. */
  async #published(mustBe: boolean): Promise<PublishedLog | undefined> {
    const { tiles, verifiers, log } = this.#deps;
    return this.#proved(async () => {
      const published = await openPublished(tiles, verifiers);
      if (typeof published === 'object') return published;
      if (mustBe) log.warn('recheck not planned', { why: published });
      return undefined;
    });
  }

  /** cut gives the slices from an entry on, undefined where the tiles don't prove what the log has. */
  #cut({ checkpoint }: PublishedLog, from: number): Promise<readonly PlannedSlice[] | undefined> {
    const { tiles, sliceBytes } = this.#deps;
    return this.#proved(async () => {
      const before = from === 0 ? NO_HEADS : await headsBefore(tiles, checkpoint, from);
      if (before === undefined) throw new AuditsealError('TILE_MALFORMED', `no batch ends before entry ${from}`);
      return planSlices(tiles, checkpoint, { from, before }, sliceBytes);
    });
  }

  /** proved gives undefined where the tiles are wrong, and says so: nothing is cut by them. */
  async #proved<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      const { message } = faultIn(error, 'malformed', 'contradicted');
      this.#deps.log.warn('recheck not planned', { why: message });
      return undefined;
    }
  }
}

/** isInVain tells whether a slice ended without a look at its segments. */
const isInVain = ({ findings }: PartialResult): boolean => findings.some(isOfTiles);

/** isOfTiles tells whether a slice found that the tiles don't prove its entries: then it found nothing else. */
const isOfTiles = ({ code }: Finding): boolean => code === 'tile-mismatch';

/** lastStepOf is when the last slice was done, or the pass begun (ms since the Unix epoch). A clock that was ahead says nothing. */
function lastStepOf({ begun }: RecheckPlan, done: readonly PartialResult[], now: number): number {
  let last = Date.parse(begun);
  for (const { finished } of done) {
    const time = Date.parse(finished);
    if (time <= now) last = Math.max(last, time);
  }
  return last;
}
