/** Library functions of a module as WGSL, each from its one description in src/numerics. */
import { divCorrected, sqrtCorrected, type MathFn } from '../../numerics/math/index.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import { mathFunction, scalarFunction } from '../kernel/functions.js';
import type { Ref } from '../ssa/instr.js';
import { calleeName } from './prims.js';
import { printFunction } from './print.js';

export const printMath = (fn: MathFn): string => printFunction(calleeName(fn), mathFunction(fn));

/** Correctly rounded `divide` for devices whose own division is not. */
export const correctedDivide = (mode: SubnormalMode): string =>
  printFunction(
    'divide',
    scalarFunction(['f32', 'f32'], (s, a, b) =>
      divCorrected<Ref, Ref, Ref>(s, mode, (x, y) => s.call('device_quotient', 'f32', x, y), a, b),
    ),
  );

/** Correctly rounded `square_root` for devices whose own square root is not. */
export const correctedSquareRoot = (mode: SubnormalMode): string =>
  printFunction(
    'square_root',
    scalarFunction(['f32'], (s, a) =>
      sqrtCorrected<Ref, Ref, Ref>(s, mode, (x) => s.call('device_root', 'f32', x), a),
    ),
  );
