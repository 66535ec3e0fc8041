import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ContainerClient } from '@azure/storage-blob';
import { appLine } from './appLine.ts';
import { attackContainer } from './attack.ts';
import { Auditor } from './auditor.ts';
import type { Place } from './auditor.ts';
import { addRawBytes, sendBodies } from './feed.ts';
import type { Body } from './feed.ts';
import { startFrontPage } from './frontPage.ts';
import type { FrontPage } from './frontPage.ts';
import type { HostProcess } from '../host/client.ts';
import type { Guarded, Narration } from './narration.ts';
import type { Programs } from './programs.ts';
import { Sealing } from './sealing.ts';
import { HUB_NAME, NO_TIMERS, TLOG_CONTAINER } from '../stack.ts';
import type { Stack } from '../stack.ts';
import type { StartOptions } from './startOptions.ts';
import { isFound, tamper } from './tampering.ts';
import { tryCommands } from './tryCommands.ts';

interface Parts {
  readonly stack: Stack;
  readonly programs: Programs;
  /** a folder for what is gone afterwards */
  readonly work: string;
  readonly say: Narration;
  readonly options: StartOptions;
}

/** ANSWER_FILE is what find --prove writes in its folder. */
const ANSWER_FILE = 'answer.json';

/** Demonstration is what a user of `npm start` comes to see. */
export class Demonstration {
  readonly #parts: Parts;
  readonly #sealing: Sealing;
  readonly #auditor: Auditor;
  readonly #place: Place;
  readonly #sending = new AbortController();
  #front: FrontPage | undefined;
  #host: HostProcess | undefined;
  #evidence: { readonly file: string; readonly partition: string; readonly record: number } | undefined;

  constructor(parts: Parts) {
    const { stack, programs, work, say } = parts;
    this.#parts = parts;
    this.#sealing = new Sealing((progress) => say.sealing(progress));
    this.#auditor = new Auditor(programs, stack, join(work, 'kept-checkpoint'));
    this.#place = { ledger: stack.sasUrl('rl'), tlog: stack.sasUrl('rl', TLOG_CONTAINER) };
  }

