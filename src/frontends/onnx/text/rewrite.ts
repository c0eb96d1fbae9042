/** Operators whose attributes name classes or words by text: the same with numbers, and a step that maps these. */
import { utf8Decoder } from '../../../base/utf8.js';
import { decodeMessage } from '../proto/decode.js';
import { Attribute, type AttributeProto, type NodeProto } from '../proto/onnx.js';
import { KINDS } from '../attributes.js';

/** An operator with words in an attribute, and the attribute that has their places in its stead. */
interface Named {
  readonly words: string;
  readonly numbers: string;
  /** Whether its input is text, or its first output is. */
  readonly side: 'input' | 'output';
}

const LABELS = { words: 'classlabels_strings', side: 'output' } as const;

const NAMED: Readonly<Record<string, Named>> = {
  TfIdfVectorizer: { words: 'pool_strings', numbers: 'pool_int64s', side: 'input' },
  OneHotEncoder: { words: 'cats_strings', numbers: 'cats_int64s', side: 'input' },
  LinearClassifier: { ...LABELS, numbers: 'classlabels_ints' },
  SVMClassifier: { ...LABELS, numbers: 'classlabels_ints' },
  TreeEnsembleClassifier: { ...LABELS, numbers: 'classlabels_int64s' },
};

export interface Rewritten {
  readonly node: NodeProto;
  readonly words: readonly string[];
  readonly side: Named['side'];
  /** What takes the place of the text. */
  readonly places: string;
}

const utf8 = utf8Decoder();

/** The node with places for words, where it has words; undefined elsewhere. A word is the first of its places. */
export function withPlaces(node: NodeProto, fresh: (name: string) => string): Rewritten | undefined {
  const named = Object.hasOwn(NAMED, node.opType) ? NAMED[node.opType] : undefined;
  const found = named && node.attribute.find(({ name }) => name === named.words);
  if (named === undefined || found === undefined || found.strings.length === 0) return undefined;
  const ports = named.side === 'input' ? node.input : node.output;
  // Checked with the node, which is left as it is.
  if (ports.length === 0) return undefined;
  const words = found.strings.map((bytes) => utf8.decode(bytes));
  const first = new Map<string, number>();
  words.forEach((word, i) => first.has(word) || first.set(word, i));
  const numbered = named.side === 'input' ? words.map((word) => first.get(word)!) : words.map((_, i) => i);
  const numbers: AttributeProto = {
    ...decodeMessage(Attribute, new Uint8Array(0), ''),
    name: named.numbers,
    type: KINDS.ints,
    ints: numbered.map(BigInt),
  };
  const attribute = [...node.attribute.filter(({ name }) => name !== named.words && name !== named.numbers), numbers]; // prettier-ignore
  const places = fresh(`${ports[0]}:places`);
  const renamed = { [named.side]: ports.with(0, places) };
  return { node: { ...node, attribute, ...renamed }, words, side: named.side, places };
}
