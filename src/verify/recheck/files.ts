import { AuditsealError, attempt } from '../../core/errors.ts';
import { formatHash, sha256 } from '../../core/hash.ts';
import { CLOCK_SKEW_MS } from '../../core/limits.ts';
import {
  formatRecheck,
  isResultName,
  joinedName,
  openJoined,
  openPartial,
  openPlan,
  parsePlanName,
  partialName,
  planName,
  recheckMessage,
  rehashedName,
} from '../../core/objects/recheck.ts';
import type { JoinedPart, PartialResult, RecheckPlan } from '../../core/objects/recheck.ts';
import { parseRehashed } from '../../core/objects/rehashed.ts';
import type { RehashedSegment } from '../../core/objects/rehashed.ts';
import type { Report } from '../../core/objects/report.ts';
import { MAX_REPORT_BYTES } from '../../core/objects/reportFile.ts';
import type { Auditors } from '../../core/objects/reportFile.ts';
import { joinSigned } from '../../core/signed/documentSignature.ts';
import { mapInOrder } from '../../ledger/concurrency.ts';
import type { Clock } from '../../ports/host.ts';
import type { Signer } from '../../ports/signing.ts';
import type { TileStore } from '../../ports/store.ts';
import type { VerifiedSlice } from './slice.ts';

const REMOVED_AT_ONCE = 8;

/** RecheckFilesDeps is where plans and partial results are, and whose count. */
export interface RecheckFilesDeps {
  /** may be written by others, and anything in it may be gone: what an auditor's key didn't sign counts for nothing */
  readonly files: TileStore;
  readonly auditors: Auditors;
  readonly signer: Signer;
  readonly now: Clock;
}

/** RecheckFiles keeps the plans of a recheck and what came of their slices. All of it can be made again. */
export class RecheckFiles {
  readonly #deps: RecheckFilesDeps;

  constructor(deps: RecheckFilesDeps) {
    this.#deps = deps;
  }

  async writePlan(plan: RecheckPlan): Promise<void> {
    await this.#write(planName(plan.pass), plan);
  }

  /** plan gives the plan of a pass, undefined if an auditor signed none, or one of a time to come. */
  async plan(pass: string): Promise<RecheckPlan | undefined> {
    const { files, auditors, now } = this.#deps;
    const bytes = await files.read(planName(pass));
    if (typeof bytes !== 'object') return undefined;
    const plan = attempt(() => openPlan(bytes, pass, auditors), 'malformed');
    return plan !== undefined && Date.parse(plan.begun) <= now() + CLOCK_SKEW_MS ? plan : undefined;
  }

  /** newestPlan gives the plan of the pass that began last, if that was behind `after` (ms since the Unix epoch). */
  async newestPlan(after: number): Promise<RecheckPlan | undefined> {
    const passes: string[] = [];
    for await (const { name } of this.#deps.files.list('')) {
      const pass = parsePlanName(name);
      if (pass !== undefined) passes.push(pass);
    }
    for (const pass of passes.sort().toReversed()) {
      const plan = await this.plan(pass);
      if (plan !== undefined) return Date.parse(plan.begun) > after ? plan : undefined;
    }
    return undefined;
  }

  /** writePartial files what came of a slice. Durable point: the signed result, behind the file that it states the SHA-256 of. */
  async writePartial({ partial, rehashed }: VerifiedSlice): Promise<void> {
    const { pass, slice } = partial;
    await this.#deps.files.write(rehashedName(pass, slice), rehashed);
    await this.#write(partialName(pass, slice), partial);
  }

  /** partial gives the result of a slice, undefined if an auditor signed none that is of this plan. */
  async partial(plan: RecheckPlan, slice: number): Promise<PartialResult | undefined> {
    const bytes = await this.#deps.files.read(partialName(plan.pass, slice));
    if (typeof bytes !== 'object') return undefined;
    return attempt(() => openPartial(bytes, plan, slice, this.#deps.auditors), 'malformed');
  }

  /** writeJoined files how far the slices of a pass were joined. */
  async writeJoined({ ledger, pass }: RecheckPlan, report: Report): Promise<void> {
    await this.#write(joinedName(pass), { version: 1, kind: 'joined', ledger, pass, report });
  }

  /** joined gives what was joined of a pass, undefined if an auditor signed nothing of it. */
  async joined({ pass }: RecheckPlan): Promise<Report | undefined> {
    const bytes = await this.#deps.files.read(joinedName(pass));
    if (typeof bytes !== 'object') return undefined;
    return attempt(() => openJoined(bytes, pass, this.#deps.auditors).report, 'malformed');
  }

  /** rehashed gives the segments that a result confirms; none if their file is gone or another one. */
  async rehashed({ pass, slice, rehashed }: PartialResult): Promise<readonly RehashedSegment[]> {
    const bytes = await this.#deps.files.read(rehashedName(pass, slice));
    if (typeof bytes !== 'object' || formatHash(sha256(bytes)) !== rehashed) return [];
    return attempt(() => parseRehashed(bytes), 'malformed') ?? [];
  }

  /** names lists what may be results of a pass, or of one slice. What is in it, partial and rehashed say. */
  async names(pass: string, slice?: number): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    const prefix = slice === undefined ? `${pass}/` : partialName(pass, slice);
    for await (const { name } of this.#deps.files.list(prefix)) if (isResultName(name)) names.add(name);
    return names;
  }

  /** discard removes the result of a slice, so that it is made again. */
  async discard({ pass, slice }: PartialResult): Promise<void> {
    const { files } = this.#deps;
    for await (const file of files.list(partialName(pass, slice))) await files.remove(file);
  }

  /** clean removes everything: there are two files for each slice. */
  async clean(): Promise<void> {
    const { files } = this.#deps;
    for await (const _ of mapInOrder(files.list(''), REMOVED_AT_ONCE, (file) => files.remove(file)));
  }

  /** write throws REPORT_MALFORMED for what nobody would read, because it is too large. */
  async #write(name: string, document: RecheckPlan | PartialResult | JoinedPart): Promise<void> {
    const { files, auditors, signer } = this.#deps;
    const unsigned = formatRecheck(document);
    const signature = await signer.sign(recheckMessage(auditors.ledger, name, unsigned));
    const bytes = joinSigned(unsigned, signer.verifierKey, signature);
    if (bytes.length > MAX_REPORT_BYTES)
      throw new AuditsealError(
        'REPORT_MALFORMED',
        `${name} would have ${bytes.length} bytes, more than the ${MAX_REPORT_BYTES} that are read of it`,
      );
    await files.write(name, bytes);
  }
}