  /** run shows everything, and returns the recheck's exit code. */
  async run(bodies: readonly Body[]): Promise<number> {
    const { stack, work, say, options } = this.#parts;
    // So that a copy is of one moment, timers run when the demonstration runs them.
    const host = await stack.startHost((line) => this.#sealing.add(line), NO_TIMERS);
    this.#host = host;
    const rawBytes = await this.#seal(host, bodies);

    say.step('Ordering the segments into the log, and signing it (function integrate)');
    await integrateAll(host);
    say.integrated(await sizeOf(`${host.httpUrl}/api`), stack.verifierKeys);

    say.step('Asking what guards the ledger, and trying what it must refuse (function posture)');
    say.guarded(await guardOf(host));

    say.step('Rechecking every chain and the log from the stored bytes (function verify)');
    await runTimer(host, 'verify');
    say.filed(stack.auditorKey);
    const names = await namesOf(new ContainerClient(this.#place.ledger));
    // Reports are entries too.
    await integrateAll(host);
    await this.#prove();

    say.step('Attacking the store, as an identity that has every right');
    const [segment, batch, newest] = ['segments/', 'batches/', 'checkpoints/'].map(
      (prefix) => names.findLast((name) => name.startsWith(prefix)) as string,
    ) as [string, string, string];
    const attempts = await attackContainer(stack.owner, { segment, batch, checkpoint: newest });
    for (const attempt of attempts) say.attempt(attempt);

    say.step('Copying the ledger and its log, and rechecking the copy from outside (auditseal mirror, verify)');
    const mirror = options.out ?? join(work, 'mirror');
    await this.#auditor.mirror(this.#place, mirror);
    const { code, report } = await this.#auditor.verify(mirror);
    say.report(report);

    // Only beside what is whole does it show what was done.
    const unnoticed = report.status === 'verified' ? await this.#tamper(mirror) : [];
    if (report.status === 'verified') await this.#search(mirror);

    if (options.json) {
      const { checked, log, status, findings } = report;
      say.summary({
        events: checked.events,
        records: checked.records,
        segments: checked.segments,
        rawBytes,
        storedBytes: checked.storedBytes,
        status,
        findings,
        mirror: options.out ?? null,
        evidence: options.out === undefined ? null : (this.#evidence?.file ?? null),
        verifierKeys: stack.verifierKeys,
        auditorKey: stack.auditorKey,
        size: log?.head?.size ?? 0,
        root: log?.head?.root ?? null,
      });
    }
    if (unnoticed.length > 0) throw new Error(`what was done to a copy was not found: ${unnoticed.join(', ')}`);
    const wentThrough = attempts.filter(({ outcome }) => outcome === 'went through');
    if (wentThrough.length > 0)
      throw new Error(`attacks went through: ${wentThrough.map(({ attack }) => attack).join(', ')}`);
    return code;
  }

  /** tamper shows what tampering with copies comes to, and gives what was not found. */
  async #tamper(mirror: string): Promise<string[]> {
    const { work, say } = this.#parts;
    say.step('Tampering with copies, which nothing protects (auditseal verify)');
    const unnoticed: string[] = [];
    await tamper(mirror, work, async (copy, tampering) => {
      const { report } = await this.#auditor.verify(copy);
      say.tampered(tampering, report);
      if (!isFound(tampering, report)) unnoticed.push(tampering.deed);
    });
    return unnoticed;
  }

  /** search looks for the most frequent operation, and checks the proof that nothing was left out. */
  async #search(mirror: string): Promise<void> {
    const { work, say, options } = this.#parts;
    say.step('Searching the copy, and proving that nothing was left out (auditseal find, check)');
    const operation = await this.#auditor.frequentOperation(mirror);
    if (operation === undefined) return;
    const prove = join(work, 'answer');
    await this.#auditor.find(mirror, operation, { out: join(work, 'found.jsonl'), prove });
    const checked = await this.#auditor.checkAnswer(prove);
    const answer = await readFile(join(prove, ANSWER_FILE));
    const file = options.out === undefined ? join(prove, ANSWER_FILE) : `${options.out}.answer.json`;
    if (options.out !== undefined) await writeFile(file, answer);
    say.searched(checked, operation, file, answer.length);
  }

  /** stop ends what would outlast the stack. What runs fails then. */
  async stop(): Promise<void> {
    this.#sending.abort();
    await this.#front?.close();
    await this.#parts.programs.stop();
  }

  /** stayUp leaves the app running as it does in Azure, on its schedules, and a page that shows how the ledger stands. */
  async stayUp(): Promise<void> {
    const { stack, say, work } = this.#parts;
    await this.#host?.stop();
    const host = await stack.startHost((line) => this.#sealing.add(line));
    const front = await startFrontPage({
      ledger: this.#place.ledger,
      status: (links) => this.#auditor.status(this.#place, join(work, 'status.html'), links),
    });
    this.#front = front;
    const api = `${host.httpUrl}/api`;
    const evidence = this.#evidence;
    const size = await sizeOf(api);
    const { ledger, tlog } = this.#place;
    say.stayUp(
      [
        ['overview', `${front.url}/`],
        ['check page', `${front.url}/check.html`],
        ['ledger', ledger],
        ['its tiles', tlog],
        ['event hub', stack.hub.connectionString(HUB_NAME)],
        ['log', `${api}/log/checkpoint`],
        ['a tile of it', `${api}/log/tile/0/000${size < 256 ? `.p/${size}` : ''}`],
        [
          'evidence',
          evidence && `${api}/evidence?partition=${evidence.partition}&record=${evidence.record}&code=${host.key}`,
        ],
        ['as a file', evidence?.file],
        ...stack.verifierKeys.map((key) => ['verifier key', key] as const),
        ["auditor's key", stack.auditorKey],
      ],
      tryCommands({
        ledger,
        tlog,
        logKey: stack.verifierKeys[0] ?? '',
        auditorKey: stack.auditorKey,
        writable: stack.sasUrl('racwl'),
        accountId: stack.accountId,
        armUrl: stack.gateway.armUrl,
        evidence: evidence?.file,
      }),
    );
  }

  /** seal sends the bodies, waits until they are sealed, and gives how many bytes were ever sent. */
  async #seal(host: HostProcess, bodies: readonly Body[]): Promise<number> {
    const { stack, say, options } = this.#parts;
    const sealing = this.#sealing;
    const source = options.input ?? 'log bodies of many Azure services';
    say.step(`Sending ${bodies.length * options.repeat} events: ${source}`);
    const address = stack.hub.connectionString();
    const { signal } = this.#sending;
    const onProgress = (events: number, bytes: number): void => say.sent(events, bytes);
    const feed = await sendBodies(address, HUB_NAME, bodies, options.repeat, onProgress, signal);
    const rawBytes = await addRawBytes(options.dataDir, feed.bytes);
    await Promise.race([sealing.until(feed.last), host.exited.then(() => Promise.reject(new Error('the host ended')))]);
    say.sealed(feed, sealing.progress);
    return rawBytes;
  }

  /** prove makes evidence of one record, and checks it as whoever gets it does. There is none where no body held a record. */
  async #prove(): Promise<void> {
    const { work, say, options } = this.#parts;
    const [partition] = [...this.#sealing.partitions].sort();
    if (partition === undefined) return;
    const record = 0;
    say.step("Proving one record to somebody who has the log's key and no access (auditseal prove, check)");
    const file = options.out === undefined ? join(work, 'evidence.json') : `${options.out}.evidence.json`;
    const evidence = await this.#auditor.prove(this.#place, partition, record);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, evidence);
    this.#evidence = { file, partition, record };
    say.proved(await this.#auditor.check(file), this.#evidence, evidence.length);
  }
}

/** guardOf runs function posture, and gives what it said that the ledger is guarded by. */
async function guardOf(host: HostProcess): Promise<Guarded> {
  let said: Readonly<Record<string, unknown>> = {};
  const off = host.onLine((line) => {
    const one = appLine(line, 'posture');
    if (String(one?.['message']).startsWith('posture ')) said = one ?? {};
  });
  try {
    await runTimer(host, 'posture');
  } finally {
    off();
  }
  return { message: String(said['message']), findings: Number(said['findings']) };
}

async function runTimer(host: HostProcess, name: string): Promise<void> {
  const { outcome, error } = await host.runTimer(name);
  if (outcome !== 'succeeded') throw new Error(`function ${name} failed: ${error?.message ?? ''}`);
}

/** integrateAll runs function integrate until nothing is left for it: a run takes what it can within its time. */
async function integrateAll(host: HostProcess): Promise<void> {
  for (let batches: unknown = 1; batches !== 0;) {
    batches = 0;
    const off = host.onLine((line) => {
      const said = appLine(line, 'integrate');
      if (said?.['message'] === 'integrated') batches = said['batches'];
    });
    try {
      await runTimer(host, 'integrate');
    } finally {
      off();
    }
  }
}

/** sizeOf reads the size of the log's newest checkpoint, as anybody may. */
async function sizeOf(api: string): Promise<number> {
  const answer = await fetch(`${api}/log/checkpoint`);
  if (!answer.ok) throw new Error(`the log has no checkpoint: HTTP ${answer.status}`);
  return Number((await answer.text()).split('\n')[1]);
}

async function namesOf(container: ContainerClient): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat()) names.push(name);
  return names;
}
