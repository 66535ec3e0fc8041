/** Runs the commands of the README's terminal session and writes what they print into it: `node tools/pages/captureSession.ts`. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, writeBlock } from './markedBlock.ts';

/**
 * SESSION is what a reader types, in order. They may type it in any folder; `../mirror` is outside the checkout. KEY is the
 * verifier key that the first command prints.
 */
export const SESSION: readonly string[] = [
  'npm start -- --once --out ../mirror',
  'npm run -s cli -- check ../mirror.evidence.json --key KEY | tail -11 | head -2',
  'npm run -s cli -- show ../mirror 0 7 | tail -4',
  "zstd -dc ../mirror/segments/0/000000000000.jsonl.zst | sed -n 9p | tr -d '\\n' | (printf '\\0'; cat) | sha256sum",
];

const VERIFIER_KEY = /[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}/g;

/** shortened leaves of what the first command says its steps, and of each step the first lines. */
function shortened(shown: string, most = 2): string {
  const lines: string[] = [];
  let left = most;
  for (const line of shown.split('\n')) {
    const isStep = !line.startsWith(' ');
    if (isStep) left = most;
    // What a line says goes on in the lines below it that are indented further.
    const isMore = line.startsWith('      ');
    if (isStep || (!isMore && left-- > 0)) lines.push(line);
  }
  return lines.join('\n');
}

/** run types one command in `root` and gives what a terminal shows of it, without npm's own two lines. */
async function run(command: string, root: string, mirror: string, path: string): Promise<string> {
  const typed = command.replaceAll('../mirror', mirror).replaceAll(/\bnpm (start|run)\b/g, 'npm $1 --silent');
  const child = spawn('bash', ['-o', 'pipefail', '-c', typed], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: path },
  });
  let shown = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (shown += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${shown}`);
  return shown.replaceAll(mirror, '../mirror').trimEnd();
}

/**
 * captureSession runs the session in the checkout at `root` and gives it as a fenced block, with long hashes cut. `path`
 * is where programs are found.
 */
export async function captureSession(root: string, path = process.env['PATH'] ?? ''): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'auditseal-session-'));
  try {
    const lines: string[] = [];
    let key = 'KEY';
    for (const line of SESSION) {
      const command = line.replace('KEY', () => key);
      const shown = await run(command, root, join(folder, 'mirror'), path);
      lines.push(`$ ${command}`, lines.length === 0 ? shortened(shown) : shown);
      [key = key] = shown.match(VERIFIER_KEY) ?? [];
    }
    const text = lines.join('\n').replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1…');
    return `\`\`\`console\n${text}\n\`\`\``;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * shapeOf reduces a session to what doesn't change from run to run: commands, kinds of lines, refusals and their codes.
 * Hashes, keys, times and numbers become signs, and findings in a row become one line, because it is the place of a flipped
 * bit that decides how many there are.
 */
export function shapeOf(session: string): string[] {
  const lines = session.replaceAll(VERIFIER_KEY, 'KEY').split('\n');
  const shape = lines.map((line) => {
    if (line.startsWith('$ ') || /refused: \d+ \w+$/.test(line)) return line;
    if (/^ {6}([a-z]+-[a-z]+: segments\/|and \d+ more$)/.test(line)) return '      FINDING: SEGMENT';
    return line
      .replaceAll(/\bkey [0-9a-f]{8}\b/g, 'key ID')
      .replaceAll(/\broot [A-Za-z0-9+/]{43}=/g, 'root HASH')
      .replaceAll(/\b[0-9a-f]{12}…|\b[0-9a-f]{64}\b/g, 'HASH')
      .replaceAll(/segments\/\d+\/\d{12}/g, 'SEGMENT')
      .replaceAll(/reports\/[\d/]+Z-/g, 'REPORT-')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replaceAll(/\d[\d,]*(\.\d+)?( [kM]?B\b)?/g, 'N');
  });
  return shape.filter((line, i) => line !== '      FINDING: SEGMENT' || line !== shape[i - 1]);
}

if (import.meta.main) await writeBlock('README.md', 'session', await captureSession(ROOT));
