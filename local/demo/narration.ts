import type { Attempt } from './attack.ts';
import type { CheckedAnswer, Finding, Report } from './auditor.ts';
import type { Feed } from './feed.ts';
import type { SealingProgress } from './sealing.ts';
import type { Stack } from '../stack.ts';
import { isFound, isOf } from './tampering.ts';
import type { Tampering } from './tampering.ts';

const count = (value: number): string => value.toLocaleString('en');
const megabytes = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;

/** Guarded is what function posture said. */
export interface Guarded {
  readonly message: string;
  readonly findings: number;
}

/** Narration tells a person what happens; with `json`, on standard error, so that standard output is one object. */
export class Narration {
  readonly #out: NodeJS.WriteStream;
  readonly #isTerminal: boolean;
  #isTransient = false;
  #hasEnded = false;

  constructor(json: boolean) {
    this.#out = json ? process.stderr : process.stdout;
    this.#isTerminal = this.#out.isTTY;
  }

  #line(text: string): void {
    if (this.#hasEnded) return;
    this.#out.write(`${this.#isTransient ? '\r\x1b[2K' : ''}${text}\n`);
    this.#isTransient = false;
  }

  /** A line that the next one replaces; only on a terminal. */
  #transient(text: string): void {
    if (!this.#isTerminal || this.#hasEnded) return;
    this.#out.write(`\r\x1b[2K${text}`);
    this.#isTransient = true;
  }

  #mark(isGood: boolean, text: string): string {
    const sign = isGood ? 'ok' : '!!';
    return `  ${this.#isTerminal ? `\x1b[${isGood ? 32 : 31}m${sign}\x1b[0m` : sign}  ${text}`;
  }

  step(text: string): void {
    this.#line(this.#isTerminal ? `\x1b[1m${text}\x1b[0m` : text);
  }

  /** stopping is the last thing that is told, whatever is still under way. */
  stopping(): void {
    this.step('Stopping');
    this.#hasEnded = true;
  }

  sent(events: number, bytes: number): void {
    this.#transient(`  sent ${count(events)} events, ${megabytes(bytes)}`);
  }

  sealing({ events, records, segments }: SealingProgress): void {
    this.#transient(`  sealed ${count(events)} events, ${count(records)} records, ${count(segments)} segments`);
  }

  /** sealed says what was sealed; of a hub that is used again, also what an earlier start had sent. */
  sealed(feed: Feed, { events, records, segments, rawBytes, storedBytes }: SealingProgress): void {
    const earlier = events - feed.events;
    const what = `${count(feed.events)} events sealed${earlier > 0 ? `, and ${count(earlier)} that were left from before` : ''}`;
    const to = `${count(records)} records in ${count(segments)} segments`;
    this.#line(
      this.#mark(true, `${what}: ${to}, ${megabytes(rawBytes)} of bodies stored in ${megabytes(storedBytes)}`),
    );
  }

