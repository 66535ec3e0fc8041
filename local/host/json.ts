export type JsonObject = Readonly<Record<string, unknown>>;

/** isJsonObject tells an object from arrays, null and scalars. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
