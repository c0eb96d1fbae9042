/** Operators that hold graphs. */
import type { OpTable } from '../../registry.js';
import { branch } from './branch.js';
import { loop } from './loop.js';
import { scan, scanOfBatches } from './scan.js';

/** From 11 on, the versions only add element types. */
const LATER = [11, 13, 16, 19, 21, 23, 24, 25];

export const control: OpTable = [
  { op: 'If', since: [1, ...LATER], emit: branch, holdsGraphs: true },
  { op: 'Loop', since: [1, ...LATER], emit: loop, holdsGraphs: true },
  { op: 'Scan', since: [8], emit: scanOfBatches, holdsGraphs: true },
  { op: 'Scan', since: [9, ...LATER.filter((version) => version !== 13)], emit: scan, holdsGraphs: true },
];
