/** Tests a device: the probe with all patterns and templates, then models, value by value. */
import { compile, describeDifference, HeddleError, type ProbedDevice } from 'heddle';
import type { News } from '../protocol.js';
import type { DeviceReport, Failure, ModelResult } from '../report.js';
import { inputsFrom } from '../../shared/work/data.js';
import { TEST_MODELS, type TestModel } from './models.js';
import { openGpu } from '../../shared/work/open.js';

/** Failures that a report has, at most. */
const MOST_FAILURES = 100;

export async function testDevice(news: (text: News) => void): Promise<DeviceReport> {
  const device = await openGpu(news, { probe: 'full', allowInexact: true });
  try {
    const models: ModelResult[] = [];
    for (const [i, model] of TEST_MODELS.entries()) {
      news({ stage: `comparing ${model.name} with its definition`, done: i, total: TEST_MODELS.length });
      models.push(await testModel(model, device));
    }
    const { patterns } = device.report;
    const failures = patterns.flatMap(({ group, name, passed, firstFailure }): Failure[] =>
      passed ? [] : [{ group, name, ...firstFailure }],
    );
    const { vendor, architecture, device: model, description } = device.gpu.adapterInfo;
    return {
      version: 1,
      time: new Date().toISOString(),
      browser: navigator.userAgent,
      adapter: { name: device.name, vendor, architecture, device: model, description, software: device.software === true }, // prettier-ignore
      profile: { ...device.profile },
      passed: patterns.length - failures.length,
      failures: failures.slice(0, MOST_FAILURES),
      models,
    };
  } finally {
    device.gpu.destroy();
  }
}

/** An error of one model is a finding, too. */
async function testModel({ name, load }: TestModel, device: ProbedDevice): Promise<ModelResult> {
  try {
    const compiled = await compile(await load(), { device });
    try {
      const { differences, outputDifferences, values } = await compiled.verify(inputsFrom(1, compiled.inputs), { reference: 'interpreter' }); // prettier-ignore
      const first = differences.at(0);
      return {
        model: name,
        kernels: compiled.prepared.planned.plan.commands.length,
        values,
        differences: differences.length + outputDifferences.length,
        ...(first === undefined ? {} : { first: describeDifference(first) }),
      };
    } finally {
      compiled.dispose();
    }
  } catch (error) {
    const first = error instanceof HeddleError ? error.message : String(error);
    return { model: name, kernels: 0, values: 0, differences: 0, first };
  }
}
