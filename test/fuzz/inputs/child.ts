/** Runs inputs one after the other, and says so before and after each: `child.ts ORDER`, where ORDER is JSON. */
import { writeSync } from 'node:fs';
import type { Input, InputFamily } from './family.js';
import { Random } from './random.js';
import { faultOf } from './oracle.js';
import { MESSAGES, nameAt, type Message, type Order } from './protocol.js';

/** Bytes that may stay behind before a fresh process takes over. */
const FULL = 700e6;

const tell = (message: Message): void => void writeSync(MESSAGES, `${JSON.stringify(message)}\n`);

const order = JSON.parse(process.argv[2]) as Order;
const { FAMILIES } = (await import(order.module)) as { readonly FAMILIES: readonly InputFamily[] };

const check = (error: unknown): void => {
  const fault = faultOf(error);
  if (fault !== undefined) tell({ kind: 'untyped', error: fault.stack ?? String(fault) });
};
process.on('unhandledRejection', check);
process.on('uncaughtException', check);

/** Lets rejections that nobody waits for come up. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

for (let index = order.from; index < order.to; index++) {
  const name = nameAt(order.families, index);
  const family = FAMILIES.find((each) => each.name === name.family);
  if (family === undefined) throw new Error(`no family is called ${name.family}`);
  tell({ kind: 'begin', ...name });
  try {
    const input: Input = family.make(new Random(order.seed, name.family, name.position));
    tell({ kind: 'made', describe: input.describe.slice(0, 200) });
    await input.run();
  } catch (error) {
    check(error);
  }
  await nextTurn();
  tell({ kind: 'end' });
  if (process.memoryUsage.rss() > FULL) {
    tell({ kind: 'full' });
    break;
  }
}
process.exit(0);
