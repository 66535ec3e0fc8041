/** JsonObject is a JSON object whose members are not looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** isJsonObject tells objects from all other JSON values. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** parseJsonObject parses a JSON object, and gives undefined for any other text. */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
