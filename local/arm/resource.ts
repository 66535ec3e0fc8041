/** Resource is a resource as Azure Resource Manager shows it. */
export interface Resource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location?: string;
  readonly kind?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly identity?: object;
  readonly properties?: Readonly<Record<string, unknown>>;
}
