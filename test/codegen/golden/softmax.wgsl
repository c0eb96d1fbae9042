fn exp_(p0: f32) -> f32 {
  let t0 = bitcast<u32>(p0);
  let t1 = rn(rn(p0 * 1.4426950216293335f) + 12582912f);
  let t2 = rn(t1 - 12582912f);
  let t3 = rn(p0 - rn(t2 * 0.693145751953125f));
  let t4 = rn(t2 * 0.000001428606765330187f);
  let t5 = rn(t3 - t4);
  let t6 = rn(rn(rn(rn(0.0013818938750773668f * t5) + 0.008368703536689281f) * t5) + 0.04166828840970993f);
  let t7 = rn(rn(t5 * t5) * rn(rn(rn(rn(t6 * t5) + 0.1666652113199234f) * t5) + 0.4999999403953552f));
  let t8 = bitcast<u32>((rn(t5 + rn(t7 + rn(rn(t3 - t5) - t4))) + f32_bits(0x3f800000u)));
  let t9 = select((t8 + ((bitcast<u32>(t1) - 1262485504u) << 23u)), 0u, (3266227279u < t0));
  let t10 = select(select(t9, 2139095040u, (1118925335i < bitcast<i32>(t0))), 2143289344u, (2139095040u < (t0 & 2147483647u)));
  return f32_bits(t10);
}
fn max_(p0: f32, p1: f32) -> f32 {
  let t0 = bitcast<u32>(p1);
  let t1 = bitcast<u32>(p0);
  let t2 = bitcast<i32>((t0 ^ (bitcast<u32>(bitcast<i32>(t0) >> 31u) & 2147483647u))) < bitcast<i32>((t1 ^ (bitcast<u32>(bitcast<i32>(t1) >> 31u) & 2147483647u)));
  let t3 = (2139095040u < (t1 & 2147483647u)) || (2139095040u < (t0 & 2147483647u));
  return f32_bits(select(2143289344u, select(t0, t1, t2), (!t3)));
}
@group(0) @binding(1) var<storage, read_write> b0: array<f32>;
var<workgroup> lanes0: array<f32, 64>;
var<workgroup> lanes1: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = wg.x;
  if (group < 50u) {
    var v0 = f32_bits(0xff800000u);
    for (var i0 = lane; i0 < 1000u; i0 += 64u) {
      let t0 = b0[(group * 1000u) + i0];
      v0 = max_(v0, t0);
    }
    let t1 = v0;
    lanes0[lane] = t1;
    workgroupBarrier();
    for (var i1 = 1u; i1 < 7u; i1 += 1u) {
      let t2 = 64u >> i1;
      if (lane < t2) {
        let t3 = lanes0[lane];
        let t4 = lanes0[lane + t2];
        lanes0[lane] = max_(t3, t4);
      }
      workgroupBarrier();
    }
    let t5 = lanes0[0u];
    var v1 = f32_bits(0x80000000u);
    for (var i2 = lane; i2 < 1000u; i2 += 64u) {
      let t6 = b0[(group * 1000u) + i2];
      v1 = rn(v1 + exp_(rn(t6 - t5)));
    }
    let t7 = v1;
    lanes1[lane] = t7;
    workgroupBarrier();
    for (var i3 = 1u; i3 < 7u; i3 += 1u) {
      let t8 = 64u >> i3;
      if (lane < t8) {
        let t9 = lanes1[lane];
        let t10 = lanes1[lane + t8];
        lanes1[lane] = rn(t9 + t10);
      }
      workgroupBarrier();
    }
    let t11 = lanes1[0u];
    for (var i4 = lane; i4 < 1000u; i4 += 64u) {
      let t12 = (group * 1000u) + i4;
      let t13 = b0[t12];
      b0[t12] = divide(exp_(rn(t13 - t5)), t11);
    }
  }
}
