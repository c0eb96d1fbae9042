/** Reports of devices as links. */
import { expect, test } from 'vitest';
import { isExact, packReport, unpackReport, type DeviceReport } from '../../web/site/report.js';

const REPORT: DeviceReport = {
  version: 1,
  time: '2026-11-30T12:00:00.000Z',
  browser: 'a browser \u{1f9f5}',
  adapter: { name: 'google swiftshader', vendor: 'google', architecture: 'swiftshader', device: '', description: '', software: true }, // prettier-ignore
  profile: { subnormals: 'flush', mac: 'fusedZero' },
  passed: 120,
  failures: [],
  models: [{ model: 'digits', kernels: 6, values: 9000, differences: 0 }],
};

test('a report comes back out of its link', async () => {
  const packed = await packReport(REPORT);
  expect(packed).toMatch(/^[\w-]+$/);
  expect(await unpackReport(packed)).toEqual(REPORT);
});

test('what is no report is refused', async () => {
  const other = { ...REPORT, version: 2 } as unknown as DeviceReport;
  for (const text of ['', '!', 'AAAA', (await packReport(REPORT)).slice(0, 40), await packReport(other)])
    await expect(unpackReport(text), text).rejects.toThrow();
});

test('a device is exact where no pattern fails and no model differs or ends in an error', () => {
  expect(isExact(REPORT)).toBe(true);
  expect(isExact({ ...REPORT, failures: [{ group: 'exp', name: 'exp' }] })).toBe(false);
  const [model] = REPORT.models;
  expect(isExact({ ...REPORT, models: [{ ...model, differences: 1 }] })).toBe(false);
  expect(isExact({ ...REPORT, models: [{ ...model, first: 'DEVICE_LOST' }] })).toBe(false);
});
