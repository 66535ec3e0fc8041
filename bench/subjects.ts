import { coldStart } from './coldStart.ts';
import { exporting } from './export.ts';
import { find } from './find.ts';
import { growth } from './growth.ts';
import { incremental } from './incremental.ts';
import { integrate } from './integrate.ts';
import { kernel } from './kernel.ts';
import { memory } from './memory.ts';
import { operations } from './operations.ts';
import { pipeline } from './pipeline.ts';
import { query } from './query.ts';
import { quick } from './quick.ts';
import { recheck } from './recheck.ts';
import { repair } from './repair.ts';
import { requests } from './requests.ts';
import { seal } from './seal.ts';
import { signatures } from './signatures.ts';
import { storedBytes } from './storedBytes.ts';
import type { Subject } from './subject.ts';
import { verify } from './verify.ts';
import { verifySmall } from './verifySmall.ts';
import { workers } from './workers.ts';
import { writes } from './writes.ts';

/** SUBJECTS is all that the benchmark looks at, in the order in which it does. */
export const SUBJECTS: readonly Subject[] = [
  seal,
  verify,
  kernel,
  workers,
  verifySmall,
  recheck,
  quick,
  integrate,
  incremental,
  find,
  exporting,
  query,
  storedBytes,
  signatures,
  repair,
  operations,
  writes,
  requests,
  growth,
  memory,
  coldStart,
  pipeline,
];
