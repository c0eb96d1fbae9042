/** All rules, by stage. Within a stage the first that applies is taken. */
import { castRules } from './cast.js';
import { dotRules } from './dot.js';
import { foldRules } from './fold.js';
import { gatherRules } from './gather.js';
import { laneRules } from './lanes.js';
import { logicRules } from './logic.js';
import { reduceRules } from './reduce.js';
import { reshapeRules } from './reshape.js';
import { knownSubgraphRules, subgraphRules } from './subgraphs.js';
import { scalarRules } from './scalar.js';
import { signRules } from './sign.js';
import { sliceRules } from './slice.js';
import { splatRules } from './splat.js';
import { splitRules } from './split.js';
import { windowRules } from './window.js';
import type { RuleTable } from '../rule.js';

/** One form for what can be written in several ways. Needs no weights. */
export const CANONICALIZE = {
  ...splatRules,
  ...reshapeRules,
  ...sliceRules,
  ...castRules,
  ...signRules,
  ...scalarRules,
  ...logicRules,
  ...gatherRules,
  ...reduceRules,
  ...windowRules,
  ...dotRules,
  ...knownSubgraphRules,
} satisfies RuleTable;

/** What weights and constants determine is computed. */
export const FOLD = foldRules satisfies RuleTable;

/** What kernels expect: reductions of rows that one kernel reduces. */
export const LEGALIZE = { ...splitRules, ...subgraphRules, ...laneRules } satisfies RuleTable;

export const RULES = { ...CANONICALIZE, ...FOLD, ...LEGALIZE } satisfies RuleTable;

export type RuleName = keyof typeof RULES;
