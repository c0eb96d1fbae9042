fn max_(p0: f32, p1: f32) -> f32 {
  let t0 = bitcast<u32>(p1);
  let t1 = bitcast<u32>(p0);
  let t2 = bitcast<i32>((t0 ^ (bitcast<u32>(bitcast<i32>(t0) >> 31u) & 2147483647u))) < bitcast<i32>((t1 ^ (bitcast<u32>(bitcast<i32>(t1) >> 31u) & 2147483647u)));
  let t3 = (2139095040u < (t1 & 2147483647u)) || (2139095040u < (t0 & 2147483647u));
  return f32_bits(select(2143289344u, select(t0, t1, t2), (!t3)));
}
@group(0) @binding(1) var<storage, read_write> b0: array<f32>;
@group(0) @binding(2) var<storage, read> b1: array<f32>;
@group(0) @binding(3) var<storage, read> b2: array<f32>;
@group(0) @binding(4) var<storage, read_write> b3: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = wg.x;
  var sums: array<f32, 4>;
  let t0 = group / 25u;
  let t1 = ((t0 % 8u) * 8u) + (lane / 8u);
  let t2 = ((group % 25u) * 8u) + (lane % 8u);
  let t3 = t0 / 8u;
  let t4 = t3 < 1u;
  let t5 = min(t1, 63u);
  let t6 = t1 < 64u;
  let t7 = t2 / 7u;
  let t8 = min(t7, 27u);
  let t9 = t7 < 28u;
  let t10 = (t2 % 7u) * 4u;
  let t11 = min(t10, 27u);
  let t12 = t10 + 1u;
  let t13 = min(t12, 27u);
  let t14 = t10 + 2u;
  let t15 = min(t14, 27u);
  let t16 = t10 + 3u;
  let t17 = min(t16, 27u);
  var v0 = f32_bits(0x80000000u);
  var v1 = f32_bits(0x80000000u);
  var v2 = f32_bits(0x80000000u);
  var v3 = f32_bits(0x80000000u);
  var v4 = 0u;
  var v5 = 0u;
  var v6 = 0u;
  for (var i0 = 0u; i0 < (576u ^ numerics.zero); i0 += 128u) {
    var v7 = f32_bits(0x80000000u);
    var v8 = f32_bits(0x80000000u);
    var v9 = f32_bits(0x80000000u);
    var v10 = f32_bits(0x80000000u);
    for (var i1 = i0; i1 < min((i0 + 128u), 576u); i1 += 1u) {
      let t18 = v5;
      let t19 = v6;
      let t20 = v4;
      let t21 = ((t8 * 1u) + (t18 * 1u)) - 1u;
      let t22 = t21 < 28u;
      let t23 = t19 * 1u;
      let t24 = ((t11 * 1u) + t23) - 1u;
      let t25 = (t20 * 784u) + (min(t21, 27u) * 28u);
      let t26 = b0[t25 + min(t24, 27u)];
      let t27 = ((t13 * 1u) + t23) - 1u;
      let t28 = b0[t25 + min(t27, 27u)];
      let t29 = ((t15 * 1u) + t23) - 1u;
      let t30 = b0[t25 + min(t29, 27u)];
      let t31 = ((t17 * 1u) + t23) - 1u;
      let t32 = b0[t25 + min(t31, 27u)];
      let t33 = b1[(((t5 * 576u) + (t20 * 9u)) + (t18 * 3u)) + t19];
      v7 = mac(v7, t33, select(f32_bits(0x00000000u), t26, (t22 && (t24 < 28u))));
      v8 = mac(v8, t33, select(f32_bits(0x00000000u), t28, (t22 && (t27 < 28u))));
      v9 = mac(v9, t33, select(f32_bits(0x00000000u), t30, (t22 && (t29 < 28u))));
      v10 = mac(v10, t33, select(f32_bits(0x00000000u), t32, (t22 && (t31 < 28u))));
      let t34 = v6;
      let t35 = t34 + 1u;
      let t36 = t35 == 3u;
      v6 = select(t35, 0u, t36);
      let t37 = v5;
      let t38 = t37 + select(0u, 1u, t36);
      let t39 = t38 == 3u;
      v5 = select(t38, 0u, t39);
      let t40 = v4;
      v4 = t40 + select(0u, 1u, t39);
    }
    let t41 = v7;
    v0 = rn(v0 + rn(t41));
    let t42 = v8;
    v1 = rn(v1 + rn(t42));
    let t43 = v9;
    v2 = rn(v2 + rn(t43));
    let t44 = v10;
    v3 = rn(v3 + rn(t44));
  }
  let t45 = v0;
  sums[0u] = t45;
  let t46 = v1;
  sums[1u] = t46;
  let t47 = v2;
  sums[2u] = t47;
  let t48 = v3;
  sums[3u] = t48;
  for (var i2 = 0u; i2 < (4u ^ numerics.zero); i2 += 1u) {
    let t49 = sums[i2];
    let t50 = t10 + i2;
    let t51 = min(t50, 27u);
    if ((t4 && t6) && (t9 && (t50 < 28u))) {
      let t52 = b2[t5];
      b3[(((t5 * 784u) + (t8 * 28u)) + t51) + 0u] = max_(rn(t49 + t52), 0f);
    }
  }
}
