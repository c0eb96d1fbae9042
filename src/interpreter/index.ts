/** The reference interpreter: what every op means, and what every device has to reproduce bit for bit. */
export { evaluateNode, type Evaluated } from './evaluate.js';
export type { Inputs } from './inputs.js';
export { interpret, type Interpretation, type InterpretOptions } from './interpret.js';
