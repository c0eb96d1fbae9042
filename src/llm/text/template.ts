/** Chat templates: conversations as the text that a model was trained on. */
import { Template } from '@huggingface/jinja';
import { HeddleError } from '../../base/errors.js';
import { isObject } from './json-vocabulary.js';

export interface Message {
  readonly role: string;
  readonly content: string;
}

export interface TemplateContext {
  readonly bos: string | undefined;
  readonly eos: string | undefined;
  /** What the template may ask for beside that, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

/** ChatML, for models without a template of their own. */
export const CHATML =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

const fails = (error: unknown): HeddleError =>
  new HeddleError('LLM_TEMPLATE', 'the chat template fails', {
    found: error instanceof Error ? error.message : String(error),
    cause: error,
  });

/** The text of a conversation, up to where the model's answer begins. Throws LLM_TEMPLATE where the template does not take it. */
export function renderChat(source: string, messages: readonly Message[], context: TemplateContext): string {
  try {
    const template = new Template(source);
    repair(template.parsed);
    return template.render({
      messages: messages.map((message) => ({ ...message })),
      add_generation_prompt: true,
      bos_token: context.bos ?? '',
      eos_token: context.eos ?? '',
      [STRIP]: strip,
      ...context.variables,
    });
  } catch (error) {
    throw fails(error);
  }
}

const STRIP = 'heddle_strip';
const STRIPPING: readonly unknown[] = ['strip', 'lstrip', 'rstrip'];

/**
 * `@huggingface/jinja` 0.5.11 ignores the argument of strip, lstrip and rstrip, on which the templates of Qwen 3 and others rely:
 * calls with one become calls of {@link strip}.
 */
function repair(node: unknown): void {
  if (!isObject(node)) return;
  for (const child of Object.values(node)) repair(child);
  const { callee, args } = node;
  if (node.type !== 'CallExpression' || !isObject(callee) || !Array.isArray(args) || args.length === 0)
    return;
  const { property, object } = callee;
  if (callee.type !== 'MemberExpression' || callee.computed === true || !isObject(property)) return;
  if (!STRIPPING.includes(property.value)) return;
  Object.assign(node, {
    callee: { type: 'Identifier', value: STRIP },
    args: [object, { type: 'StringLiteral', value: property.value }, ...(args as unknown[])],
  });
}

/** Python's: takes any of `characters` off the ends of `text`. */
function strip(text: string, method: string, characters: string): string {
  const all = [...text];
  const isTaken = (character: string): boolean => characters.includes(character);
  let [start, end] = [0, all.length];
  if (method !== 'rstrip') while (start < end && isTaken(all[start])) start++;
  if (method !== 'lstrip') while (end > start && isTaken(all[end - 1])) end--;
  return all.slice(start, end).join('');
}
