/** The interpreter as a backend: every value as the definition of its op says, on the CPU. */
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { interpret } from '../../interpreter/index.js';
import { paramsOf, type Program } from '../../ir/graph.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import { optimize } from '../../passes/optimize.js';
import type { Backend, Computation, Storage } from './backend.js';
import { hostDataOf, HostStorage } from '../tensors/host.js';

class ReferenceBackend implements Backend {
  readonly name: string = 'reference';
  readonly memory = { bytes: 0, tensorBytes: 0 };

  constructor(
    private readonly subnormals: SubnormalMode,
    /** Results of the default reference may go anywhere; those of another one stay with it. */
    private readonly isDefault: boolean,
  ) {}

  upload(data: TensorData): Storage {
    return new HostStorage(data, this.isDefault ? undefined : this);
  }

  read(storage: readonly Storage[]): Promise<readonly TensorData[]> {
    return Promise.resolve(storage.map(dataOf));
  }

  compile(program: Program): Computation {
    return this.computation(optimize(program));
  }

  computationOf(graph: Program['graph']): Computation {
    return this.computation({ graph, weights: new Map() });
  }

  private computation(program: Program): Computation {
    const names = paramsOf(program.graph).map(({ node }) => node.attrs.name);
    return {
      ready: Promise.resolve(),
      run: (inputs) => {
        const data = Object.fromEntries(names.map((name, i) => [name, dataOf(inputs[i])]));
        const { outputs } = interpret(program, data, { subnormals: this.subnormals });
        return program.graph.outputs.map(({ name }) => this.upload(outputs[name]));
      },
      dispose: () => {},
    };
  }
}

function dataOf(storage: Storage): TensorData {
  const data = hostDataOf(storage);
  if (data === undefined) throw new HeddleError('DEVICE_MISMATCH', 'the data lies on a device');
  return data;
}

/** The interpreter, which computes whatever meets no device. */
export const REFERENCE: Backend = new ReferenceBackend('preserve', true);

/** An interpreter that treats subnormals as a device does: `profile.subnormals` of the device says how. */
export const referenceBackend = (subnormals: SubnormalMode): Backend =>
  new ReferenceBackend(subnormals, false);
