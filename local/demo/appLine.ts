import type { HostLine } from '../host/client.ts';

/** appLine reads what a function of the app logged, one JSON object with a `message`. Other lines give undefined. */
export function appLine(line: HostLine, functionName: string): Readonly<Record<string, unknown>> | undefined {
  if (line.type !== 'log' || line.function !== functionName) return undefined;
  try {
    return JSON.parse(line.message) as Record<string, unknown>;
  } catch {
    return undefined; // a line that is not one of the app's own
  }
}
