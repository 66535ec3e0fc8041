import { readFileSync } from 'node:fs';
import { predict } from './counts.ts';
import type { Measured, Sealed } from './counts.ts';
import type { Deployed, Size } from './deployed.ts';
import { statusReads } from './statusReads.ts';
import { weightOf } from '../../src/verify/recheck/plan.ts';

const readJson = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

/** Workload is what comes in, and how long it stays. */
export interface Workload {
  readonly recordsADay: number;
  readonly recordBytes: number;
  readonly recordsAnEvent: number;
  readonly keptDays: number;
  /** resources whose diagnostic settings the auditor asks for */
  readonly loggingResources: number;
}

export interface Assumption {
  readonly value: number;
  readonly says: string;
}

export const {
  hoursAMonth: HOURS,
  workloads: WORKLOADS,
  assumptions: ASSUMPTIONS,
} = readJson('../../infra/workloads.json') as {
  readonly hoursAMonth: number;
  readonly workloads: Readonly<Record<Size, Workload>>;
  readonly assumptions: Readonly<Record<string, Assumption>>;
};

export const MEASURED = readJson('measured.json') as Measured;

/** It reads each report for its entry, for itself and with its page, which it reads too. */
export const READS_A_REPORT = 4;
export const DAYS = HOURS / 24;
const DAY_SECONDS = 86_400;
const GB = 1e9;
const PAGE = 5000;
/** Up to what weight a full recheck is one run, and what a slice weighs: the defaults of the app. */
const WHOLE_BYTES = 4096 * 1024 * 1024;
const SLICE_BYTES = 256 * 1024 * 1024;
/** A message is sent, taken and deleted. */
const OPERATIONS_A_MESSAGE = 3;
/** A slice has a result, and a file with its segments. */
const FILES_A_SLICE = 2;

/** assumed gives the value of an assumption of infra/workloads.json. */
export function assumed(name: string): number {
  const found = ASSUMPTIONS[name];
  if (found === undefined) throw new Error(`infra/workloads.json has no assumption ${name}`);
  return found.value;
}

/** Usage is what a deployment does in a month. */
export type Usage = ReturnType<typeof usageOf>;

