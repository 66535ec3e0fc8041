import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './programs.ts';
import type { Ended, Programs } from './programs.ts';

const CLI = join(ROOT, 'dist', 'cli', 'auditseal.mjs');

/** KEPT is what findings about the kept checkpoint call it here. */
export const KEPT = 'the kept checkpoint';

export interface Finding {
  readonly code: string;
  readonly object: string;
  readonly detail: string;
}

/** What `auditseal verify` prints as JSON; only what is shown here. */
export interface Report {
  readonly status: string;
  readonly checked: Readonly<Record<'segments' | 'records' | 'events' | 'storedBytes', number>>;
  readonly log?: Readonly<Record<'checkpoints' | 'signatures' | 'tiles' | 'segmentsNotIntegrated', number>> & {
    readonly head: { readonly number: number; readonly size: number; readonly root: string } | null;
  };
  readonly findings: readonly Finding[];
}

/** CheckedAnswer is what `auditseal check` prints of an answer as JSON; only what is shown here. */
export interface CheckedAnswer {
  readonly status: string;
  readonly records?: readonly { readonly isWithin: boolean }[];
  /** whose word it is that nothing was left out */
  readonly complete?: { readonly by: 'auditor' | 'signer' };
}

/** Place says where a ledger and the tiles of its log are: two addresses, or two folders. */
export interface Place {
  readonly ledger: string;
  readonly tlog: string;
}

/** KnownKeys is what somebody outside was told. */
export interface KnownKeys {
  readonly verifierKeys: readonly string[];
  /** of whoever signs reports inside */
  readonly auditorKey: string;
}

/** So many records an answer may have: docs/format.md, section 11. */
const MAX_ANSWER_RECORDS = 10_000;

/** Auditor does what somebody outside does, with the command line, the ledger's keys, and a checkpoint that he keeps. */
export class Auditor {
  readonly #programs: Programs;
  readonly #keys: readonly string[];
  readonly #auditorKey: string;
  readonly #keptCheckpoint: string;

  constructor(programs: Programs, { verifierKeys, auditorKey }: KnownKeys, keptCheckpoint: string) {
    this.#programs = programs;
    this.#keys = verifierKeys.flatMap((key) => ['--key', key]);
    this.#auditorKey = auditorKey;
    this.#keptCheckpoint = keptCheckpoint;
  }

  #run(command: string, ...args: readonly string[]): Promise<Ended> {
    return this.#programs.run(CLI, command, ...args);
  }

  /** mirror copies a ledger with its tiles. It throws if the copy isn't whole. */
  async mirror({ ledger, tlog }: Place, folder: string): Promise<void> {
    const { code, stdout } = await this.#run('mirror', ledger, folder, '--tlog', tlog, '--json');
    if (code !== 0) throw new Error(`the mirror is not whole: ${stdout}`);
  }

  /** status makes the page of how a ledger stands, with links that lead where it is told. */
  async status(
    { ledger, tlog }: Place,
    file: string,
    { reports, runbook }: { readonly reports: string; readonly runbook: string },
  ): Promise<Buffer> {
    const known = [...this.#keys, '--auditor-key', this.#auditorKey, '--tlog', tlog];
    const links = ['--reports', reports, '--runbook', runbook];
    await this.#run('status', ledger, ...known, ...links, '--html', file, '--json');
    return readFile(file);
  }

  /** verify rechecks a mirror against the kept checkpoint, which after a clean check is the newest one. */
  async verify(mirror: string): Promise<{ code: number; report: Report }> {
    const known = [...this.#keys, '--auditor-key', this.#auditorKey, '--anchor', this.#keptCheckpoint];
    const { code, stdout } = await this.#run('verify', mirror, ...known, '--json');
    const report = JSON.parse(stdout) as Report;
    const findings = report.findings.map((finding) =>
      finding.object === this.#keptCheckpoint ? { ...finding, object: KEPT } : finding,
    );
    return { code, report: { ...report, findings } };
  }

  /**
   * frequentOperation gives the operation that most records of a mirror have, but no more than an answer may have; undefined if there is
   * none.
   */
  async frequentOperation(mirror: string): Promise<string | undefined> {
    const { code, stdout } = await this.#run('fields', mirror, '--field', 'operation', ...this.#keys, '--json');
    if (code !== 0) throw new Error('the mirror could not be searched');
    const { fields } = JSON.parse(stdout) as {
      fields: { operation: { values: readonly { value: string; count: number }[] } };
    };
    return fields.operation.values.find(({ count }) => count <= MAX_ANSWER_RECORDS)?.value;
  }

  /** find writes what a mirror has of an operation to a file, and an answer that proves it to a folder. */
  async find(mirror: string, operation: string, to: { readonly out: string; readonly prove: string }): Promise<void> {
    const options = [`--operation=${operation}`, '--out', to.out, '--format', 'jsonl', '--prove', to.prove];
    const { code, stdout } = await this.#run('find', mirror, ...options, ...this.#keys);
    if (code !== 0) throw new Error(`what was found could not be proved: ${stdout.trim().split('\n').at(-1) ?? ''}`);
  }

  /** checkAnswer gives what an answer proves to whoever has the keys and nothing else. */
  async checkAnswer(folder: string): Promise<CheckedAnswer> {
    const known = [...this.#keys, '--auditor-key', this.#auditorKey];
    const { stdout } = await this.#run('check', folder, ...known, '--json');
    return JSON.parse(stdout) as CheckedAnswer;
  }

  /** prove gives the evidence of one record. */
  async prove({ ledger, tlog }: Place, partition: string, record: number): Promise<string> {
    const which = ['--partition', partition, '--record', String(record)];
    const { code, stdout } = await this.#run('prove', ledger, '--tlog', tlog, ...which, ...this.#keys);
    if (code !== 0) throw new Error(`record ${record} of partition ${partition} could not be proved`);
    return stdout;
  }

  /** check gives the status of an evidence file, which is all that it needs beside the key. */
  async check(file: string): Promise<string> {
    const { stdout } = await this.#run('check', file, ...this.#keys, '--json');
    return (JSON.parse(stdout) as { status: string }).status;
  }
}
