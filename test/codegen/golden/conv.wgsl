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
  let t0 = group / 49u;
  let t1 = lane / 4u;
  let t2 = ((t0 % 4u) * 16u) + (t1 % 16u);
  let t3 = ((t0 / 4u) + (t1 / 16u)) < 1u;
  let t4 = (((group % 49u) * 4u) + (lane % 4u)) * 4u;
  let t5 = min(t2, 63u);
  let t6 = t2 < 64u;
  let t7 = min(t4, 783u);
  let t8 = t4 + 1u;
  let t9 = min(t8, 783u);
  let t10 = t4 + 2u;
  let t11 = min(t10, 783u);
  let t12 = t4 + 3u;
  let t13 = min(t12, 783u);
  let t14 = (t7 / 28u) - 1u;
  let t15 = (t7 % 28u) - 1u;
  let t16 = (t9 / 28u) - 1u;
  let t17 = (t9 % 28u) - 1u;
  let t18 = (t11 / 28u) - 1u;
  let t19 = (t11 % 28u) - 1u;
  let t20 = (t13 / 28u) - 1u;
  let t21 = (t13 % 28u) - 1u;
  var v0 = 0u;
  var v1 = 0u;
  var v2 = 0u;
  var v3 = f32_bits(0x80000000u);
  var v4 = f32_bits(0x80000000u);
  var v5 = f32_bits(0x80000000u);
  var v6 = f32_bits(0x80000000u);
  for (var i0 = 0u; i0 < (576u ^ numerics.zero); i0 += 128u) {
    var v7 = f32_bits(0x80000000u);
    var v8 = f32_bits(0x80000000u);
    var v9 = f32_bits(0x80000000u);
    var v10 = f32_bits(0x80000000u);
    for (var i1 = i0; i1 < min((i0 + 128u), 576u); i1 += 1u) {
      let t22 = v1;
      let t23 = v2;
      let t24 = v0;
      let t25 = t14 + t22;
      let t26 = t15 + t23;
      let t27 = t24 * 784u;
      let t28 = b0[(t27 + (t25 * 28u)) + t26];
      let t29 = t16 + t22;
      let t30 = t17 + t23;
      let t31 = b0[(t27 + (t29 * 28u)) + t30];
      let t32 = t18 + t22;
      let t33 = t19 + t23;
      let t34 = b0[(t27 + (t32 * 28u)) + t33];
      let t35 = t20 + t22;
      let t36 = t21 + t23;
      let t37 = b0[(t27 + (t35 * 28u)) + t36];
      let t38 = b1[(((t5 * 576u) + (t24 * 9u)) + (t22 * 3u)) + t23];
      let t39 = v2;
      let t40 = t39 + 1u;
      let t41 = t40 == 3u;
      v2 = select(t40, 0u, t41);
      let t42 = v1;
      let t43 = t42 + select(0u, 1u, t41);
      let t44 = t43 == 3u;
      v1 = select(t43, 0u, t44);
      let t45 = v0;
      v0 = t45 + select(0u, 1u, t44);
      let t46 = mac(v7, t38, select(f32_bits(0x00000000u), t28, ((t25 < 28u) && (t26 < 28u))));
      v7 = t46;
      let t47 = mac(v8, t38, select(f32_bits(0x00000000u), t31, ((t29 < 28u) && (t30 < 28u))));
      v8 = t47;
      let t48 = mac(v9, t38, select(f32_bits(0x00000000u), t34, ((t32 < 28u) && (t33 < 28u))));
      v9 = t48;
      let t49 = mac(v10, t38, select(f32_bits(0x00000000u), t37, ((t35 < 28u) && (t36 < 28u))));
      v10 = t49;
    }
    let t50 = v7;
    v3 = rn(v3 + rn(t50));
    let t51 = v8;
    v4 = rn(v4 + rn(t51));
    let t52 = v9;
    v5 = rn(v5 + rn(t52));
    let t53 = v10;
    v6 = rn(v6 + rn(t53));
  }
  let t54 = v3;
  sums[0u] = t54;
  let t55 = v4;
  sums[1u] = t55;
  let t56 = v5;
  sums[2u] = t56;
  let t57 = v6;
  sums[3u] = t57;
  for (var i2 = 0u; i2 < (4u ^ numerics.zero); i2 += 1u) {
    let t58 = sums[i2];
    let t59 = t4 + i2;
    let t60 = min(t59, 783u);
    if ((t3 && t6) && (t59 < 784u)) {
      let t61 = b2[t5];
      b3[(t5 * 784u) + t60] = max_(rn(t58 + t61), 0f);
    }
  }
}
