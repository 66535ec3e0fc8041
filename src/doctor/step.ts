import { setTimeout as delay } from 'node:timers/promises';
import { AuditsealError } from '../core/errors.ts';

/** StepState: 'unknown' is what couldn't be asked, or waits for something that isn't ok; it is never taken for right. */
export type StepState = 'ok' | 'failed' | 'unknown';

/** Outcome is what was seen in a step, and what to do about it. */
export interface Outcome {
  readonly state: StepState;
  readonly said: string;
  readonly advice?: string;
}

/** Step is one thing that has to hold for a deployment to work. */
export interface Step {
  readonly name: string;
  /** names of steps that must be ok for this one to be asked */
  readonly after: readonly string[];
  /** names of steps that are asked before this one, because it can say more with their answers */
  readonly with: readonly string[];
  /** what it is if nobody answers: that is the very fault that some look for, and says nothing to the others */
  readonly unanswered: 'failed' | 'unknown';
  /** told when the step begins */
  timeoutMs(): number;
  /** run stops as soon as it can once the signal is given. */
  run(signal: AbortSignal): Promise<Outcome>;
}

/** StepResult is what came of a step, and where it is explained. */
export interface StepResult extends Outcome {
  readonly step: string;
  readonly link: string;
  readonly ms: number;
}

export const ok = (said: string, advice?: string): Outcome => ({
  state: 'ok',
  said,
  ...(advice !== undefined && { advice }),
});
export const failed = (said: string, advice?: string): Outcome => ({ ...ok(said, advice), state: 'failed' });
export const unknown = (said: string, advice?: string): Outcome => ({ ...ok(said, advice), state: 'unknown' });

/** linkOf is where a step is explained, in the repository. */
const linkOf = (step: string): string => `docs/doctor.md#${step}`;

/** runSteps runs the steps in their order, and tells each as it ends. None takes longer than it may, and none stops another. */
export async function runSteps(steps: readonly Step[], onStep: (result: StepResult) => void): Promise<StepResult[]> {
  const results = new Map<string, StepResult>();
  for (const step of steps) {
    const start = performance.now();
    const waits = step.after.filter((name) => results.get(name)?.state !== 'ok');
    const outcome =
      waits.length > 0 ? unknown(`not asked: it needs ${waits.join(' and ')} to be ok`) : await runInTime(step);
    const ms = Math.round(performance.now() - start);
    const result = { step: step.name, ...outcome, link: linkOf(step.name), ms };
    results.set(step.name, result);
    onStep(result);
  }
  return [...results.values()];
}

async function runInTime(step: Step): Promise<Outcome> {
  const ms = step.timeoutMs();
  const unanswered = step.unanswered === 'failed' ? failed : unknown;
  const [ended, late] = [new AbortController(), new AbortController()];
  const timeout = delay(ms, undefined, { signal: ended.signal, ref: false }).then(
    () => unanswered(`no answer within ${ms / 1000} s`),
    () => unanswered('ended'),
  );
  const run = step.run(late.signal).catch((error: unknown) => outcomeOf(error, unanswered));
  return Promise.race([run, timeout]).finally(() => {
    ended.abort();
    // Whatever comes of it later, nobody waits for it any more.
    late.abort();
  });
}

/** outcomeOf makes an outcome of a fault: what whoever is signed in may not do says nothing of the deployment. */
function outcomeOf(error: unknown, unanswered: typeof failed): Outcome {
  // A fault of this program says nothing of the deployment, and must not keep the other steps from being asked.
  if (!(error instanceof AuditsealError)) return unknown(`internal fault, please report it: ${String(error)}`);
  const { statusCode } = Object(error.cause) as { readonly statusCode?: unknown };
  const isRight = error.kind === 'refused' && (statusCode === 401 || statusCode === 403);
  if (isRight) return unknown(error.message);
  return error.kind === 'unavailable' ? unanswered(error.message) : failed(error.message);
}
