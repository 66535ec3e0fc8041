import { RecheckFiles } from './files.ts';
import type { RecheckFilesDeps } from './files.ts';
import { JoinedSlices } from './joined.ts';
import { joinedInPairs, planSlices, totalOf, weightOf } from './plan.ts';
import { Findings } from '../findings.ts';
import { faultIn } from '../../core/errors.ts';
import { DAY_MS, MINUTE_MS } from '../../core/units.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import {
  MAX_SLICES,
  formatMessage,
  formatRecheck,
  newPass,
  partialName,
  rehashedName,
} from '../../core/objects/recheck.ts';
import type { PartialResult, PlannedSlice, RecheckPlan } from '../../core/objects/recheck.ts';
import type { Finding } from '../../core/objects/report.ts';
import { MAX_REPORT_BYTES } from '../../core/objects/reportFile.ts';
import { statedTree } from '../../core/objects/statedTree.ts';
import type { RecheckSoFar } from '../options.ts';
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

/** More than the signature of a plan takes. */
const SIGNATURE_BYTES = 1024;
/** A new plan has no more bytes than this, so that there is room for what the log takes in until its end. */
const MAX_PLAN_BYTES = 0.75 * MAX_REPORT_BYTES;

/** A recheck in slices that isn't due comes no sooner behind the last one. */
const AGAIN_MS = DAY_MS;

/** RecheckTurn is what a run of the timer has to do: re-hash all by itself, join the slices that did, or leave it to them. */
export type RecheckTurn = 'whole' | RecheckSoFar;

/** Since is what a run knows of rechecks before. */
export interface Since {
  /** a full check is due, by the clock or because there is no report */
  readonly isDue: boolean;
  /** a check can go on from the newest report; if not, nothing but a full one tells how the ledger is */
  readonly canGoOn: boolean;
  /** when the last one ended (ms since the Unix epoch); NaN: none is known */
  readonly lastFull: number;
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
  async turn({ isDue, canGoOn, lastFull }: Since): Promise<RecheckTurn | undefined> {
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
    return this.#begin(isHasty, isSoon);
  }

  /** end forgets all passes, once a full check was filed. */
  end = (): Promise<void> => this.#files.clean();

  async #begin(isHasty: boolean, isSoon: boolean): Promise<RecheckTurn | undefined> {
    const { auditors, now, log, wholeBytes } = this.#deps;
    const published = await this.#published();
    const slices = published && (await this.#cut(published, 0));
    if (published === undefined || slices === undefined) return 'whole';
    const total = totalOf(slices);
    if (weightOf(total) <= wholeBytes || slices.length > MAX_SLICES) return 'whole';
    if (isSoon) return undefined;
    const begun = new Date(now()).toISOString();
    const pass = newPass(begun);
    const { ledger } = auditors;
    let plan: RecheckPlan = {
      version: 1,
      kind: 'plan',
      ledger,
      pass,
      begun,
      log: statedTree(published.checkpoint),
      slices,
    };
    while (plan.slices.length > 1 && formatRecheck(plan).length > MAX_PLAN_BYTES)
      plan = { ...plan, slices: joinedInPairs(plan.slices) };
    await this.#files.clean();
    await this.#files.writePlan(plan);
    const count = plan.slices.length;
    log.info('recheck begun', { pass, slices: count, segments: total.segments, storedBytes: total.bytes });
    await this.#handOut(plan, this.#dueOf(plan, isHasty));
    return { underway: { slices: count, done: 0, findings: [] } };
  }

  async #goOn(plan: RecheckPlan, isHasty: boolean): Promise<RecheckTurn> {
    const { now, queue, log } = this.#deps;
    const { partials, findings } = await this.#partials(plan);
    const done = partials.filter((partial) => partial !== undefined);
    const rest = done.length === plan.slices.length ? await this.#restOf(plan, done) : undefined;
    if (rest?.longer !== undefined) return this.#goOn(rest.longer, isHasty);
    if (rest !== undefined && rest.weight <= this.#mostInOneRun)
      return { rehashed: new JoinedSlices(this.#files, plan, done) };
    // Where tiles were wrong for a while, what slices could not look at is looked at again, and not waited for until the pass is given up.
    const again = rest === undefined ? [] : done.filter(isInVain);
    for (const partial of again) await this.#files.discard(partial);
    const missing = this.#dueOf(plan, isHasty).filter((slice) => {
      const partial = partials[slice];
      return partial === undefined || again.includes(partial);
    });
    // Messages that somebody holds back would else be waited for.
    const isStalled = now() - lastStepOf(plan, done, now()) > STALLED_MS;
    const sent = missing.length > 0 && (isStalled || (await queue.waiting()) === 0) ? missing : [];
    await this.#handOut(plan, sent);
    const { pass, slices } = plan;
    const count = done.length - again.length;
    log.info('recheck under way', { pass, slices: slices.length, done: count, sent: sent.length });
    return { underway: { slices: slices.length, done: count, findings } };
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
      for (const { code, object, detail } of partial?.findings ?? []) found.error(code, object, detail);
      partials.push(partial && { ...partial, findings: partial.findings.filter(isOfTiles), unreadable: [] });
    }
    return { partials, findings: found.listed };
  }

  get #mostInOneRun(): number {
    return Math.max(this.#deps.wholeBytes, this.#deps.sliceBytes);
  }

  /**
   * restOf gives what whoever joins has to read himself, which is what slices didn't confirm and what the log took in meanwhile; where that
   * is too much for one run because the log grew, a plan that has it too, filed.
   */
  async #restOf(
    plan: RecheckPlan,
    done: readonly PartialResult[],
  ): Promise<{ readonly weight: number; readonly longer?: RecheckPlan }> {
    const lacking = plan.slices.map((slice, i) => {
      const { segments, confirmed, unread } = done[i] as PartialResult;
      // What is gone or archived nobody reads; else a ledger that has much of it would wait for its end for ever.
      return segments === 0 ? 0 : (weightOf(slice) * (segments - confirmed - unread)) / segments;
    });
    const weight = lacking.reduce((sum, one) => sum + one, 0);
    const published = await this.#published();
    const end = plan.slices.at(-1)?.to ?? 0;
    const more = published && published.checkpoint.size > end ? await this.#cut(published, end) : undefined;
    if (published === undefined || more === undefined) return { weight };
    const grown = weightOf(totalOf(more));
    const slices = [...plan.slices, ...more];
    if (grown <= this.#mostInOneRun || slices.length > MAX_SLICES) return { weight: weight + grown };
    const longer = { ...plan, log: statedTree(published.checkpoint), slices };
    if (formatRecheck(longer).length > MAX_REPORT_BYTES - SIGNATURE_BYTES) return { weight: weight + grown };
    await this.#files.writePlan(longer);
    return { weight, longer };
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

  async #published(): Promise<PublishedLog | undefined> {
    const { tiles, verifiers } = this.#deps;
    return this.#proved(async () => {
      const published = await openPublished(tiles, verifiers);
      return typeof published === 'object' ? published : undefined;
    });
  }

  /** cut gives the slices from an entry on, undefined where the tiles don't prove what the log has. */
  #cut({ checkpoint }: PublishedLog, from: number): Promise<readonly PlannedSlice[] | undefined> {
    const { tiles, sliceBytes } = this.#deps;
    return this.#proved(async () => {
      const before = from === 0 ? NO_HEADS : await headsBefore(tiles, checkpoint, from);
      return before && planSlices(tiles, checkpoint, { from, before }, sliceBytes);
    });
  }

  /** proved gives undefined where the tiles are wrong: then a check in one run follows, which says what of them is. */
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
