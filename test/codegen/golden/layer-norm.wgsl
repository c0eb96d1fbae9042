@group(0) @binding(1) var<storage, read_write> b0: array<f32>;
var<workgroup> lanes0: array<f32, 64>;
var<workgroup> lanes1: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = wg.x;
  if (group < 50u) {
    var v0 = f32_bits(0x80000000u);
    for (var i0 = lane; i0 < 256u; i0 += 64u) {
      let t0 = b0[(group * 256u) + i0];
      v0 = rn(v0 + t0);
    }
    let t1 = v0;
    lanes0[lane] = t1;
    workgroupBarrier();
    for (var i1 = 1u; i1 < 7u; i1 += 1u) {
      let t2 = 64u >> i1;
      if (lane < t2) {
        let t3 = lanes0[lane];
        let t4 = lanes0[lane + t2];
        lanes0[lane] = rn(t3 + t4);
      }
      workgroupBarrier();
    }
    let t5 = lanes0[0u];
    var v1 = f32_bits(0x80000000u);
    for (var i2 = lane; i2 < 256u; i2 += 64u) {
      let t6 = b0[(group * 256u) + i2];
      let t7 = rn(t6 - rn(t5 * 0.00390625f));
      v1 = rn(v1 + rn(t7 * t7));
    }
    let t8 = v1;
    lanes1[lane] = t8;
    workgroupBarrier();
    for (var i3 = 1u; i3 < 7u; i3 += 1u) {
      let t9 = 64u >> i3;
      if (lane < t9) {
        let t10 = lanes1[lane];
        let t11 = lanes1[lane + t9];
        lanes1[lane] = rn(t10 + t11);
      }
      workgroupBarrier();
    }
    let t12 = lanes1[0u];
    for (var i4 = lane; i4 < 256u; i4 += 64u) {
      let t13 = (group * 256u) + i4;
      let t14 = b0[t13];
      let t15 = divide(rn(t14 - rn(t5 * 0.00390625f)), square_root(rn(rn(t12 * 0.00390625f) + 0.000009999999747378752f)));
      b0[t13] = t15;
    }
  }
}
