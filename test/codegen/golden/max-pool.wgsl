fn max_(p0: f32, p1: f32) -> f32 {
  let t0 = bitcast<u32>(p1);
  let t1 = bitcast<u32>(p0);
  let t2 = bitcast<i32>((t0 ^ (bitcast<u32>(bitcast<i32>(t0) >> 31u) & 2147483647u))) < bitcast<i32>((t1 ^ (bitcast<u32>(bitcast<i32>(t1) >> 31u) & 2147483647u)));
  let t3 = (2139095040u < (t1 & 2147483647u)) || (2139095040u < (t0 & 2147483647u));
  return f32_bits(select(2143289344u, select(t0, t1, t2), (!t3)));
}
@group(0) @binding(1) var<storage, read_write> b0: array<f32>;
@group(0) @binding(2) var<storage, read_write> b1: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = wg.x;
  let t0 = (group * 64u) + lane;
  if (t0 < 11664u) {
    var v0 = f32_bits(0xff800000u);
    let t1 = (((t0 / 729u) * 3025u) + (((t0 / 27u) % 27u) * 110u)) + ((t0 % 27u) * 2u);
    let t2 = b0[t1];
    v0 = max_(v0, t2);
    let t3 = b0[t1 + 1u];
    v0 = max_(v0, t3);
    let t4 = b0[t1 + 2u];
    v0 = max_(v0, t4);
    let t5 = b0[t1 + 55u];
    v0 = max_(v0, t5);
    let t6 = b0[t1 + 56u];
    v0 = max_(v0, t6);
    let t7 = b0[t1 + 57u];
    v0 = max_(v0, t7);
    let t8 = b0[t1 + 110u];
    v0 = max_(v0, t8);
    let t9 = b0[t1 + 111u];
    v0 = max_(v0, t9);
    let t10 = b0[t1 + 112u];
    v0 = max_(v0, t10);
    let t11 = v0;
    b1[t0] = t11;
  }
}
