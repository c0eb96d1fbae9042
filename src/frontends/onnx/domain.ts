/** Domains of operators: '' and 'ai.onnx' are one. */

/** The domain under the name by which tables know it: '' is ai.onnx. */
export const normalDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

/** An operator as tables name it: `op` of ai.onnx, else `domain:op`. */
export const operatorName = (domain: string, op: string): string => {
  const normal = normalDomain(domain);
  return normal === '' ? op : `${normal}:${op}`;
};

/** The versions of domains whose operators files use without importing them: onnxruntime knows them anyway. */
const IMPLIED_OPSETS: Readonly<Record<string, number>> = { 'com.microsoft': 1 };

/** The version of a domain's operator set, by what the model imports; undefined where it imports none. */
export function opsetOf(opsets: ReadonlyMap<string, number>, domain: string): number | undefined {
  const normal = normalDomain(domain);
  const implied = Object.hasOwn(IMPLIED_OPSETS, normal) ? IMPLIED_OPSETS[normal] : undefined;
  return opsets.get(normal) ?? implied;
}
