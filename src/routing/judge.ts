import type { LogCategory } from '../ports/coverage.ts';

/** Sent is what arrives of a source's logs, and why something doesn't that is sent. */
export interface Sent {
  /** categories, in lower case */
  readonly categories: ReadonlySet<string>;
  /** groups of categories, in lower case */
  readonly groups: ReadonlySet<string>;
  /** sentences about what is sent into nothing */
  readonly lost: readonly string[];
}

/** Verdict is what a source sends of what is required of it. */
export interface Verdict {
  readonly outcome: 'routed' | 'partly' | 'notRouted' | 'withoutLogs';
  /** required categories that don't arrive */
  readonly missing: readonly string[];
}

/**
 * requiredOf chooses what is required of a source: the categories that its service calls audit logs, or all of its logs where
 * it calls none so.
 */
export function requiredOf(categories: readonly LogCategory[]): readonly LogCategory[] {
  const audit = categories.filter(({ groups }) => groups.some((group) => group.toLowerCase() === 'audit'));
  return audit.length > 0 ? audit : categories;
}

/**
 * Logs that stand in for another one: what asks a cluster for something and changes nothing is in kube-audit alone, and is most
 * of it. learn.microsoft.com/azure/aks/monitor-aks
 */
const STANDS_IN: Readonly<Record<string, string>> = { 'kube-audit': 'kube-audit-admin' };

/** judge compares what a source must send with what arrives. */
export function judge(required: readonly LogCategory[], { categories, groups }: Sent): Verdict {
  if (required.length === 0) return { outcome: 'withoutLogs', missing: [] };
  const missing = required
    .filter(
      ({ name, groups: own }) =>
        !categories.has(name.toLowerCase()) &&
        !categories.has(STANDS_IN[name.toLowerCase()] ?? '') &&
        !groups.has('alllogs') &&
        !own.some((group) => groups.has(group.toLowerCase())),
    )
    .map(({ name }) => name);
  if (missing.length === 0) return { outcome: 'routed', missing };
  return { outcome: missing.length < required.length ? 'partly' : 'notRouted', missing };
}