  attempt({ attack, outcome, status, code }: Attempt): void {
    this.#line(
      this.#mark(
        outcome === 'refused',
        `${attack.padEnd(24)}${outcome === 'refused' ? `refused: ${status} ${code}` : 'WENT THROUGH'}`,
      ),
    );
  }

  integrated(size: number, verifierKeys: readonly string[]): void {
    this.#line(
      this.#mark(
        true,
        `a checkpoint of ${count(size)} entries is signed and published; who has this key can check it:`,
      ),
    );
    for (const key of verifierKeys) this.#line(`      ${key}`);
  }

  /** guarded says what guards the ledger. Here the policy is not locked, as after a deployment: that is the one finding that must be. */
  guarded({ message, findings }: Guarded): void {
    const isExpected = message === 'posture is not as promised' && findings === 1;
    const said = isExpected ? 'the drill was refused; the policy is as promised, but not locked yet' : message;
    this.#line(this.#mark(isExpected || message === 'posture is as promised', said));
  }

  filed(auditorKey: string): void {
    const filed =
      'the report is filed beside the segments, as JSON and as a page; who has this key can check who filed it:';
    this.#line(this.#mark(true, filed));
    this.#line(`      ${auditorKey}`);
  }

  proved(
    status: string,
    { file, partition, record }: { file: string; partition: string; record: number },
    bytes: number,
  ): void {
    const what = `record ${record} of partition ${partition}: ${status}, by ${megabytes(bytes)} and the key alone`;
    this.#line(this.#mark(status === 'proved', what));
    this.#line(`      ${file}`);
  }

  searched({ status, records = [], complete }: CheckedAnswer, operation: string, file: string, bytes: number): void {
    const found = records.filter(({ isWithin }) => isWithin).length;
    const what = `${count(found)} records with the operation ${JSON.stringify(operation)}, and no other: ${status}, by ${megabytes(bytes)} and the keys alone`;
    this.#line(this.#mark(status === 'proved', what));
    this.#line(`      ${file}`);
    const isAudited = complete?.by === 'auditor';
    const whose = isAudited ? "the auditor's signed check made the index again" : 'nobody has made the index again yet';
    this.#line(this.#mark(isAudited, `complete: ${whose}`));
  }

  report({ status, checked, log, findings }: Report): void {
    const isGood = status === 'verified';
    const did = `${count(checked.segments)} segments, ${count(checked.records)} records re-hashed`;
    this.#line(this.#mark(isGood, `${status}: ${did}, ${count(findings.length)} findings`));
    if (log !== undefined && log.head !== null) {
      const { checkpoints, signatures, tiles, segmentsNotIntegrated, head } = log;
      const compared = `${count(checkpoints)} checkpoints, ${count(signatures)} signatures, ${count(tiles)} tiles`;
      const rest = `${count(segmentsNotIntegrated)} segments not in it`;
      this.#line(
        this.#mark(
          isGood && segmentsNotIntegrated === 0,
          `log of ${count(head.size)} entries: ${compared} compared, ${rest}`,
        ),
      );
      this.#line(`      root ${head.root}`);
    }
    this.#findings(findings, 10);
  }

  /** tampered says whether what was done was found, and by which findings. */
  tampered(tampering: Tampering, report: Report): void {
    const found = isFound(tampering, report);
    this.#line(this.#mark(found, `${tampering.deed}: ${found ? '' : 'NOT FOUND, '}${report.status}`));
    const wanted = (finding: Finding): number => Number(isOf(tampering, finding));
    this.#findings(
      report.findings.toSorted((a, b) => wanted(b) - wanted(a)),
      2,
    );
  }

  #findings(findings: readonly Finding[], most: number): void {
    for (const { code, object, detail } of findings.slice(0, most)) this.#line(`      ${code}: ${object}: ${detail}`);
    const more = findings.length - most;
    if (more > 0) this.#line(`      and ${count(more)} more`);
  }

  /** stayUp names what is there: each thing and its address, if it has one, and commands to try. */
  stayUp(things: readonly (readonly [string, string | undefined])[], commands: readonly string[]): void {
    this.step('Running. Ctrl-C ends it.');
    this.#line(
      '  Segments are integrated each half minute; every 5 minutes posture, verify and status run: then the overview changes.',
    );
    for (const [thing, address] of things) if (address !== undefined) this.#line(`  ${thing.padEnd(14)}${address}`);
    this.step('Try, in another terminal and in this folder:');
    for (const command of commands) this.#line(`  ${command}`);
  }

  serving(stack: Stack): void {
    this.step('The stand-ins are running. Ctrl-C ends them.');
    this.#line(`  event hub    127.0.0.1:${stack.hub.port}`);
    this.#line(`  ledger       ${stack.containerUrl}`);
    this.#line('  try          cp local.settings.example.json local.settings.json && func start');
  }

  summary(value: object): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }
}
