import { describe, expect, test } from 'vitest';
import { availableGpus, openGpu } from './gpu.js';

const wgsl = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> data: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&data)) {
    data[id.x] = data[id.x] * 2.0 + 1.0;
  }
}`;

describe.each(availableGpus)('%s', (name) => {
  test('is the GPU that was asked for', async () => {
    const { device, info } = await openGpu(name);
    expect(info.description.toLowerCase()).toContain(name === 'lavapipe' ? 'llvmpipe' : 'swiftshader');
    device.destroy();
  });

  test('runs a compute shader', async () => {
    const { device } = await openGpu(name);
    const input = Float32Array.from({ length: 1000 }, (_, i) => i - 500.25);
    const size = input.byteLength;
    const storage = device.createBuffer({
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    const readback = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(storage, 0, input);

    const pipeline = await device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code: wgsl }) },
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [{ binding: 0, resource: { buffer: storage } }],
      }),
    );
    pass.dispatchWorkgroups(Math.ceil(input.length / 64));
    pass.end();
    encoder.copyBufferToBuffer(storage, 0, readback, 0, size);
    device.queue.submit([encoder.finish()]);

    await readback.mapAsync(GPUMapMode.READ);
    const output = new Float32Array(readback.getMappedRange().slice(0));
    readback.unmap();
    expect(output).toEqual(input.map((x) => x * 2 + 1));
    device.destroy();
  });
});
