@group(0) @binding(1) var<storage, read_write> b0: array<f32>;
@group(0) @binding(2) var<storage, read> b1: array<f32>;
@group(0) @binding(3) var<storage, read> b2: array<f32>;
@group(0) @binding(4) var<storage, read_write> b3: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = wg.x;
  let t0 = group / 16u;
  let t1 = lane / 8u;
  let t2 = ((group % 16u) * 8u) + (lane % 8u);
  let t3 = ((t0 % 32u) * 8u) + (t1 % 8u);
  let t4 = min(t3, 255u);
  let t5 = min(t2, 127u);
  var v0 = f32_bits(0x80000000u);
  for (var i0 = 0u; i0 < (300u ^ numerics.zero); i0 += 128u) {
    var v1 = f32_bits(0x80000000u);
    for (var i1 = i0; i1 < min((i0 + 128u), 300u); i1 += 1u) {
      let t6 = b0[(t4 * 300u) + i1];
      let t7 = b1[(i1 * 128u) + t5];
      v1 = mac(v1, t6, t7);
    }
    let t8 = v1;
    v0 = rn(v0 + rn(t8));
  }
  let t9 = v0;
  if (((((t0 / 32u) + (t1 / 8u)) < 1u) && (t3 < 256u)) && (t2 < 128u)) {
    let t10 = b2[t5];
    b3[(t4 * 128u) + t5] = t9 + t10;
  }
}
