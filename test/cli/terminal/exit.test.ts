/** Which exit code an error has. */
import { expect, test } from 'vitest';
import { HeddleError, type ErrorCode } from '../../../src/base/errors.js';
import { EXIT, exitCodeOf } from '../../../src/cli/terminal/exit.js';

test.each<[ErrorCode, string | undefined, keyof typeof EXIT]>([
  ['USAGE', 'model.onnx', 'usage'],
  ['USAGE', undefined, 'usage'],
  ['VALUE_UNKNOWN', '--to', 'usage'],
  ['NAME_COLLISION', '--rename', 'usage'],
  ['SHAPE_MISMATCH', '--shape x=1x2, value "y" (add)', 'usage'],
  ['NAME_COLLISION', 'data', 'failure'],
  ['FILE_UNWRITABLE', '--out missing/x.onnx', 'failure'],
  ['FILE_FORMAT', 'model.onnx', 'failure'],
  ['DEVICE_NOT_FOUND', undefined, 'failure'],
])('%s at %s', (code, where, exit) => {
  expect(exitCodeOf(new HeddleError(code, 'a sentence', { where }))).toBe(EXIT[exit]);
});
