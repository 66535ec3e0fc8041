import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsers } from 'prettier/plugins/yaml';
import { ROOT } from '../../tools/pages/markedBlock.ts';

/** What the formatter's parser gives: a tree of nodes with a type, children, and a value where they are texts. */
interface Node {
  readonly type: string;
  readonly value?: string;
  readonly children?: readonly (Node | null)[];
}

/**
 * readYaml reads a YAML file of the project into objects, lists and texts. It takes what our own files use, and throws at the
 * rest: anchors, tags, more than one document. All scalars are texts, as they are written.
 */
export async function readYaml(file: string): Promise<unknown> {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const root = (await parsers.yaml.parse(text, {} as never)) as Node;
  const documents = childrenOf(root);
  if (documents.length !== 1) throw new Error(`${file} has ${documents.length} documents`);
  return valueOf(single(childrenOf(documents[0]).find(({ type }) => type === 'documentBody')));
}

const childrenOf = (node: Node | undefined): Node[] => (node?.children ?? []).filter((child) => child !== null);

const single = (node: Node | undefined): Node | undefined => childrenOf(node)[0];

function valueOf(node: Node | undefined): unknown {
  if (node === undefined) return null;
  switch (node.type) {
    case 'null':
      return null;
    case 'plain':
    case 'quoteDouble':
    case 'quoteSingle':
    case 'blockLiteral':
    case 'blockFolded':
      return node.value;
    case 'sequence':
    case 'flowSequence':
      return childrenOf(node).map((item) => valueOf(item.type.endsWith('Item') ? single(item) : item));
    case 'mapping':
    case 'flowMapping':
      return Object.fromEntries(
        childrenOf(node).map((item) => {
          const [key, value] = item.children ?? [];
          return [String(valueOf(single(key ?? undefined))), valueOf(single(value ?? undefined))];
        }),
      );
    default:
      throw new Error(`this reader has no ${node.type}`);
  }
}
