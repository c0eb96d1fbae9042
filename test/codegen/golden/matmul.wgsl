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
  let t4 = ((t0 / 32u) * 1u) + (t1 / 8u);
  let t5 = min(t3, 255u);
  let t6 = min(t2, 127u);
  var v0 = f32_bits(0x80000000u);
  for (var i0 = 0u; i0 < (300u ^ numerics.zero); i0 += 128u) {
    var v1 = f32_bits(0x80000000u);
    for (var i1 = i0; i1 < min((i0 + 128u), 300u); i1 += 1u) {
      let t7 = b0[(t5 * 300u) + i1];
      let t8 = b1[(i1 * 128u) + t6];
      v1 = mac(v1, t7, t8);
    }
    let t9 = v1;
    v0 = rn(v0 + rn(t9));
  }
  let t10 = v0;
  if (((t4 < 1u) && (t3 < 256u)) && (t2 < 128u)) {
    let t11 = b2[t6];
    b3[((t5 * 128u) + t6) + 0u] = t10 + t11;
  }
}
