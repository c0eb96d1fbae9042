/** `heddle chat`: a conversation, line by line. */
import { createInterface } from 'node:readline/promises';
import type { Message } from '../../llm/index.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { forTerminal, Output } from '../terminal/output.js';
import {
  constraintOf,
  describeRates,
  samplingOf,
  withModel,
  type ConstraintOptions,
  type LanguageOptions,
  type SamplingCommandOptions,
} from './language.js';

export interface ChatCommandOptions extends LanguageOptions, SamplingCommandOptions, ConstraintOptions {
  readonly system?: string;
  readonly maxTokens: number;
}

export async function chat(path: string, options: ChatCommandOptions): Promise<ExitCode> {
  const output = new Output(false);
  const constraint = constraintOf(options);
  await withModel(path, options, output, async (model) => {
    const messages: Message[] = options.system === undefined ? [] : [{ role: 'system', content: options.system }]; // prettier-ignore
    const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' });
    lines.prompt();
    for await (const line of lines) {
      if (line.trim() === '') break;
      messages.push({ role: 'user', content: line });
      const answer = model.chat(messages, {
        ...samplingOf(options),
        ...constraint,
        maxTokens: options.maxTokens,
      });
      for await (const piece of answer) process.stdout.write(forTerminal(piece));
      messages.push({ role: 'assistant', content: answer.text });
      output.print();
      output.print(describeRates(answer));
      lines.prompt();
    }
    lines.close();
  });
  return EXIT.ok;
}
