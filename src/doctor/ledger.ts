import { judgeReports, strangenessOf } from './filedReports.ts';
import type { LedgerPlace } from './filedReports.ts';
import { CLOCKS, findSealed, judgeSealed } from './sealing.ts';
import { failed, ok, unknown } from './step.ts';
import type { Outcome } from './step.ts';
import { faultIn } from '../core/errors.ts';
import { CLOCK_SKEW_MS, INTEGRATION_DELAY_MS, POSTURE_AGE_MS } from '../core/limits.ts';
import type { DrillAttempt, PosturePromise } from '../core/objects/guard.ts';
import { batchName } from '../core/objects/names.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import { Certificates } from '../core/signed/certificate.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { MINUTE_MS } from '../core/units.ts';
import { DRILL_CHANGES, runDrill } from '../guard/drill.ts';
import { checkPosture } from '../guard/posture.ts';
import { loadLog } from '../integrate/loadLog.ts';
import { findNewest } from '../ledger/newestReports.ts';
import type { NewestReports } from '../ledger/newestReports.ts';
import type { Canaries, PolicyReader } from '../ports/guard.ts';
import type { Clock, Logger } from '../ports/host.ts';
import type { ObjectStore, ReadableTiles, SearchableTiles } from '../ports/store.ts';

/** LedgerDeps is how the ledger is reached, as whoever is signed in. */
export interface LedgerDeps {
  readonly store: ObjectStore;
  readonly tiles: ReadableTiles & SearchableTiles;
  readonly canaries: Canaries;
  readonly policy: PolicyReader;
  /** where the ledger is */
  readonly place: LedgerPlace;
  readonly now: Clock;
}

/** LedgerKeys is whose signatures count, and of which ledger. */
export interface LedgerKeys {
  readonly origin: string;
  readonly verifiers: readonly VerifierKey[];
  readonly auditors: Auditors;
}

const QUIET: Logger = { info: () => {}, warn: () => {}, error: () => {} };

/** LedgerSteps asks what the ledger itself shows. */
export class LedgerSteps {
  readonly #deps: LedgerDeps;
  #reports: Promise<NewestReports> | undefined;

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  /** reach begins to list the container, and tells a closed network from a missing role. */
  async reach(): Promise<Outcome> {
    try {
      const isEmpty = await this.#isEmpty('');
      return ok(isEmpty ? 'the container answers, and is still empty' : 'the container answers, and has objects');
    } catch (error) {
      const { message, cause } = faultIn(error, 'refused', 'unavailable');
      const { code } = Object(cause) as { readonly code?: unknown };
      if (code === 'AuthorizationFailure')
        return failed(
          `the account lets nobody in from this network: ${message}`,
          'run this in its network, or from a peered one: docs/deploy.md, A private network',
        );
      if (code === 'AuthorizationPermissionMismatch')
        return unknown(
          `who is signed in may not read the ledger: ${message}`,
          'being owner gives no such right: join the group of AUDITSEAL_OPERATORS, and sign in again',
        );
      if (code === 'ENOTFOUND')
        return failed(
          `there is no such account, or no name of it here: ${message}`,
          'see whether its private DNS zone is linked to this network',
        );
      throw error;
    }
  }

  async #isEmpty(prefix: string): Promise<boolean> {
    for await (const _ of this.#deps.store.children(prefix)) return false;
    return true;
  }

  /** sealing looks at the newest segment of each partition; `partitions` is how many the hub has, if that is known. */
  async sealing(
    { origin, verifiers }: LedgerKeys,
    heartbeatMinutes: number,
    partitions: number | undefined,
  ): Promise<Outcome> {
    const { store, now } = this.#deps;
    const sealed = await findSealed(store, new Certificates(origin, verifiers));
    return judgeSealed(sealed, { heartbeatMinutes, partitions, now: now() });
  }