/** usageOf works out what a deployment does in the month in which its ledger holds `heldDays` of segments. */
export function usageOf(deployed: Deployed, workload: Workload, heldDays: number) {
  const { hub, storage, delivery, integrateRunsADay, verifyRunsADay } = deployed;
  const { partitions } = hub;
  const integrateRuns = integrateRunsADay * DAYS;
  const watchRuns = deployed.watchRunsADay * DAYS;

  const certifying = assumed('certifyingADay') * DAYS;
  // A status follows each check.
  const reportsADay = 2 * verifyRunsADay + deployed.postureRunsADay;
  const reports = reportsADay * DAYS;
  // Each operation on a key is logged by the vault, into the hub.
  const events = (workload.recordsADay / workload.recordsAnEvent + integrateRunsADay) * DAYS + certifying + reports;
  const rawBytes = workload.recordsADay * workload.recordBytes * DAYS;
  const rate = events / DAYS / DAY_SECONDS / partitions;
  const deliveryRate = Math.min(rate, Math.max(1 / delivery.waitSeconds, rate / delivery.leastEvents));
  const deliveries = deliveryRate * partitions * DAY_SECONDS * DAYS;
  const heartbeats = (DAYS * 1440 * partitions) / deployed.heartbeatMinutes;
  const segments = Math.max(deliveries, heartbeats);
  const rawASegment = rawBytes / segments;
  const storedASegment = storedBytesOf(rawASegment);

  const perRun = { partitions, segments: segments / integrateRuns, checkpoints: 0 };
  const integrated = predict(MEASURED.integrate, perRun);
  const verifyRuns = verifyRunsADay * DAYS;
  const verified = predict(MEASURED.verify, {
    partitions,
    segments: segments / verifyRuns,
    checkpoints: integrateRuns / verifyRuns,
  });
  const fulls = (DAYS * 24) / deployed.verifyFullHours;
  const segmentsADay = segments / DAYS;
  const held = { segments: segmentsADay * heldDays, checkpoints: integrateRunsADay * heldDays };
  const full = predict(MEASURED.verify, { partitions, ...held });
  const weight = weightOf({ segments: held.segments, bytes: held.segments * storedASegment });
  const slices = weight > WHOLE_BYTES ? Math.ceil(weight / SLICE_BYTES) : 0;
  // Each run while a recheck is under way reads the results that are there: half of them, on average.
  const runsOfRecheck = Math.max(1, deployed.recheckDays * verifyRunsADay);
  const recheck = {
    runs: slices * fulls,
    writes: slices * fulls * FILES_A_SLICE,
    reads: slices * fulls * (runsOfRecheck / 2 + FILES_A_SLICE + 1),
    signatures: slices * fulls,
    // Each run looks at both queues, and the host at the one that it works off, once a minute.
    queueOperations: slices * fulls * OPERATIONS_A_MESSAGE + 2 * verifyRuns + DAYS * 1440,
  };
  const fullReportReads = reportsADay * heldDays * READS_A_REPORT;

  // Each batch has an entry of its own.
  const { entries, tiles } = statusReads(segmentsADay + integrateRunsADay, heldDays);
  const stated = predict(MEASURED.status, { partitions, segments: entries, checkpoints: 0 });
  const statedReads = stated.read + tiles;

  // A full recheck reads old segments in the tier where they are.
  const between = (from: number, to: number): number => Math.max(0, Math.min(heldDays, to) - from);
  const days = {
    hot: between(0, storage.coolAfterDays),
    cool: between(storage.coolAfterDays, storage.coldAfterDays),
    cold: between(storage.coldAfterDays, Infinity),
  };
  const gbADay = (segmentsADay * storedASegment) / GB;
  const inTier = (tier: keyof typeof days) => ({
    gb: gbADay * days[tier],
    fullReads: segmentsADay * days[tier] * fulls,
    fullGb: gbADay * days[tier] * fulls,
  });
  const besideADay = (integrated.bytes * integrateRunsADay + (verified.bytes + stated.bytes) * verifyRunsADay) / GB;

  const seconds = (requests: number): number => (requests * assumed('requestMs')) / 1000;
  const perSegment = 1 / assumed('readsAtOnce');
  const msAMegabyte = assumed(slices > 0 ? 'sliceMsAMegabyte' : 'recheckMsAMegabyte');
  const runSeconds = {
    // Two questions to the hub, and two for each partition, one after the other.
    watch: Math.max(assumed('leastRunSeconds'), seconds(2 + 2 * partitions)),
    integrate: Math.max(
      assumed('leastRunSeconds'),
      seconds(integrated.read - perRun.segments * (1 - perSegment) + integrated.write + integrated.list),
    ),
    verify: Math.max(
      assumed('leastRunSeconds'),
      seconds((verified.read + statedReads) * perSegment + verified.write + stated.write + verified.list + stated.list),
    ),
    full: Math.max(
      seconds(
        (full.read + fullReportReads) / assumed('recheckReadsAtOnce') + full.write + full.list + held.segments / PAGE,
      ),
      (held.segments * (assumed('recheckMs') + (msAMegabyte * rawASegment) / 1e6)) / 1000,
    ),
  };

  // What the sealer asks of the ledger account, and the auditor each hour. The watch asks whether a partition has a further segment.
  const sealing = {
    writes: segments * MEASURED.seal.write + integrated.write * integrateRuns,
    reads: integrated.read * integrateRuns + watchRuns * partitions,
    lists: integrated.list * integrateRuns,
  };
  const checking = {
    writes: (verified.write + stated.write) * verifyRuns,
    reads: (verified.read + statedReads) * verifyRuns,
    lists: (verified.list + stated.list) * verifyRuns,
  };
  const writes = sealing.writes + checking.writes;
  const reads = sealing.reads + checking.reads;
  const lists = sealing.lists + checking.lists;
  // What a full recheck reads that is no segment stays hot: batches, checkpoints, tiles, reports.
  const fullLogReads = (full.read - held.segments + fullReportReads) * fulls;
  const fullLists = (full.list + held.segments / PAGE) * fulls;
  const postureRuns = deployed.postureRunsADay * DAYS;
  const postureSeconds = assumed('postureSeconds') + workload.loggingResources / assumed('coverageReadsASecond');
  const runs = { sealer: deliveries + watchRuns + integrateRuns, auditor: verifyRuns + postureRuns + recheck.runs };
  const moved = (after: number): number => (heldDays > after ? segments : 0);
  const hostWrites =
    deliveries +
    (watchRuns + integrateRuns + runs.auditor) * assumed('statusWrites') +
    (partitions * DAYS * DAY_SECONDS) / assumed('ownershipSeconds') +
    (2 * DAYS * DAY_SECONDS) / assumed('leaseSeconds');
  const hostLists = (partitions * DAYS * DAY_SECONDS) / assumed('ownershipSeconds');
  const signatures = integrated.sign * integrateRuns + certifying + reports + recheck.signatures;
  const operations = signatures + (deployed.hasOwnKey ? assumed('keyUnwraps') : 0);
  const requestRows =
    writes + (deployed.logsReads ? reads + lists + (full.read + fullReportReads) * fulls + fullLists : 0);
  const rows = requestRows + hostWrites + operations + (runs.sealer + runs.auditor) * assumed('logRowsARun');
  const storedGb = (segments * storedASegment) / GB;
  return {
    events,
    rawGb: rawBytes / GB,
    deliveries,
    segments,
    segmentsADay,
    /** of the log: segments, and of each batch one */
    entriesADay: segmentsADay + integrateRunsADay,
    rawASegment,
    storedASegment,
    integrateRuns,
    verifyRuns,
    fulls,
    held,
    runSeconds,
    statedReads,
    tiers: { hot: inTier('hot'), cool: inTier('cool'), cold: inTier('cold') },
    besideGb: besideADay * heldDays,
    sealing,
    checking,
    writes,
    reads,
    lists,
    fullLogReads,
    fullLists,
    toCool: moved(storage.coolAfterDays),
    toCold: moved(storage.coldAfterDays),
    createdGb: storedGb + besideADay * DAYS,
    runs,
    /** seconds that functions of each app run */
    runTime: {
      sealer:
        deliveries * assumed('leastRunSeconds') + watchRuns * runSeconds.watch + integrateRuns * runSeconds.integrate,
      auditor: verifyRuns * runSeconds.verify + fulls * runSeconds.full + postureRuns * postureSeconds,
    },
    slices,
    recheck,
    hostWrites,
    hostLists,
    operations,
    logGb: (rows * assumed('logRowBytes')) / GB,
    /** what the apps themselves send of it */
    telemetryGb: ((runs.sealer + runs.auditor) * assumed('logRowsARun') * assumed('logRowBytes')) / GB,
    /** through private endpoints: into the hub's reader, to the ledger, and back for `integrate` and `verify` */
    endpointGb: rawBytes / GB + storedGb * 3 + inTier('hot').fullGb + inTier('cool').fullGb + inTier('cold').fullGb,
  };
}

/** storedBytesOf gives what a segment takes, from the sizes that were measured: a straight line between two of them. */
export function storedBytesOf(raw: number): number {
  const { sizes } = MEASURED;
  const at = sizes.findIndex((size) => size.raw >= raw);
  const above = sizes.at(at) as Sealed; // the largest, where none is larger
  if (at < 0) return (raw * above.stored) / above.raw;
  const below = sizes[at - 1];
  if (below === undefined) return above.stored;
  return below.stored + ((raw - below.raw) * (above.stored - below.stored)) / (above.raw - below.raw);
}
