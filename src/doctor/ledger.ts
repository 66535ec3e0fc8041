import { failed, ok, unknown } from './step.ts';
import type { Outcome } from './step.ts';
import { faultIn } from '../core/errors.ts';
import { CLOCK_SKEW_MS, INTEGRATION_DELAY_MS } from '../core/limits.ts';
import type { PosturePromise } from '../core/objects/guard.ts';
import { batchName, reportName, segmentName } from '../core/objects/names.ts';
import type { FiledReport } from '../core/objects/report.ts';
import type { Auditors } from '../core/objects/reportFile.ts';
import { Certificates } from '../core/signed/certificate.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { isPartition } from '../core/text.ts';
import { runDrill } from '../guard/drill.ts';
import { checkPosture } from '../guard/posture.ts';
import { loadLog } from '../integrate/loadLog.ts';
import { firstFree } from '../ledger/dense.ts';
import { readSignature } from '../ledger/objects.ts';
import { judgeReport } from '../ledger/reports.ts';
import type { Canaries, PolicyReader } from '../ports/guard.ts';
import type { Clock, Logger } from '../ports/host.ts';
import type { ObjectStore, ReadableTiles } from '../ports/store.ts';

/** LedgerDeps is how the ledger is reached, as whoever is signed in. */
export interface LedgerDeps {
  readonly store: ObjectStore;
  readonly tiles: ReadableTiles;
  readonly canaries: Canaries;
  readonly policy: PolicyReader;
  readonly now: Clock;
}

/** LedgerKeys is whose signatures count, and of which ledger. */
export interface LedgerKeys {
  readonly origin: string;
  readonly verifiers: readonly VerifierKey[];
  readonly auditors: Auditors;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** The alerts wait as long for a run. */
const VERIFY_AGE_MS = 6 * HOUR_MS;
const POSTURE_AGE_MS = 24 * HOUR_MS;
/** How many reports are looked at for the newest one of a kind. */
const MOST_REPORTS = 200;

const QUIET: Logger = { info: () => {}, warn: () => {}, error: () => {} };

/** LedgerSteps asks what the ledger itself shows. */
export class LedgerSteps {
  readonly #deps: LedgerDeps;
  #reports: Promise<Newest> | undefined;

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  /** reach asks for one object, and tells a closed network from a missing role. */
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