  /** checkpoint looks at the end of the log: whether its keys signed it, and how old it is. */
  async checkpoint({ origin, verifiers }: LedgerKeys, heartbeatMinutes: number): Promise<Outcome> {
    const { store, tiles, now } = this.#deps;
    const { heads, newest, log } = await loadLog({ store, tiles, origin, verifiers, now }, QUIET);
    const advice = 'look at the log of integrate, which signs one a minute or so after each segment';
    if (log.number < 0) {
      if (await store.exists(batchName(0)))
        return failed(
          `there is a log, and nothing of it is signed by ${verifiers.map(({ keyName, keyId }) => `${keyName}+${keyId}`).join(', ')}`,
          'another key signs, or --key is of another ledger',
        );
      if (await this.#isEmpty('segments/')) return unknown('nothing is sealed yet, so there is no log', advice);
      return failed('there is no log yet: nothing that is sealed is in a signed checkpoint', advice);
    }
    const age = now() - Date.parse(heads.time);
    if (age < -CLOCK_SKEW_MS) return failed(`the newest batch is of ${heads.time}, which is still to come`, CLOCKS);
    if (typeof newest !== 'object')
      return age > INTEGRATION_DELAY_MS
        ? failed(`the newest batch, of ${heads.time}, has no signed checkpoint`, advice)
        : unknown(`the newest batch, of ${heads.time}, waits for its checkpoint`, 'ask again in a minute');
    if (age > heartbeatMinutes * MINUTE_MS + INTEGRATION_DELAY_MS)
      return failed(`the newest checkpoint is of ${heads.time}: too old, because a heartbeat alone makes one`, advice);
    return ok(`the newest checkpoint is of ${heads.time}, and the log's key signed it`);
  }

  /** deletion has a change of a canary refused, or finds that the auditor's drill had. */
  async deletion({ auditors }: LedgerKeys): Promise<Outcome> {
    const { canaries, place, now } = this.#deps;
    const { attempts } = await runDrill(canaries, now());
    const own = judgeDrill(attempts);
    if (own !== undefined) return own;
    const { posture } = await this.#newest(auditors);
    const advice =
      'the function posture holds a drill on its schedule; who may write and delete under drill/ can hold one here';
    if (posture?.report.drill === undefined)
      return unknown(
        'whoever is signed in may not try all changes, and the last report of posture has no drill',
        advice,
      );
    const { name, report } = posture;
    const fault = strangenessOf(posture, { place, mostMs: POSTURE_AGE_MS, now: now() });
    if (fault !== undefined) return unknown(`the last drill is in ${fault}`, advice);
    return (
      judgeDrill(report.drill ?? [], ` in the drill of ${name}`) ??
      unknown(`the drill of ${name} could not tell of every change`, advice)
    );
  }

  /** policy compares what guards the container with what is promised; an unlocked policy is wrong only where a locked one is. */
  async policy(promise: PosturePromise, isLockPromised: boolean, target: string): Promise<Outcome> {
    const { policy, now } = this.#deps;
    const { findings, unreadable, guard } = await checkPosture({ reader: policy, now }, promise);
    const errors = findings.filter(
      ({ severity, code }) => severity === 'error' && (isLockPromised || code !== 'policy-unlocked'),
    );
    const state = `${guard?.policy?.state ?? 'no policy'}, ${guard?.policy?.days ?? 0} days`;
    if (errors.length > 0)
      return failed(
        `${state}: ${errors.map(({ detail }) => detail).join('; ')}`,
        'docs/runbook.md has each finding of posture',
      );
    const [first] = unreadable;
    if (first !== undefined) return unknown(`${first.object}: ${first.why}`);
    return guard?.policy?.state === 'Unlocked'
      ? ok(`${state}, as promised, but for the lock`, `look at it, then: auditseal lock ${target} --resource-id ID`)
      : ok(`${state}, as promised`);
  }

  /** reports looks at the newest reports that the auditor signed; without posture, at those of verify alone. */
  async reports({ auditors }: LedgerKeys, hasPosture: boolean): Promise<Outcome> {
    const { place, now } = this.#deps;
    return judgeReports(await this.#newest(auditors), { place, hasPosture, now: now() });
  }

  async #newest(auditors: Auditors): Promise<NewestReports> {
    return (this.#reports ??= findNewest(this.#deps.store, auditors));
  }
}

/** judgeDrill says what came of a drill; undefined where it could not tell. */
function judgeDrill(attempts: readonly DrillAttempt[], where = ''): Outcome | undefined {
  const done = attempts.filter(({ outcome }) => outcome === 'done').map(({ change }) => change);
  if (done.length > 0)
    return failed(
      `these changes of a canary went through${where}: ${done.join(', ')}`,
      'see the steps policy and drill-failed in docs/runbook.md',
    );
  const refused = new Set(attempts.filter(({ outcome }) => outcome === 'refused').map(({ change }) => change));
  if (!DRILL_CHANGES.every((change) => refused.has(change))) return undefined;
  return ok(`all ${DRILL_CHANGES.length} kinds of change to a canary were refused as immutable${where}`);
}
