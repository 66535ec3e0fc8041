/**
 * In which order Azure Resource Manager may take the parts of a template. It reads an `existing` resource as soon as that
 * resource's own dependencies are done, whatever the resources wait for that use it, so the wait must stand in its body:
 * Azure/bicep, issues 10746, 13596 and 16664.
 */

/** Part is a resource or a module, as the compiler writes it. */
interface Part {
  readonly type: string;
  readonly existing?: boolean;
  readonly condition?: unknown;
  readonly dependsOn?: readonly string[];
  readonly properties?: { readonly template?: Template };
}

/** Template is what the compiler makes of a .bicep file. Parts have names, unless there is nothing that needs them. */
export interface Template {
  readonly resources: Readonly<Record<string, Part>> | readonly Part[];
}

/** typesMade gives the types of what a part makes, or of what its module does. */
const typesMade = ({ type, existing, properties }: Part): string[] => {
  if (existing === true) return [];
  const inside = properties?.template;
  return inside === undefined ? [type] : Object.values(inside.resources).flatMap(typesMade);
};

/** typesAwaited gives the types of what must be there before a part: itself, if it is existing, or what its module expects. */
const typesAwaited = ({ type, existing, properties }: Part): string[] => {
  if (existing === true) return [type];
  return Object.values(properties?.template?.resources ?? {}).flatMap(typesAwaited);
};

/** unordered gives what may be read before it is made, with the module that it is in. */
export function unordered(template: Template, where: string): string[] {
  const parts = Object.entries(template.resources as Readonly<Record<string, Part>>);
  const behind = (name: string, seen: Set<string>): Set<string> => {
    for (const next of parts.find(([one]) => one === name)?.[1].dependsOn ?? []) {
      if (!seen.has(next)) behind(next, seen.add(next));
    }
    return seen;
  };
  return parts.flatMap(([name, part]) => {
    const first = behind(name, new Set());
    const wrong = [...new Set(typesAwaited(part))].filter((type) => {
      const makers = parts.filter(([other, made]) => other !== name && typesMade(made).includes(type));
      return makers.length > 0 && !makers.some(([maker]) => first.has(maker));
    });
    const inside = part.properties?.template;
    return [
      ...wrong.map((type) => `${where}: ${name} doesn't wait for ${type}`),
      ...(inside === undefined ? [] : unordered(inside, `${where}/${name}`)),
    ];
  });
}

/** readInVain gives what is read in every deployment, and used only by parts that some deployments leave out. */
export function readInVain(template: Template, where: string): string[] {
  const parts = Object.entries(template.resources as Readonly<Record<string, Part>>);
  return parts.flatMap(([name, { existing, condition, properties }]) => {
    const readers = parts.filter(([, part]) => JSON.stringify(part).includes(`reference('${name}'`));
    const isInVain =
      existing === true &&
      condition === undefined &&
      readers.length > 0 &&
      readers.every(([, reader]) => reader.condition !== undefined);
    const inside = properties?.template;
    return [
      ...(isInVain ? [`${where}: ${name} is used by ${readers.map(([reader]) => reader).join()} alone`] : []),
      ...(inside === undefined ? [] : readInVain(inside, `${where}/${name}`)),
    ];
  });
}
