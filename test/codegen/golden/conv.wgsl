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
  let t3 = ((t0 / 4u) * 1u) + (t1 / 16u);
  let t4 = t3 < 1u;
  let t5 = (((group % 49u) * 4u) + (lane % 4u)) * 4u;
  let t6 = min(t2, 63u);
  let t7 = t2 < 64u;
  let t8 = min(t5, 783u);
  let t9 = t5 + 1u;
  let t10 = min(t9, 783u);
  let t11 = t5 + 2u;
  let t12 = min(t11, 783u);
  let t13 = t5 + 3u;
  let t14 = min(t13, 783u);
  let t15 = ((t8 / 28u) * 1u) - 1u;
  let t16 = ((t8 % 28u) * 1u) - 1u;
  let t17 = ((t10 / 28u) * 1u) - 1u;
  let t18 = ((t10 % 28u) * 1u) - 1u;
  let t19 = ((t12 / 28u) * 1u) - 1u;
  let t20 = ((t12 % 28u) * 1u) - 1u;
  let t21 = ((t14 / 28u) * 1u) - 1u;
  let t22 = ((t14 % 28u) * 1u) - 1u;
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
      let t23 = v1;
      let t24 = v2;
      let t25 = v0;
      let t26 = t23 * 1u;
      let t27 = t15 + t26;
      let t28 = t24 * 1u;
      let t29 = t16 + t28;
      let t30 = t25 * 784u;
      let t31 = b0[(t30 + (t27 * 28u)) + t29];
      let t32 = t17 + t26;
      let t33 = t18 + t28;
      let t34 = b0[(t30 + (t32 * 28u)) + t33];
      let t35 = t19 + t26;
      let t36 = t20 + t28;
      let t37 = b0[(t30 + (t35 * 28u)) + t36];
      let t38 = t21 + t26;
      let t39 = t22 + t28;
      let t40 = b0[(t30 + (t38 * 28u)) + t39];
      let t41 = b1[(((t6 * 576u) + (t25 * 9u)) + (t23 * 3u)) + t24];
      let t42 = v2;
      let t43 = t42 + 1u;
      let t44 = t43 == 3u;
      v2 = select(t43, 0u, t44);
      let t45 = v1;
      let t46 = t45 + select(0u, 1u, t44);
      let t47 = t46 == 3u;
      v1 = select(t46, 0u, t47);
      let t48 = v0;
      v0 = t48 + select(0u, 1u, t47);
      let t49 = mac(v7, t41, select(f32_bits(0x00000000u), t31, ((t27 < 28u) && (t29 < 28u))));
      v7 = t49;
      let t50 = mac(v8, t41, select(f32_bits(0x00000000u), t34, ((t32 < 28u) && (t33 < 28u))));
      v8 = t50;
      let t51 = mac(v9, t41, select(f32_bits(0x00000000u), t37, ((t35 < 28u) && (t36 < 28u))));
      v9 = t51;
      let t52 = mac(v10, t41, select(f32_bits(0x00000000u), t40, ((t38 < 28u) && (t39 < 28u))));
      v10 = t52;
    }
    let t53 = v7;
    v3 = rn(v3 + rn(t53));
    let t54 = v8;
    v4 = rn(v4 + rn(t54));
    let t55 = v9;
    v5 = rn(v5 + rn(t55));
    let t56 = v10;
    v6 = rn(v6 + rn(t56));
  }
  let t57 = v3;
  sums[0u] = t57;
  let t58 = v4;
  sums[1u] = t58;
  let t59 = v5;
  sums[2u] = t59;
  let t60 = v6;
  sums[3u] = t60;
  for (var i2 = 0u; i2 < (4u ^ numerics.zero); i2 += 1u) {
    let t61 = sums[i2];
    let t62 = t5 + i2;
    let t63 = min(t62, 783u);
    if ((t4 && t7) && (t62 < 784u)) {
      let t64 = b2[t6];
      b3[((t6 * 784u) + t63) + 0u] = max_(rn(t61 + t64), 0f);
    }
  }
}
