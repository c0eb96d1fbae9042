/** Neural tweening: a training rule for networks of configs. */
export { tween, type Tweened, type TweenReport, type TweenRule, type TweenState } from './tween.js';
export type { TweenOptions } from './options.js';
export type { DampingState } from './damping.js';
