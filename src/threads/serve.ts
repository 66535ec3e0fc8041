import { parentPort } from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';
import { crossing } from './crossing.ts';
import type { Answered, Asked } from './pool.ts';

/** serve answers what a WorkerPool asks of this thread; `movedOf` says which memory of a result moves to who asked. */
export function serve<Result>(
  work: (task: never) => Result | Promise<Result>,
  movedOf: (result: Result) => readonly Transferable[] = () => [],
): void {
  const port = parentPort;
  port?.on('message', ({ id, tasks }: Asked<never>) => {
    void answer(tasks, work).then((results) => {
      const answered: Answered<Result> = { id, results };
      port.postMessage(
        answered,
        results.flatMap((result) => (result.ok ? movedOf(result.value) : [])),
      );
    });
  });
}

/** answer works on one task after the other, so that no more than one is in memory. */
async function answer<Result>(
  tasks: readonly never[],
  work: (task: never) => Result | Promise<Result>,
): Promise<Answered<Result>['results']> {
  const results: Answered<Result>['results'][number][] = [];
  for (const task of tasks) results.push(await crossing(async () => work(task)));
  return results;
}
