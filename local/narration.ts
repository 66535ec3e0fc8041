import type { Attempt } from './attack.ts';
import type { Feed } from './feed.ts';
import type { SealingProgress } from './sealing.ts';
import type { Stack } from './stack.ts';

const count = (value: number): string => value.toLocaleString('en');
const megabytes = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;

/** Narration tells a person what happens; with `json`, on standard error, so that standard output is one object. */
export class Narration {
  readonly #out: NodeJS.WriteStream;
  readonly #isTerminal: boolean;
  #isTransient = false;
  #page = '';

  constructor(json: boolean) {
    this.#out = json ? process.stderr : process.stdout;
    this.#isTerminal = this.#out.isTTY;
  }

  #line(text: string): void {
    this.#out.write(`${this.#isTransient ? '\r\x1b[2K' : ''}${text}\n`);
    this.#isTransient = false;
  }

  /** A line that the next one replaces; only on a terminal. */
  #transient(text: string): void {
    if (!this.#isTerminal) return;
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

  sent(events: number, bytes: number): void {
    this.#transient(`  sent ${count(events)} events, ${megabytes(bytes)}`);
  }

  sealing({ events, records, segments }: SealingProgress): void {
    this.#transient(`  sealed ${count(events)} events, ${count(records)} records, ${count(segments)} segments`);
  }

  sealed(feed: Feed, { records, segments, rawBytes, storedBytes }: SealingProgress): void {
    const to = `${count(records)} records in ${count(segments)} segments`;
    this.#line(
      this.#mark(
        true,
        `${count(feed.events)} events sealed: ${to}, ${megabytes(rawBytes)} of bodies stored in ${megabytes(storedBytes)}`,
      ),
    );
  }

  attempt({ attack, outcome, status, code }: Attempt): void {
    this.#line(
      this.#mark(
        outcome === 'refused',
        `${attack.padEnd(22)}${outcome === 'refused' ? `refused: ${status} ${code}` : 'WENT THROUGH'}`,
      ),
    );
  }

  report({
    status,
    checked,
    findings,
  }: {
    status: string;
    checked: Readonly<Record<'segments' | 'records', number>>;
    findings: readonly { code: string; object: string; detail: string }[];
  }): void {
    this.#line(
      this.#mark(
        status === 'verified',
        `${status}: ${count(checked.segments)} segments, ${count(checked.records)} records re-hashed, ${count(findings.length)} findings`,
      ),
    );
    for (const { code, object, detail } of findings.slice(0, 10)) this.#line(`      ${code}: ${object}: ${detail}`);
  }

  tampered(
    segment: string,
    { status, findings }: { status: string; findings: readonly { code: string; object: string; detail: string }[] },
  ): void {
    const named = findings.some(({ object }) => object === segment);
    this.#line(this.#mark(named, `one bit of ${segment} changed: ${status}`));
    for (const { code, object, detail } of findings.slice(0, 10)) this.#line(`      ${code}: ${object}: ${detail}`);
  }

  /** page names the page of a report, and keeps it for stayUp. */
  page(url: string): void {
    this.#page = url;
    this.#line(this.#mark(true, 'the report is filed beside the segments, as JSON and as a page'));
  }

  stayUp(stack: Stack): void {
    this.step('Running. Ctrl-C ends it.');
    this.#line(`  ledger       ${stack.sasUrl('rl')}`);
    this.#line(`  event hub    ${stack.hub.connectionString('audit')}`);
    this.#line(`  report page  ${this.#page}`);
    this.#line(`  try          npm run cli -- verify '<ledger>'`);
    this.#line(`               npm run cli -- mirror '<ledger>' ./mirror`);
    this.#line(`               npm run cli -- show ./mirror 0 0`);
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
