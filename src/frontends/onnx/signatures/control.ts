/** Signatures of the operators of ops/control, from the specification. */
import { v, type SignatureTable } from './signature.js';

const ALL = { V: 'any' } as const;

export const control = {
  If: [v(1, 'bool -> V**', ALL, { else_branch: 'graph!', then_branch: 'graph!' })],
  Loop: [v(1, 'int64? bool? V** -> V**', ALL, { body: 'graph!' })],
  Scan: [
    v(8, 'int64? V** -> V**', ALL, { body: 'graph!', directions: 'ints', num_scan_inputs: 'int!' }),
    v(9, 'V** -> V**', ALL, {
      body: 'graph!',
      num_scan_inputs: 'int!',
      scan_input_axes: 'ints',
      scan_input_directions: 'ints',
      scan_output_axes: 'ints',
      scan_output_directions: 'ints',
    }),
  ],
} satisfies SignatureTable;