  /** sealing looks at the newest segment of each partition: who signed it, and how old it is. */
  async sealing({ origin, verifiers }: LedgerKeys, heartbeatMinutes: number): Promise<Outcome> {
    const { store, now } = this.#deps;
    const certificates = new Certificates(origin, verifiers);
    const oldest = now() - heartbeatMinutes * MINUTE_MS - CLOCK_SKEW_MS;
    const silent: string[] = [];
    let partitions = 0;
    for await (const { name, isFolder } of store.children('segments/')) {
      const partition = name.slice('segments/'.length, -1);
      if (!isFolder || !isPartition(partition)) continue;
      partitions += 1;
      const count = await firstFree((index) => store.exists(segmentName(partition, index)));
      const newest = segmentName(partition, Math.max(0, count - 1));
      const statement = await readSignature(store, newest, certificates);
      if (statement === undefined) return failed(`${newest} is not there, though the partition has segments`);
      if ('foreign' in statement)
        return failed(
          `nobody who may sealed ${newest}: ${statement.foreign}`,
          'look at the log of the sealer; where its clock is wrong or the vault refused it, its certificate has expired',
        );
      if (Date.parse(statement.sealed) < oldest) silent.push(`${partition} (${statement.sealed})`);
    }
    if (partitions === 0) return unknown('nothing is sealed yet', 'send something: --probe hub or --probe vault');
    if (silent.length > 0)
      return failed(
        `the last sign of life of these partitions is older than the ${heartbeatMinutes} minutes of a heartbeat: ${silent.join(', ')}`,
        'watch seals one for each partition that is idle: look at its log',
      );
    return ok(
      `${partitions} ${partitions === 1 ? 'partition has' : 'partitions have'} segments that the sealer signed, none too old`,
    );
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
    const { canaries, now } = this.#deps;
    const { attempts } = await runDrill(canaries, now());
    const own = judgeDrill(attempts);
    if (own !== undefined) return own;
    const { posture } = await this.#newest(auditors);
    const filed = posture?.report.kind === 'posture' ? posture.report : undefined;
    const advice =
      'the function posture holds a drill on its schedule; who may write and delete under drill/ can hold one here';
    if (filed?.drill === undefined) return unknown('who is signed in may not try, and no report has a drill', advice);
    if (now() - Date.parse(filed.time) > POSTURE_AGE_MS)
      return unknown(`the last drill is of ${filed.time}, in ${posture?.name}`, advice);
    return (
      judgeDrill(filed.drill, ` in the drill of ${posture?.name}`) ?? unknown('the last drill could not tell', advice)
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

  /** reports looks at the newest reports that the auditor signed. */
  async reports({ auditors }: LedgerKeys, hasPosture: boolean): Promise<Outcome> {
    const { now } = this.#deps;
    const { integrity, posture } = await this.#newest(auditors);
    const wanted = [
      ['verify', integrity, VERIFY_AGE_MS],
      ...(hasPosture ? ([['posture', posture, POSTURE_AGE_MS]] as const) : []),
    ] as const;
    const missing = wanted.flatMap(([name, found]) => (found === undefined ? [name] : []));
    for (const [name, found, mostMs] of wanted) {
      if (found === undefined) continue;
      const time = found.report.kind === 'integrity' ? found.report.finished : found.report.time;
      if (now() - Date.parse(time) > mostMs)
        return failed(`the last report of ${name} is ${found.name}, of ${time}`, `look at the log of ${name}`);
      const isOnlyUnlocked = found.report.findings
        .filter(({ severity }) => severity === 'error')
        .every(({ code }) => code === 'policy-unlocked');
      if (found.report.status === 'violated' && !(name === 'posture' && isOnlyUnlocked))
        return failed(`${found.name} says violated: ${codesIn(found.report)}`, 'docs/runbook.md has each finding');
      if (
        found.report.kind === 'integrity' &&
        found.report.checked.segments === 0 &&
        found.report.unreadable.length === 0
      )
        return unknown(`${found.name} had nothing to check yet`, 'verify looks again within the hour');
      if (found.report.status === 'unverified')
        return failed(`${found.name} says unverified: ${found.report.unreadable[0]?.why ?? 'nothing was checked'}`);
    }
    if (missing.length > 0)
      return unknown(
        `there is no report of ${missing.join(' and none of ')} yet`,
        'verify files one an hour, posture one in six hours, unless their schedules say otherwise',
      );
    return ok(`${wanted.map(([, found]) => found?.name).join(' and ')} say that all is well`);
  }

  /** #newest finds the newest report of each kind that the auditor signed. */
  async #newest(auditors: Auditors): Promise<Newest> {
    return (this.#reports ??= this.#findNewest(auditors));
  }

  async #findNewest(auditors: Auditors): Promise<Newest> {
    const { store } = this.#deps;
    const found: { -readonly [Kind in keyof Newest]: Newest[Kind] } = {};
    const count = await firstFree((number) => store.exists(reportName(number)));
    for (let number = count - 1; number >= Math.max(0, count - MOST_REPORTS); number--) {
      const name = reportName(number);
      const bytes = await store.read(name);
      const report = bytes === undefined ? undefined : judgeReport(bytes, name, auditors);
      if (typeof report === 'object') found[report.kind] ??= { name, report };
      if (found.integrity !== undefined && found.posture !== undefined) break;
    }
    return found;
  }
}

interface Newest {
  readonly integrity?: { readonly name: string; readonly report: FiledReport };
  readonly posture?: { readonly name: string; readonly report: FiledReport };
}

const codesIn = ({ findings }: FiledReport): string =>
  [...new Set(findings.filter(({ severity }) => severity === 'error').map(({ code }) => code))].join(', ');

/** judgeDrill says what came of a drill; undefined where it could not tell. */
function judgeDrill(
  attempts: readonly { readonly outcome: string; readonly change: string }[],
  where = '',
): Outcome | undefined {
  const done = attempts.filter(({ outcome }) => outcome === 'done').map(({ change }) => change);
  if (done.length > 0)
    return failed(
      `these changes of a canary went through${where}: ${done.join(', ')}`,
      'see the steps policy and drill-failed in docs/runbook.md',
    );
  const refused = attempts.filter(({ outcome }) => outcome === 'refused').length;
  if (refused === 0 || refused < attempts.length) return undefined;
  return ok(`${refused} changes of a canary were refused as immutable${where}`);
}
