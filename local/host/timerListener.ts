import type { ContainerClient } from '@azure/storage-blob';
import type { FunctionSpec, TimerTrigger } from './functionSpec.ts';
import type { Listener } from './eventHubListener.ts';
import type { Emit } from './hostLine.ts';
import type { Input, Invoker, Outcome } from './invoker.ts';
import { pause } from './pause.ts';
import { isFrequent } from './schedule.ts';
import { runAsSingleton } from './singleton.ts';
import { formatStatus } from './timerStatus.ts';
import type { TimerStatus, TimerStatusStore } from './timerStatus.ts';

export interface TimerDeps {
  readonly invoker: Invoker;
  readonly emit: Emit;
  readonly hostId: string;
  /** container keeps leases and timer statuses: azure-webjobs-hosts of AzureWebJobsStorage. */
  readonly container: ContainerClient;
  readonly statuses: TimerStatusStore;
}

/** TimerListener is a started timer. */
export interface TimerListener extends Listener {
  /** runNow invokes the function at once, whoever holds the lease, as the real host's admin endpoint does. */
  runNow(invocationId: string): Promise<Outcome>;
}

/** listenTimer fires a timer by its schedule while this host is the one that holds its lease. */
export function listenTimer(spec: FunctionSpec<TimerTrigger>, deps: TimerDeps): TimerListener {
  const { schedule } = spec.trigger;
  const { emit, statuses } = deps;
  const isMonitored = spec.trigger.useMonitor && !isFrequent(schedule, Date.now());
  const stopping = new AbortController();
  const manualRuns = new Set<Promise<unknown>>();
  const running = runAsSingleton({
    container: deps.container,
    blobName: `locks/${deps.hostId}/Host.Functions.${spec.name}.Listener`,
    signal: stopping.signal,
    work: fire,
    onError: (message) => emit({ type: 'error', function: spec.name, message }),
  });

  return {
    async runNow(invocationId) {
      const status = isMonitored ? await statuses.read(spec.name) : undefined;
      const run = deps.invoker.invoke(spec, timerInput(status, false), { invocationId });
      manualRuns.add(run);
      return run.finally(() => manualRuns.delete(run));
    },
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(manualRuns);
    },
  };

  async function fire(signal: AbortSignal): Promise<void> {
    let { status, isPastDue } = await start();
    if (isPastDue || spec.trigger.runOnStartup) status = await invoke(status, isPastDue, 'unscheduled', signal);
    for (;;) {
      await pause(status.nextMs - Date.now(), signal);
      if (signal.aborted) return;
      status = await invoke(status, false, 'scheduled', signal);
    }
  }

  /** start finds the next occurrence, and whether one went by while no host ran. */
  async function start(): Promise<{ status: TimerStatus; isPastDue: boolean }> {
    const nowMs = Date.now();
    const fresh: TimerStatus = { lastMs: undefined, nextMs: schedule.next(nowMs), updatedMs: undefined };
    if (!isMonitored) return { status: fresh, isPastDue: false };
    const stored = await statuses.read(spec.name);
    if (stored === undefined) {
      await statuses.replace(spec.name, { ...fresh, updatedMs: nowMs });
      return { status: fresh, isPastDue: false };
    }
    // The schedule may have changed since; a timer that never ran can't be late.
    const expectedMs = stored.lastMs === undefined ? fresh.nextMs : schedule.next(stored.lastMs);
    const status = { ...stored, nextMs: expectedMs, updatedMs: nowMs };
    if (stored.nextMs !== expectedMs) await statuses.replace(spec.name, status);
    return { status, isPastDue: nowMs > expectedMs };
  }

  async function invoke(
    status: TimerStatus,
    isPastDue: boolean,
    why: 'scheduled' | 'unscheduled',
    signal: AbortSignal,
  ): Promise<TimerStatus> {
    const nowMs = Date.now();
    await deps.invoker.invokeWithRetry(spec, timerInput(isMonitored ? status : undefined, isPastDue), signal);
    // A timer that fired a little early must not find the same occurrence again.
    const lastMs = why === 'scheduled' ? Math.max(nowMs, status.nextMs) : nowMs;
    // When occurrences went by during the invocation, the first of them is due at once and the others are skipped.
    const after = { lastMs, nextMs: schedule.next(lastMs), updatedMs: lastMs };
    if (isMonitored) await statuses.replace(spec.name, after);
    return after;
  }

  function timerInput(status: TimerStatus | undefined, isPastDue: boolean): Input {
    const info = {
      Schedule: { AdjustForDST: schedule.adjustForDst },
      ScheduleStatus: status === undefined ? null : formatStatus(status),
      IsPastDue: isPastDue,
    };
    return { data: () => ({ json: JSON.stringify(info) }) };
  }
}
