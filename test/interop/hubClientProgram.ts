import { spawn, spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../support/program.ts';

/** The .NET that hubClient.csproj is written for; a newer one does. */
const DOTNET_MAJOR = 10;

const ENVIRONMENT = { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' };

/** dotnetAdvice is what to do where there is none. */
export const dotnetAdvice = `no .NET SDK ${DOTNET_MAJOR} or newer is here, so its Event Hubs client was not tried`;

/** hasDotnet tells whether a .NET SDK is here that is new enough. */
export function hasDotnet(): boolean {
  const { status, stdout } = spawnSync('dotnet', ['--version'], { encoding: 'utf8', env: ENVIRONMENT });
  return status === 0 && Number.parseInt(stdout, 10) >= DOTNET_MAJOR;
}

/** buildHubClient compiles hubClient into a folder, with the packages that its lock file names, and returns the program. */
export function buildHubClient(folder: string): string {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'auditseal', 'nuget');
  const project = join(ROOT, 'test', 'interop', 'hubClient', 'hubClient.csproj');
  const properties = ['-p:RestoreLockedMode=true', `-p:RestorePackagesPath=${cache}`, `-p:NuGetPackageRoot=${cache}/`];
  const args = ['build', project, '--configuration', 'Release', '--artifacts-path', folder, ...properties];
  // No build server outlives the test.
  const { status, stdout, stderr } = spawnSync('dotnet', [...args, '--disable-build-servers'], {
    encoding: 'utf8',
    env: ENVIRONMENT,
  });
  if (status !== 0) throw new Error(`dotnet build ended with ${status}: ${stdout}${stderr}`);
  return join(folder, 'bin', 'hubClient', 'release', 'hubClient.dll');
}

/** Seen is an exception of the .NET client. */
export interface Seen {
  readonly type: string;
  readonly reason: string | null;
  readonly message: string;
}

/** EventLine is an event as the .NET client gives it, with what the Functions host makes of its properties. */
export interface EventLine {
  readonly type: 'event';
  readonly partition: string;
  readonly sequenceNumber: number;
  readonly offset: string;
  /** body is base64. */
  readonly body: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly systemProperties: Readonly<Record<string, unknown>>;
}

/** ClientLine is a line of hubClient. */
export type ClientLine =
  | EventLine
  | { readonly type: 'sent'; readonly count: number }
  | { readonly type: 'properties'; readonly name: string; readonly partitions: readonly object[] }
  | { readonly type: 'error'; readonly partition: string | null; readonly error: Seen }
  | { readonly type: 'failed'; readonly error: Seen };

/** RunningClient is a hubClient whose lines can be waited for. */
export interface RunningClient {
  readonly lines: readonly ClientLine[];
  /** until resolves when test holds for the lines so far, and rejects when the program ended without. */
  until(test: (lines: readonly ClientLine[]) => boolean): Promise<void>;
  /** ended resolves with the exit code. */
  readonly ended: Promise<number | null>;
  kill(): void;
}

/** HubSettings names a hub as the settings of the app do. */
export interface HubSettings {
  readonly HUB: string;
  readonly HUB_NAME: string;
}

/** startHubClient runs hubClient with an app's settings. */
export function startHubClient(
  program: string,
  { HUB, HUB_NAME }: HubSettings,
  args: readonly string[],
): RunningClient {
  const child = spawn('dotnet', [program, ...args], {
    env: { ...ENVIRONMENT, HUB, HUB_NAME },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: ClientLine[] = [];
  const watchers = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const parsed: ClientLine = JSON.parse(line);
    lines.push(parsed);
    for (const watcher of watchers) watcher();
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return {
    lines,
    ended,
    until: (test) =>
      new Promise((resolve, reject) => {
        const watcher = (): void => {
          if (!test(lines)) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
        ended.then((code) => {
          watcher();
          reject(new Error(`hubClient ended with ${code} after ${JSON.stringify(lines)}`));
        }, reject);
      }),
    kill: () => void child.kill('SIGKILL'),
  };
}
