fn tanh_(p0: f32) -> f32 {
  let t0 = bitcast<u32>(p0);
  let t1 = t0 & 2147483647u;
  let t2 = f32_bits(t1);
  let t3 = rn(t2 * t2);
  let t4 = rn(rn(rn(rn(0.002185216872021556f * t3) + -0.008221419528126717f) * t3) + 0.02171766199171543f);
  let t5 = rn(rn(rn(rn(t4 * t3) + -0.053949709981679916f) * t3) + 0.1333322823047638f);
  let t6 = f32_bits(select(t1, 1092616192u, (1092616192u < t1)));
  let t7 = rn(t6 + t6);
  let t8 = rn(rn(t7 * 1.4426950216293335f) + 12582912f);
  let t9 = rn(t8 - 12582912f);
  let t10 = rn(t7 - rn(t9 * 0.693145751953125f));
  let t11 = rn(t9 * 0.000001428606765330187f);
  let t12 = rn(t10 - t11);
  let t13 = rn(rn(rn(rn(0.0013818938750773668f * t12) + 0.008368703536689281f) * t12) + 0.04166828840970993f);
  let t14 = rn(rn(rn(rn(t13 * t12) + 0.1666652113199234f) * t12) + 0.4999999403953552f);
  let t15 = rn(t12 + rn(rn(rn(t12 * t12) * t14) + rn(rn(t10 - t12) - t11))) + f32_bits(0x3f800000u);
  let t16 = rn(f32_bits(bitcast<u32>(t15) + ((bitcast<u32>(t8) - 1262485504u) << 23u)) + f32_bits(0x3f800000u));
  let t17 = bitcast<u32>((t2 + rn(rn(t2 * t3) * rn(rn(t5 * t3) + -0.3333333134651184f))));
  let t18 = bitcast<u32>((f32_bits(0x3f800000u) - divide(f32_bits(0x40000000u), t16)));
  let t19 = select(select(select(t18, t17, (t1 < 1058642330u)), t1, (t1 < 964689920u)), 2143289344u, (2139095040u < t1));
  return f32_bits(t19 | (t0 & 2147483648u));
}
@group(0) @binding(1) var<storage, read_write> b0: array<f32>;
@group(0) @binding(2) var<storage, read_write> b1: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = wg.x;
  let t0 = (group * 64u) + lane;
  if (t0 < 3000u) {
    let t1 = b0[t0];
    let t2 = b1[((t0 % 30u) * 100u) + (t0 / 30u)];
    b0[t0] = tanh_(rn(t1 + rn(t2 * 0.5f)));
  }
}
