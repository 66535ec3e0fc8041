/** Expectation is a category that must come, and after how many hours without one it is silent; 0 says that it never is. */
export type Expectation = readonly [category: string, hours: number];

/** EXPECTATION is what an expectation looks like. */
export const EXPECTATION = 'a category, =, and hours from 0 to 8784, such as AuditLogs=6';

/** parseExpectation reads an expectation; undefined if it is none. */
export function parseExpectation(text: string): Expectation | undefined {
  const [, category, hours] = /^([ -~]{1,64})=(\d{1,4})$/.exec(text) ?? [];
  return category === undefined || Number(hours) > 8784 ? undefined : [category, Number(hours)];
}
