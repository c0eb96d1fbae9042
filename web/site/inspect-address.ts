/** Addresses of the inspector in the site. */
import { parseState, printState, type State } from '../inspector/address.js';

/** What stands before the inspector's state. */
export const INSPECT = 'inspect?';

/** That of a model, by the name of its file. */
export const addressIn = (model: string, state: Partial<State> = {}): string =>
  printState({ ...parseState(''), model, ...state }, INSPECT);
