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

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = wg.x;
  var lanes0: array<f32, 64>;
  var lanes1: array<f32, 64>;
  let t0 = (group * 64u) + lane;
  if (t0 < 500u) {
    for (var i0 = 0u; i0 < 64u; i0 += 1u) {
      var v0 = f32_bits(0xff800000u);
      for (var i1 = i0; i1 < 100u; i1 += 64u) {
        let t1 = b0[(t0 * 100u) + i1];
        v0 = max_(v0, t1);
      }
      let t2 = v0;
      lanes0[i0] = t2;
    }
    for (var i2 = 1u; i2 < 7u; i2 += 1u) {
      let t3 = 64u >> i2;
      for (var i3 = 0u; i3 < t3; i3 += 1u) {
        let t4 = lanes0[i3];
        let t5 = lanes0[i3 + t3];
        lanes0[i3] = max_(t4, t5);
      }
    }
    let t6 = lanes0[0u];
    for (var i4 = 0u; i4 < 64u; i4 += 1u) {
      var v1 = f32_bits(0x80000000u);
      for (var i5 = i4; i5 < 100u; i5 += 64u) {
        let t7 = b0[(t0 * 100u) + i5];
        v1 = rn(v1 + exp_(rn(t7 - t6)));
      }
      let t8 = v1;
      lanes1[i4] = t8;
    }
    for (var i6 = 1u; i6 < 7u; i6 += 1u) {
      let t9 = 64u >> i6;
      for (var i7 = 0u; i7 < t9; i7 += 1u) {
        let t10 = lanes1[i7];
        let t11 = lanes1[i7 + t9];
        lanes1[i7] = rn(t10 + t11);
      }
    }
    let t12 = lanes1[0u];
    for (var i8 = 0u; i8 < 100u; i8 += 1u) {
      let t13 = (t0 * 100u) + i8;
      let t14 = b0[t13];
      b0[t13] = divide(exp_(rn(t14 - t6)), t12);
    }
  }
}
